"""The steps that write: answer (quotes with citations, or a refusal), generate, template."""

import time

from cluster.answering.answer import compose_answer
from cluster.pipelines.pipeline import Port, Refused, Setting, StepCall, StepKind, StepShape
from cluster.pipelines.steps.judging import JUDGE, QUESTION, judge_of
from cluster.pipelines.templates import fill, template_problems
from cluster.pipelines.types import ANSWER, JUDGED_LIST, RECORD, TEXT
from cluster.records import Answer
from specialists.requests import Generate


async def _answer(step: StepCall) -> Answer:
    began_s = time.perf_counter()
    judged = (*step.inputs["passages"], *step.inputs.get("dropped", ()))
    question = step.inputs["question"]
    composed = await compose_answer(
        step.tools.call, judge_of(step), question, judged, step.tools.endpoint
    )
    answer = Answer(
        question=question,
        text=composed.text,
        refused=composed.refused,
        reason=composed.reason,
        citations=composed.citations,
        passages=judged,
        composed_by=composed.composed_by,
        seconds={"compose": time.perf_counter() - began_s},
    )
    if answer.refused:
        raise Refused(answer.reason, answer)
    return answer


async def _generate(step: StepCall) -> str:
    request = Generate(
        prompt=step.inputs["prompt"],
        max_new_tokens=step.settings["max_new_tokens"],
        temperature=float(step.settings["temperature"]),
        seed=step.settings["seed"],
    )
    return (await step.tools.call(step.settings["specialist"], request)).text


async def _template(step: StepCall) -> str:
    return fill(step.settings["text"], step.inputs.get("values", {}))


def _template_objects(shape: StepShape) -> tuple[tuple[str, str], ...]:
    values = dict(shape.inputs["values"].fields) if "values" in shape.inputs else {}
    return template_problems(shape.settings["text"], values)


ANSWER_STEP = StepKind(
    name="answer",
    purpose="Answer from kept passages in quotes with citations, or refuse.",
    ports={
        "question": QUESTION,
        "passages": Port(accepts=(JUDGED_LIST,), purpose="Those a filter kept."),
        "dropped": Port(
            accepts=(JUDGED_LIST,),
            required=False,
            purpose="Those it dropped, for the reason of a refusal.",
        ),
    },
    settings={"specialist": JUDGE},
    gives=lambda _: ANSWER,
    run=_answer,
    refuses="go_on",
)
GENERATE = StepKind(
    name="generate",
    purpose="Let a specialist go on with a prompt.",
    ports={"prompt": Port(accepts=(TEXT,), purpose="What it goes on with.")},
    settings={
        "specialist": Setting(
            kind=str, required=True, replies="text", purpose="A specialist that replies text."
        ),
        "max_new_tokens": Setting(
            kind=int, default=64, least=1, most=4096, purpose="The most it writes."
        ),
        "temperature": Setting(
            kind=float, default=0.0, least=0, most=2, purpose="0 always takes the likeliest."
        ),
        "seed": Setting(kind=int, default=0, least=0, purpose="Of what is drawn by lot."),
    },
    gives=lambda _: TEXT,
    run=_generate,
    cacheable=True,
)
TEMPLATE = StepKind(
    name="template",
    purpose="Fill named values into a text: {name} for each, {{ and }} for braces.",
    ports={"values": Port(accepts=(RECORD,), required=False, purpose="The values by their names.")},
    settings={"text": Setting(kind=str, required=True, purpose="The text with its {names}.")},
    gives=lambda _: TEXT,
    run=_template,
    objects=_template_objects,
)
