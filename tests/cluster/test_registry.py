"""registry.yaml: the new user's four lines, and every mistake that can be made in them."""

import json
from pathlib import Path

import pytest

from cluster.errors import RegistryError, UnknownSpecialist
from cluster.registry import (
    Entry,
    Limits,
    RegistryFile,
    Route,
    merge_registries,
    read_registry,
    require_checkpoint,
)
from cluster.registry_source import RegistrySource, schema_path, shipped_registry_path

FOUR_LINES = "specialists:\n  mine:\n    task: relevance\n    checkpoint: ./weights\n"


def written(folder: Path, text: str) -> Path:
    path = folder / "registry.yaml"
    path.write_text(text, "utf-8")
    return path


def test_four_lines_are_enough(tmp_path: Path) -> None:
    registry = read_registry(written(tmp_path, FOUR_LINES))
    spec = registry.resolve("mine")
    assert spec.folder == tmp_path / "weights"
    assert spec.entry == Entry(task="relevance", checkpoint="./weights")
    assert spec.where.endswith("registry.yaml:2")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("specialist:\n  mine:\n", "1: specialist: unknown key (did you mean 'specialists'?)"),
        (FOUR_LINES.replace("task", "tsak"), "3: specialists.mine.tsak: unknown key (did you mean"),
        (FOUR_LINES.replace("relevance", "relevence"), "3: specialists.mine.task: should be "),
        (FOUR_LINES.replace("relevance", ""), "3: specialists.mine.task: should be "),
        (FOUR_LINES.replace("    task: relevance\n", ""), "2: specialists.mine.task: this key is"),
        (FOUR_LINES.replace("./weights", ""), "4: specialists.mine.checkpoint: should be a valid"),
        (FOUR_LINES.replace("./weights", "[a]"), "4: specialists.mine.checkpoint: should be a"),
        (FOUR_LINES.replace("./weights", "'${HOME}/w'"), "4: ${HOME}: only ${env.NAME} is filled"),
        (FOUR_LINES.replace("./weights", "${env.NO_SUCH}"), "4: ${env.NO_SUCH}: the environment"),
        (FOUR_LINES.replace("mine:", "my model:"), "2: specialists.my model: must be letters"),
        (FOUR_LINES.replace("mine:", "../mine:"), "2: specialists.../mine: must be letters"),
        (FOUR_LINES.replace("mine:", "mine"), "not YAML"),
        (FOUR_LINES.replace("    task", "\ttask"), "3: not YAML"),
        (FOUR_LINES.replace("    checkpoint", "   checkpoint"), "4: not YAML"),
        (FOUR_LINES.replace("  mine:", "mine:"), "2: mine: unknown key"),
        (FOUR_LINES + "    task: relevance\n", "5: specialists.mine.task: stands here twice"),
        (FOUR_LINES + "    pin: maybe\n", "5: specialists.mine.pin: should be a valid boolean"),
        (FOUR_LINES + "    aliases: other\n", "5: specialists.mine.aliases: should be a valid"),
        (FOUR_LINES + "    limits: {queue: 0}\n", "5: specialists.mine.limits.queue: should be gr"),
        (FOUR_LINES + "    limits: {que: 1}\n", "limits.que: unknown key (did you mean 'queue'?)"),
        (FOUR_LINES + "    idle_timeout_s: .inf\n", "5: .inf is no number to count with"),
        (FOUR_LINES + "    route: {rules: ['(']}\n", "route.rules.0: '(' is no regular expression"),
        (FOUR_LINES + "    base: other\n", "specialists.mine.base: 'other' is not another"),
        (
            FOUR_LINES.replace("mine:", "mine: &a"),
            "anchors and aliases",
        ),
        (FOUR_LINES.replace("./weights", "hub:nobody"), "not of the form hub:OWNER/NAME"),
        ("- mine\n", "1: expected 'specialists:'"),
        ("mine\n", "1: expected 'specialists:'"),
        ("specialists: !!python/object:os.system {}\n", "1: tags (tag:yaml.org,2002:python"),
    ],
)
def test_every_mistake_is_told_with_its_place(tmp_path: Path, text: str, message: str) -> None:
    path = written(tmp_path, text if "&a" not in text else text + "  again: *a\n")
    with pytest.raises(RegistryError) as told:
        read_registry(path)
    assert str(told.value).startswith(str(path))
    assert message in str(told.value)


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(RegistryError) as told:
        read_registry(written(tmp_path, FOUR_LINES + "    pin: 3\n    preloud: true\n"))
    assert len(str(told.value).splitlines()) == 2


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(RegistryError, match=r"nowhere.yaml: there is no such file"):
        read_registry(tmp_path / "nowhere.yaml")


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "registry.yaml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(RegistryError, match="cannot be read"):
        read_registry(path)


def test_a_folder_that_is_not_there_is_named_with_its_line(tmp_path: Path) -> None:
    spec = read_registry(written(tmp_path, FOUR_LINES)).resolve("mine")
    with pytest.raises(RegistryError, match=r"registry.yaml:2: .*there is no folder .*weights"):
        require_checkpoint(spec)


def test_the_environment_is_filled_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEIGHTS", "elsewhere")
    text = FOUR_LINES.replace("./weights", "${env.WEIGHTS}/w")
    registry = read_registry(written(tmp_path, text))
    assert registry.resolve("mine").folder == tmp_path / "elsewhere" / "w"


def test_an_alias_answers_and_the_nearest_name_is_told(tmp_path: Path) -> None:
    registry = read_registry(written(tmp_path, FOUR_LINES + "    aliases: [short]\n"))
    assert registry.resolve("short").name == "mine"
    with pytest.raises(UnknownSpecialist, match=r"'mien' \(did you mean 'mine'\?\)"):
        registry.resolve("mien")


def test_an_alias_cannot_name_two(tmp_path: Path) -> None:
    second = FOUR_LINES.replace("specialists:\n", "").replace("mine", "other")
    text = FOUR_LINES + second + "    aliases: [mine]\n"
    with pytest.raises(
        RegistryError, match=r"specialists.other.aliases: 'mine' already names mine"
    ):
        read_registry(written(tmp_path, text))


def test_the_users_entry_takes_the_place_of_the_shipped_one(tmp_path: Path) -> None:
    (tmp_path / "user").mkdir()
    own = written(tmp_path / "user", FOUR_LINES.replace("./weights", "./better"))
    merged = merge_registries(read_registry(written(tmp_path, FOUR_LINES)), read_registry(own))
    assert merged.resolve("mine").folder == tmp_path / "user" / "better"


def test_the_shipped_registry_is_read_with_and_without_a_users(tmp_path: Path) -> None:
    user = tmp_path / "registry.yaml"
    source = RegistrySource(user_path=user)
    shipped = source.read()
    assert "q-rag" in shipped.specs
    user.write_text(FOUR_LINES)
    assert set(source.read().specs) == {*shipped.specs, "mine"}


def test_the_shipped_registry_explains_every_key() -> None:
    text = shipped_registry_path().read_text("utf-8")
    for model in (Entry, Limits, Route):
        for key in model.model_fields:
            assert f" {key}:" in text, f"{key} is not shown in registry.yaml"


def test_the_schema_is_that_of_the_types() -> None:
    schema = json.loads(schema_path().read_text("utf-8"))
    assert schema == RegistryFile.model_json_schema()


@pytest.mark.parametrize("rule", ["a{4294967296}", "(" * 2_000 + ")" * 2_000])
def test_a_rule_that_is_beyond_the_engine_is_told_with_its_place(tmp_path: Path, rule: str) -> None:
    text = f"{FOUR_LINES}    route: {{rules: ['{rule}']}}\n"
    with pytest.raises(RegistryError, match=r"5: specialists\.mine\.route\.rules"):
        read_registry(written(tmp_path, text))


def test_the_home_of_nobody_and_no_path_at_all_are_no_crash(tmp_path: Path) -> None:
    text = FOUR_LINES.replace("./weights", "~nobody-of-this-name/w")
    spec = read_registry(written(tmp_path, text)).resolve("mine")
    assert spec.folder == tmp_path / "~nobody-of-this-name" / "w"
    text = FOUR_LINES.replace("./weights", '"a\\0b"')
    with pytest.raises(RegistryError, match="is no path"):
        read_registry(written(tmp_path, text))
