"""Which rows a step of a relevance training sees, drawn from (seed, step) alone: a run that was
stopped goes on with the very batches it would have seen.

Two kinds of groups are drawn. Those of the rows on disk, real questions with their candidates; and
groups cut on the spot: a window of a passage, a query made of some of its own words, and windows
of other passages. The second kind is easy, and a model that starts on it learns within minutes to
look a word up in the query.
"""

from collections.abc import Mapping, Sequence
from operator import itemgetter

import numpy as np
import numpy.typing as npt

from specialists.corpora.relevance import RelevanceRows
from specialists.training.batches import (
    PromptIds,
    Row,
    Words,
    prompt_length,
)
from specialists.training.pools import POOL
from specialists.training.rewording import Thesaurus, reword
from specialists.training.teacher import Teacher

CUT_WINDOW = (20, 40)
CUT_QUERY = (5, 13)
KEPT_WORDS = 0.8


class RelevanceSampler:
    """Draws groups by source weight, fits each into `max_length` tokens, fills a token budget.

    Every group brings one positive (where it has one), up to `negatives` of its own and, if
    `from_anywhere`, one passage of another query, the cross-domain negative. With a `thesaurus`
    `reworded_share` of the queries are said in other words.
    """

    def __init__(
        self,
        rows: RelevanceRows,
        prompt: PromptIds,
        *,
        weights: Mapping[str, float],
        seed: int,
        development: bool = False,
        negatives: int = 3,
        from_anywhere: bool = True,
        teacher: Teacher | None = None,
        thesaurus: Thesaurus | None = None,
        reworded_share: float = 0.0,
    ) -> None:
        self.rows, self.prompt, self.seed, self.negatives = rows, prompt, seed, negatives
        self.from_anywhere, self.teacher = from_anywhere, teacher
        self.thesaurus, self.reworded_share = thesaurus, reworded_share
        self.tokens, self.stems = np.asarray(rows.tokens), np.asarray(rows.stems)
        self.groups = np.flatnonzero(np.asarray(rows.development) == development)
        self.cumulative = shares_of(rows, self.groups, weights)
        lengths = np.diff(rows.text_start)
        self.passage_length = lengths[np.asarray(rows.candidate)]

    def rows_of(
        self, *, step: int, token_budget: int, max_length: int, cut_share: float = 0.0
    ) -> list[Row]:
        """`cut_share` of the groups are cut on the spot. Passages over `max_length` are cut at
        the end. A group whose query takes more than a third of it, or whose every positive would
        lose more than a third, waits for longer prompts.

        Groups are drawn for `POOL` steps at once and shared out by length, so that little of a
        batch is padding."""
        choice = np.random.default_rng((self.seed, step // POOL))
        pool: list[tuple[int, list[Row]]] = []
        drawn = 0
        while drawn <= POOL * token_budget:
            at = min(int(np.searchsorted(self.cumulative, choice.random())), len(self.groups) - 1)
            group = int(self.groups[at])
            found = (
                self._cut_group(group, choice, len(pool))
                if choice.random() < cut_share
                else self._real_group(group, choice, len(pool), max_length)
            )
            if found:
                width = max(prompt_length(self.prompt, row.query, row.passage) for row in found)
                width = min(max_length, width)
                pool.append((width, found))
                drawn += width * len(found)
        batches = _share_out(sorted(pool, key=itemgetter(0)), token_budget)
        if len(batches) > 1:
            del batches[-1]  # what was left over, often next to nothing
        place = int(choice.permutation(len(batches))[step % POOL % len(batches)])
        return batches[place]

    def _text(self, index: int) -> Words:
        span = self.rows.text(index)
        return Words(ids=self.tokens[span], stems=self.stems[span])

    def _anywhere(self, choice: np.random.Generator) -> int:
        return int(self.rows.candidate[int(choice.integers(len(self.rows.candidate)))])

    def _real_group(
        self, group: int, choice: np.random.Generator, number: int, max_length: int
    ) -> list[Row]:
        asked = int(self.rows.query[group])
        query = self._text(asked)
        span = self.rows.candidates(group)
        texts, relevant = self.rows.candidate[span], self.rows.relevant[span]
        positives = texts[relevant & (self.passage_length[span] <= 1.6 * max_length)]
        negatives = texts[~relevant]
        if len(query) > max_length // 3 or (relevant.any() and not len(positives)):
            return []
        if self.thesaurus is not None and choice.random() < self.reworded_share:
            query = reword(query, self.thesaurus, choice)
        chosen = [(int(choice.choice(positives)), True)] if len(positives) else []
        count = min(self.negatives, len(negatives))
        chosen += [(int(text), False) for text in choice.permutation(negatives)[:count]]
        other = self._anywhere(choice)
        if self.from_anywhere and other not in texts:
            chosen.append((other, False))
        return [
            Row(
                query=query,
                passage=self._text(text),
                relevant=yes,
                group=number,
                taught=self.teacher.taught(asked, text) if self.teacher else None,
            )
            for text, yes in chosen
        ]

    def _cut_group(self, group: int, choice: np.random.Generator, number: int) -> list[Row]:
        first, *others = choice.permutation(self.rows.candidate[self.rows.candidates(group)])[:3]
        length = int(choice.integers(*CUT_WINDOW))
        words = int(choice.integers(*CUT_QUERY))
        text = self._text(int(first))
        if len(text) < length:
            return []
        start = int(choice.integers(0, len(text) - length + 1))
        passage = text[start : start + length]
        cut_at = int(choice.integers(0, length - words + 1))
        kept = np.flatnonzero(choice.random(words) < KEPT_WORDS) + cut_at
        if len(kept) < 3:
            return []
        query = Words(ids=passage.ids[kept], stems=passage.stems[kept])
        rivals = [text[start + length : start + 2 * length]]
        for other in (*others, self._anywhere(choice)):
            rival = self._text(int(other))
            begin = int(choice.integers(0, max(1, len(rival) - length)))
            rivals.append(rival[begin : begin + length])
        return [
            Row(query=query, passage=passage, relevant=True, group=number),
            *(
                Row(query=query, passage=rival, relevant=False, group=number)
                for rival in rivals
                if len(rival) >= length // 2
            ),
        ]


def shares_of(
    rows: RelevanceRows, groups: npt.NDArray[np.int64], weights: Mapping[str, float]
) -> npt.NDArray[np.float64]:
    """The running sum, up to 1, of how often each of `groups` is drawn; 1 is the weight of a source
    that is not named."""
    source = np.asarray(rows.source)[groups]
    share = np.array([weights.get(name, 1.0) for name in rows.source_names])[source]
    return np.cumsum(share / share.sum())


def _share_out(pool: Sequence[tuple[int, list[Row]]], token_budget: int) -> list[list[Row]]:
    """Batches of groups in the order given, widest last, each within the budget with padding."""
    batches: list[list[Row]] = [[]]
    for width, rows in pool:
        if batches[-1] and (len(batches[-1]) + len(rows)) * width > token_budget:
            batches.append([])
        batches[-1].extend(rows)
    return batches
