"""What doctor looks at."""

import tempfile
from dataclasses import replace
from pathlib import Path

import pytest

from shell import health
from shell.health import check_house, is_loopback
from shell.settings import Settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(
        config_file=tmp_path / "config.yaml", cache_dir=tmp_path / "c", data_dir=tmp_path / "d"
    )


def test_looking_at_the_folders_leaves_nothing_behind(settings: Settings, tmp_path: Path) -> None:
    checks = list(health._folders(settings))
    assert [check.name for check in checks] == ["cache", "data"]
    assert not [check for check in checks if check.state == "fail"]
    assert list(tmp_path.iterdir()) == []


def test_a_folder_below_a_file_fails_with_a_remedy(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "c").write_text("a file stands here")
    cache, _ = health._folders(settings)
    assert cache.state == "fail"
    assert "cache_dir" in cache.remedy


def test_one_check_that_breaks_does_not_stop_the_others(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def _broken(settings: Settings) -> object:
        raise ZeroDivisionError("by zero")

    monkeypatch.setattr(health, "_LOOKS", (_broken, health._python))
    broken, python = check_house(settings)
    assert (broken.name, broken.state, broken.found) == (
        "broken",
        "fail",
        "ZeroDivisionError: by zero",
    )
    assert python.state == "ok"


def test_damaged_sessions_fail_in_one_sentence(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.data_dir.mkdir()
    settings.sessions_file.write_bytes(b"no database" * 100)
    monkeypatch.setattr(health, "_LOOKS", (health._sessions,))
    (check,) = check_house(settings)
    assert check.state == "fail"
    assert "damaged" in check.found


@pytest.mark.parametrize(
    ("address", "local"),
    [
        ("http://127.0.0.1:8080/v1", True),
        ("http://[::1]:8080", True),
        ("http://localhost", True),
        ("http://192.168.1.2/v1", False),
        ("https://localhost.example", False),
        ("http://127.0.0.1.example", False),
    ],
)
def test_only_certain_loopback_counts_as_this_machine(address: str, local: bool) -> None:
    assert is_loopback(address) is local


def test_cores_and_memory_are_told_for_this_machine(settings: Settings) -> None:
    found = {
        check.name: check.found for check in (*health._cpu(settings), *health._memory(settings))
    }
    assert "for workers" in found["cores"]
    assert "GiB allowed" in found["memory"]


def test_an_endpoint_elsewhere_needs_leave(settings: Settings) -> None:
    away = replace(settings, endpoint="https://models.example/v1", model="large")
    (refused,) = health._endpoint(away)
    assert refused.state == "fail"
    (allowed,) = health._endpoint(replace(away, allow_remote=True))
    assert allowed.state == "warn"
    assert "leave this machine" in allowed.remedy
    (none,) = health._endpoint(settings)
    assert none.state == "ok"


def test_a_damaged_checkpoint_fails_and_names_the_file(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "broken").mkdir()
    (tmp_path / "mine.yaml").write_text(
        "specialists:\n  broken: {task: relevance, checkpoint: broken}\n"
    )
    checks = list(health._registry(replace(settings, registry=tmp_path / "mine.yaml")))
    (broken,) = [check for check in checks if check.name == "broken"]
    assert broken.state == "fail"
    assert "config.json" in broken.found


_WHERE_TORCH_IS = """
import importlib.util, json
spec = importlib.util.find_spec("torch")
print(json.dumps({"cuda": None, "capability": spec.origin}))
"""


def test_what_anybody_left_in_the_folder_for_temporary_files_is_not_run(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "torch.py").write_text("raise SystemExit('taken over')")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(health, "_TORCH_PROBE", _WHERE_TORCH_IS)
    (check,) = health._torch(settings)
    assert check.state == "ok", check
    assert "__init__.py" in check.found and str(tmp_path) not in check.found
