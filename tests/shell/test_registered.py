"""Examples for the router, written into the user's own registry."""

from dataclasses import replace
from pathlib import Path

import pytest

from cluster.errors import RegistryError, UnknownSpecialist
from cluster.registry import read_registry
from cluster.registry_check import check_specialist, trained_routes
from cluster.registry_edit import set_examples
from cluster.registry_source import RegistrySource
from shell.cli import run
from shell.registered import change_example, read_registered, registered_folder
from shell.settings import Settings, read_settings
from tests.shell.tui.stage import set_routes


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return set_routes(tmp_path)


def test_a_shipped_entry_is_copied_whole_before_it_is_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QSHELL_HOME", str(tmp_path))
    settings = read_settings()
    shipped = RegistrySource().read().specs["q-domain"]
    done = change_example(settings, "q-domain", "Which shelf?")
    assert done.copied and done.added and "no longer counts" in done.sentence
    spec = RegistrySource().read().specs["q-domain"]
    assert spec.where == f"{done.file}:3" and spec.folder == shipped.folder
    assert spec.entry.route.examples == ("Which shelf?",)
    left = {"checkpoint", "route"}
    assert spec.entry.model_dump(exclude=left) == shipped.entry.model_dump(exclude=left)
    again = change_example(settings, "q-domain", "which shelf")
    assert not again.copied and not again.added and again.count == 0
    assert RegistrySource().read().specs["q-domain"].entry.route.examples == ()


def test_the_command_does_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("QSHELL_HOME", str(tmp_path))
    assert run(["registry", "example", "q-domain", "Which shelf?"]) == 0
    assert "An example of q-domain" in capsys.readouterr().err
    assert run(["route", "which shelf"]) == 0
    assert capsys.readouterr().out == "q-domain\n"
    assert run(["registry", "example", "q-rag", "Which shelf?"]) == 1
    assert "take it out there first" in capsys.readouterr().err


def test_a_new_specialist_is_told_how_many_are_missing(settings: Settings, tmp_path: Path) -> None:
    path = tmp_path / "registry.yaml"
    text = path.read_text()
    path.write_text(text + "  new:\n    task: relevance\n    checkpoint: judge\n")
    assert "1 of 5" in change_example(settings, "new", "anew").sentence
    assert "of 5" not in change_example(settings, "guard", "who goes there?").sentence


def test_what_cannot_be_an_example_is_refused_and_nothing_written(
    settings: Settings, tmp_path: Path
) -> None:
    change_example(settings, "guard", "who goes there?")
    before = (tmp_path / "registry.yaml").read_text()
    for name, text, said in (
        ("guard", "...", "an example is a request"),
        ("guard", "long " * 300, "at most 1,000 characters"),
        ("guard", "echo ${HOME}", "cannot hold"),
        ("twins", "Who goes there", "this is an example of guard; take it out there first"),
    ):
        with pytest.raises(RegistryError, match=said):
            change_example(settings, name, text)
    with pytest.raises(UnknownSpecialist):
        change_example(settings, "gard", "who?")
    assert (tmp_path / "registry.yaml").read_text() == before


def test_one_example_is_enough_for_a_route_the_router_was_trained_on(
    settings: Settings, tmp_path: Path
) -> None:
    change_example(settings, "router", "which way?")
    change_example(settings, "guard", "who goes there?")
    registry = read_registry(tmp_path / "registry.yaml")
    assert trained_routes(registry) == ("judge", "guard", "twins", "none")
    (problem,) = check_specialist(registry.specs["router"], registry)
    assert "too few" in problem
    trained = replace(registry.specs["router"], name="guard")
    assert check_specialist(trained, registry) == ()


def test_bytes_that_are_no_text_never_reach_the_file(settings: Settings, tmp_path: Path) -> None:
    path = tmp_path / "registry.yaml"
    before = path.read_bytes()
    with pytest.raises(RegistryError, match="no UTF-8"):
        change_example(settings, "guard", "caf\udce9")
    with pytest.raises(RegistryError, match="nothing was changed"):
        set_examples(path, "guard", ["caf\udce9"])
    assert path.read_bytes() == before


def test_a_folder_or_a_registered_name_or_alias_is_found(
    settings: Settings, tmp_path: Path
) -> None:
    spec = read_registered(settings).resolve("guard")
    assert registered_folder(settings, "guard") == spec.folder
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "config.json").write_text("{}")
    assert registered_folder(settings, str(tmp_path / "own")) == tmp_path / "own"
    with pytest.raises(UnknownSpecialist, match=r"no checkpoint folder.*did you mean 'guard'"):
        registered_folder(settings, "gaurd")
