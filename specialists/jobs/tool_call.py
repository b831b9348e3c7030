"""q-toolcall: from a request and the tools that are allowed, one call that cannot be invented.

Two rounds of verdicts. First every tool is judged under the request, then every candidate value of
every argument of the best tool. A result can name nothing but an allowed tool and its declared
arguments; a value is a declared one, a span of the request, or a number written in it. What no
verdict accepts is left out, and where a required argument is left out there is no call.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from specialists.errors import JobError
from specialists.jobs.encodable import check_encodable
from specialists.jobs.job import Inputs, Job, Result, Steps, text_input
from specialists.jobs.numbers import numbers_of
from specialists.jobs.spans import Span, spans_of
from specialists.jobs.tools import Argument, Tool, Value, is_of, read_tools
from specialists.requests import Decide

NAME = "tool-call"
MOST_CHARACTERS = 2_000
MOST_CANDIDATES = 24
_WORDS_BEFORE, _WORDS_AFTER = 3, 2
_MOST_SHOWN = 200


@dataclass(frozen=True, kw_only=True, slots=True)
class Candidate:
    """A value that an argument may take; `span` is where it stands in the request, None for a
    declared one."""

    argument: Argument
    value: Value
    span: Span | None


def run(inputs: Inputs) -> Steps:
    request = text_input(inputs, "request", job=NAME)
    if len(request) > MOST_CHARACTERS:
        raise JobError(
            f"{NAME}: request has {len(request):,} characters; give one request of at most "
            f"{MOST_CHARACTERS:,}"
        )
    check_encodable(request, f"{NAME}: request")
    tools = read_tools(inputs.get("tools"), job=NAME)
    if not tools:
        return _refusal("no tool is allowed")
    judged = yield Decide(query=request, passages=tuple(tool_text(tool) for tool in tools))
    best = max(range(len(tools)), key=lambda place: judged.verdicts[place].score)
    tool, verdict = tools[best], judged.verdicts[best]
    read = "; only the beginning of the request was read" if verdict.query_truncated else ""
    if not verdict.positive:
        count = (
            "the only tool does not fit" if len(tools) == 1 else f"none of {len(tools)} tools fits"
        )
        return _refusal(f"{count} the request; the best scored {verdict.score:.2f}{read}")
    candidates = [one for arg in tool.arguments for one in candidates_of(arg, request)]
    accepted: list[tuple[float, Candidate]] = []
    if candidates:
        texts = tuple(candidate_text(tool, one, request) for one in candidates)
        judged = yield Decide(query=request, passages=texts)
        accepted = [
            (one.score, candidate)
            for one, candidate in zip(judged.verdicts, candidates, strict=True)
            if one.positive
        ]
    chosen = choose(accepted)
    for argument in tool.arguments:
        if argument.required and argument.name not in chosen:
            return _refusal(
                f"{tool.name} needs {argument.name!r}, which the request does not give{read}"
            )
    return {
        "refused": False,
        "reason": f"{tool.name} scored {verdict.score:.2f}{read}",
        "tool": tool.name,
        "args": {arg.name: chosen[arg.name] for arg in tool.arguments if arg.name in chosen},
    }


def tool_text(tool: Tool) -> str:
    """What is read of a tool: name, description and the names of its arguments."""
    named = ", ".join(_words(argument.name) for argument in tool.arguments)
    about = f"{_words(tool.name)}: {tool.description}" if tool.description else _words(tool.name)
    return f"{about} ({named})" if named else about


def candidate_text(tool: Tool, candidate: Candidate, request: str) -> str:
    """What is read of a candidate: the argument, then the value among its neighbours."""
    argument = candidate.argument
    about = f"{_words(tool.name)} {_words(argument.name)}"
    if argument.description:
        about += f" ({argument.description})"
    if candidate.span is None:
        return f"{about} = [{_shown(candidate.value)}]"
    start, end = candidate.span
    before = request[:start].split()[-_WORDS_BEFORE:]
    after = request[end:].split()[:_WORDS_AFTER]
    # Punctuation that touches the value is no neighbour.
    kept = [word for word in after if any(letter.isalnum() for letter in word)]
    value = _shown(request[start:end])
    return " ".join([f"{about} =", *before, f"[{value}]", *kept])


def candidates_of(argument: Argument, request: str) -> tuple[Candidate, ...]:
    """The declared values, or those of the argument's type that the request holds."""
    return tuple(
        Candidate(argument=argument, value=value, span=span)
        for value, span in _values(argument, request)
    )


def choose(accepted: Sequence[tuple[float, Candidate]]) -> dict[str, Value]:
    """The best value of each argument; no two share a part of the request. Those that must be
    given choose first."""
    chosen: dict[str, Value] = {}
    taken: list[Span] = []
    ranked = sorted(accepted, key=lambda pair: (not pair[1].argument.required, -pair[0]))
    for _, candidate in ranked:
        span = candidate.span
        if candidate.argument.name in chosen or (
            span and any(span[0] < end and start < span[1] for start, end in taken)
        ):
            continue
        chosen[candidate.argument.name] = candidate.value
        taken += [span] if span else []
    return chosen


def _values(argument: Argument, request: str) -> Iterator[tuple[Value, Span | None]]:
    if argument.values:
        yield from ((value, None) for value in argument.values)
    elif argument.type == "boolean":
        yield from ((value, None) for value in (True, False))
    elif argument.type == "string":
        for start, end in spans_of(request, most=MOST_CANDIDATES):
            yield request[start:end], (start, end)
    else:
        fitting = [one for one in numbers_of(request) if is_of(one.value, argument.type)]
        for number in fitting[:MOST_CANDIDATES]:
            yield number.value, (number.start, number.end)


def _refusal(reason: str) -> Result:
    return {"refused": True, "reason": reason, "tool": None, "args": {}}


def _words(name: str) -> str:
    """`turn_on`, `turnOn` and `turn.on` as words."""
    parted = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name)
    return " ".join(re.split(r"[\s_.-]+", parted)).strip().lower()


def _shown(value: Value) -> str:
    text = str(value).lower() if isinstance(value, bool) else str(value)
    text = " ".join(text.split())
    return text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}..."


JOB = Job(
    name=NAME,
    summary="Turn a request into a call of one allowed tool, or refuse.",
    inputs={
        "request": "what a person asks for, at most 2,000 characters",
        "tools": (
            "the tools that are allowed: a list of objects with name, description and args, which "
            "says of each argument its type (string, integer, number, boolean), description, enum "
            "and required"
        ),
    },
    main="request",
    run=run,
)
