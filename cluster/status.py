"""What a cluster looks like at one moment, as plain values for screens, commands and history."""

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True, slots=True)
class SpecialistStatus:
    """One specialist. Bytes are of its worker now, None without one or where the system does not
    tell; counts are since the cluster opened; latencies include waiting."""

    name: str
    task: str
    state: str
    reason: str
    pinned: bool
    queue: int
    busy: bool
    pid: int | None
    pss_bytes: int | None
    uss_bytes: int | None
    rss_bytes: int | None
    expected_bytes: int
    cpu_percent: float
    cpu_s: float
    cpu_s_per_request: float | None
    requests: int
    failed: int
    passages: int
    tokens: int
    p50_s: float | None
    p95_s: float | None


@dataclass(frozen=True, kw_only=True, slots=True)
class ClusterStatus:
    """`at` is wall time in seconds. `base_bytes` is what all workers share, `used_bytes` the
    whole bill; before a worker is measured, what it was expected to cost."""

    at: float
    pid: int
    budget_bytes: int
    used_bytes: int
    base_bytes: int
    slots: int
    specialists: tuple[SpecialistStatus, ...]

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)
