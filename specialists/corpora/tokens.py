"""Text as one long row of uint16 token ids on disk, documents closed by `END_OF_TEXT`.

A file is read by memory map, so a corpus larger than memory trains as well as a small one.
"""

import random
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer

from specialists.corpora.text import read_documents, text_files
from specialists.errors import CorpusError
from specialists.tokenizer import END_OF_TEXT

TokenIds = npt.NDArray[np.uint16]
BATCH_DOCUMENTS = 512


def sample_documents(folder: Path, shares: Mapping[str, float], *, seed: int) -> Iterator[str]:
    """Documents of every text file of `folder`, each kept with its file's share. The name of a
    file up to its first dot is its source; a source that `shares` does not name is left out."""
    for path in text_files(folder):
        share = shares.get(path.name.split(".")[0], 0.0)
        choice = random.Random(f"{seed} {path.name}")  # noqa: S311  sampling, not secrecy
        for document in read_documents(path) if share > 0 else ():
            if choice.random() < share:
                yield document


def write_tokens(
    documents: Iterator[str],
    tokenizer: Tokenizer,
    target: Path,
    *,
    on_progress: Callable[[int], None] = lambda tokens: None,
) -> int:
    """Encodes `documents` into `target`; returns the number of tokens. An interrupted run leaves
    no half-written file under that name."""
    if tokenizer.get_vocab_size() > np.iinfo(np.uint16).max + 1:
        raise CorpusError("a vocabulary above 65,536 does not fit into uint16")
    end = tokenizer.token_to_id(END_OF_TEXT)
    partial = target.with_suffix(".partial")
    written = 0
    with partial.open("wb") as out:
        for batch in _batches(documents):
            for encoding in tokenizer.encode_batch_fast(batch, add_special_tokens=False):
                ids = np.array([*encoding.ids, end], dtype=np.uint16)
                ids.tofile(out)
                written += len(ids)
            on_progress(written)
    partial.replace(target)
    return written


def read_tokens(path: Path) -> TokenIds:
    """The ids of a token file, mapped read-only."""
    if not path.is_file() or path.stat().st_size == 0:
        raise CorpusError(f"{path}: no tokens here; the tokenizing step of the recipe writes it")
    return np.memmap(path, dtype=np.uint16, mode="r")


def _batches(documents: Iterator[str]) -> Iterator[list[str]]:
    batch: list[str] = []
    for document in documents:
        batch.append(document)
        if len(batch) == BATCH_DOCUMENTS:
            yield batch
            batch = []
    if batch:
        yield batch
