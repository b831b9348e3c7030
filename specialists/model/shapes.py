"""Which tensors a decoder has, and how what was found differs from that. No torch here: a file's
header can be judged without loading it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from specialists.model.config import DecoderConfig

Shape = tuple[int, ...]
NAMED = 64
"""Names for which the nearest one is looked up; a hostile file may hold any number."""
SHOWN = 8
"""Lines of one kind that a report prints before it only counts."""


def expected_shapes(config: DecoderConfig) -> dict[str, Shape]:
    """Name and shape of every tensor of a `FinanceDecoder`, as its `state_dict` has them."""
    width, keys = config.d_model, config.n_kv_head * config.head_dim
    shapes: dict[str, Shape] = {"embedding.weight": (config.vocab_size, width)}
    for block in range(config.n_layer):
        shapes |= {
            f"blocks.{block}.attention_norm.weight": (width,),
            f"blocks.{block}.attention.query.weight": (width, width),
            f"blocks.{block}.attention.key.weight": (keys, width),
            f"blocks.{block}.attention.value.weight": (keys, width),
            f"blocks.{block}.attention.output.weight": (width, width),
            f"blocks.{block}.feed_forward_norm.weight": (width,),
            f"blocks.{block}.feed_forward.gate.weight": (config.d_ff, width),
            f"blocks.{block}.feed_forward.up.weight": (config.d_ff, width),
            f"blocks.{block}.feed_forward.down.weight": (width, config.d_ff),
        }
    shapes["final_norm.weight"] = (width,)
    if not config.tie_embeddings:
        shapes["language_head.weight"] = (config.vocab_size, width)
    for head in range(config.n_predict - 1):
        shapes[f"prediction_heads.{head}.weight"] = (width, width)
    if config.n_decision:
        shapes["decision_head.weight"] = (config.n_decision, width)
        shapes["decision_head.bias"] = (config.n_decision,)
    return shapes


@dataclass(frozen=True, kw_only=True, slots=True)
class TensorReport:
    """How found tensors differ from expected ones. `missing` and `unexpected` pair each name with
    the nearest name on the other side, empty where none is near; `misshapen` holds name, expected
    and found shape."""

    missing: tuple[tuple[str, str], ...] = ()
    unexpected: tuple[tuple[str, str], ...] = ()
    misshapen: tuple[tuple[str, Shape, Shape], ...] = ()

    @property
    def complete(self) -> bool:
        return not (self.missing or self.unexpected or self.misshapen)

    def lines(self) -> list[str]:
        missing = [f"missing {name}{_hint('found', near)}" for name, near in self.missing]
        unexpected = [
            f"unexpected {name}{_hint('expected', near)}" for name, near in self.unexpected
        ]
        misshapen = [
            f"misshapen {name}: expected {list(wanted)}, found {list(found)}"
            for name, wanted, found in self.misshapen
        ]
        return [*_shown(missing), *_shown(unexpected), *_shown(misshapen)]

    def __str__(self) -> str:
        return "\n".join(self.lines()) or "every tensor is there"


def compare_tensors(expected: Mapping[str, Shape], found: Mapping[str, Shape]) -> TensorReport:
    """The report on `found`; `complete` when names and shapes are exactly the expected ones."""
    missing = [name for name in expected if name not in found]
    unexpected = [name for name in found if name not in expected]
    return TensorReport(
        missing=_with_nearest(missing, unexpected),
        unexpected=_with_nearest(unexpected, missing or list(expected)),
        misshapen=tuple(
            (name, tuple(shape), tuple(found[name]))
            for name, shape in expected.items()
            if name in found and tuple(found[name]) != tuple(shape)
        ),
    )


def _with_nearest(names: list[str], others: list[str]) -> tuple[tuple[str, str], ...]:
    near = {
        name: next(iter(get_close_matches(name, others[:1_000], n=1, cutoff=0.5)), "")
        for name in names[:NAMED]
    }
    return tuple((name, near.get(name, "")) for name in names)


def _hint(verb: str, near: str) -> str:
    return f" (nearest {verb}: {near})" if near else ""


def _shown(lines: list[str]) -> list[str]:
    more = len(lines) - SHOWN
    return lines if more <= 0 else [*lines[:SHOWN], f"... and {more} more of this kind"]
