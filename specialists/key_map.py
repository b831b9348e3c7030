"""How the tensor names of a model made elsewhere become ours: a declarative list, no code.

A pattern may hold `{i}` for a number, carried over to the target, and `(a|b)` for spellings. The
first rule whose target has the tensor's shape is taken, so one list serves several conventions.
Which tensors there are and what becomes of their values is told in `conversion.py`; no torch here.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Literal, get_args

import yaml

from specialists.errors import CheckpointError

Transform = Literal["keep", "transpose", "split_qkv", "split_gate_up"]
Rope = Literal["halves", "interleaved"]
MAX_MAP_BYTES = 1 << 20
RULE_KEYS = {"from", "to", "transform"}
WRAPPERS = ("_orig_mod.", "module.")
"""What torch.compile and data-parallel wrappers put into names."""


@dataclass(frozen=True, kw_only=True, slots=True)
class KeyRule:
    """`source` names tensors there, `target` the tensor here. Of a fused tensor `target` names
    the block (`blocks.{i}`), whose parts follow from the transform."""

    source: str
    target: str
    transform: Transform = "keep"

    def __post_init__(self) -> None:
        if self.transform not in get_args(Transform):
            raise CheckpointError(
                f"key map transform {self.transform!r}: expected one of "
                f"{', '.join(get_args(Transform))}"
            )
        try:
            groups = self.pattern().groupindex
        except re.error as error:
            raise CheckpointError(f"key map pattern {self.source!r}: {error}") from error
        if set(re.findall(r"\{(\w+)\}", self.target)) - set(groups):
            raise CheckpointError(
                f"key map target {self.target!r} holds a placeholder {self.source!r} lacks"
            )

    def pattern(self) -> re.Pattern[str]:
        parts = re.split(r"(\{[a-z]\}|[(|)])", self.source)
        return re.compile("".join(_as_regex(part) for part in parts))

    def targets(self, name: str) -> tuple[str, ...] | None:
        """The names here that `name` there becomes; None when the rule does not speak of it."""
        match = self.pattern().fullmatch(name)
        if match is None:
            return None
        target = self.target
        for placeholder, number in match.groupdict().items():
            target = target.replace(f"{{{placeholder}}}", str(int(number)))
        return tuple(target + part for part in PARTS[self.transform])


@dataclass(frozen=True, kw_only=True, slots=True)
class KeyMap:
    """Rules in order; `ignore` are shell patterns of names that hold no weights (tables of
    rotations, masks) or parts to leave out; `zeros` are targets that are zero when absent, such
    as the bias of a head trained without one; `rope` says which elements a rotation pairs."""

    rules: tuple[KeyRule, ...]
    ignore: tuple[str, ...] = ()
    zeros: tuple[str, ...] = ()
    rope: Rope = "halves"

    def __post_init__(self) -> None:
        if self.rope not in get_args(Rope):
            raise CheckpointError(f"key map rope {self.rope!r}: expected halves or interleaved")

    def ignores(self, name: str) -> bool:
        return any(fnmatchcase(name, pattern) for pattern in self.ignore)


PARTS: dict[str, tuple[str, ...]] = {
    "keep": ("",),
    "transpose": ("",),
    "split_qkv": (
        ".attention.query.weight",
        ".attention.key.weight",
        ".attention.value.weight",
    ),
    "split_gate_up": (".feed_forward.gate.weight", ".feed_forward.up.weight"),
}


def unwrapped(names: Iterable[str]) -> dict[str, str]:
    """Each name without the wrappers' prefixes, to the name it had. Raises when two collide."""
    plain: dict[str, str] = {}
    for name in names:
        short = name.replace("_orig_mod.", "")
        while short.startswith(WRAPPERS):
            short = short.split(".", 1)[1]
        if short in plain:
            raise CheckpointError(f"tensors {plain[short]} and {name} both stand for {short}")
        plain[short] = name
    return plain


def read_key_map(path: Path) -> KeyMap:
    """From YAML or JSON: `keys` (a list of from, to and an optional transform), `ignore`, `zeros`,
    `rope`. With `extend: true` the built-in rules follow the listed ones."""
    try:
        if path.stat().st_size > MAX_MAP_BYTES:
            raise CheckpointError(f"{path}: larger than a key map can be")
        values = yaml.safe_load(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError, yaml.YAMLError) as error:
        raise CheckpointError(f"{path}: cannot be read as a key map ({error})") from error
    known = {"keys", "ignore", "zeros", "rope", "extend"}
    if not isinstance(values, dict) or set(values) - known:
        raise CheckpointError(f"{path}: expected an object with {', '.join(sorted(known))}")
    try:
        rules = tuple(_rule(entry) for entry in values.get("keys") or ())
        own = KeyMap(
            rules=rules,
            ignore=_texts(values, "ignore"),
            zeros=_texts(values, "zeros"),
            rope=values.get("rope", "halves"),
        )
    except (CheckpointError, TypeError, ValueError) as error:
        raise CheckpointError(f"{path}: {error}") from error
    if values.get("extend") is not True:
        return own
    return KeyMap(
        rules=own.rules + DEFAULT_KEY_MAP.rules,
        ignore=own.ignore + DEFAULT_KEY_MAP.ignore,
        zeros=own.zeros,
        rope=own.rope,
    )


def _rule(entry: object) -> KeyRule:
    if not isinstance(entry, dict) or not {"from", "to"} <= set(entry) <= RULE_KEYS:
        raise CheckpointError(f"key {entry!r}: expected from, to and an optional transform")
    return KeyRule(
        source=str(entry["from"]),
        target=str(entry["to"]),
        transform=entry.get("transform", "keep"),
    )


def _texts(values: dict[str, Any], key: str) -> tuple[str, ...]:
    texts = values.get(key) or []
    if isinstance(texts, list) and all(isinstance(text, str) for text in texts):
        return tuple(texts)
    raise CheckpointError(f"{key}: expected a list of names")


def _as_regex(part: str) -> str:
    if part in ("(", "|", ")"):
        return "(?:" if part == "(" else part
    if re.fullmatch(r"\{[a-z]\}", part):
        return rf"(?P<{part[1]}>\d{{1,6}})"
    return re.escape(part)


_BLOCK = "(|model.|transformer.|decoder.)(blocks|layers|h).{i}."
_ATTENTION = _BLOCK + "(attention|attn|self_attn|mixer)."
_FEED_FORWARD = _BLOCK + "(feed_forward|ffn|mlp|ff|swiglu)."
_TOP = "(|model.|transformer.|decoder.)"


def _rules(*rows: tuple[str, str] | tuple[str, str, Transform]) -> tuple[KeyRule, ...]:
    return tuple(
        KeyRule(source=row[0], target=row[1], transform=row[2] if len(row) == 3 else "keep")
        for row in rows
    )


DEFAULT_KEY_MAP = KeyMap(
    rules=_rules(
        (
            _TOP + "(embedding|embeddings|tok_emb|token_emb|tok_embeddings|token_embedding|wte"
            "|embed_tokens|embed|emb).weight",
            "embedding.weight",
        ),
        (
            _BLOCK + "(attention_norm|attn_norm|norm1|norm_1|ln1|ln_1|input_layernorm|norm_attn)"
            ".(weight|scale|g|gamma)",
            "blocks.{i}.attention_norm.weight",
        ),
        (
            _BLOCK + "(feed_forward_norm|ffn_norm|mlp_norm|ff_norm|norm2|norm_2|ln2|ln_2"
            "|post_attention_layernorm|norm_ffn|norm_mlp).(weight|scale|g|gamma)",
            "blocks.{i}.feed_forward_norm.weight",
        ),
        (_ATTENTION + "(query|q_proj|wq|to_q|q).weight", "blocks.{i}.attention.query.weight"),
        (_ATTENTION + "(key|k_proj|wk|to_k|k).weight", "blocks.{i}.attention.key.weight"),
        (_ATTENTION + "(value|v_proj|wv|to_v|v).weight", "blocks.{i}.attention.value.weight"),
        (
            _ATTENTION + "(output|o_proj|wo|out_proj|proj|c_proj|to_out|out|o).weight",
            "blocks.{i}.attention.output.weight",
        ),
        (_ATTENTION + "(qkv|qkv_proj|wqkv|c_attn).weight", "blocks.{i}", "split_qkv"),
        (
            _FEED_FORWARD + "(gate|gate_proj|w_gate|w1|wg).weight",
            "blocks.{i}.feed_forward.gate.weight",
        ),
        (
            _FEED_FORWARD + "(down|down_proj|w_down|w2|wo).weight",
            "blocks.{i}.feed_forward.down.weight",
        ),
        (_FEED_FORWARD + "(up|up_proj|w_up|w3|wi).weight", "blocks.{i}.feed_forward.up.weight"),
        # Where w2 is as wide as w1 it is the upward one, and w3 leads down.
        (_FEED_FORWARD + "w2.weight", "blocks.{i}.feed_forward.up.weight"),
        (_FEED_FORWARD + "w3.weight", "blocks.{i}.feed_forward.down.weight"),
        (
            _FEED_FORWARD + "(gate_up|gate_up_proj|w12|w13).weight",
            "blocks.{i}",
            "split_gate_up",
        ),
        (
            _TOP + "(final_norm|norm|norm_f|ln_f|ln_out|out_norm).(weight|scale|g|gamma)",
            "final_norm.weight",
        ),
        ("(|model.)(language_head|lm_head|output|unembed).weight", "language_head.weight"),
        (
            "(|model.)(prediction_heads|mtp_heads|mtp|mtp_proj).{k}(|.proj|.linear).weight",
            "prediction_heads.{k}.weight",
        ),
        (
            "(|model.)(decision_head|decision|decision_proj|cls_head|classifier).weight",
            "decision_head.weight",
        ),
        (
            "(|model.)(decision_head|decision|decision_proj|cls_head|classifier).bias",
            "decision_head.bias",
        ),
    ),
    ignore=(
        "*rope.*cos*",
        "*rope.*sin*",
        "*rope_cos",
        "*rope_sin",
        "*rotary*cos*",
        "*rotary*sin*",
        "cos_cached",
        "sin_cached",
        "*.cos_cached",
        "*.sin_cached",
        "*inv_freq",
        "*freqs_cis",
        "*.mask",
        "*causal_mask",
    ),
)
"""Our own names and the most common spellings of this kind of decoder."""
