"""The README says the truth: its tree is the tree, its commands exist, its links lead somewhere."""

import re
import subprocess
from pathlib import Path

import click
import pytest

from cluster.pipelines.reading import parse_pipeline
from cluster.registry_file import parse_yaml
from shell.cli import cli

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf-8")
BLOCKS = re.findall(r"```(\w*)\n(.*?)```", README, re.DOTALL)


def tree_paths() -> list[str]:
    """Paths of the drawn tree: the names at the start of a line stand in the folder last named."""
    drawn = next(body for kind, body in BLOCKS if not kind and body.startswith("specialists/"))
    folder = ""
    paths = []
    for line in drawn.splitlines():
        names = re.match(r"(?:\s*[\w.-]+(?:\.\w+|/)(?=\s|$))+", line)
        assert names, line
        inside = line.startswith("  ")
        found = [name.rstrip("/") for name in names[0].split()]
        paths += [f"{folder}/{name}" if inside else name for name in found]
        if not inside:
            folder = found[-1]
    return paths


def tracked_files() -> list[str]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode != 0:
        pytest.skip("not a git checkout")
    return listed.stdout.split()


def test_every_path_of_the_tree_exists() -> None:
    paths = tree_paths()
    assert len(paths) > 20
    assert [path for path in paths if not (ROOT / path).exists()] == []


def test_every_module_of_a_room_stands_in_the_tree_or_under_a_folder_that_does() -> None:
    paths = set(tree_paths())
    missing = [
        file
        for file in tracked_files()
        if file.endswith(".py")
        and (ROOT / file).exists()
        and not paths & {file, *(str(parent) for parent in Path(file).parents if parent.parts[1:])}
    ]
    assert missing == []


def test_every_command_of_the_readme_exists() -> None:
    shell = "\n".join(body for kind, body in BLOCKS if kind == "sh")
    named = re.findall(r"qshell ([a-z-]+)(?: ([a-z-]+))?", shell)
    assert len(named) > 5
    with click.Context(cli) as ctx:
        for name, second in named:
            command = cli.get_command(ctx, name)
            assert command is not None, name
            if isinstance(command, click.Group):
                assert second in command.commands, f"{name} {second}"


def test_every_link_leads_to_a_file() -> None:
    links = re.findall(r"\]\(([^)#]+)\)", README)
    assert [link for link in links if not (ROOT / link).exists()] == []
    assert links


def test_every_yaml_of_the_readme_is_read_without_a_mistake() -> None:
    blocks = [body for kind, body in BLOCKS if kind == "yaml"]
    assert len(blocks) > 1
    for body in blocks:
        if body.startswith("pipeline:"):
            assert parse_pipeline(body, "readme").name == "mine"
        else:
            assert "specialists" in parse_yaml(body, Path("registry.yaml")).values
