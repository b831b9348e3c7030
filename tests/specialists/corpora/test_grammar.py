from random import Random

from hypothesis import given
from hypothesis import strategies as st

from specialists.corpora.grammar import expand


def sentences(template: str) -> set[str]:
    return {expand(template, lambda slot: f"<{slot}>", Random(seed)) for seed in range(200)}


def test_every_alternative_is_reached_and_nothing_else() -> None:
    assert sentences("[a|b|] x [c [d|e]|f]") == {
        f"{one} x {two}" for one in ("a", "b", "") for two in ("c d", "c e", "f")
    }


def test_slots_are_filled_and_unknown_ones_stay() -> None:
    def fill(slot: str) -> str | None:
        return {"q": "why?"}.get(slot)

    assert expand("[{q}] {other} {Q} {}", fill, Random(0)) == "why? {other} {Q} {}"


@given(st.text())
def test_what_fills_a_slot_is_never_read_as_grammar(text: str) -> None:
    assert expand("a {q} b", lambda slot: text, Random(0)) == f"a {text} b"
