"""Memory and CPU: of this machine, and of one process. The only file that asks psutil.

The full memory figures cost milliseconds a process, so they are taken off the loop; what is done
with them is decided elsewhere.
"""

import math
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psutil

_CGROUP = Path("/sys/fs/cgroup")


@dataclass(frozen=True, kw_only=True, slots=True)
class Usage:
    """What one process uses now. `pss_bytes` counts memory shared by n processes as an nth; it is
    None where the system does not tell. `cpu_s` is since the process began."""

    pss_bytes: int | None
    uss_bytes: int
    rss_bytes: int
    cpu_s: float
    cpu_percent: float = 0.0

    @property
    def bill_bytes(self) -> int:
        """Its share of the memory really used: PSS, or USS where there is none."""
        return self.uss_bytes if self.pss_bytes is None else self.pss_bytes


def measure(pid: int) -> Usage | None:
    """Milliseconds; call it off the loop. None when the process is gone or not ours."""
    try:
        process = psutil.Process(pid)
        memory = process.memory_full_info()
        times = process.cpu_times()
    except psutil.Error:
        return None
    return Usage(
        pss_bytes=getattr(memory, "pss", None),
        uss_bytes=memory.uss,
        rss_bytes=memory.rss,
        cpu_s=times.user + times.system,
    )


def is_running(pid: int) -> bool:
    """Whether it does anything: one that ended and was not yet reaped does not."""
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.Error:
        return False


def is_same_process(pid: int, began_at: float) -> bool:
    """Whether the process that began then (wall time) still runs: numbers are used again."""
    try:
        return is_running(pid) and abs(started_at(pid) - began_at) < 2.0
    except psutil.Error:
        return False


def started_at(pid: int) -> float:
    """Wall time at which a process of ours began."""
    return float(psutil.Process(pid).create_time())


def child_pids(pid: int) -> list[int]:
    """Every process below this one, however deep."""
    try:
        return [child.pid for child in psutil.Process(pid).children(recursive=True)]
    except psutil.Error:
        return []


def memory_limit_bytes() -> int:
    """What this process and its children may use: the machine's, or the container's if less."""
    total = int(psutil.virtual_memory().total)
    return int(min(total, _read_number(_CGROUP / "memory.max", float) or total))


def usable_cores() -> int:
    """Cores this process may keep busy: its affinity, or the container's quota if less."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    cores = allowed or 1
    quota = _read_number(_CGROUP / "cpu.max", _cores_of_quota)
    return max(1, min(cores, math.ceil(quota)) if quota else cores)


def _cores_of_quota(text: str) -> float:
    quota, period = text.split()
    return int(quota) / int(period)


def _read_number(path: Path, parse: Callable[[str], float]) -> float | None:
    """None where there is no such file or no limit in it (`max`)."""
    try:
        return parse(path.read_text("ascii").strip())
    except (OSError, ValueError):
        return None
