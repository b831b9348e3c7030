"""The `model_cfg` of a model published elsewhere, read as our `DecoderConfig`.

Which of its keys mean which shape is one table, which say nothing about the computation another.
What neither table knows is refused: it may change what the model computes. Shapes it does not
name are taken from the tensors. No torch here.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from specialists.errors import CheckpointError
from specialists.model.config import DecoderConfig
from specialists.model.shapes import Shape

ALIASES: Mapping[str, tuple[str, ...]] = {
    "vocab_size": ("vocab_size", "n_vocab", "vocab"),
    "n_layer": ("n_layer", "n_layers", "num_layers", "num_hidden_layers", "n_blocks", "depth"),
    "d_model": ("d_model", "n_embd", "dim", "hidden_size", "embed_dim", "embedding_dim"),
    "n_head": ("n_head", "n_heads", "num_heads", "num_attention_heads"),
    "n_kv_head": ("n_kv_head", "n_kv_heads", "num_kv_heads", "num_key_value_heads", "kv_heads"),
    "d_ff": ("d_ff", "ffn_dim", "intermediate_size", "ff_dim", "mlp_dim", "ffn_hidden"),
    "max_seq_len": (
        "max_seq_len",
        "block_size",
        "context_length",
        "max_position_embeddings",
        "max_length",
        "n_ctx",
        "seq_len",
        "max_len",
        "ctx_len",
    ),
    "rope_theta": ("rope_theta", "rope_base", "theta"),
    "norm_eps": ("norm_eps", "rms_norm_eps", "rms_eps", "eps"),
    "n_predict": (
        "n_predict",
        "mtp_k",
        "n_mtp",
        "num_mtp",
        "n_mtp_heads",
        "num_mtp_heads",
        "mtp_heads",
        "mtp_depth",
    ),
    "n_decision": (
        "n_decision",
        "num_decision",
        "n_decisions",
        "decision_dim",
        "decision_classes",
        "n_decision_classes",
        "num_decisions",
        "num_decision_classes",
        "num_labels",
    ),
    "tie_embeddings": (
        "tie_embeddings",
        "tie_weights",
        "tie_word_embeddings",
        "tied_embeddings",
        "weight_tying",
    ),
    "embedding_scale": ("embedding_scale", "embed_scale", "emb_scale"),
}

ANY = object()
HARMLESS: Mapping[str, tuple[object, ...] | object] = {
    **dict.fromkeys(("dropout", "attn_dropout", "attention_dropout", "resid_dropout"), ANY),
    **dict.fromkeys(("residual_dropout", "embd_dropout", "ffn_dropout"), ANY),
    **dict.fromkeys(
        ("dtype", "torch_dtype", "device", "seed", "init_std", "initializer_range"), ANY
    ),
    **dict.fromkeys(("name", "model_name", "model_type", "arch", "architecture", "version"), ANY),
    **dict.fromkeys(("architectures", "use_cache", "compile", "gradient_checkpointing"), ANY),
    **dict.fromkeys(("use_checkpoint", "flash", "use_flash", "use_sdpa"), ANY),
    **dict.fromkeys(("mtp_weight", "mtp_loss_weight", "decision_weight"), ANY),
    **dict.fromkeys(("decision_loss_weight", "label_smoothing", "z_loss"), ANY),
    **dict.fromkeys(("pad_token_id", "bos_token_id", "eos_token_id"), ANY),
    **dict.fromkeys(("pad_id", "bos_id", "eos_id"), ANY),
    **dict.fromkeys(("bias", "use_bias", "qkv_bias", "attention_bias", "mlp_bias"), (False,)),
    **dict.fromkeys(("qk_norm", "use_qk_norm", "parallel_residual"), (False,)),
    **dict.fromkeys(("use_rope", "use_swiglu", "use_rmsnorm", "swiglu", "rope"), (True,)),
    **dict.fromkeys(("activation", "act", "hidden_act", "act_fn"), ("swiglu", "silu", "swish")),
    **dict.fromkeys(("norm", "norm_type"), ("rmsnorm", "rms_norm", "RMSNorm")),
    **dict.fromkeys(("logit_softcap", "attn_softcap", "rope_scaling", "sliding_window"), (None, 0)),
    **dict.fromkeys(("use_mtp", "use_decision_head", "mtp", "decision_head"), (True, False)),
}
"""Keys that change nothing here: with any value, or with the values listed."""

BLOCK = re.compile(r"blocks\.(\d{1,6})\.", re.ASCII)
ASSUMABLE = ("max_seq_len", "rope_theta", "norm_eps")
"""What no tensor shows. Where the publisher leaves them out, our defaults are taken, and said."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PublishedConfig:
    """What was understood: `values` by our field names, `ignored` keys, and `sources`, the key
    each value stood under."""

    values: Mapping[str, Any]
    ignored: tuple[str, ...]
    sources: Mapping[str, str]


def read_published_config(
    model_cfg: Mapping[str, Any],
    *,
    stated: Mapping[str, Any],
    ignore: tuple[str, ...] = (),
) -> PublishedConfig:
    """`stated` values, by our names, go before those of the file. Raises `CheckpointError` for a
    key that may change the computation and is not in `ignore`, and for two keys at odds."""
    meaning = {alias: field for field, aliases in ALIASES.items() for alias in aliases}
    unknown = sorted(set(stated) - set(ALIASES))
    if unknown:
        raise CheckpointError(
            f"stated shapes {', '.join(unknown)}: expected some of {', '.join(ALIASES)}"
        )
    values: dict[str, Any] = dict(stated)
    sources, ignored, refused = dict.fromkeys(stated, "stated"), [], []
    for key, value in model_cfg.items():
        field = meaning.get(key)
        if key in ignore:
            ignored.append(key)
        elif field in stated:
            continue
        elif field is not None:
            if field in values and values[field] != value:
                raise CheckpointError(
                    f"model_cfg {key}={value!r} and {sources[field]}={values[field]!r} both mean "
                    f"{field}; leave one out with --ignore-config"
                )
            values[field], sources[field] = _plain(key, field, value), key
        elif _changes_nothing(key, value, model_cfg, meaning):
            ignored.append(key)
        else:
            refused.append(f"{key}={repr(value)[:60]}")
    if refused:
        raise CheckpointError(
            f"model_cfg holds {', '.join(refused)}, which may change what the model computes; "
            "where it does not, leave it out with --ignore-config KEY"
        )
    return PublishedConfig(values=values, ignored=tuple(ignored), sources=sources)


def complete_config(
    published: PublishedConfig, shapes: Mapping[str, Shape], *, tied: bool
) -> tuple[DecoderConfig, tuple[str, ...]]:
    """The configuration, with what was not named taken from `shapes` (by our tensor names), and
    the fields that had to be assumed. Raises `CheckpointError` where name and tensors are at odds
    or neither tells."""
    values = dict(published.values)
    seen = _shapes_seen(shapes, values)
    for field, found in seen.items():
        named = values.get(field, found)
        # Publishers count the heads that look ahead with or without the language head.
        if named != found and not (field == "n_predict" and named == found - 1):
            raise CheckpointError(
                f"model_cfg {published.sources[field]}={named!r}, but the tensors show {found}"
            )
        values[field] = found
    if values.get("tie_embeddings") is True and not tied:
        raise CheckpointError(
            "model_cfg ties the embeddings, but the language head's tensor differs from them"
        )
    values["tie_embeddings"] = tied
    unknown = [field for field in ALIASES if field not in values]
    untold = [field for field in unknown if field not in (*ASSUMABLE, "embedding_scale")]
    if untold:
        raise CheckpointError(
            f"neither model_cfg nor the tensors tell {', '.join(untold)}; state it with --set, or "
            "name the tensors with --key-map"
        )
    return DecoderConfig.from_dict(values), tuple(f for f in unknown if f in ASSUMABLE)


def _shapes_seen(shapes: Mapping[str, Shape], values: Mapping[str, Any]) -> dict[str, int]:
    seen = {}
    embedding = shapes.get("embedding.weight", ())
    if len(embedding) == 2:
        seen["vocab_size"], seen["d_model"] = embedding
    blocks = {int(found[1]) for name in shapes if (found := BLOCK.match(name))}
    if blocks:
        seen["n_layer"] = max(blocks) + 1
    gate = shapes.get("blocks.0.feed_forward.gate.weight", ())
    if len(gate) == 2:
        seen["d_ff"] = gate[0]
    key, n_head = shapes.get("blocks.0.attention.key.weight", ()), values.get("n_head")
    width = embedding[1] if len(embedding) == 2 else 0
    head_dim = width // n_head if isinstance(n_head, int) and n_head > 0 else 0
    if len(key) == 2 and head_dim and key[0] % head_dim == 0:
        seen["n_kv_head"] = key[0] // head_dim
    seen["n_predict"] = 1 + sum(name.startswith("prediction_heads.") for name in shapes)
    decision = shapes.get("decision_head.weight", (0,))
    seen["n_decision"] = decision[0]
    return seen


def _plain(key: str, field: str, value: object) -> object:
    if field in ("rope_theta", "norm_eps", "embedding_scale") and type(value) in (int, float):
        return float(str(value))
    wanted = bool if field == "tie_embeddings" else int
    if field not in ("rope_theta", "norm_eps", "embedding_scale") and type(value) is wanted:
        return value
    raise CheckpointError(f"model_cfg {key}={repr(value)[:60]}: expected a number for {field}")


def _changes_nothing(
    key: str, value: object, model_cfg: Mapping[str, Any], meaning: Mapping[str, str]
) -> bool:
    if key in ("head_dim", "d_head"):
        shapes = {meaning[k]: v for k, v in model_cfg.items() if k in meaning}
        n_head, d_model = shapes.get("n_head", 0), shapes.get("d_model", -1)
        return isinstance(value, int) and bool(value * n_head == d_model)
    allowed = HARMLESS.get(key, ())
    plain = isinstance(value, bool | int | float | str | None)
    return allowed is ANY or (plain and isinstance(allowed, tuple) and value in allowed)
