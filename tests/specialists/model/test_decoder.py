"""The network against plain formulas, written here a second time and slowly."""

import math

import pytest
import torch
from torch import Tensor

from specialists.errors import CheckpointError
from specialists.model.cache import KeyValueCache
from specialists.model.config import DecoderConfig
from specialists.model.decoder import FinanceDecoder, initialize
from specialists.model.shapes import expected_shapes

TINY = DecoderConfig(
    vocab_size=61, n_layer=3, d_model=32, n_head=4, n_kv_head=2, d_ff=48, max_seq_len=64
)


def tiny_decoder(config: DecoderConfig = TINY) -> FinanceDecoder:
    model = FinanceDecoder(config)
    initialize(model, seed=7)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.3 * torch.randn(parameter.shape) * parameter.std().clamp(min=0.1))
    return model.eval().requires_grad_(False)


def some_ids(*shape: int) -> Tensor:
    return torch.randint(0, TINY.vocab_size, shape, generator=torch.Generator().manual_seed(1))


def plain_logits(weights: dict[str, Tensor], ids: list[int], config: DecoderConfig) -> Tensor:
    """[T, V] of one row, position by position and head by head."""

    def norm(x: Tensor, weight: Tensor) -> Tensor:
        return x / torch.sqrt((x * x).mean() + config.norm_eps) * weight

    def rotate(x: Tensor, position: int) -> Tensor:
        half = config.head_dim // 2
        turned = x.clone()
        for pair in range(half):
            angle = position * config.rope_theta ** (-2 * pair / config.head_dim)
            a, b = float(x[pair]), float(x[pair + half])
            turned[pair] = a * math.cos(angle) - b * math.sin(angle)
            turned[pair + half] = a * math.sin(angle) + b * math.cos(angle)
        return turned

    stream = [weights["embedding.weight"][token] * config.embedding_scale for token in ids]
    share = config.n_head // config.n_kv_head
    for layer in range(config.n_layer):
        block = {
            name.removeprefix(f"blocks.{layer}."): weight
            for name, weight in weights.items()
            if name.startswith(f"blocks.{layer}.")
        }
        normed = [norm(x, block["attention_norm.weight"]) for x in stream]
        for position in reversed(range(len(ids))):
            mixed = []
            for head in range(config.n_head):
                own = slice(head * config.head_dim, (head + 1) * config.head_dim)
                shared = slice(
                    head // share * config.head_dim, (head // share + 1) * config.head_dim
                )
                query = rotate((block["attention.query.weight"] @ normed[position])[own], position)
                keys = [
                    rotate((block["attention.key.weight"] @ x)[shared], at)
                    for at, x in enumerate(normed[: position + 1])
                ]
                values = [
                    (block["attention.value.weight"] @ x)[shared] for x in normed[: position + 1]
                ]
                weight = torch.softmax(
                    torch.stack([query @ key for key in keys]) / math.sqrt(config.head_dim), dim=0
                )
                mixed.append(sum(w * v for w, v in zip(weight, values, strict=True)))
            attended = block["attention.output.weight"] @ torch.cat(mixed)
            stream[position] = stream[position] + attended
        for position, x in enumerate(stream):
            inner = norm(x, block["feed_forward_norm.weight"])
            gate = block["feed_forward.gate.weight"] @ inner
            up = block["feed_forward.up.weight"] @ inner
            down = block["feed_forward.down.weight"] @ (gate * torch.sigmoid(gate) * up)
            stream[position] = x + down
    final = [norm(x, weights["final_norm.weight"]) for x in stream]
    return torch.stack([weights["embedding.weight"] @ x for x in final])


def test_logits_equal_those_of_plain_formulas() -> None:
    model = tiny_decoder()
    ids = some_ids(9)
    plain = plain_logits(model.state_dict(), ids.tolist(), TINY)
    torch.testing.assert_close(model(ids[None]).logits[0], plain, atol=2e-4, rtol=1e-4)


def test_the_embedding_scale_is_part_of_the_formula() -> None:
    config = DecoderConfig.from_dict({**TINY.to_dict(), "embedding_scale": 5.5})
    model = tiny_decoder(config)
    ids = some_ids(4)
    plain = plain_logits(model.state_dict(), ids.tolist(), config)
    torch.testing.assert_close(model(ids[None]).logits[0], plain, atol=2e-4, rtol=1e-4)


def test_the_state_holds_exactly_the_promised_tensors() -> None:
    for tied in (True, False):
        config = DecoderConfig.from_dict({**TINY.to_dict(), "tie_embeddings": tied})
        state = FinanceDecoder(config).state_dict()
        assert {name: tuple(t.shape) for name, t in state.items()} == expected_shapes(config)


def test_the_default_shape_is_the_published_size() -> None:
    parameters = sum(math.prod(shape) for shape in expected_shapes(DecoderConfig()).values())
    assert parameters == pytest.approx(53.5e6, rel=0.02)


def test_a_cache_gives_the_logits_of_reading_at_once() -> None:
    model = tiny_decoder()
    ids_BT = some_ids(2, 12)
    whole = model(ids_BT).logits
    cache = KeyValueCache()
    parts = [
        model(part, cache=cache).logits for part in (ids_BT[:, :5], ids_BT[:, 5:6], ids_BT[:, 6:])
    ]
    assert cache.length == 12
    torch.testing.assert_close(torch.cat(parts, dim=1), whole, atol=1e-5, rtol=1e-5)


def test_one_row_of_cache_serves_many_rows_and_stays_as_it_was() -> None:
    model = tiny_decoder()
    head, tails = some_ids(1, 6), some_ids(3, 4)
    cache = KeyValueCache()
    model(head, cache=cache)
    shared = model(tails, cache=cache.expand(3)).logits
    whole = model(torch.cat((head.expand(3, -1), tails), dim=1)).logits[:, 6:]
    torch.testing.assert_close(shared, whole, atol=1e-5, rtol=1e-5)
    assert cache.length == 6


def test_training_attends_as_reading_does() -> None:
    model = tiny_decoder().requires_grad_(True)
    ids_BT = some_ids(3, 21)
    learning = model.hidden(ids_BT)
    with torch.no_grad():
        reading = model.hidden(ids_BT)
    assert learning.requires_grad
    assert torch.allclose(learning, reading, atol=1e-5)


def test_no_position_sees_a_later_one() -> None:
    model = tiny_decoder()
    ids = some_ids(1, 10)
    changed = ids.clone()
    changed[0, 7] = (changed[0, 7] + 1) % TINY.vocab_size
    before, after = model(ids).logits, model(changed).logits
    assert torch.equal(before[:, :7], after[:, :7])
    assert not torch.allclose(before[:, 7:], after[:, 7:])


def test_the_decision_is_read_at_each_rows_last_position() -> None:
    model = tiny_decoder()
    ids_BT = some_ids(2, 8)
    decision = model(ids_BT, return_decision=True, lengths_B=torch.tensor([5, 8])).decision
    alone = model(ids_BT[:1, :5], return_decision=True).decision
    torch.testing.assert_close(decision[:1], alone, atol=1e-5, rtol=1e-5)
    assert decision.shape == (2, TINY.n_decision)
    assert model(ids_BT).decision is None


def test_more_positions_than_the_model_reads_are_refused() -> None:
    with pytest.raises(ValueError, match="the model reads 64"):
        tiny_decoder()(some_ids(1, 65))


def test_the_same_seed_gives_the_same_weights() -> None:
    first, second, other = (FinanceDecoder(TINY) for _ in range(3))
    initialize(first, seed=3)
    initialize(second, seed=3)
    initialize(other, seed=4)
    weight = "blocks.1.attention.query.weight"
    assert torch.equal(first.state_dict()[weight], second.state_dict()[weight])
    assert not torch.equal(first.state_dict()[weight], other.state_dict()[weight])


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"d_model": 33}, "multiple of n_head"),
        ({"n_kv_head": 3}, "multiple of n_kv_head"),
        ({"n_layer": 0}, "n_layer=0"),
        ({"d_model": 36, "n_head": 4}, "odd"),
        ({"layers": 4}, "unknown keys layers"),
        ({"d_ff": 4.5}, "d_ff=4.5"),
        ({"tie_embeddings": 1}, "tie_embeddings=1"),
    ],
)
def test_impossible_shapes_are_refused_by_name(wrong: dict[str, object], told: str) -> None:
    with pytest.raises(CheckpointError, match=told):
        DecoderConfig.from_dict({**TINY.to_dict(), **wrong})
