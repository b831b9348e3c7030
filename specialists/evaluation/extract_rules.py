"""Rules for the specialists that pick parts of their input: words shared, patterns, first fit.

They stand alone beside the table of all rules because they share how words are compared.
"""

import re
from collections.abc import Sequence

import Stemmer

from specialists.corpora.words import STOPWORDS
from specialists.jobs.job import Inputs, Result
from specialists.jobs.quotes import quotable, quotable_text

_WORD = re.compile(r"[a-z]+|[0-9]+")
_NUMBER = re.compile(r"(?<![\w.,-])[0-9]+(?:\.[0-9]+)?(?![\w.,-]*[\w-])")
_QUOTED = re.compile(r"[\"“]([^\"”]+)[\"”]")
_CODE = re.compile(r"\S*[A-Za-z]\S*[0-9/@#.]\S*|[#@/]\S+|\S*[0-9]-\S+")
_TIME = re.compile(
    r"(?:tomorrow|today|tonight|(?:next )?(?:mon|tues|wednes|thurs|fri|satur|sun)day)(?: at \S+)?"
    r"|[0-9]{1,2}(?::[0-9]{2})? ?(?:am|pm)|[0-9]{1,2}:[0-9]{2}|[0-9]{1,2} [A-Z][a-z]+",
    re.IGNORECASE,
)
_CAPITALS = re.compile(r"(?<!^)(?<![.!?] )[A-Z][\w'’-]*(?: [A-Z][\w'’-]*)*")
_AFTER = re.compile(
    r"\b(?:to|for|in|about|called|named|the|my|at|from)\s+([a-z]\w*(?: [a-z]\w*)?)$"
)
_TIMELY = re.compile(r"\b(?:time|when|day|date|due|hour|start|end)\b", re.IGNORECASE)
_ENOUGH = 0.5
"""The share of the question's words that the answering sentence must hold."""
_stemmer = Stemmer.Stemmer("english")


def tool_call_rule(inputs: Inputs) -> Result:
    """The tool that shares most words with the request; declared values named in it, its numbers
    in order, then quoted, coded, timely and capitalised parts in order."""
    request, tools = str(inputs["request"]), inputs["tools"]
    asked = _stems(request)

    def shared(tool: Result) -> int:
        return len(
            asked & _stems(f"{tool['name']} {tool.get('description', '')}".replace("_", " "))
        )

    best = max(tools, key=shared, default=None)
    if best is None or not shared(best):
        return {"refused": True, "tool": None, "args": {}}
    args: Result = {}
    for name, spec in best.get("args", {}).items():
        value = _value(name, spec, request, [str(one) for one in args.values()])
        if value is not None:
            args[name] = value
        elif spec.get("required"):
            return {"refused": True, "tool": None, "args": {}}
    return {"refused": False, "tool": best["name"], "args": args}


def citation_rule(inputs: Inputs) -> Result:
    """The sentence with most of the question's words, if it has half of them and, where a number
    is asked for, holds one."""
    question = str(inputs["question"])
    asked = _stems(question)
    found = list(quotable(inputs["pages"]))
    if re.search(
        r"\b(?:how (?:many|much|long|old|high|far|large|warm|hot)|when)\b", question, re.I
    ):
        found = [one for one in found if re.search(r"[0-9]", one.text)] or found
    best = max(found, key=lambda one: len(asked & _stems(quotable_text(one))), default=None)
    if best is None or not asked:
        return {"refused": True, "page": None, "quote": ""}
    if len(asked & _stems(quotable_text(best))) < _ENOUGH * len(asked):
        return {"refused": True, "page": None, "quote": ""}
    return {"refused": False, "page": best.page, "quote": best.text}


def _value(name: str, spec: Result, request: str, taken: Sequence[str]) -> object:
    kind = spec.get("type", "string")
    if "enum" in spec:
        lowered = request.lower()
        return next((one for one in spec["enum"] if str(one).lower() in lowered), None)
    if kind == "boolean":
        return True if name.lower() in request.lower() else None
    if kind in ("integer", "number"):
        found = [one for one in _NUMBER.findall(request) if one not in taken]
        found = [one for one in found if kind == "number" or "." not in one]
        if not found:
            return None
        return float(found[0]) if "." in found[0] else int(found[0])
    times = _TIME.findall(request)
    if _TIMELY.search(f"{name.replace('_', ' ')} {spec.get('description', '')}"):
        return next((one for one in times if one not in taken), None)
    parts = [*_QUOTED.findall(request), *_CODE.findall(request), *_CAPITALS.findall(request)]
    parts += _AFTER.findall(request.rstrip(".?!"))
    return next((one for one in parts if one not in taken and one not in times), None)


def _stems(text: str) -> set[str]:
    words = [word for word in _WORD.findall(text.lower()) if word not in STOPWORDS]
    return set(_stemmer.stemWords(words))
