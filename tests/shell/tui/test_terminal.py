"""The screen in a real terminal with real workers: what a user sees, and what survives a worker
killed, a registry broken, a terminal closed."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from shell.session import Sessions
from shell.tui.place import Place, read_place, write_place
from tests.shell.tui.stage import QUESTION, set_stage, write_registry

ROOT = Path(__file__).parents[3]
_ESCAPES = re.compile(r"\x1b(\[[0-9;?<>=]*[A-Za-z]|\].*?(\x07|\x1b\\)|[()][AB0]|[=>78cM])", re.S)
_PATIENCE_S = 40.0


class Terminal:
    """A program in a terminal of its own."""

    def __init__(self, home: Path, *command: str, columns: int = 80, rows: int = 24) -> None:
        self._master, slave = pty.openpty()
        self.resize(columns, rows)
        self.process = subprocess.Popen(
            [sys.executable, *command],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            cwd=ROOT,
            env={**os.environ, "QSHELL_HOME": str(home), "TERM": "xterm-256color", **_QUIET},
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )
        os.close(slave)
        self.drawn = ""

    def resize(self, columns: int, rows: int) -> None:
        size = struct.pack("HHHH", rows, columns, 0, 0)
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, size)

    def send(self, text: str) -> None:
        data = text.encode()
        while data:
            _, writable, _ = select.select([], [self._master], [], 0.01)
            if writable:
                data = data[os.write(self._master, data[:1024]) :]
            self.read(0.0)

    def read(self, wait_s: float) -> None:
        while select.select([self._master], [], [], wait_s)[0]:
            try:
                data = os.read(self._master, 65536)
            except OSError:
                return
            if not data:
                return
            self.drawn += data.decode("utf-8", "replace")
            wait_s = 0.0

    def wait_for(self, words: str) -> None:
        """Until the words were drawn since the last call that found something."""
        until = time.monotonic() + _PATIENCE_S
        while time.monotonic() < until:
            text = _ESCAPES.sub("", self.drawn)
            if words in text:
                self.drawn = ""
                return
            assert self.process.poll() is None or words in text, text[-2000:]
            self.read(0.05)
        raise AssertionError(f"{words!r} was not drawn: {_ESCAPES.sub('', self.drawn)[-3000:]}")

    def wait_for_end(self) -> int:
        until = time.monotonic() + _PATIENCE_S
        while self.process.poll() is None and time.monotonic() < until:
            self.read(0.05)
        return self.process.wait(1)

    def hang_up(self) -> None:
        os.close(self._master)
        self._master = -1

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        if self._master >= 0:
            os.close(self._master)


_QUIET = {"OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "passive"}
_SCREEN = ("-c", "from tests.shell.tui.stage import main; main()")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    settings = set_stage(tmp_path, "judge")
    write_place(settings.data_dir / "screen.json", Place(docs=str(tmp_path / "notes")))
    return tmp_path


@pytest.fixture
def terminal(home: Path) -> Iterator[Terminal]:
    terminal = Terminal(home, *_SCREEN)
    yield terminal
    terminal.close()


def children(pid: int) -> list[psutil.Process]:
    return psutil.Process(pid).children(recursive=True)


def none_lives(processes: list[psutil.Process]) -> bool:
    _, alive = psutil.wait_procs(processes, timeout=10)
    return not alive


def ask(terminal: Terminal) -> None:
    terminal.wait_for("Ask a question")
    terminal.send(f"{QUESTION}\r")
    terminal.wait_for("replaced in May")


def test_a_question_is_asked_and_the_screen_quit_by_keys(home: Path, terminal: Terminal) -> None:
    ask(terminal)
    workers = children(terminal.process.pid)
    assert workers
    terminal.send("\x11")
    assert terminal.wait_for_end() == 0
    assert none_lives(workers)
    assert len(Sessions(home / "data" / "sessions.sqlite3").list()) == 1


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_without_orphans_and_it_reopens_where_it_was(
    home: Path, terminal: Terminal, number: int
) -> None:
    ask(terminal)
    terminal.send("And who")
    terminal.wait_for("who")
    workers = children(terminal.process.pid)
    terminal.process.send_signal(number)
    terminal.wait_for_end()
    assert none_lives(workers)
    assert read_place(home / "data" / "screen.json").draft == "And who"
    again = Terminal(home, *_SCREEN)
    try:
        again.wait_for("replaced in May")
    finally:
        again.close()


def test_a_closed_terminal_leaves_no_process_and_loses_nothing(
    home: Path, terminal: Terminal
) -> None:
    ask(terminal)
    workers = children(terminal.process.pid)
    terminal.hang_up()
    assert none_lives([psutil.Process(terminal.process.pid), *workers]) or (
        terminal.process.wait(10) is not None and none_lives(workers)
    )
    assert read_place(home / "data" / "screen.json").session


def test_a_worker_killed_while_it_works_costs_no_answer(home: Path) -> None:
    (home / "judge" / "script.json").write_text('{"passage_s": 0.7}')
    terminal = Terminal(home, *_SCREEN)
    try:
        terminal.wait_for("Ask a question")
        terminal.send(f"{QUESTION}\r")
        terminal.wait_for("being judged")
        server = children(terminal.process.pid)[0]
        for worker in server.children():
            worker.kill()
        terminal.wait_for("replaced in May")
    finally:
        terminal.close()


def test_a_broken_registry_at_the_start_is_shown_and_mended_while_open(home: Path) -> None:
    (home / "registry.yaml").write_text("specialists:\n  judge:\n    tusk: relevance\n")
    terminal = Terminal(home, *_SCREEN)
    try:
        terminal.wait_for("cannot be used")
        write_registry(home, "judge")
        terminal.wait_for("registered; v verifies")
        terminal.send("1")
        ask(terminal)
    finally:
        terminal.close()


def test_five_megabytes_pasted_are_refused(terminal: Terminal) -> None:
    terminal.wait_for("Ask a question")
    terminal.send(f"\x1b[200~{'word ' * 2**20}\x1b[201~")
    terminal.wait_for("MiB were")
    terminal.send(f"{QUESTION}\r")
    terminal.wait_for("replaced in May")


def test_a_terminal_of_twenty_by_five_is_drawn_and_grows_again(terminal: Terminal) -> None:
    ask(terminal)
    terminal.resize(20, 5)
    terminal.send("x")
    terminal.wait_for("x")
    terminal.resize(80, 24)
    terminal.wait_for("Passages")


def test_off_a_terminal_the_help_is_printed(home: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from shell.cli import main; main()"],
        cwd=ROOT,
        env={**os.environ, "QSHELL_HOME": str(home)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "Examples:" in done.stdout


def test_qshell_alone_opens_the_screen_and_ctrl_c_twice_ends_it(home: Path) -> None:
    terminal = Terminal(home, "-c", "from shell.cli import main; main()")
    try:
        terminal.wait_for("Ask a question")
        terminal.send("\x03")
        terminal.wait_for("again quits")
        terminal.send("\x03")
        assert terminal.wait_for_end() == 0
    finally:
        terminal.close()
