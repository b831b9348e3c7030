"""The three package names are common words: they must come from one folder, ours."""

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
_FOLDERS = (
    "import json; from shell.health import room_folders;"
    "print(json.dumps({r: [str(p) for p in f] for r, f in room_folders().items()}))"
)


def folders_seen_from(folder: Path, path: str) -> dict[str, list[str]]:
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.pop(0); {_FOLDERS}"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, list[str]] = json.loads(done.stdout)
    return found


def test_the_three_packages_share_one_parent_from_another_folder(tmp_path: Path) -> None:
    (tmp_path / "cluster").mkdir()
    found = folders_seen_from(tmp_path, str(ROOT))
    assert found == {room: [str(ROOT / room)] for room in ("cluster", "specialists", "shell")}


def test_a_second_package_of_the_same_name_is_seen(tmp_path: Path) -> None:
    (tmp_path / "cluster").mkdir()
    (tmp_path / "cluster" / "other.py").touch()
    found = folders_seen_from(tmp_path, os.pathsep.join((str(ROOT), str(tmp_path))))
    assert found["cluster"] == [str(ROOT / "cluster"), str(tmp_path / "cluster")]


def test_a_folder_without_code_does_not_count(tmp_path: Path) -> None:
    (tmp_path / "cluster").mkdir()
    (tmp_path / "cluster" / "registry.yaml").touch()
    found = folders_seen_from(tmp_path, os.pathsep.join((str(ROOT), str(tmp_path))))
    assert found["cluster"] == [str(ROOT / "cluster")]
