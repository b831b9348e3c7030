"""The questions a scorer is marked on: labelled rows grouped by query, and absent twins.

A task is cut from a judged collection in BEIR layout with the help of a ranking. It stands alone
so that what is asked cannot depend on who answers: nothing here knows a model, a threshold or a
mark. Everything follows from the files, the settings and the seed; nothing here may ever feed
training or tuning.
"""

import gzip
import json
import lzma
import random
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from specialists.errors import CorpusError


@dataclass(frozen=True, kw_only=True, slots=True)
class Collection:
    """A judged collection. `grades[query_id][passage_id]` above 0 means relevant."""

    name: str
    passages: Mapping[str, str]
    queries: Mapping[str, str]
    grades: Mapping[str, Mapping[str, int]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """How a task is cut. Ranks are 1-based places in the full ranking, both ends included;
    `depth` is the length of the lists of the absent-twin test; `max_queries` 0 means all."""

    negatives: int = 4
    first_rank: int = 7
    last_rank: int = 20
    depth: int = 5
    seed: int = 0
    max_queries: int = 0

    def __post_init__(self) -> None:
        if self.negatives < 1 or self.depth < 1 or self.max_queries < 0:
            raise CorpusError("negatives and depth must be 1 or more, the number of queries 0+")
        if not 1 <= self.first_rank <= self.last_rank:
            raise CorpusError(
                f"ranks {self.first_rank}-{self.last_rank}: the first must be 1 or more and not "
                "above the last"
            )


@dataclass(frozen=True, kw_only=True, slots=True)
class Group:
    """All that is asked under one query; the fields below `relevant` index into `passages`.

    `rows` are the labelled rows: one relevant passage and the mined negatives. `present` is the
    head of the ranking, `absent` its twin with every relevant passage removed and the list
    refilled from the same ranking; both are empty when the head holds no relevant passage.
    """

    query_id: str
    query: str
    passages: tuple[str, ...]
    relevant: tuple[bool, ...]
    rows: tuple[int, ...]
    present: tuple[int, ...]
    absent: tuple[int, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Task:
    """Groups cut from the collection `name`. Groups that share a `query_id` are one witness. Of
    `left_out` queries nothing could be asked."""

    name: str
    groups: tuple[Group, ...]
    left_out: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Scored:
    """Scores in the order of the passages, higher is more relevant. `decisions` are the scorer's
    own, where it takes any. `probabilities` says that the scores are meant as such."""

    scores: tuple[float, ...]
    decisions: tuple[bool, ...] | None = None
    probabilities: bool = False


class Scorer(Protocol):
    """Anything that can be marked. The score of a passage depends on the query and itself alone,
    never on the passages beside it."""

    @property
    def name(self) -> str: ...
    def score(self, query: str, passages: Sequence[str], /) -> Scored: ...


class Ranker(Protocol):
    """What a task asks of the search it is mined with."""

    def ranking(self, query: str, /) -> Sequence[str]:
        """The ids of all passages, best first."""


def read_collection(folder: Path) -> Collection:
    """A BEIR folder: `corpus.jsonl` and `queries.jsonl`, plain or .xz or .gz, and
    `qrels/test.tsv`. A passage is its title, a full stop and its text; empty ones are left out.

    Raises `CorpusError` naming the file and line that cannot be used.
    """
    passages: dict[str, str] = {}
    for where, row in json_rows(folder, "corpus.jsonl"):
        text = _join(text_field(row, "title", where, default=""), text_field(row, "text", where))
        if text:
            _add(passages, text_field(row, "_id", where), text, where)
    queries: dict[str, str] = {}
    for where, row in json_rows(folder, "queries.jsonl"):
        _add(queries, text_field(row, "_id", where), text_field(row, "text", where), where)
    grades = _read_grades(folder / "qrels" / "test.tsv")
    lost = sorted(set(grades) - set(queries))
    if lost:
        raise CorpusError(
            f"{folder}: qrels/test.tsv judges query {lost[0]!r}, which queries.jsonl lacks"
        )
    return Collection(name=folder.resolve().name, passages=passages, queries=queries, grades=grades)


def build_task(collection: Collection, ranker: Ranker, settings: Settings) -> Task:
    """Cut the labelled rows and the absent twins. Raises `CorpusError` if no query is left.

    A query without a relevant passage in the corpus, or with too few others, is left out. The
    relevant row is drawn from those of the highest grade. Negatives are drawn from the wanted
    ranks; where those hold too few passages that nobody judged relevant, the next ranks serve.
    """
    query_ids = sorted(collection.grades)
    if settings.max_queries:
        random.Random(settings.seed).shuffle(query_ids)  # noqa: S311 - sampling, no secret
    groups: list[Group] = []
    left_out = 0
    for query_id in query_ids:
        group = _build_group(collection, ranker, settings, query_id)
        if group is None:
            left_out += 1
            continue
        groups.append(group)
        if settings.max_queries and len(groups) == settings.max_queries:
            break
    if not groups:
        raise CorpusError(
            f"{collection.name}: no query has a relevant passage and {settings.negatives} others "
            "in the corpus; check that qrels and corpus belong together"
        )
    return Task(name=collection.name, groups=tuple(groups), left_out=left_out)


def score_task(
    task: Task, scorer: Scorer, *, on_group: Callable[[], None] = lambda: None
) -> tuple[Scored, ...]:
    """What the scorer says of every passage of every group; `on_group` is called after each."""
    scored: list[Scored] = []
    for group in task.groups:
        scored.append(scorer.score(group.query, group.passages))
        on_group()
    return tuple(scored)


def _build_group(
    collection: Collection, ranker: Ranker, settings: Settings, query_id: str
) -> Group | None:
    grades = {
        passage_id: grade
        for passage_id, grade in collection.grades[query_id].items()
        if grade > 0 and passage_id in collection.passages
    }
    if not grades:
        return None
    draw = random.Random(f"{settings.seed}:{query_id}")  # noqa: S311 - sampling, no secret
    best = sorted(key for key, grade in grades.items() if grade == max(grades.values()))
    positive = draw.choice(best)

    ranked = ranker.ranking(collection.queries[query_id])
    window = ranked[settings.first_rank - 1 : settings.last_rank]
    pool = [key for key in window if key not in grades]
    below = [key for key in ranked[settings.last_rank :] if key not in grades]
    short = max(0, settings.negatives - len(pool))
    pool += below[:short]
    if len(pool) < settings.negatives:
        return None
    rows = [positive, *draw.sample(pool, settings.negatives)]

    present = list(ranked[: settings.depth])
    absent = [key for key in ranked if key not in grades][: settings.depth]
    if not grades.keys() & set(present) or len(absent) < len(present):
        present, absent = [], []

    ids = list(dict.fromkeys([*rows, *present, *absent]))
    place = {key: index for index, key in enumerate(ids)}
    return Group(
        query_id=query_id,
        query=collection.queries[query_id],
        passages=tuple(collection.passages[key] for key in ids),
        relevant=tuple(key in grades for key in ids),
        rows=tuple(place[key] for key in rows),
        present=tuple(place[key] for key in present),
        absent=tuple(place[key] for key in absent),
    )


def _add(texts: dict[str, str], name: str, text: str, where: str) -> None:
    if texts.setdefault(name, text) != text:
        raise CorpusError(f"{where}: the id {name!r} stands here again, with another text")


def _join(title: str, text: str) -> str:
    title, text = title.strip(), text.strip()
    if not title or text.startswith(title):
        return text
    return f"{title.rstrip('. ')}. {text}".strip()


def text_field(row: dict[str, Any], key: str, where: str, *, default: str | None = None) -> str:
    value = row.get(key, default)
    if not isinstance(value, str):
        raise CorpusError(f"{where}: expected a text under {key!r}, found {value!r}")
    return value


def json_rows(
    folder: Path, name: str, *, remedy: str = "give a BEIR folder"
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each row of a JSON lines file with its place, for messages; `remedy` is told where there is
    no such file."""
    found = [
        folder / (name + end) for end in ("", ".xz", ".gz") if (folder / (name + end)).exists()
    ]
    if not found:
        raise CorpusError(f"{folder / name}: no such file, nor with .xz or .gz behind it; {remedy}")
    path = found[0]
    if path.is_dir():
        raise CorpusError(f"{path}: is a folder where a file of JSON lines is read")
    opener: Any = {".xz": lzma.open, ".gz": gzip.open}.get(path.suffix, open)
    try:
        with opener(path, "rb") as lines:
            for number, line in enumerate(lines, start=1):
                if line.strip():
                    yield f"{path}:{number}", _json_object(line, f"{path}:{number}")
    except (OSError, EOFError, zlib.error, lzma.LZMAError) as error:
        raise CorpusError(f"{path}: cannot be read ({error})") from error


def _json_object(line: bytes, where: str) -> dict[str, Any]:
    try:
        row = json.loads(line.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        byte = line[error.start]
        raise CorpusError(
            f"{where}: byte {error.start + 1} (0x{byte:02x}) is not UTF-8; save the file as UTF-8"
        ) from error
    except json.JSONDecodeError as error:
        column = min(error.pos, len(error.doc.rstrip())) + 1
        raise CorpusError(f"{where}: not JSON ({error.msg} at column {column})") from error
    except RecursionError as error:
        raise CorpusError(f"{where}: not JSON that can be read (nested too deep)") from error
    if not isinstance(row, dict):
        raise CorpusError(f"{where}: expected a JSON object")
    return row


def _read_grades(path: Path) -> dict[str, dict[str, int]]:
    try:
        lines = path.read_text("utf-8").splitlines()
    except FileNotFoundError as error:
        raise CorpusError(
            f"{path}: no such file; a BEIR folder holds its judgements there, as query id, passage "
            "id and a whole grade between tabs"
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise CorpusError(f"{path}: the judgements cannot be read ({error})") from error
    grades: dict[str, dict[str, int]] = {}
    for number, line in enumerate(lines, start=1):
        fields = line.split("\t")
        if number == 1 and fields[-1] == "score":
            continue
        try:
            query_id, passage_id, grade = fields
            grades.setdefault(query_id, {})[passage_id] = int(grade)
        except ValueError as error:
            raise CorpusError(
                f"{path}:{number}: expected query id, passage id and a whole grade between tabs"
            ) from error
    return grades
