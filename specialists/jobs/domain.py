"""Which of ten domains a text or a question is about: to choose an index, or to refuse what no
index holds. Of a long text some places are read, from its beginning to its end, and their scores
averaged."""

from specialists.contract import DOMAINS
from specialists.jobs.job import Inputs, Job, Steps, text_input
from specialists.jobs.probabilities import probabilities, rounded
from specialists.requests import Decide

MOST_PLACES = 6
PLACE_CHARACTERS = 1_000


def _run(inputs: Inputs) -> Steps:
    text = text_input(inputs, "text", job=JOB.name)
    decided = yield Decide(query="", passages=places(text))
    each = [probabilities(verdict, DOMAINS) for verdict in decided.verdicts]
    scores = {name: sum(one[name] for one in each) / len(each) for name in DOMAINS}
    return {"domain": max(DOMAINS, key=scores.__getitem__), "scores": rounded(scores)}


def places(text: str) -> tuple[str, ...]:
    """The whole of a short text; of a longer one, places at even distances, cut at spaces."""
    text = " ".join(text.split())
    if len(text) <= PLACE_CHARACTERS:
        return (text,)
    count = min(MOST_PLACES, -(-len(text) // PLACE_CHARACTERS))
    last = len(text) - PLACE_CHARACTERS
    cut = [text[start : start + PLACE_CHARACTERS] for start in _evenly(last, count)]
    return tuple(_at_spaces(place, first=number == 0) for number, place in enumerate(cut))


def _evenly(last: int, count: int) -> list[int]:
    return [number * last // (count - 1) for number in range(count)]


def _at_spaces(place: str, *, first: bool) -> str:
    """Without the halves of words at its ends, unless that would leave nothing."""
    begun = place if first else place.partition(" ")[2] or place
    return begun.rpartition(" ")[0] or begun


JOB = Job(
    name="domain",
    summary="Says which of ten domains a text or a question is about.",
    inputs={"text": "a passage, a document or a question"},
    main="text",
    run=_run,
)
