"""What each way of judging weighs: a fresh process opens it, judges once, and tells its PSS.

A process of its own for each, since in one process nobody can say whose memory it is. Linux
tells PSS; elsewhere there is nothing to tell.
"""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

_SMAPS = Path("/proc/self/smaps_rollup")
_PATIENCE_S = 120.0
_CHILD = "from specialists.evaluation.weighing import main; main()"


def weigh_specialist(
    folder: Path, *, arithmetic: str, measured: Path, query: str, passages: Sequence[str]
) -> int | None:
    """PSS in bytes of a process that judges with the checkpoint in `folder` as a worker does; the
    folder `measured` keeps what is known of its int8."""
    order = {"folder": str(folder), "arithmetic": arithmetic, "measured": str(measured)}
    return _weigh(order, query, passages)


def weigh_peer(name: str, *, arithmetic: str, query: str, passages: Sequence[str]) -> int | None:
    """The same of one of the encoders under ONNX Runtime."""
    return _weigh({"peer": name, "arithmetic": arithmetic}, query, passages)


def _weigh(order: dict[str, str], query: str, passages: Sequence[str]) -> int | None:
    if not _SMAPS.exists():
        return None
    told = json.dumps({**order, "query": query, "passages": list(passages)})
    done = subprocess.run(  # noqa: S603 - our own interpreter, our own code
        [sys.executable, "-P", "-c", f"import sys; sys.path[:0] = {sys.path!r}; {_CHILD}"],
        input=told,
        capture_output=True,
        text=True,
        timeout=_PATIENCE_S,
        check=False,
    )
    return int(done.stdout) if done.returncode == 0 else None


def main() -> None:
    """The child: an order on stdin, bytes on stdout."""
    order = json.load(sys.stdin)
    query, passages = order["query"], order["passages"]
    if "peer" in order:
        from specialists.evaluation.peers import Peer

        peer = Peer(order["peer"], arithmetic=order["arithmetic"], threads=1)
        peer.score(query, passages)
        _kept.append(peer)
    else:
        _judge(order, query, passages)
    sys.stdout.write(str(_pss_bytes()))


def _judge(order: dict[str, str], query: str, passages: list[str]) -> None:
    import torch

    from specialists.allocator import give_back_memory, keep_freed_memory
    from specialists.loading import load_for_worker
    from specialists.requests import Decide

    torch.set_num_threads(1)
    specialist = load_for_worker(
        Path(order["folder"]),
        "int8" if order["arithmetic"] == "int8" else "float32",
        Path(order["measured"]),
    )
    give_back_memory()
    keep_freed_memory()
    specialist.decide(Decide(query=query, passages=tuple(passages)))
    _kept.append(specialist)


_kept: list[object] = []
"""What must still be there when the memory is read."""


def _pss_bytes() -> int:
    line = next(line for line in _SMAPS.read_text().splitlines() if line.startswith("Pss:"))
    return int(line.split()[1]) * 1024
