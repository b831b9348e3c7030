"""The encoder on the training's device says what the baseline's own network says."""

from pathlib import Path

import numpy as np
import pytest
import torch

from specialists.corpora.relevance import open_rows, write_rows
from specialists.evaluation.baselines import packaged_minilm
from specialists.evaluation.peers import can_run, packaged_folder
from specialists.tokenizer import train_tokenizer
from specialists.training.sentence_encoder import SentenceEncoder, encode_pieces
from specialists.training.wordpieces import split_into_pieces
from tests.specialists.training.owls import owl_groups


@pytest.mark.skipif(not can_run(), reason="needs the extra `train`")
def test_vectors_of_texts_and_sentences_are_the_encoder_s(tmp_path: Path) -> None:
    groups = owl_groups(4)
    texts = [text for one in groups for text in (one.query, *one.positives, *one.negatives)]
    tokenizer = train_tokenizer(iter(texts * 5), vocab_size=420)
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    write_rows(groups, tokenizer, tmp_path / "rows")
    rows = open_rows(tmp_path / "rows")
    folder = packaged_folder()
    assert folder is not None
    pieces = split_into_pieces(
        rows, tmp_path / "tokenizer.json", folder / "tokenizer.json", processes=1
    )
    found = encode_pieces(pieces, SentenceEncoder(folder, device=torch.device("cpu")))
    minilm = packaged_minilm()
    assert minilm is not None
    said = [
        tokenizer.decode(np.asarray(rows.tokens)[rows.text(number)].tolist())
        for number in range(len(rows.text_start) - 1)
    ]
    cosine_N = (minilm.encode(said) * found.whole_NM.float()).sum(1)
    assert float(cosine_N.min()) > 0.99
    first, after = found.start_N1[1:3].tolist()  # of the first right passage: two sentences
    assert after - first == 2
    longer, shorter = minilm.encode(
        ["an owl of kind 0 lives for 0 years.", "some live much longer."]
    )
    own = found.sentence_SM[first:after].float()
    assert float(own[0] @ longer) > float(own[1] @ longer)  # each in the light of the other
    assert float(own[1] @ shorter) > float(own[0] @ shorter)
