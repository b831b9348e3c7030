"""Rows for q-toolcall: a request with tools, then with values, each fitting or not.

Requests of real people (clinc150, banking77, APIBench) teach which tool is meant; made ones also
where each argument's value begins and ends. Texts are written by the job itself, so that training
reads what the job will send. The near-misses are tools of the same domain, values of the
neighbouring argument, and spans that begin or end a word off.
"""

import csv
import json
import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import count
from pathlib import Path
from random import Random

from specialists.corpora.labels import LabelRow, interleave
from specialists.corpora.text import data_folder, open_text
from specialists.corpora.tool_frames import Frame, Slot, all_frames
from specialists.corpora.tool_intents import banking_tools, clinc_tools
from specialists.corpora.tool_requests import Asked, draw_request
from specialists.corpora.tool_values import DECIMALS, NUMBERS
from specialists.corpora.tool_verbs import verb_requests
from specialists.errors import CorpusError
from specialists.jobs.spans import Span
from specialists.jobs.tool_call import (
    Candidate,
    candidate_text,
    candidates_of,
    tool_text,
)
from specialists.jobs.tools import Argument, ArgumentType, Tool

_COUSINS = tuple(
    frozenset(line.split())
    for line in (
        "home machines devops music",
        "calendar lists health time travel",
        "mail people team support sales words lists",
        "files words devops",
        "money sales shopping",
        "weather time maps travel",
    )
)
"""Domains whose tools may mean the same."""
_SHARES = {"frames": 10, "verbs": 3, "clinc": 4, "banking": 1.5, "apibench": 0.6}
_MOST_WRONG_VALUES = 3


def make_rows(data: Path, *, seed: int, most: int) -> Iterator[LabelRow]:
    """At most `most` rows, request by request, the same ones for the same seed. Raises
    `CorpusError` where the data is missing."""
    folder = data_folder(data, "specialists")
    choice = random.Random(seed)  # noqa: S311  sampling, not secrecy
    streams: dict[str, Iterator[list[LabelRow]]] = {
        "frames": _frame_rows(choice),
        "verbs": _verb_rows(choice),
        "clinc": _intent_rows("clinc150_data_full", _clinc(folder), clinc_tools(), choice),
        "banking": _intent_rows("banking77_train", _banking(folder), banking_tools(), choice),
        "apibench": _api_rows(folder, choice),
    }
    yield from interleave(streams, _SHARES, most=most, choice=choice)


def _frame_rows(choice: Random) -> Iterator[list[LabelRow]]:
    frames = all_frames()
    for number in count():
        asked = draw_request(choice.choice(frames), choice)
        group = f"frame {number}"
        texts = [(text, fits) for text, fits in _tools(asked, frames, choice)]
        texts += _values(asked, choice)
        yield [
            LabelRow(
                query=asked.request,
                text=text,
                label=str(int(fits)),
                group=group,
                source="templates",
            )
            for text, fits in texts
        ]


def _tools(asked: Asked, frames: Sequence[Frame], choice: Random) -> Iterator[tuple[str, bool]]:
    mine = asked.frame
    yield tool_text(_tool(mine, choice)), True
    near = [f for f in frames if f.domain == mine.domain and f.name != mine.name]
    yield from (
        (tool_text(_tool(f, choice)), False) for f in choice.sample(near, min(2, len(near)))
    )
    far = [f for f in frames if not _may_mean_the_same(f.domain, mine.domain)]
    if asked.complete and far:
        yield tool_text(_tool(choice.choice(far), choice)), False


def _values(asked: Asked, choice: Random) -> Iterator[tuple[str, bool]]:
    """Values of each argument: the right one where it is given, and wrong ones."""
    tool = _tool(asked.frame, choice)
    places = {slot.name: asked.spans.get(slot.name) for slot in asked.frame.slots}
    for argument in tool.arguments:
        right: list[Candidate] = []
        wrong: list[Candidate] = []
        for candidate in candidates_of(argument, asked.request):
            fits = _fits(candidate, asked)
            (right if fits else wrong).append(candidate)
        given = argument.name in asked.spans or argument.name in asked.declared
        if given and not right:
            continue  # The grammar of spans has no such value: nothing is known of the others.
        hard = [one for one in wrong if _touches(one, places.values())]
        rest = [one for one in wrong if one not in hard]
        choice.shuffle(hard)
        choice.shuffle(rest)
        few = _MOST_WRONG_VALUES if given or argument.required else 1
        for candidate in right[:1]:
            yield candidate_text(tool, candidate, asked.request), True
        for candidate in [*hard[: few - 1], *rest, *hard[few - 1 :]][:few]:
            yield candidate_text(tool, candidate, asked.request), False


def _fits(candidate: Candidate, asked: Asked) -> bool:
    name = candidate.argument.name
    if candidate.span is None:
        return name in asked.declared and asked.declared[name] == candidate.value
    place = asked.spans.get(name)
    if place is None:
        return False
    if candidate.argument.type in ("integer", "number"):
        # A number may be read with its sign of currency or unit, or without.
        return candidate.span[0] < place[1] and place[0] < candidate.span[1]
    return candidate.span == place


def _touches(candidate: Candidate, places: Iterable[Span | None]) -> bool:
    if candidate.span is None:
        return False
    start, end = candidate.span
    return any(place and start < place[1] and place[0] < end for place in places)


def _tool(frame: Frame, choice: Random) -> Tool:
    """The tool of a frame, at times with its name turned round or a description left out."""
    name = frame.name
    if choice.random() < 0.15:
        first, _, rest = name.partition("_")
        name = f"{rest}_{first}" if rest else name
    description = choice.choice(frame.descriptions) if choice.random() < 0.95 else ""
    bare = choice.random() < 0.1
    return Tool(
        name=name,
        description=description,
        arguments=tuple(_argument(slot, bare=bare) for slot in frame.slots),
    )


def _argument(slot: Slot, *, bare: bool) -> Argument:
    kind: ArgumentType = "string"
    if slot.kind == "bool":
        kind = "boolean"
    elif slot.kind in NUMBERS:
        kind = "integer"
    elif slot.kind in DECIMALS:
        kind = "number"
    return Argument(
        name=slot.name,
        type=kind,
        description="" if bare else slot.description,
        values=slot.values,
        required=slot.required,
    )


def _may_mean_the_same(one: str, other: str) -> bool:
    return one == other or any({one, other} <= group for group in _COUSINS)


def _verb_rows(choice: Random) -> Iterator[list[LabelRow]]:
    for number, (asked, tools) in enumerate(verb_requests(choice)):
        if not asked.endswith("?") and choice.random() < 0.5:
            asked = choice.choice(
                ("please {}", "can you {}", "{} please", "I'd like to {}", "{}!")
            ).format(asked)
        if choice.random() < 0.5:
            asked = asked[:1].upper() + asked[1:]
        yield [
            LabelRow(
                query=asked,
                text=_bare_text(name, description),
                label=str(int(fits)),
                group=f"verb {number}",
                source="templates",
            )
            for name, description, fits in tools
        ]


def _intent_rows(
    source: str,
    requests: Sequence[tuple[str, str]],
    blocks: Sequence[Mapping[str, str]],
    choice: Random,
) -> Iterator[list[LabelRow]]:
    """A real request with the tool of its intent, two of the same block and one of another. What
    is out of scope fits none."""
    tools = {name: said for block in blocks for name, said in block.items()}
    order = list(requests)
    choice.shuffle(order)
    for number, (request, intent) in enumerate(order):
        block = next((one for one in blocks if intent in one), {})
        if not block and intent != "oos":
            continue
        others = [one for one in tools if one not in block]
        wrong = choice.sample([one for one in block if one != intent], 2 if block else 0)
        wrong += choice.sample(others, 1 if block else 4)
        yield [
            LabelRow(
                query=request,
                text=_bare_text(name, tools[name]),
                label=str(int(name == intent)),
                group=f"{source} {number}",
                source=f"specialists/{source}",
            )
            for name in ([intent] if block else []) + wrong
        ]


def _clinc(folder: Path) -> list[tuple[str, str]]:
    """The training split alone."""
    with open_text(folder / "clinc150_data_full.json.xz") as handle:
        parts = json.load(handle)
    try:
        return [(str(text), str(intent)) for text, intent in parts["train"] + parts["oos_train"]]
    except (KeyError, TypeError, ValueError) as error:
        raise CorpusError(f"{folder}: clinc150 is not in its published form ({error})") from error


def _banking(folder: Path) -> list[tuple[str, str]]:
    """The training split alone."""
    with open_text(folder / "banking77_train.csv.xz") as handle:
        rows = list(csv.reader(handle))[1:]
    return [(" ".join(row[0].split()), row[1]) for row in rows if len(row) == 2]


def _api_rows(folder: Path, choice: Random) -> Iterator[list[LabelRow]]:
    """Instructions with what their API does, and with APIs of another function."""
    found = _apis(folder / "apibench")
    choice.shuffle(found)
    for instruction, name, does, file in found:
        others = [one[1:3] for one in choice.sample(found, 12) if one[2] != does][:3]
        yield [
            LabelRow(
                query=instruction,
                text=_bare_text(tool, said),
                label=str(int(place == 0)),
                group=f"apibench {name}",
                source=f"specialists/apibench/{file}",
            )
            for place, (tool, said) in enumerate([(name, does), *others])
        ]


def _apis(folder: Path) -> list[tuple[str, str, str, str]]:
    """Instruction, name of the API, what it does, and the file it stands in."""
    found = []
    for path in sorted(folder.glob("*.json.xz")):
        with open_text(path) as handle:
            for line in handle:
                row = json.loads(line)
                code, about = str(row.get("code", "")), row.get("api_data", {})
                instruction = _instruction(code)
                does = " ".join(str(about.get("functionality", "")).split())
                name = str(about.get("api_name", ""))
                if 20 < len(instruction) < 220 and does and len(does) < 120:
                    found.append(
                        (
                            instruction,
                            name.rpartition("/")[2][:40],
                            f"{does}.",
                            path.name.partition(".")[0],
                        )
                    )
    return found


def _instruction(code: str) -> str:
    for mark, stop in (("###Instruction:", "###Output"), ("'Instruction': ", ", 'Output'")):
        _, found, rest = code.partition(mark)
        if found:
            return " ".join(rest.partition(stop)[0].replace("\\n", " ").split()).strip("'\"")
    return ""


def _bare_text(name: str, description: str) -> str:
    return tool_text(Tool(name=name, description=description, arguments=()))
