"""BM25: the weight of each term in each passage, as a sparse matrix, and the sum for a query.

It stands alone because it is arithmetic on integer ids: bm25s computes the weights, numpy adds
them up, and neither knows words, files or text. The saved form is mapped into memory, not read.
"""

import errno
import hashlib
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from cluster.errors import IndexDamaged

_PARTS = ("passage_ids", "data", "indices", "indptr")


@dataclass(frozen=True, kw_only=True, slots=True)
class Matrix:
    """Columns are terms, rows passages. `data` holds weights, `indices` row numbers, and column
    t lies between `indptr[t]` and `indptr[t + 1]`; `passage_ids` names the rows, ascending."""

    passage_ids: NDArray[np.int64]
    data: NDArray[np.float32]
    indices: NDArray[np.int32]
    indptr: NDArray[np.int64]

    @classmethod
    def empty(cls) -> Self:
        return cls(
            passage_ids=np.zeros(0, np.int64),
            data=np.zeros(0, np.float32),
            indices=np.zeros(0, np.int32),
            indptr=np.zeros(1, np.int64),
        )

    @classmethod
    def build(cls, tokens: Iterable[tuple[int, Sequence[int]]], *, term_count: int) -> Self:
        """Weights (Lucene's BM25, k1 1.5, b 0.75) from the term ids of each passage."""
        passage_ids, rows = [], []
        for passage_id, ids in tokens:
            passage_ids.append(passage_id)
            rows.append(ids)
        if not any(rows):
            return cls.empty()
        import bm25s  # a slow import, and a saved index never needs it

        scores: dict[str, Any] = bm25s.BM25(method="lucene").build_index_from_ids(
            list(range(term_count)), rows, show_progress=False
        )
        return cls(
            passage_ids=np.asarray(passage_ids, np.int64),
            data=np.ascontiguousarray(scores["data"], np.float32),
            indices=np.ascontiguousarray(scores["indices"], np.int32),
            indptr=np.ascontiguousarray(scores["indptr"], np.int64),
        )

    def save(self, folder: Path) -> str:
        """Writes into `folder`, which must not be looked at before this returns its digest."""
        folder.mkdir(parents=True)
        for part in _PARTS:
            try:
                np.save(folder / f"{part}.npy", getattr(self, part), allow_pickle=False)
            except OSError as error:
                if error.errno is None:  # how numpy tells that less was written than given
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)) from error
                raise
        return _digest(folder)

    @classmethod
    def load(cls, folder: Path, *, digest: str) -> Self:
        """Raises `IndexDamaged` unless the files are those whose digest `save` returned."""
        try:
            if _digest(folder) != digest:
                raise IndexDamaged("the saved weights are not those that were written")
            parts = {
                part: np.load(folder / f"{part}.npy", mmap_mode="r", allow_pickle=False)
                for part in _PARTS
            }
        except (OSError, ValueError) as error:
            raise IndexDamaged(f"the saved weights cannot be read ({error})") from error
        return cls(**parts)

    def best(self, term_ids: Iterable[int]) -> Iterator[tuple[int, float]]:
        """(passage id, score) of all passages with one of the terms, best first; equal scores in
        the order of the passages."""
        scores = np.zeros(len(self.passage_ids), np.float32)
        for term in term_ids:
            if term + 1 < len(self.indptr):
                column = slice(int(self.indptr[term]), int(self.indptr[term + 1]))
                scores[self.indices[column]] += self.data[column]
        found = np.flatnonzero(scores)
        order = found[np.argsort(-scores[found], kind="stable")]
        for row in order:
            yield int(self.passage_ids[row]), float(scores[row])


def _digest(folder: Path) -> str:
    digests = []
    for part in _PARTS:
        with (folder / f"{part}.npy").open("rb") as file:
            digests.append(hashlib.file_digest(file, hashlib.blake2b).hexdigest()[:32])
    return ".".join(digests)
