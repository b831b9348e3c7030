"""A published file of the family's full size: converted by us, its logits are those of plain
torch code that reads the published tensors by their published names."""

import math
from pathlib import Path

import pytest
import torch
from tokenizers import Tokenizer, models, pre_tokenizers, trainers
from torch import Tensor

from specialists.conversion import convert_published
from specialists.prompts import PUBLISHED_RELEVANCE
from specialists.requests import Decide
from specialists.specialist import load_specialist

V, L, D, N, K, F, H = 32_000, 12, 512, 8, 2, 1_544, 64


def published_state() -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(11)

    def matrix(rows: int, columns: int) -> Tensor:
        weight: Tensor = torch.randn(rows, columns, generator=generator) * columns**-0.5
        return weight

    state = {"tok_emb.weight": matrix(V, D), "norm.weight": torch.rand(D, generator=generator) + 1}
    for i in range(L):
        state |= {
            f"layers.{i}.attn_norm.weight": torch.rand(D, generator=generator) + 0.5,
            f"layers.{i}.attn.wq.weight": matrix(N * H, D),
            f"layers.{i}.attn.wk.weight": matrix(K * H, D),
            f"layers.{i}.attn.wv.weight": matrix(K * H, D),
            f"layers.{i}.attn.wo.weight": matrix(D, N * H),
            f"layers.{i}.ffn_norm.weight": torch.rand(D, generator=generator) + 0.5,
            f"layers.{i}.mlp.w1.weight": matrix(F, D),
            f"layers.{i}.mlp.w3.weight": matrix(F, D),
            f"layers.{i}.mlp.w2.weight": matrix(D, F),
        }
    for k in range(3):
        state[f"mtp_heads.{k}.weight"] = matrix(D, D)
    return state | {"decision_head.weight": matrix(2, D), "decision_head.bias": torch.zeros(2)}


def plain_logits(state: dict[str, Tensor], ids: list[int]) -> Tensor:
    """[T, V], by whole-sequence matrix formulas with repeated key/value heads."""

    def norm(x: Tensor, weight: Tensor) -> Tensor:
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-5) * weight

    length = len(ids)
    angle = torch.outer(torch.arange(length).float(), 10_000.0 ** (-torch.arange(32) / 32))
    turn = torch.polar(torch.ones_like(angle), angle)

    def rotated(x: Tensor, heads: int) -> Tensor:
        x = x.view(length, heads, H).transpose(0, 1)
        pairs = torch.complex(x[..., :32].contiguous(), x[..., 32:].contiguous()) * turn
        return torch.cat((pairs.real, pairs.imag), dim=-1)

    x = state["tok_emb.weight"][ids]
    hidden_from = torch.ones(length, length).triu(1).bool()
    for i in range(L):
        w = {name: state[f"layers.{i}.{name}.weight"] for name in (
            "attn_norm", "attn.wq", "attn.wk", "attn.wv", "attn.wo",
            "ffn_norm", "mlp.w1", "mlp.w2", "mlp.w3",
        )}  # fmt: skip
        y = norm(x, w["attn_norm"])
        query, key = rotated(y @ w["attn.wq"].T, N), rotated(y @ w["attn.wk"].T, K)
        value = (y @ w["attn.wv"].T).view(length, K, H).transpose(0, 1)
        key, value = (part.repeat_interleave(N // K, dim=0) for part in (key, value))
        looks = query @ key.transpose(1, 2) / math.sqrt(H)
        mixed = looks.masked_fill(hidden_from, -torch.inf).softmax(-1) @ value
        x = x + mixed.transpose(0, 1).reshape(length, N * H) @ w["attn.wo"].T
        y = norm(x, w["ffn_norm"])
        gate = y @ w["mlp.w1"].T
        x = x + (gate * gate.sigmoid() * (y @ w["mlp.w3"].T)) @ w["mlp.w2"].T
    return norm(x, state["norm.weight"]) @ state["tok_emb.weight"].T


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Tensor]]:
    source = tmp_path_factory.mktemp("published")
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trainer = trainers.BpeTrainer(
        vocab_size=400,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(["the passage is relevant to the query"] * 9, trainer)
    tokenizer.save(str(source / "tokenizer.json"))
    (source / "config.json").write_text("{}")
    state = published_state()
    model_cfg = {
        "vocab_size": V, "n_layer": L, "d_model": D, "n_head": N, "n_kv_head": K, "d_ff": F,
        "max_seq_len": 2048, "rope_theta": 10_000.0, "norm_eps": 1e-5, "n_predict": 4,
    }  # fmt: skip
    prefixed = {f"_orig_mod.{name}": tensor for name, tensor in state.items()}
    torch.save({"model_cfg": model_cfg, "model_state": prefixed}, source / "pytorch_model.pt")
    return source, state


def test_a_full_size_published_file_keeps_its_logits_and_decides(
    published: tuple[Path, dict[str, Tensor]], tmp_path: Path
) -> None:
    source, state = published
    assert sum(tensor.numel() for tensor in state.values()) == pytest.approx(53.5e6, rel=0.005)
    converted = convert_published(
        source,
        tmp_path / "judge",
        name="judge",
        task="relevance",
        contract=PUBLISHED_RELEVANCE,
        labels="separate",
        storage="float32",
    )
    judge = load_specialist(converted.folder)
    ids = torch.randint(0, 400, (24,), generator=torch.Generator().manual_seed(2))
    with torch.inference_mode():
        logits = judge.model(ids[None]).logits[0]
    torch.testing.assert_close(logits, plain_logits(state, ids.tolist()), atol=2e-4, rtol=1e-4)
    asked = Decide(query="is it relevant?", passages=("the passage is relevant", "the query"))
    assert {verdict.label for verdict in judge.decide(asked).verdicts} <= {"0", "1"}
