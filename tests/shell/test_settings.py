"""The config file and the environment."""

from pathlib import Path

import pytest

from shell.errors import SettingsError
from shell.settings import Settings, read_settings


def settings_from(home: Path, text: str, **environ: str) -> Settings:
    home.mkdir(exist_ok=True)
    (home / "config.yaml").write_text(text, "utf-8")
    return read_settings({"QSHELL_HOME": str(home), **environ})


def test_without_a_file_everything_has_a_default(tmp_path: Path) -> None:
    settings = read_settings({"QSHELL_HOME": str(tmp_path)})
    assert settings.cache_dir == tmp_path / "cache"
    assert settings.data_dir == tmp_path / "data"
    assert settings.endpoint is None
    assert not (tmp_path / "cache").exists()


def test_without_a_home_the_folders_are_those_of_the_platform() -> None:
    assert read_settings({}).cache_dir.name == "qshell"


def test_values_of_the_file_are_taken(tmp_path: Path) -> None:
    text = "endpoint: http://127.0.0.1:8080/v1\nmodel: local\ncolours: never\nregistry: mine.yaml\n"
    settings = settings_from(tmp_path, text)
    assert settings.endpoint == "http://127.0.0.1:8080/v1"
    assert settings.model == "local"
    assert settings.colours == "never"
    assert settings.registry == tmp_path / "mine.yaml"


def test_the_home_variable_beats_the_folders_of_the_file(tmp_path: Path) -> None:
    settings = settings_from(tmp_path, "cache_dir: /elsewhere\n")
    assert settings.cache_dir == tmp_path / "cache"


def test_no_color_beats_the_file(tmp_path: Path) -> None:
    assert settings_from(tmp_path, "colours: always\n", NO_COLOR="1").colours == "never"


def test_an_empty_no_color_means_nothing(tmp_path: Path) -> None:
    assert settings_from(tmp_path, "colours: always\n", NO_COLOR="").colours == "always"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("model: a\nendpont: x\n", ":2: unknown key endpont; did you mean endpoint?"),
        ("zzz: x\n", ":1: unknown key zzz; known keys:"),
        ("colours: red\n", ":1: colours: red is none of auto, always, never"),
        ("endpoint: ftp://x\n", ":1: endpoint: ftp://x is not an http or https address"),
        ("endpoint: http://[x\n", ":1: endpoint:"),
        ("model:\n", ":1: model: expected one value"),
        ("model: [a]\n", ":1: model: expected one value"),
        ("model: a\nmodel: b\n", ":2: model is given twice"),
        ("- model\n", ":1: expected lines of"),
        ("model: 'a\n", "not YAML"),
    ],
)
def test_what_is_wrong_is_said_with_file_and_line(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(SettingsError) as caught:
        settings_from(tmp_path, text)
    assert str(tmp_path / "config.yaml") in str(caught.value)
    assert words in str(caught.value)


def test_a_file_that_is_not_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_bytes(b"model: \xff\xfe\n")
    with pytest.raises(SettingsError, match="cannot be read"):
        read_settings({"QSHELL_HOME": str(tmp_path)})


def test_a_file_with_control_characters_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="not YAML"):
        settings_from(tmp_path, "model: \x00\n")


def test_a_tag_that_asks_for_code_is_never_carried_out(tmp_path: Path) -> None:
    assert settings_from(tmp_path, "model: !!python/name:os.system x\n").model == "x"


def test_verdicts_are_kept_only_where_one_wants_them(tmp_path: Path) -> None:
    assert read_settings({"QSHELL_HOME": str(tmp_path)}).score_path is None
    on = settings_from(tmp_path, "score_cache: on\n")
    assert on.score_path == tmp_path / "cache" / "scores.sqlite3"
    assert settings_from(tmp_path, "score_cache: off\n").score_path is None
    assert settings_from(tmp_path, "score_cache: mine.db\n").score_path == tmp_path / "mine.db"


@pytest.mark.parametrize(("written", "means"), [("true", "on"), ("false", "off"), ("on", "on")])
def test_the_score_cache_is_switched_like_everything_else(
    tmp_path: Path, written: str, means: str
) -> None:
    assert settings_from(tmp_path, f"score_cache: {written}\n").score_cache == means


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("score_cache: no\n", "none of on, off and a file"),
        ("keys:\n  quit: x\n  quit: y\n", "given twice"),
        ("[" * 3_000, "not YAML"),
    ],
)
def test_a_switch_that_is_none_is_refused(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        settings_from(tmp_path, text)
