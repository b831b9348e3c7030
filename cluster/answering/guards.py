"""The specialists that stand beside an answer model: what it is given, and what it wrote.

Before passages go to an endpoint, those that try to instruct the model are taken out, and where
the endpoint is another machine, personal data in them is told of. Afterwards each sentence is held
against the passages it cites. Quotes need none of this: they stay here, word for word. A guard
that cannot answer ends the question, for to go on without it would be to fail open.
"""

import asyncio
import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from cluster.answering.endpoint import MARK, EndpointSettings, is_remote
from cluster.answering.extract import Composed
from cluster.records import GuardName, JobDoer, JudgedPassage
from specialists.sentences import split_sentences

_MARKS_AFTER = re.compile(rf"([.!?])((?:{MARK.pattern})+)")
"""Citations behind a full stop, which belong to the sentence before it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Guards:
    """`specialists` names who does each guard's work; one that is missing is off."""

    do: JobDoer
    specialists: Mapping[GuardName, str]

    async def screen(self, judged: Sequence[JudgedPassage]) -> tuple[JudgedPassage, ...]:
        """The passages, those that try to instruct the reader no longer kept."""
        name = self.specialists.get("injection")
        if name is None:
            return tuple(judged)
        kept = [j for j in judged if j.kept]
        results = await self._each(name, [{"text": j.passage.text} for j in kept])
        found = {
            id(j): replace(
                j,
                kept=False,
                reason=f"it tries to instruct the model that reads it "
                f"({name}, score {result['score']:.2f})",
            )
            for j, result in zip(kept, results, strict=True)
            if result["injection"]
        }
        return tuple(found.get(id(j), j) for j in judged)

    async def warn_of_personal_data(
        self, endpoint: EndpointSettings, question: str, judged: Sequence[JudgedPassage]
    ) -> tuple[str, ...]:
        """What leaves this machine and is personal; nothing where the endpoint is this machine."""
        name = self.specialists.get("personal-data")
        if name is None or not is_remote(endpoint):
            return ()
        texts = [question, *(j.passage.text for j in judged if j.kept)]
        results = await self._each(name, [{"text": text} for text in texts])
        kinds = Counter(kind for result in results for kind in result["kinds"])
        if not kinds:
            return ()
        told = ", ".join(f"{kind} ({count})" for kind, count in kinds.most_common())
        return (f"personal data in what goes to {endpoint.url}: {told}",)

    async def check(self, composed: Composed) -> tuple[str, ...]:
        """The sentences that the passages they cite contradict or do not settle."""
        name = self.specialists.get("grounding")
        if name is None or composed.refused:
            return ()
        text = _MARKS_AFTER.sub(r"\2\1", composed.text)
        claims = [text[start:end] for start, end in split_sentences(text)]
        checked = await asyncio.gather(*(self._ground(name, claim, composed) for claim in claims))
        return tuple(filter(None, checked))

    async def _ground(self, name: str, claim: str, composed: Composed) -> str:
        """What is wrong with one sentence, nothing when a passage supports it."""
        statement = MARK.sub("", claim).strip()
        numbers = [int(n) for mark in MARK.findall(claim) for n in mark.split(",")]
        if not statement:
            return ""
        if not numbers:
            return f"no passage is cited for: {statement}"
        results = await self._each(
            name,
            [
                {"statement": statement, "passage": composed.citations[number - 1].quote}
                for number in numbers
            ],
        )
        verdicts = {result["verdict"] for result in results}
        if "supports" in verdicts:
            return ""
        how = "contradicted" if "contradicts" in verdicts else "not settled"
        return f"{how} by what it cites ({name}): {statement}"

    async def _each(
        self, name: str, inputs: Sequence[Mapping[str, Any]]
    ) -> list[Mapping[str, Any]]:
        return await asyncio.gather(*(self.do(name, given) for given in inputs))


def choose_guards(do: JobDoer, jobs: Mapping[str, str], wanted: Collection[GuardName]) -> Guards:
    """The wanted guards for whose job a specialist stands in `jobs`, by job."""
    return Guards(do=do, specialists={name: jobs[name] for name in wanted if name in jobs})
