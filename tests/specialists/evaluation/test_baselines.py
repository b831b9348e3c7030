"""The floor says no to everything; the sentence encoder is a plain BERT."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace

from specialists.errors import CheckpointError
from specialists.evaluation.baselines import AlwaysNo, MiniLm, packaged_e5, packaged_minilm
from specialists.evaluation.kept_vectors import FILE, KeptVectors

WORDS = ("[PAD]", "[UNK]", "pump", "water", "lease", "owner", "sea", "wind")
WIDTH, WIDE = 8, 16


@pytest.fixture
def encoder_folder(tmp_path: Path) -> Path:
    """One random layer with two heads, and a tokenizer of eight words."""
    torch.manual_seed(0)
    inner = "encoder.layer.0"
    shapes: dict[str, tuple[int, ...]] = {
        "embeddings.word_embeddings.weight": (len(WORDS), WIDTH),
        "embeddings.position_embeddings.weight": (32, WIDTH),
        "embeddings.token_type_embeddings.weight": (2, WIDTH),
        f"{inner}.intermediate.dense.weight": (WIDE, WIDTH),
        f"{inner}.intermediate.dense.bias": (WIDE,),
        f"{inner}.output.dense.weight": (WIDTH, WIDE),
        f"{inner}.output.dense.bias": (WIDTH,),
    }
    for part in ("self.query", "self.key", "self.value", "output.dense"):
        shapes[f"{inner}.attention.{part}.weight"] = (WIDTH, WIDTH)
        shapes[f"{inner}.attention.{part}.bias"] = (WIDTH,)
    for place in ("embeddings", f"{inner}.attention.output", f"{inner}.output"):
        shapes[f"{place}.LayerNorm.weight"] = shapes[f"{place}.LayerNorm.bias"] = (WIDTH,)
    weights = {name: torch.randn(shape) for name, shape in shapes.items()}
    save_file(weights, tmp_path / "model.safetensors")
    config = {"num_hidden_layers": 1, "num_attention_heads": 2, "layer_norm_eps": 1e-12}
    (tmp_path / "config.json").write_text(json.dumps(config), "utf-8")
    (tmp_path / "sentence_bert_config.json").write_text('{"max_seq_length": 6}', "utf-8")
    words = {word: place for place, word in enumerate(WORDS)}
    tokenizer = Tokenizer(WordLevel(words, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = Whitespace()
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    return tmp_path


def test_the_floor_says_no_to_everything() -> None:
    scored = AlwaysNo().score("why", ["a", "b"])
    assert scored.decisions == (False, False)
    assert scored.scores == (0, 0)


def test_a_text_is_nearest_to_itself(encoder_folder: Path) -> None:
    scores = MiniLm(encoder_folder).score("pump water", ["lease owner", "pump water"]).scores
    assert scores[1] == pytest.approx(1, abs=1e-5)
    assert scores[0] < scores[1]


def test_a_score_does_not_depend_on_the_passages_beside_it(encoder_folder: Path) -> None:
    passages = ["sea", "lease owner pump", "water wind sea owner lease"]
    together = MiniLm(encoder_folder).score("pump water", passages).scores
    alone = [MiniLm(encoder_folder).score("pump water", [one]).scores[0] for one in passages]
    assert together == pytest.approx(alone, abs=1e-5)


def test_words_beyond_the_limit_are_not_read(encoder_folder: Path) -> None:
    six = "sea sea sea sea sea sea"
    scores = MiniLm(encoder_folder).score("pump", [six, six + " lease owner"]).scores
    assert scores[0] == pytest.approx(scores[1], abs=1e-6)


def test_what_was_encoded_before_is_not_encoded_again(
    encoder_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    passages = ["sea", "lease owner pump"]
    first = MiniLm(encoder_folder, kept=tmp_path).score("pump water", passages)
    monkeypatch.setattr(MiniLm, "_forward", None)
    again = MiniLm(encoder_folder, kept=tmp_path).score("pump water", passages)
    assert again == first
    with pytest.raises(TypeError):
        MiniLm(encoder_folder, kept=tmp_path).score("pump water", ["wind"])


def test_vectors_of_other_weights_are_not_taken_for_its_own(tmp_path: Path) -> None:
    KeptVectors(tmp_path, "one").keep({"sea": np.ones(3, dtype=np.float32)})
    assert KeptVectors(tmp_path, "one").find(["sea", "lease"]).keys() == {"sea"}
    assert KeptVectors(tmp_path, "two").find(["sea"]) == {}
    assert KeptVectors(None, "one").find(["sea"]) == {}


def test_a_damaged_file_of_vectors_costs_nothing_but_time(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"no database" * 400)
    kept = KeptVectors(tmp_path, "one")
    kept.keep({"sea": np.ones(3, dtype=np.float32)})
    assert kept.find(["sea"]) == {}


def test_a_folder_without_an_encoder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="not a sentence encoder"):
        MiniLm(tmp_path)


def test_the_packaged_encoder_agrees_with_its_reference_implementation() -> None:
    encoder = packaged_minilm()
    if encoder is None:
        pytest.skip("the extra `bench` is not installed")
    passages = ["The heart pumps blood.", "A lease binds the owner.", "Waves grow with the wind."]
    scores = encoder.score("What moves blood through the body?", passages).scores
    assert scores == pytest.approx(REFERENCE, abs=1e-5)


REFERENCE = (0.589602, 0.028438, 0.057206)
"""Cosines of the same texts from the transformers library's BertModel, mean-pooled."""


def test_the_second_encoder_finds_the_answering_passage() -> None:
    encoder = packaged_e5()
    if encoder is None:
        pytest.skip("the extra `bench` is not installed")
    passages = ("The pump was replaced in March 1987.", "Roses are pruned every autumn.")
    pump, roses = encoder.score("When was the pump replaced?", passages).scores
    assert pump > roses
    assert encoder.score("When was the pump replaced?", passages[:1]).scores == (pump,)
