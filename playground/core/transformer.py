"""The decoder of the Llama family and its kin: from token ids to the scores of the next token.

One block, repeated: normalise, let each token look back at those before it (attention), add; then
normalise, widen, gate and narrow (SwiGLU), add. Positions enter as rotations (RoPE), several query
heads share one key and value head (grouped-query attention, Ainslie et al., 2023,
arXiv:2305.13245), and norms are RMSNorm (Zhang and Sennrich, 2019, arXiv:1910.07467). The whole is
described in Touvron et al., 2023, arXiv:2302.13971. Its kin (Mistral, Qwen, Phi-3, Gemma 3) add a
part here and there; each is named where it is described, with None for those who do without.

Linear layers and attention are callables, so that another library may multiply; `Dense` and
`attend` are NumPy's own. Queries, keys and values are one layer here, and so are gate and up:
fewer, larger products.

Shapes: B rows, T new tokens a row, L tokens in all, C hidden size, H query heads, K key-value
heads, G = H / K, D head size, V vocabulary.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from playground.core.activations import silu
from playground.core.attention import Attention, attend
from playground.core.capture import Capture
from playground.core.functional import rms_norm
from playground.core.kv_cache import KVCache
from playground.core.linear import Linear
from playground.core.rope import Rope, rotate, rotation_table

Float32Array = NDArray[np.float32]
# Cosines and sines of the positions, for each way to turn.
Turns = dict[Rope, tuple[Float32Array, Float32Array]]


@dataclass(frozen=True)
class LayerConfig:
    """How the attention of one block looks back.

    Parameters
    ----------
    rope : Rope
        How positions turn its queries and keys.
    window : int or None
        How many tokens it sees (Mistral 7B, Jiang et al., 2023, arXiv:2310.06825); None is all.
    """

    rope: Rope
    window: int | None = None


@dataclass(frozen=True)
class TransformerConfig:
    """The shape of a decoder, in transformers' words.

    Parameters
    ----------
    vocab_size, hidden_size, intermediate_size : int
        V, C, width of the gated layer.
    num_attention_heads, num_key_value_heads, head_dim : int
        H, K (a divisor of H), D.
    rms_norm_eps : float
        Added under the root of the norms.
    layers : tuple of LayerConfig
        One a block.
    activation : callable
        Bends the gate.
    embedding_scale : float
        What the embedding is multiplied by as it enters the first block; Gemma takes sqrt(C).
    logit_cap : float or None
        Scores bend towards this bound: cap tanh(x / cap) (Gemma 2, 2024, arXiv:2408.00118).
    """

    vocab_size: int
    hidden_size: int
    intermediate_size: int
    num_attention_heads: int
    num_key_value_heads: int
    head_dim: int
    rms_norm_eps: float
    layers: tuple[LayerConfig, ...]
    activation: Callable[[Float32Array], Float32Array] = silu
    embedding_scale: float = 1.0
    logit_cap: float | None = None


@dataclass(frozen=True)
class Block:
    """The weights of one block.

    Parameters
    ----------
    attention_norm, mlp_norm : array of shape (C,)
        Gains of the norms before attention and before the gated layer.
    qkv : Linear
        C to (H + 2 K) D: queries, keys, values.
    output : Linear
        H D to C.
    gate_up : Linear
        C to twice the intermediate size: gate, then up.
    down : Linear
        Intermediate size to C.
    head_norm : array of shape (H + K, D), optional
        Gains of a norm of each query and key before it turns (Henry et al., 2020,
        arXiv:2010.04245).
    attention_end_norm, mlp_end_norm : array of shape (C,), optional
        Gains of norms of what attention and the gated layer give (Ding et al., 2021,
        arXiv:2105.13290).
    """

    attention_norm: Float32Array
    qkv: Linear
    output: Linear
    mlp_norm: Float32Array
    gate_up: Linear
    down: Linear
    head_norm: Float32Array | None = None
    attention_end_norm: Float32Array | None = None
    mlp_end_norm: Float32Array | None = None


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
    attention : Attention
        Who mixes the values.
    """

    def __init__(
        self,
        config: TransformerConfig,
        embedding: Float32Array,
        blocks: Sequence[Block],
        norm: Float32Array,
        head: Linear,
        attention: Attention = attend,
    ) -> None:
        self.config = config
        self.embedding = embedding
        self.blocks = tuple(blocks)
        self.norm = norm
        self.head = head
        self.attention = attention

    def new_cache(self) -> KVCache:
        """Return an empty cache for one row."""
        config = self.config
        return KVCache(len(self.blocks), config.num_key_value_heads, config.head_dim)

    def forward(
        self,
        token_ids: NDArray[np.int64],
        caches: Sequence[KVCache],
        capture: Capture | None = None,
    ) -> Float32Array:
        """Run new tokens after those in the caches; return the scores after the last of each row.

        Parameters
        ----------
        token_ids : array of shape (B, T)
            T new tokens for each row.
        caches : sequence of KVCache
            One a row; their pasts may differ. Each grows by T tokens.
        capture : Capture, optional
            Collects what is computed on the way.

        Returns
        -------
        array of shape (B, V)
            Logits.
        """
        return self.logits(self.hidden_states(token_ids, caches, capture)[:, -1])

    def hidden_states(
        self,
        token_ids: NDArray[np.int64],
        caches: Sequence[KVCache],
        capture: Capture | None = None,
    ) -> Float32Array:
        """Run new tokens and return the last block's output of shape (B, T, C); see `forward`."""
        rows, count = token_ids.shape
        for cache in caches:
            cache.reserve(cache.length + count)
        positions = np.array([[cache.length] for cache in caches]) + np.arange(count)
        turns = self._turns(positions)
        hidden = self.embedding[token_ids].reshape(rows * count, -1)
        if self.config.embedding_scale != 1:
            hidden *= np.float32(self.config.embedding_scale)
        if capture:
            self._keep(capture, hidden, rows)
        hidden = self.run_blocks(hidden, turns, caches, capture)
        for cache in caches:
            cache.advance(count)
        return hidden.reshape(rows, count, -1)

    def run_blocks(
        self,
        hidden: Float32Array,
        turns: Turns,
        caches: Sequence[KVCache],
        capture: Capture | None = None,
    ) -> Float32Array:
        """Bring new tokens through all blocks; their keys and values are written, not yet counted.

        Parameters
        ----------
        hidden : array of shape (B T, C)
            Their embeddings, row after row; is left as it is.
        turns : mapping
            Of their positions.
        caches, capture
            As in `forward`.
        """
        for layer, block in enumerate(self.blocks):
            hidden = hidden + self._attend(layer, block, hidden, turns, caches, capture)
            hidden += self._widen(block, hidden)
            if capture:
                self._keep(capture, hidden, len(caches))
        return hidden

    def hidden_states_at_each(self, token_ids: NDArray[np.int64]) -> Float32Array:
        """Read one text and return the vector of every token after every block.

        Parameters
        ----------
        token_ids : array of shape (T,)
            The text.

        Returns
        -------
        array of shape (L + 1, T, C)
            The embedding, then each block's output, the last normalised, as the head reads it.
        """
        capture = Capture(with_attentions=False)
        self.hidden_states(token_ids[None], [self.new_cache()], capture)
        states = np.concatenate(capture.hidden_states)
        states[-1] = self._normalise(states[-1], self.norm)
        return states

    def logits(self, hidden: Float32Array) -> Float32Array:
        """Return the scores of shape (..., V) after any block's output of shape (..., C)."""
        flat = hidden.reshape(-1, hidden.shape[-1])
        scores = self.head(self._normalise(flat, self.norm))
        if cap := self.config.logit_cap:
            scores = np.float32(cap) * np.tanh(scores / np.float32(cap))
        return scores.reshape(*hidden.shape[:-1], -1)

    def _normalise(self, x: Float32Array, gain: Float32Array | None) -> Float32Array:
        """Return the norm of each row; without a gain there is none."""
        return x if gain is None else rms_norm(x, gain, self.config.rms_norm_eps)

    def _turn(
        self,
        vectors: Float32Array,
        turning: int,
        gain: Float32Array | None,
        turns: tuple[Float32Array, Float32Array],
    ) -> Float32Array:
        """Return queries and keys, the first heads of all, normalised and turned: they go alike."""
        return rotate(self._normalise(vectors[:, :, :turning], gain), *turns)

    def _turns(self, positions: NDArray[np.int64]) -> Turns:
        """Return what turns the heads at positions of shape (B, T), for each way to turn."""
        ropes = {layer.rope for layer in self.config.layers}
        return {rope: rotation_table(rope.frequencies, positions[..., None]) for rope in ropes}

    def _attend(
        self,
        layer: int,
        block: Block,
        hidden: Float32Array,
        turns: Turns,
        caches: Sequence[KVCache],
        capture: Capture | None,
    ) -> Float32Array:
        config, rows = self.config, len(caches)
        heads, size = config.num_attention_heads, config.head_dim
        turning, look = heads + config.num_key_value_heads, config.layers[layer]
        qkv = block.qkv(self._normalise(hidden, block.attention_norm))
        vectors = qkv.reshape(rows, len(hidden) // rows, -1, size)
        turned = self._turn(vectors, turning, block.head_norm, turns[look.rope])
        mixed = np.empty((*vectors.shape[:2], heads, size), np.float32)
        count = vectors.shape[1]
        kept = capture.room_for_weights(caches, heads, count) if capture else None
        for row, cache in enumerate(caches):
            cache.write(layer, turned[row, :, heads:], vectors[row, :, turning:])
            length = cache.length + count
            mixed[row] = self.attention(
                turned[row, :, :heads],
                cache.keys[layer, :, :length],
                cache.values[layer, :, :length],
                None if kept is None else kept[row, :, :, :length],
                look.window,
            )
        given = block.output(mixed.reshape(len(hidden), -1))
        return self._normalise(given, block.attention_end_norm)

    def _widen(self, block: Block, hidden: Float32Array) -> Float32Array:
        """SwiGLU: down(silu(gate(x)) * up(x)), or GeGLU (Shazeer, 2020, arXiv:2002.05202)."""
        gate_up = block.gate_up(self._normalise(hidden, block.mlp_norm))
        return self._normalise(block.down(self._gate(gate_up)), block.mlp_end_norm)

    def _gate(self, gate_up: Float32Array) -> Float32Array:
        width = gate_up.shape[-1] // 2
        gated = self.config.activation(gate_up[:, :width])
        gated *= gate_up[:, width:]
        return gated

    def _keep(self, capture: Capture, hidden: Float32Array, rows: int) -> None:
        state = hidden.reshape(rows, -1, hidden.shape[-1]).copy()
        capture.hidden_states.append(state)
        if capture.with_logits:
            capture.layer_logits.append(self.logits(state))
