"""What a passage was written to leave open, asked about it beside what it answers."""

from collections import defaultdict

import numpy as np
import numpy.typing as npt

from specialists.corpora.relevance import RelevanceRows
from specialists.training.batches import Words


class LeftOpen:
    """Of written rows (`corpora/written.py`): groups without a right passage hold what their only
    candidate leaves open."""

    def __init__(self, rows: RelevanceRows) -> None:
        self.rows = rows
        self.queries: dict[int, list[int]] = defaultdict(list)
        for group in np.flatnonzero(~answered(rows)):
            passage = rows.candidate[rows.candidates(int(group))][0]
            self.queries[int(passage)].append(int(rows.query[group]))

    def beside(self, group: int, choice: np.random.Generator) -> Words | None:
        """None where the group's right passage leaves nothing open."""
        span = self.rows.candidates(group)
        right = self.rows.candidate[span][self.rows.relevant[span]]
        queries = self.queries.get(int(right[0]), []) if len(right) else []
        if not queries:
            return None
        text = self.rows.text(int(choice.choice(queries)))
        return Words(ids=self.rows.tokens[text], stems=self.rows.stems[text])


def answered(rows: RelevanceRows) -> npt.NDArray[np.bool_]:
    """[G]: whether a group has a right passage."""
    return np.add.reduceat(np.asarray(rows.relevant), np.asarray(rows.group_start)[:-1]) > 0
