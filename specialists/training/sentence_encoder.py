"""The sentence encoder that teaches, as a network on whatever device trains: every text of the rows
in one go, as the vector of the whole and of each of its sentences.

`teacher.py` does the same on a CPU, resumably and in eight bits; here a GPU does it in seconds, and
nothing is kept on disk.

Shapes: B texts, T tokens, N texts of the rows, S sentences, W tokens of all of them, M width.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from safetensors.torch import load_file
from torch import Tensor
from torch.nn.functional import gelu, layer_norm, linear, normalize, scaled_dot_product_attention

from specialists.training.teacher import Teacher
from specialists.training.wordpieces import WordPieces

OPENING, CLOSING = 101, 102
"""[CLS] and [SEP] of the vocabulary that the encoders of this family share."""
LONGEST = 512
BATCH_TOKENS = 131_072
WIDTH_STEP = 16


@dataclass(frozen=True, kw_only=True, slots=True)
class Encoded:
    """Vectors of unit norm, in float16. Text n has the vector `whole_NM[place]` with the place
    `place_N[n]`, -1 where it was not encoded; its sentences `start_N1[place]` up to
    `start_N1[place + 1]` the vectors `sentence_SM`, and each ends before the text's token
    `end_S`."""

    place_N: Tensor
    whole_NM: Tensor
    start_N1: Tensor
    end_S: Tensor
    sentence_SM: Tensor

    @classmethod
    def of_teacher(cls, teacher: Teacher, *, texts: int, device: torch.device) -> "Encoded":
        place_N = torch.full((texts,), -1, dtype=torch.int64)
        place_N[torch.from_numpy(teacher.text_N.astype(np.int64))] = torch.arange(
            len(teacher.text_N)
        )
        return cls(
            place_N=place_N.to(device),
            whole_NM=torch.from_numpy(np.array(teacher.whole_ND)).to(device),
            start_N1=torch.from_numpy(np.array(teacher.start_N1)).to(device),
            end_S=torch.from_numpy(np.array(teacher.end_S)).to(device),
            sentence_SM=torch.from_numpy(np.array(teacher.sentence_SD)).to(device),
        )


class SentenceEncoder:
    """BERT (Devlin et al. 2019) without its pooler."""

    def __init__(self, folder: Path, *, device: torch.device) -> None:
        """`folder` holds config.json and model.safetensors."""
        shapes = json.loads((folder / "config.json").read_text("utf-8"))
        self.layers = int(shapes["num_hidden_layers"])
        self.heads = int(shapes["num_attention_heads"])
        self.eps = float(shapes["layer_norm_eps"])
        self.device = device
        dtype = torch.float16 if device.type == "cuda" else torch.float32
        self.weights = {
            name: tensor.to(device, dtype)
            for name, tensor in load_file(folder / "model.safetensors").items()
            if tensor.is_floating_point()
        }

    def states(self, ids_BT: Tensor, length_B: Tensor) -> Tensor:
        """[B, T, M]."""
        words, places, kinds = (
            self.weights[f"embeddings.{kind}_embeddings.weight"]
            for kind in ("word", "position", "token_type")
        )
        width = ids_BT.shape[1]
        seen_BT = torch.arange(width, device=self.device) < length_B[:, None]
        x_BTM = self._norm("embeddings", words[ids_BT] + places[:width] + kinds[0])
        for layer in range(self.layers):
            name = f"encoder.layer.{layer}"
            mixed_BTM = self._attend(f"{name}.attention.self", x_BTM, seen_BT)
            mixed_BTM = self._affine(f"{name}.attention.output.dense", mixed_BTM)
            x_BTM = self._norm(f"{name}.attention.output", x_BTM + mixed_BTM)
            wide = gelu(self._affine(f"{name}.intermediate.dense", x_BTM))
            x_BTM = self._norm(f"{name}.output", x_BTM + self._affine(f"{name}.output.dense", wide))
        return x_BTM

    def _attend(self, name: str, x_BTM: Tensor, seen_BT: Tensor) -> Tensor:
        query, key, value = (
            self._affine(f"{name}.{part}", x_BTM)
            .view(*x_BTM.shape[:2], self.heads, -1)
            .transpose(1, 2)
            for part in ("query", "key", "value")
        )
        mixed = scaled_dot_product_attention(query, key, value, attn_mask=seen_BT[:, None, None])
        return mixed.transpose(1, 2).flatten(2)

    def _affine(self, name: str, x: Tensor) -> Tensor:
        return linear(x, self.weights[f"{name}.weight"], self.weights[f"{name}.bias"])

    def _norm(self, name: str, x: Tensor) -> Tensor:
        weight, bias = (self.weights[f"{name}.LayerNorm.{part}"] for part in ("weight", "bias"))
        return layer_norm(x, weight.shape, weight, bias, self.eps)


@torch.no_grad()
def encode_pieces(pieces: WordPieces, encoder: SentenceEncoder) -> Encoded:
    """All texts of the rows. A sentence that lies beyond what the encoder reads has the vector of
    the whole."""
    device = encoder.device
    ids_W = torch.from_numpy(pieces.ids_W.astype(np.int32)).to(device)
    begin_S1 = torch.from_numpy(pieces.begin_S1).to(device)
    start_N1 = torch.from_numpy(pieces.start_N1).to(device)
    texts, width = len(pieces.start_N1) - 1, encoder.weights["embeddings.LayerNorm.weight"].shape[0]
    whole_NM = torch.empty(texts, width, dtype=torch.float16, device=device)
    sentence_SM = torch.empty(len(pieces.end_S), width, dtype=torch.float16, device=device)
    own_N = np.diff(pieces.begin_S1[pieces.start_N1])
    for chosen, longest in _batches(np.minimum(own_N, LONGEST - 2)):
        text_B = torch.from_numpy(chosen).to(device)
        first_B = begin_S1[start_N1[text_B]]
        length_B = (begin_S1[start_N1[text_B + 1]] - first_B).clamp(max=LONGEST - 2)
        place_T = torch.arange(longest + 2, device=device)
        inside_BT = (place_T > 0) & (place_T <= length_B[:, None])
        at_BT = (first_B[:, None] + place_T - 1).clamp(min=0, max=len(ids_W) - 1)
        ids_BT = torch.where(inside_BT, ids_W[at_BT], 0)
        ids_BT[:, 0] = OPENING
        ids_BT.scatter_(1, length_B[:, None] + 1, CLOSING)
        states_BTM = encoder.states(ids_BT, length_B + 2).float()
        read_BT1 = (place_T < (length_B + 2)[:, None])[..., None]
        sum_BTM = (states_BTM * read_BT1).cumsum(1)
        mean_BM = sum_BTM[:, -1] / (length_B + 2)[:, None]
        whole_NM[text_B] = normalize(mean_BM, dim=-1).half()
        count_B = start_N1[text_B + 1] - start_N1[text_B]
        row_S = torch.repeat_interleave(count_B)
        number_S = counted(start_N1[text_B], count_B)
        # Token 0 opens the text, so the sum before a sentence stands at the place of its first.
        from_S = (begin_S1[number_S] - first_B[row_S]).clamp(max=LONGEST - 2)
        to_S = (begin_S1[number_S + 1] - first_B[row_S]).clamp(max=LONGEST - 2)
        mean_SM = sum_BTM[row_S, to_S] - sum_BTM[row_S, from_S]
        mean_SM = torch.where((to_S > from_S)[:, None], mean_SM, mean_BM[row_S])
        sentence_SM[number_S] = normalize(mean_SM, dim=-1).half()
    return Encoded(
        place_N=torch.arange(texts, device=device),
        whole_NM=whole_NM,
        start_N1=start_N1,
        end_S=torch.from_numpy(pieces.end_S).to(device),
        sentence_SM=sentence_SM,
    )


def counted(start_B: Tensor, count_B: Tensor) -> Tensor:
    """start, start + 1, ... as often as counted, row after row."""
    before_B = count_B.cumsum(0) - count_B
    steps = torch.arange(int(count_B.sum()), device=start_B.device)
    return steps + torch.repeat_interleave(start_B - before_B, count_B)


def _batches(length_N: npt.NDArray[np.int64]) -> Iterator[tuple[npt.NDArray[np.int64], int]]:
    """Texts of like length, and the width that they are read with."""
    order = np.argsort(-length_N, kind="stable")
    while len(order):
        width = -(-int(length_N[order[0]] + 2) // WIDTH_STEP) * WIDTH_STEP
        count = max(1, BATCH_TOKENS // width)
        yield order[:count], width - 2
        order = order[count:]
