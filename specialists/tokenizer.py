"""Our own byte-level BPE: training it, opening it. One tokenizer.json serves a whole tier.

The pocket tier is uncased and puts a space after line breaks and between a mark and the word that
follows it, so that a word is the same token in "dogs", "\ndogs", "(dogs)" and "sheep-dogs":
matching a query against a passage is this tier's trade. What is lost (case, those spaces) is never
needed, for answers quote the source by offset.
"""

from collections.abc import Iterator
from pathlib import Path

from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

from specialists.errors import CheckpointError

END_OF_TEXT = "<|end|>"
MARK_BEFORE_WORD = r"(?<=[^\s\p{L}\p{N}'’])(?=\p{L})"
RESERVED = tuple(f"<|reserved_{index}|>" for index in range(15))


def train_tokenizer(texts: Iterator[str], *, vocab_size: int) -> Tokenizer:
    """Byte-level BPE (Sennrich et al. 2016; Radford et al. 2019) of exactly `vocab_size` tokens,
    the first of them `END_OF_TEXT` and a few reserved ones for siblings to come."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.Sequence(
        [
            normalizers.NFC(),
            normalizers.Lowercase(),
            normalizers.Replace("\n", "\n "),
            normalizers.Replace(Regex(MARK_BEFORE_WORD), " "),
        ]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size,
        special_tokens=[END_OF_TEXT, *RESERVED],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def open_tokenizer(path: Path) -> Tokenizer:
    """The tokenizer of a file, never cutting or padding, and reading the text of a special token
    as text: a passage cannot smuggle one in.

    Raises `CheckpointError` when the file is missing or is no tokenizer.
    """
    if not path.is_file():
        raise CheckpointError(f"{path}: no tokenizer.json; copy the one the weights came with")
    try:
        tokenizer = Tokenizer.from_file(str(path))
    except Exception as error:  # the Rust side raises plain Exception
        raise CheckpointError(f"{path}: not a tokenizer.json ({error})") from error
    tokenizer.no_truncation()
    tokenizer.no_padding()
    tokenizer.encode_special_tokens = True
    return tokenizer
