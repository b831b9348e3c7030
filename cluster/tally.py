"""What one specialist has done since the cluster opened: requests, tokens, CPU and waiting times.

It stands alone so that counting costs the hot path next to nothing and knows neither processes
nor clocks.
"""

from collections import deque
from dataclasses import dataclass, field

from specialists.requests import Decided, Generated, SpecialistReply

KEPT_LATENCIES = 512


@dataclass(kw_only=True, slots=True)
class Tally:
    """`latencies_s` are the last ones, from the call to its reply, waiting included."""

    requests: int = 0
    passages: int = 0
    tokens: int = 0
    failed: int = 0
    cpu_s: float = 0.0
    latencies_s: deque[float] = field(default_factory=lambda: deque(maxlen=KEPT_LATENCIES))

    def count(self, latency_s: float) -> None:
        """One call is answered."""
        self.requests += 1
        self.latencies_s.append(latency_s)

    def took(self, reply: SpecialistReply, cpu_s: float) -> None:
        """One batch is answered."""
        self.cpu_s += cpu_s
        if isinstance(reply, Decided):
            self.passages += len(reply.verdicts)
            self.tokens += sum(verdict.tokens for verdict in reply.verdicts)
        elif isinstance(reply, Generated):
            self.tokens += reply.prompt_tokens + reply.new_tokens
        else:
            self.passages += len(reply.tokens)
            self.tokens += sum(reply.tokens)

    def latency_s(self, share: float) -> float | None:
        """The latency that this share of the last calls did not exceed; None before the first."""
        if not self.latencies_s:
            return None
        ordered = sorted(self.latencies_s)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]

    @property
    def cpu_s_per_request(self) -> float | None:
        return self.cpu_s / self.requests if self.requests else None
