"""Which files a pipeline may touch: those below the folder it runs in, and those the user named.

It stands alone because this is a wall. A path that comes from a file or a row is text and stays
below the folder; one that the user typed, or the program gave, is a `Path` and is read as it is.
"""

from dataclasses import dataclass
from pathlib import Path, PurePath

from cluster.errors import PathRefused


@dataclass(frozen=True, kw_only=True, slots=True)
class Folders:
    """`root` is the folder the user runs in, or named."""

    root: Path

    def readable(self, path: str | Path) -> Path:
        """The file or folder to read. Raises `PathRefused`."""
        if isinstance(path, Path):
            return path
        return self._below(path)

    def writable(self, path: str | Path) -> Path:
        """The file to write, which is below the root whoever named it. Raises `PathRefused`."""
        found = self._inside(path) if isinstance(path, Path) else self._below(path)
        hidden = [part for part in found.relative_to(self.root.resolve()).parts if part[0] == "."]
        if hidden:
            raise PathRefused(
                f"{path}: {hidden[0]} is hidden; a pipeline writes no hidden files or folders"
            )
        return found

    def _below(self, path: str) -> Path:
        problem = path_problem(path)
        if problem:
            raise PathRefused(f"{path}: {problem}")
        return self._inside(self.root / path)

    def _inside(self, path: Path) -> Path:
        root = self.root.resolve()
        try:
            found = path.resolve()
        except (OSError, ValueError, RuntimeError) as error:  # half a letter, a circle of links
            raise PathRefused(f"{str(path)!r}: this is no path ({error})") from error
        if not found.is_relative_to(root):
            raise PathRefused(
                f"{path}: this is outside {root}; a pipeline stays below the folder it runs in "
                "(run it in another, or name another with --root)"
            )
        return found


def path_problem(path: str) -> str:
    """What is wrong with a path as it is written, nothing when all is well."""
    parts = PurePath(path)
    if not path.strip() or "\0" in path:
        return "this is no path"
    if parts.is_absolute() or path.startswith(("~", "\\")) or PurePath(path).drive:
        return "a pipeline uses paths below the folder it runs in; write it without its beginning"
    if ".." in parts.parts or ".." in path.replace("\\", "/").split("/"):
        return "'..' leads out of the folder that the pipeline runs in"
    return ""
