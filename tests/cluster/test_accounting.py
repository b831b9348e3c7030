"""Figures about processes, checked against this very one."""

import os
import subprocess
import sys

from cluster.accounting import (
    child_pids,
    is_running,
    is_same_process,
    measure,
    memory_limit_bytes,
    started_at,
    usable_cores,
)


def test_this_process_is_weighed() -> None:
    used = measure(os.getpid())
    assert used is not None
    assert 0 < used.uss_bytes <= used.bill_bytes <= used.rss_bytes < memory_limit_bytes()
    assert used.cpu_s > 0


def test_a_process_that_is_gone_weighs_nothing() -> None:
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    assert child_pids(os.getpid()) == [child.pid]
    began = started_at(child.pid)
    assert is_same_process(child.pid, began) and not is_same_process(child.pid, began - 60)
    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert not is_running(child.pid), "ended and not yet reaped"
    child.communicate()
    assert measure(child.pid) is None and not is_running(child.pid)


def test_there_is_at_least_one_core() -> None:
    assert 1 <= usable_cores() <= (os.cpu_count() or 1)
