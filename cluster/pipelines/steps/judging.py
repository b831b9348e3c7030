"""The steps that ask a specialist for verdicts: filter, decide, rerank.

Each says the same thing as the filter of every answer does; none has a threshold.
"""

from typing import Any

from cluster.answering.filter import filter_passages
from cluster.pipelines.pipeline import Port, Refused, Setting, StepCall, StepKind
from cluster.pipelines.templates import as_text
from cluster.pipelines.types import FILTERED, JUDGED_LIST, PASSAGE, PASSAGES, TEXT, VERDICT
from cluster.records import JudgedPassage
from specialists.requests import Decide, Verdict

JUDGE = Setting(
    kind=str,
    replies="verdict",
    purpose="The specialist that judges; the first registered for relevance when left out.",
)
QUESTION = Port(accepts=(TEXT,), purpose="What is asked.")
_PASSAGES = Port(accepts=(PASSAGES,), purpose="The passages to judge.")


def judge_of(step: StepCall) -> str:
    """The specialist that the step names, else the cluster's first for relevance."""
    return str(step.settings["specialist"] or step.tools.first_judge())


async def _judge(step: StepCall) -> tuple[JudgedPassage, ...]:
    passages = tuple(
        p.passage if isinstance(p, JudgedPassage) else p for p in step.inputs["passages"]
    )
    return await filter_passages(step.tools.call, judge_of(step), step.inputs["question"], passages)


async def _filter(step: StepCall) -> dict[str, Any]:
    judged = await _judge(step)
    parted = {
        "kept": tuple(j for j in judged if j.kept),
        "dropped": tuple(j for j in judged if not j.kept),
    }
    if not parted["kept"]:
        raise Refused(f"none of {len(judged)} passages is relevant", parted)
    return parted


async def _rerank(step: StepCall) -> tuple[JudgedPassage, ...]:
    judged = sorted(await _judge(step), key=lambda j: -j.verdict.score)
    return tuple(judged[: step.settings["top_n"]])


async def _decide(step: StepCall) -> Verdict:
    request = Decide(query=step.inputs["question"], passages=(as_text(step.inputs["text"]),))
    (verdict,) = (await step.tools.call(judge_of(step), request)).verdicts
    return verdict


FILTER = StepKind(
    name="filter",
    purpose="Part passages into `kept`, which answer the question, and `dropped`.",
    ports={"question": QUESTION, "passages": _PASSAGES},
    settings={"specialist": JUDGE},
    gives=lambda _: FILTERED,
    run=_filter,
    refuses="go_on",
    cacheable=True,
)
RERANK = StepKind(
    name="rerank",
    purpose="Order passages by a specialist's score, the best first, dropping none below top_n.",
    ports={"question": QUESTION, "passages": _PASSAGES},
    settings={
        "top_n": Setting(kind=int, least=1, purpose="How many are left; all when left out."),
        "specialist": JUDGE,
    },
    gives=lambda _: JUDGED_LIST,
    run=_rerank,
    cacheable=True,
)
DECIDE = StepKind(
    name="decide",
    purpose="Ask a specialist for one verdict on one text.",
    ports={
        "question": QUESTION,
        "text": Port(accepts=(TEXT, PASSAGE), purpose="What is decided on."),
    },
    settings={"specialist": JUDGE},
    gives=lambda _: VERDICT,
    run=_decide,
    cacheable=True,
)
