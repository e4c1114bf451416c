"""all-MiniLM-L6-v2 as an int8 ONNX graph, written node by node so that no torch is needed and the bytes repeat.

Weights are quantised per output channel and activations per token. onnxruntime's `quantize_dynamic` takes one scale
for a whole batch instead, so a text's vector would change with its neighbours (cosine down to .976 measured).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper

__all__ = ["DIMENSION", "MAX_TOKENS", "RECIPE", "Weights", "build_graph"]

Weights: TypeAlias = Mapping[str, npt.NDArray[np.float32]]

RECIPE = 1
"""Raised by whoever changes the bytes that `build_graph` makes, so that cached encoders are built again."""

DIMENSION = 384
MAX_TOKENS = 256
LAYERS = 6
HEADS = 12
HEAD_DIMENSION = DIMENSION // HEADS
LAYER_NORM_EPSILON = 1e-12
OPSET = 17
IR_VERSION = 8

EMBEDDING_LEVELS = 127
ACTIVATION_LEVELS = 127
ACTIVATION_ZERO = 128
# 7 of the 8 bits: x86 processors without VNNI add two uint8 * int8 products in 16 bits, and 2 * 255 * 63 still fits.
WEIGHT_LEVELS = 63


def build_graph(weights: Weights) -> ModelProto:
    """Return the graph for the tensors of the published model.safetensors, under their published names.

    Inputs: `input_ids` and `attention_mask`, int64 (batch, tokens <= MAX_TOKENS). Output: `embedding`, float32
    (batch, DIMENSION): the mean over the tokens of the mask, of unit length. Raises KeyError for a missing tensor.
    """
    graph = _Graph(weights)
    mask = graph.node("Cast", "attention_mask", to=TensorProto.FLOAT)
    attention_bias = _attention_bias(graph, mask)
    hidden = _embed_tokens(graph)
    for layer in range(LAYERS):
        hidden = _transform(graph, hidden, attention_bias, f"encoder.layer.{layer}")
    _pool(graph, hidden, mask)
    return graph.model()


class _Graph:
    """Nodes and constants in the order they are added; a value's name is the number of the node that makes it."""

    def __init__(self, weights: Weights) -> None:
        self.weights = weights
        self._nodes: list[NodeProto] = []
        self._constants: dict[str, TensorProto] = {}

    def node(
        self, operator: str, *inputs: str, output: str | None = None, **attributes: int | float | list[int]
    ) -> str:
        name = output or f"{operator}_{len(self._nodes)}"
        made = helper.make_node(operator, inputs, [name])
        made.attribute.extend(helper.make_attribute(key, value) for key, value in sorted(attributes.items()))
        self._nodes.append(made)
        return name

    def split(self, value: str, parts: int) -> list[str]:
        """Cut the first axis into `parts` values of length 1, without that axis."""
        first = self.integers(0)
        names = [f"Split_{len(self._nodes)}_{part}" for part in range(parts)]
        self._nodes.append(helper.make_node("Split", [value], names, axis=0))
        return [self.node("Squeeze", name, first) for name in names]

    def constant(self, name: str, array: npt.NDArray[Any]) -> str:
        if name not in self._constants:
            self._constants[name] = numpy_helper.from_array(np.ascontiguousarray(array), name)
        return name

    def number(self, value: float) -> str:
        return self.constant(f"number {value!r}", np.array(value, dtype=np.float32))

    def integers(self, *values: int) -> str:
        return self.constant(f"integers {values!r}", np.array(values, dtype=np.int64))

    def model(self) -> ModelProto:
        inputs = [
            helper.make_tensor_value_info(name, TensorProto.INT64, ["batch", "tokens"])
            for name in ("input_ids", "attention_mask")
        ]
        output = helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["batch", DIMENSION])
        graph = helper.make_graph(self._nodes, "minilm", inputs, [output], list(self._constants.values()))
        opsets = [helper.make_opsetid("", OPSET)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION, producer_name="finrag")


def _attention_bias(graph: _Graph, mask: str) -> str:
    """Return (batch, 1, 1, tokens): 0 for a token, so far below any score that its softmax is 0 for padding."""
    zero_or_minus_one = graph.node("Sub", mask, graph.number(1.0))
    return graph.node("Unsqueeze", graph.node("Mul", zero_or_minus_one, graph.number(1e4)), graph.integers(1, 2))


def _embed_tokens(graph: _Graph) -> str:
    words = graph.weights["embeddings.word_embeddings.weight"]
    quantised, scales = _quantise(words, EMBEDDING_LEVELS, axis=1)
    pieces = graph.node("Gather", graph.constant("words", quantised), "input_ids")
    scale = graph.node("Gather", graph.constant("words.scales", scales), "input_ids")
    embedded = graph.node("Mul", graph.node("Cast", pieces, to=TensorProto.FLOAT), scale)
    # One segment only, so that its embedding is a constant; no text is longer than MAX_TOKENS.
    positions = graph.weights["embeddings.position_embeddings.weight"][:MAX_TOKENS]
    segment = graph.weights["embeddings.token_type_embeddings.weight"][0]
    length = graph.node("Gather", graph.node("Shape", "input_ids"), graph.integers(1))
    first = graph.integers(0)
    used = graph.node("Slice", graph.constant("positions", positions + segment), first, length, first)
    return _normalise(graph, graph.node("Add", embedded, used), "embeddings.LayerNorm")


def _transform(graph: _Graph, hidden: str, attention_bias: str, layer: str) -> str:
    attended = _linear(graph, _attend(graph, hidden, attention_bias, layer), f"{layer}.attention.output.dense")
    hidden = _normalise(graph, graph.node("Add", attended, hidden), f"{layer}.attention.output.LayerNorm")
    inner = _gelu(graph, _linear(graph, hidden, f"{layer}.intermediate.dense"))
    outer = _linear(graph, inner, f"{layer}.output.dense")
    return _normalise(graph, graph.node("Add", outer, hidden), f"{layer}.output.LayerNorm")


def _attend(graph: _Graph, hidden: str, attention_bias: str, layer: str) -> str:
    """Return the heads' weighted values side by side, (batch, tokens, DIMENSION)."""
    projections = [f"{layer}.attention.self.{name}" for name in ("query", "key", "value")]
    projected = _linear(graph, hidden, *projections)
    by_head = graph.node("Reshape", projected, graph.integers(0, 0, 3, HEADS, HEAD_DIMENSION))
    query, key, value = graph.split(graph.node("Transpose", by_head, perm=[2, 0, 3, 1, 4]), 3)
    scaled_query = graph.node("Mul", query, graph.number(HEAD_DIMENSION**-0.5))
    scores = graph.node("MatMul", scaled_query, graph.node("Transpose", key, perm=[0, 1, 3, 2]))
    shares = graph.node("Softmax", graph.node("Add", scores, attention_bias), axis=-1)
    mixed = graph.node("Transpose", graph.node("MatMul", shares, value), perm=[0, 2, 1, 3])
    return graph.node("Reshape", mixed, graph.integers(0, 0, DIMENSION))


def _linear(graph: _Graph, values: str, *layers: str) -> str:
    """Apply the dense layers to the same values, outputs side by side; each token of `values` has its own scale."""
    matrix = np.concatenate([graph.weights[f"{layer}.weight"] for layer in layers])
    bias = np.concatenate([graph.weights[f"{layer}.bias"] for layer in layers])
    quantised, channel_scales = _quantise(matrix, WEIGHT_LEVELS, axis=1)
    name = layers[0]
    largest = graph.node("ReduceMax", graph.node("Abs", values), axes=[-1], keepdims=1)
    token_scales = graph.node("Mul", largest, graph.number(1 / ACTIVATION_LEVELS))
    # A cast cuts the fraction off, so that half a level added before it rounds.
    shifted = graph.node("Add", graph.node("Div", values, token_scales), graph.number(ACTIVATION_ZERO + 0.5))
    levels = graph.node("Cast", shifted, to=TensorProto.UINT8)
    zero = graph.constant("activation zero", np.array(ACTIVATION_ZERO, dtype=np.uint8))
    product = graph.node("MatMulInteger", levels, graph.constant(f"{name}.levels", quantised.T), zero)
    # The two scales are not multiplied first: onnxruntime would fuse that form as if the token scale were one number.
    by_token = graph.node("Mul", graph.node("Cast", product, to=TensorProto.FLOAT), token_scales)
    by_channel = graph.node("Mul", by_token, graph.constant(f"{name}.scales", channel_scales[:, 0]))
    return graph.node("Add", by_channel, graph.constant(f"{name}.bias", bias))


def _gelu(graph: _Graph, values: str) -> str:
    error_function = graph.node("Erf", graph.node("Mul", values, graph.number(2**-0.5)))
    doubled = graph.node("Mul", values, graph.node("Add", error_function, graph.number(1.0)))
    return graph.node("Mul", doubled, graph.number(0.5))


def _normalise(graph: _Graph, values: str, layer: str) -> str:
    factors, bias = (graph.constant(f"{layer}.{part}", graph.weights[f"{layer}.{part}"]) for part in ("weight", "bias"))
    return graph.node("LayerNormalization", values, factors, bias, axis=-1, epsilon=LAYER_NORM_EPSILON)


def _pool(graph: _Graph, hidden: str, mask: str) -> None:
    tokens = graph.integers(1)
    masked = graph.node("Mul", hidden, graph.node("Unsqueeze", mask, graph.integers(2)))
    total = graph.node("ReduceSum", masked, tokens, keepdims=0)
    mean = graph.node("Div", total, graph.node("ReduceSum", mask, tokens, keepdims=1))
    graph.node("LpNormalization", mean, output="embedding", axis=-1, p=2)


def _quantise(
    matrix: npt.NDArray[np.float32], levels: int, *, axis: int
) -> tuple[npt.NDArray[np.int8], npt.NDArray[np.float32]]:
    """Return int8 values in [-levels, levels] and the scales along the other axis, with matrix ~ values * scales."""
    scales = (np.abs(matrix).max(axis=axis, keepdims=True) / np.float32(levels)).astype(np.float32)
    return np.rint(matrix / scales).astype(np.int8), scales
