"""Rows for q-rag: a query with its candidates, each relevant or not, as token ids on disk.

Rows come as groups, one query each. A group is in the development split or in training, never in
both: the split is drawn from the query's own group name.
"""

import json
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer

from specialists.corpora.text import open_text
from specialists.corpora.words import stem_words, word_borders
from specialists.errors import CorpusError

DEVELOPMENT_SHARE = 0.02
MAX_TEXT_CHARACTERS = 6_000
BATCH_GROUPS = 2_000


@dataclass(frozen=True, kw_only=True, slots=True)
class QueryGroup:
    """A query and its candidates. `name` decides the split."""

    source: str
    name: str
    query: str
    positives: tuple[str, ...]
    negatives: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class RelevanceRows:
    """Groups as arrays. Text t is `tokens[text_start[t]:text_start[t + 1]]`, its stems likewise;
    group g asks text `query[g]` about texts `candidate[group_start[g]:group_start[g + 1]]`, of
    which those with `relevant` are positives. `source[g]` indexes `source_names`."""

    tokens: npt.NDArray[np.uint16]
    stems: npt.NDArray[np.uint32]
    text_start: npt.NDArray[np.int64]
    query: npt.NDArray[np.int32]
    candidate: npt.NDArray[np.int32]
    relevant: npt.NDArray[np.bool_]
    group_start: npt.NDArray[np.int64]
    source: npt.NDArray[np.int16]
    development: npt.NDArray[np.bool_]
    source_names: tuple[str, ...]

    def text(self, index: int) -> slice:
        return slice(int(self.text_start[index]), int(self.text_start[index + 1]))

    def candidates(self, group: int) -> slice:
        return slice(int(self.group_start[group]), int(self.group_start[group + 1]))


ARRAYS = tuple(field.name for field in fields(RelevanceRows) if field.name != "source_names")


def read_pair_groups(path: Path, *, most: int, seed: int) -> Iterator[QueryGroup]:
    """Groups of one `{query, passage, label, source, group}` file, about `most` of them, drawn
    by the hash of the group's name so that the same ones come on every machine."""
    groups = _load_pairs(path)
    names = sorted(groups, key=lambda name: zlib.crc32(f"{seed} {name[0]}".encode()))
    for name in names[:most]:
        positives, negatives = groups[name]
        yield QueryGroup(
            source=path.name.split(".")[0],
            name=name[0],
            query=name[1],
            positives=tuple(positives),
            negatives=tuple(negatives),
        )


def _load_pairs(path: Path) -> dict[tuple[str, str], tuple[list[str], list[str]]]:
    groups: dict[tuple[str, str], tuple[list[str], list[str]]] = {}
    with open_text(path) as handle:
        for number, line in enumerate(handle, start=1):
            try:
                row = json.loads(line)
                key = (str(row["group"]), str(row["query"]))
                relevant = int(row["label"])
                passage = str(row["passage"])
            except (ValueError, KeyError, TypeError) as error:
                raise CorpusError(f"{path} line {number}: not a labelled pair ({error})") from error
            positives, negatives = groups.setdefault(key, ([], []))
            (positives if relevant else negatives).append(passage)
    return groups


def write_rows(
    groups: Iterable[QueryGroup],
    tokenizer: Tokenizer,
    folder: Path,
    *,
    on_progress: Callable[[int], None] = lambda groups: None,
) -> None:
    """Encodes groups into `folder`, which `open_rows` reads."""
    texts: dict[str, int] = {}
    parts: list[npt.NDArray[np.uint16]] = []
    query: list[int] = []
    candidate: list[int] = []
    relevant: list[bool] = []
    group_start = [0]
    source: list[int] = []
    development: list[bool] = []
    source_names: dict[str, int] = {}
    new_texts: list[str] = []

    def text_index(text: str) -> int:
        text = text[:MAX_TEXT_CHARACTERS]
        if text not in texts:
            texts[text] = len(texts)
            new_texts.append(text)
        return texts[text]

    def encode_new() -> None:
        for encoding in tokenizer.encode_batch_fast(new_texts, add_special_tokens=False):
            parts.append(np.array(encoding.ids, dtype=np.uint16))
        new_texts.clear()

    for number, group in enumerate(groups, start=1):
        query.append(text_index(group.query))
        for passages, label in ((group.positives, True), (group.negatives, False)):
            candidate.extend(text_index(passage) for passage in passages)
            relevant.extend([label] * len(passages))
        group_start.append(len(candidate))
        source.append(source_names.setdefault(group.source, len(source_names)))
        development.append(in_development(group.name))
        if number % BATCH_GROUPS == 0:
            encode_new()
            on_progress(number)
    encode_new()
    if not query:
        raise CorpusError(f"no groups for {folder}: the sources named hold none")
    tokens = np.concatenate(parts)
    folder.mkdir(parents=True, exist_ok=True)
    arrays: Mapping[str, npt.NDArray[np.generic]] = {
        "tokens": tokens,
        "stems": stem_words(tokens, word_borders(tokenizer)),
        "text_start": np.cumsum([0, *(len(part) for part in parts)], dtype=np.int64),
        "query": np.array(query, dtype=np.int32),
        "candidate": np.array(candidate, dtype=np.int32),
        "relevant": np.array(relevant, dtype=np.bool_),
        "group_start": np.array(group_start, dtype=np.int64),
        "source": np.array(source, dtype=np.int16),
        "development": np.array(development, dtype=np.bool_),
    }
    for name, array in arrays.items():
        np.save(folder / f"{name}.npy", array)
    (folder / "sources.json").write_text(json.dumps(list(source_names)), "utf-8")


def in_development(name: str) -> bool:
    return zlib.crc32(f"split {name}".encode()) / 2**32 < DEVELOPMENT_SHARE


def open_rows(folder: Path) -> RelevanceRows:
    if not (folder / "sources.json").is_file():
        raise CorpusError(f"{folder}: no rows here; the row-making step of the recipe writes them")
    arrays = {name: np.load(folder / f"{name}.npy", mmap_mode="r") for name in ARRAYS}
    names = json.loads((folder / "sources.json").read_text("utf-8"))
    return RelevanceRows(**arrays, source_names=tuple(names))
