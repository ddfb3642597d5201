"""The Llama-family decoder: from token ids to the scores of the next token.

One block, repeated: normalise, let each token look back at those before it (attention), add; then
normalise, widen, gate and narrow (SwiGLU), add. Positions enter as rotations (RoPE), several query
heads share one key and value head (grouped-query attention, Ainslie et al., 2023,
arXiv:2305.13245), and norms are RMSNorm (Zhang and Sennrich, 2019, arXiv:1910.07467). The whole is
described in Touvron et al., 2023, arXiv:2302.13971.

Linear layers are callables from (N, in) to (N, out), so that another library may multiply; `Dense`
is NumPy's own. Queries, keys and values are one layer here, and so are gate and up: fewer, larger
products.

Shapes: B rows, T new tokens a row, L tokens in all, C hidden size, H query heads, K key-value
heads, G = H / K, D head size, V vocabulary.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from playground.core.functional import rms_norm, silu, softmax
from playground.core.kv_cache import KVCache
from playground.core.rope import RopeScaling, rotate, rotation_frequencies, rotation_table

Float32Array = NDArray[np.float32]

# Queries are taken in blocks of this many, so that a long prompt skips most of the scores that the
# causal mask would throw away.
QUERY_BLOCK = 128


class Linear(Protocol):
    """A linear layer without bias, whatever multiplies."""

    @property
    def size_bytes(self) -> dict[str, int]:
        """Bytes it holds, by number format."""

    def __call__(self, x: Float32Array) -> Float32Array:
        """Return x W^T of shape (N, out) for x of shape (N, in)."""


class Dense:
    """The linear layer x W^T in NumPy.

    Parameters
    ----------
    weight : array of shape (out, in)
        As stored.
    """

    def __init__(self, weight: Float32Array) -> None:
        self.weight = weight

    @property
    def size_bytes(self) -> dict[str, int]:
        """Bytes of the weight."""
        return {"float32": self.weight.nbytes}

    def __call__(self, x: Float32Array) -> Float32Array:
        """Return the product; one row reads the weights once, at the speed of memory."""
        return (self.weight @ x[0])[None] if len(x) == 1 else x @ self.weight.T


@dataclass(frozen=True)
class TransformerConfig:
    """The shape of a decoder, in transformers' words.

    Parameters
    ----------
    vocab_size, hidden_size, intermediate_size, num_hidden_layers : int
        V, C, width of the gated layer, number of blocks.
    num_attention_heads, num_key_value_heads, head_dim : int
        H, K (a divisor of H), D.
    rms_norm_eps : float
        Added under the root of the norms.
    rope_theta : float
        Base of the rotations.
    rope_scaling : RopeScaling or None
        Stretch of the rotations.
    max_position_embeddings : int
        The context window, in tokens.
    """

    vocab_size: int
    hidden_size: int
    intermediate_size: int
    num_hidden_layers: int
    num_attention_heads: int
    num_key_value_heads: int
    head_dim: int
    rms_norm_eps: float
    rope_theta: float
    rope_scaling: RopeScaling | None
    max_position_embeddings: int


@dataclass(frozen=True)
class Block:
    """The weights of one block.

    Parameters
    ----------
    attention_norm, mlp_norm : array of shape (C,)
        Gains of the norms.
    qkv : Linear
        C to (H + 2 K) D: queries, keys, values.
    output : Linear
        H D to C.
    gate_up : Linear
        C to twice the intermediate size: gate, then up.
    down : Linear
        Intermediate size to C.
    """

    attention_norm: Float32Array
    qkv: Linear
    output: Linear
    mlp_norm: Float32Array
    gate_up: Linear
    down: Linear


@dataclass
class Capture:
    """What a forward pass leaves behind for those who look inside.

    Parameters
    ----------
    hidden_states : list of arrays of shape (B, T, C)
        The embedding, then the output of each block.
    attentions : list of arrays of shape (B, H, T, L)
        Who looked at whom, per block.
    layer_logits : list of arrays of shape (B, T, V)
        What the head would say after each block (the logit lens), if `with_logits`.
    """

    with_logits: bool = False
    hidden_states: list[Float32Array] = field(default_factory=list)
    attentions: list[Float32Array] = field(default_factory=list)
    layer_logits: list[Float32Array] = field(default_factory=list)


class Transformer:
    """A decoder with its weights.

    Parameters
    ----------
    config : TransformerConfig
        Its shape.
    embedding : array of shape (V, C)
        One row a token.
    blocks : sequence of Block
        In order.
    norm : array of shape (C,)
        Gain of the last norm.
    head : Linear
        C to V; the embedding again where it is tied.
    """

    def __init__(
        self,
        config: TransformerConfig,
        embedding: Float32Array,
        blocks: Sequence[Block],
        norm: Float32Array,
        head: Linear,
    ) -> None:
        self.config = config
        self.embedding = embedding
        self.blocks = tuple(blocks)
        self.norm = norm
        self.head = head
        frequencies = rotation_frequencies(config.head_dim, config.rope_theta, config.rope_scaling)
        self._cosines, self._sines = rotation_table(frequencies, config.max_position_embeddings)

    def new_cache(self, rows: int = 1) -> KVCache:
        """Return an empty cache for a batch of `rows`."""
        config = self.config
        return KVCache(config.num_hidden_layers, config.num_key_value_heads, config.head_dim, rows)

    def forward(
        self, token_ids: NDArray[np.int64], cache: KVCache, capture: Capture | None = None
    ) -> Float32Array:
        """Run new tokens after those in the cache; return the scores after the last of each row.

        Parameters
        ----------
        token_ids : array of shape (B, T)
            T new tokens for each row of the cache; the rows may hold different pasts.
        cache : KVCache
            Grows by T tokens a row.
        capture : Capture, optional
            Collects what is computed on the way.

        Returns
        -------
        array of shape (B, V)
            Logits.
        """
        hidden = self.hidden_states(token_ids, cache, capture)
        return self.head(self._normalise(hidden[:, -1], self.norm))

    def hidden_states(
        self, token_ids: NDArray[np.int64], cache: KVCache, capture: Capture | None = None
    ) -> Float32Array:
        """Run new tokens and return the last block's output of shape (B, T, C); see `forward`."""
        rows, count = token_ids.shape
        cache.reserve(cache.length + count)
        positions = cache.lengths[:, None] + np.arange(count)
        turns = self._cosines[positions][:, :, None], self._sines[positions][:, :, None]
        hidden = self.embedding[token_ids].reshape(rows * count, -1)
        if capture:
            self._keep(capture, hidden, rows)
        for layer, block in enumerate(self.blocks):
            hidden = hidden + self._attend(layer, block, hidden, positions, turns, cache, capture)
            hidden += self._widen(block, hidden)
            if capture:
                self._keep(capture, hidden, rows)
        cache.advance(count)
        return hidden.reshape(rows, count, -1)

    def logits(self, hidden: Float32Array) -> Float32Array:
        """Return the scores of shape (..., V) after any block's output of shape (..., C)."""
        flat = hidden.reshape(-1, hidden.shape[-1])
        return self.head(self._normalise(flat, self.norm)).reshape(*hidden.shape[:-1], -1)

    def _normalise(self, x: Float32Array, gain: Float32Array) -> Float32Array:
        normal: Float32Array = rms_norm(x, gain, self.config.rms_norm_eps)
        return normal

    def _attend(
        self,
        layer: int,
        block: Block,
        hidden: Float32Array,
        positions: NDArray[np.int64],
        turns: tuple[Float32Array, Float32Array],
        cache: KVCache,
        capture: Capture | None,
    ) -> Float32Array:
        config = self.config
        heads, kv_heads, size = (
            config.num_attention_heads, config.num_key_value_heads, config.head_dim,
        )  # fmt: skip
        rows, count = positions.shape
        qkv = block.qkv(self._normalise(hidden, block.attention_norm))
        vectors = qkv.reshape(rows, count, heads + 2 * kv_heads, size)
        # Queries and keys turn alike, so they turn together.
        turned = rotate(vectors[:, :, : heads + kv_heads], *turns)
        cache.write(layer, turned[:, :, heads:], vectors[:, :, heads + kv_heads :])
        mixed, weights = attend(
            turned[:, :, :heads],
            cache.keys[layer],
            cache.values[layer],
            positions,
            keep_weights=capture is not None,
        )
        if capture and weights is not None:
            capture.attentions.append(weights)
        return block.output(mixed.reshape(rows * count, heads * size))

    def _widen(self, block: Block, hidden: Float32Array) -> Float32Array:
        """SwiGLU: down(silu(gate(x)) * up(x)) (Shazeer, 2020, arXiv:2002.05202)."""
        gate_up = block.gate_up(self._normalise(hidden, block.mlp_norm))
        width = gate_up.shape[-1] // 2
        gated: Float32Array = silu(gate_up[:, :width]) * gate_up[:, width:]
        return block.down(gated)

    def _keep(self, capture: Capture, hidden: Float32Array, rows: int) -> None:
        state = hidden.reshape(rows, -1, hidden.shape[-1]).copy()
        capture.hidden_states.append(state)
        if capture.with_logits:
            capture.layer_logits.append(self.logits(state))


def attend(
    queries: Float32Array,
    keys: Float32Array,
    values: Float32Array,
    positions: NDArray[np.int64],
    keep_weights: bool = False,
) -> tuple[Float32Array, Float32Array | None]:
    """Let each query mix the values of the tokens up to its own: softmax(q K^T / sqrt(D)) V.

    Parameters
    ----------
    queries : array of shape (B, T, H, D)
        Turned by their positions.
    keys, values : arrays of shape (B, K, capacity, D)
        Of all tokens; keys turned.
    positions : array of shape (B, T)
        Place of each query in its row; it sees the places up to this one.
    keep_weights : bool
        Return the softmax too.

    Returns
    -------
    tuple of (array of shape (B, T, H, D), array of shape (B, H, T, L) or None)
        The mixtures, and who looked at whom.
    """
    rows, count, heads, size = queries.shape
    kv_heads = keys.shape[1]
    groups = heads // kv_heads
    scaled = queries * np.float32(size**-0.5)
    # (B, T, K, G, D) -> (B, K, G, T, D): the queries that share a key head stand together.
    grouped = scaled.reshape(rows, count, kv_heads, groups, size).transpose(0, 2, 3, 1, 4)
    mixed = np.empty_like(grouped)
    total = int(positions.max()) + 1
    kept = np.zeros((rows, heads, count, total), np.float32) if keep_weights else None
    for start in range(0, count, QUERY_BLOCK):
        block = slice(start, start + QUERY_BLOCK)
        seen = int(positions[:, block].max()) + 1
        flat = grouped[:, :, :, block].reshape(rows, kv_heads, -1, size)
        scores: Float32Array = np.matmul(flat, keys[:, :, :seen].swapaxes(-1, -2))
        weights = _causal_softmax(scores, positions[:, block], groups)
        mixed[:, :, :, block] = (weights @ values[:, :, :seen]).reshape(
            rows, kv_heads, groups, -1, size
        )
        if kept is not None:
            kept[:, :, block, :seen] = weights.reshape(rows, heads, -1, seen)
    return mixed.transpose(0, 3, 1, 2, 4).reshape(rows, count, heads, size), kept


def _causal_softmax(
    scores: Float32Array, positions: NDArray[np.int64], groups: int
) -> Float32Array:
    """Softmax over the places up to each query's own; scores of shape (B, K, G T, L)."""
    seen = scores.shape[-1]
    if positions.min() + 1 < seen:
        hidden = np.arange(seen) > positions[:, :, None]  # (B, T, L)
        mask = np.tile(hidden, (1, groups, 1))[:, None]
        np.copyto(scores, -np.inf, where=mask)
    weights: Float32Array = softmax(scores)
    return weights
