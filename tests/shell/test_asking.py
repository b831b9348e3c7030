"""What a cluster tells on the way, as the words of a bar and the notes after it."""

from cluster.answering.answer import AnswerStep
from cluster.events import Event
from cluster.retrieval.index import IndexReport
from cluster.retrieval.refresh import IndexProgress
from shell.asking import Talk


class Bar:
    """Remembers what was shown."""

    def __init__(self) -> None:
        self.shown: list[str] = []

    def __call__(self, done: int, total: int | None = None, doing: str = "") -> None:
        self.shown.append(doing)


def event(kind: str, message: str = "") -> Event:
    return Event(at=0.0, kind=kind, name="q-rag", message=message)


def test_a_start_is_shown_until_the_worker_is_ready() -> None:
    bar = Bar()
    talk = Talk(tick=bar)
    talk.hear(event("starting"))
    talk.hear(IndexProgress(step="read", done=0, total=2, source="a.md"))
    talk.hear(AnswerStep(step="retrieve", seconds=0.1))
    talk.hear(event("ready"))
    talk.hear(AnswerStep(step="filter", seconds=0.1))
    assert bar.shown == [
        "starting q-rag ...",
        "reading a.md",
        "starting q-rag ...",
        "judging 0 passages",
        "composing the answer",
    ]


def test_a_worker_that_is_ready_early_does_not_hide_the_reading() -> None:
    bar = Bar()
    talk = Talk(tick=bar)
    talk.hear(event("starting"))
    talk.hear(IndexProgress(step="read", done=0, total=2, source="a.md"))
    talk.hear(event("ready"))
    assert bar.shown[-1] == "reading a.md"


def test_what_was_skipped_and_retried_is_said_at_the_end() -> None:
    talk = Talk(tick=Bar())
    talk.hear(event("retried", "q-rag crashed and was started again"))
    talk.hear(
        IndexReport(
            files=1,
            reindexed=1,
            removed=0,
            unchanged=0,
            skipped=(("a.bin", "not text"), ("b.bin", "not text")),
            passages=3,
            seconds=0.1,
            bytes=10,
            notices=("the index is kept in memory this time",),
            fingerprint="",
        )
    )
    notice, trouble, skipped = talk.sentences()
    assert notice == "the index is kept in memory this time"
    assert trouble == "q-rag crashed and was started again"
    assert skipped.startswith("skipped a.bin (not text), and 1 more")
