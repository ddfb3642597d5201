"""Three models of the next character, each seeing more of what stands before it.

A table of pairs sees one character; a multilayer perceptron a few, each as a vector (Bengio et al.,
2003, "A neural probabilistic language model"); a transformer block as many as its context holds.
They learn alike: `forward` returns logits and the way back, and the cost is the cross-entropy.

Shapes: N windows of text, n characters that a model sees, V characters there are.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import DTypeLike

from playground.core.block_training import (
    BlockShape,
    back_through,
    block,
    embed,
    linear,
    normalise,
)
from playground.core.functional import (
    FloatArray,
    IntArray,
    cross_entropy,
    cross_entropy_backward,
)
from playground.core.linear import Dense
from playground.core.network import Backward, Parameters, activate, dense, initial_parameters
from playground.core.rope import Rope, rotation_table
from playground.core.transformer import Block, LayerConfig, Transformer, TransformerConfig

# The head starts small, so that an untrained model finds all characters about equally likely.
_FAINT = 0.1


@dataclass(frozen=True, eq=False)
class CharacterModel(ABC):
    """What the three have in common.

    Parameters
    ----------
    parameters : list of arrays
        What is learned.
    reach : int
        n, how many characters it sees.
    """

    parameters: Parameters
    reach: int
    # Targets of a window: its last character alone, or the one after each.
    every_place: ClassVar[bool] = False
    # How much longer its steps may be than those of a deep network.
    rate_factor: ClassVar[float] = 1.0

    @property
    def parameter_count(self) -> int:
        """Number of weights."""
        return sum(array.size for array in self.parameters)

    @abstractmethod
    def forward(self, contexts: IntArray) -> tuple[FloatArray, Backward]:
        """Return the scores of the next character, and the way back to the parameters.

        Parameters
        ----------
        contexts : array of int, shape (N, n)
            What stands before.

        Returns
        -------
        array of shape (N, V), or (N, n, V) for a model that guesses at every place
            Logits.
        callable
            ``backward(d_logits)`` returns the derivatives by `parameters`, in their order, second.
        """

    def examples(self, windows: IntArray) -> tuple[IntArray, IntArray]:
        """Return contexts and targets of windows of shape (N, n + 1)."""
        return windows[:, :-1], windows[:, 1:] if self.every_place else windows[:, -1]

    def loss(self, windows: IntArray) -> float:
        """Return the mean surprise at the right characters, in nats; see `cross_entropy`."""
        contexts, targets = self.examples(windows)
        return cross_entropy(self.forward(contexts)[0], targets)

    def loss_and_gradients(self, windows: IntArray) -> tuple[float, Parameters]:
        """Return the loss on windows of shape (N, n + 1), and its derivative by every parameter."""
        contexts, targets = self.examples(windows)
        logits, backward = self.forward(contexts)
        _, gradients = backward(cross_entropy_backward(logits, targets))
        return cross_entropy(logits, targets), gradients


class Bigram(CharacterModel):
    """A row of logits for each character: the table of pairs, as a layer that learns it.

    Parameters are the table alone, of shape (V, V). A row moves only when its character occurs,
    and no other row feels it: it may take long steps.
    """

    rate_factor: ClassVar[float] = 25.0

    @classmethod
    def create(cls, vocab: int, dtype: DTypeLike = np.float32) -> Bigram:
        """Return a table of zeros: every next character is as likely as every other."""
        return cls([np.zeros((vocab, vocab), dtype)], reach=1)

    def forward(self, contexts: IntArray) -> tuple[FloatArray, Backward]:
        """Look up the row of the last character."""
        return embed(contexts[:, -1], self.parameters[0])


class WindowMLP(CharacterModel):
    """A few characters, each a vector, side by side through one hidden layer of ReLU neurons.

    Parameters are the vectors (V, E), then weights and biases of the two layers, as in `MLP`.
    """

    @classmethod
    def create(
        cls,
        rng: np.random.Generator,
        vocab: int,
        reach: int,
        sizes: tuple[int, int],
        dtype: DTypeLike = np.float32,
    ) -> WindowMLP:
        """Return an untrained one.

        Parameters
        ----------
        rng : Generator
            Where the weights come from.
        vocab, reach : int
            V and n.
        sizes : pair of int
            Numbers of a character's vector, and neurons of the hidden layer.
        dtype : dtype
            Of the weights.
        """
        each, hidden = sizes
        table = rng.standard_normal((vocab, each)).astype(dtype)
        layers = initial_parameters(rng, (reach * each, hidden, vocab), "he", dtype)
        layers[2] = layers[2] * _FAINT
        return cls([table, *layers], reach)

    def forward(self, contexts: IntArray) -> tuple[FloatArray, Backward]:
        """Look up the vectors, lay them side by side, weigh, bend and weigh."""
        table, first, first_bias, last, last_bias = self.parameters
        vectors, through_table = embed(contexts, table)

        def through_joining(d_output: FloatArray) -> tuple[FloatArray, Parameters]:
            return d_output.reshape(vectors.shape), []

        joined = vectors.reshape(len(contexts), -1)
        z, through_first = dense(joined, first, first_bias)
        hidden, through_bend = activate(z, "relu")
        logits, through_last = dense(hidden, last, last_bias)
        ways = [through_table, through_joining, through_first, through_bend, through_last]
        return logits, back_through(ways)


@dataclass(frozen=True, eq=False)
class BlockModel(CharacterModel):
    """One block of the Llama family between a table of vectors and a head.

    Parameters are the vectors (V, C), the block's six as in `block_training.block`, the gain of the
    last norm (C,) and the head (V, C).

    Parameters
    ----------
    shape : BlockShape
        Heads of the block.
    """

    shape: BlockShape
    every_place: ClassVar[bool] = True

    @classmethod
    def create(
        cls,
        rng: np.random.Generator,
        vocab: int,
        reach: int,
        width: int,
        shape: BlockShape,
        dtype: DTypeLike = np.float32,
    ) -> BlockModel:
        """Return an untrained one.

        Parameters
        ----------
        rng : Generator
            Where the weights come from: normal, of standard deviation 1 / sqrt(inputs).
        vocab, reach : int
            V and n.
        width : int
            C, a multiple of twice the query heads; the gated layer is twice as wide.
        shape : BlockShape
            Heads.
        dtype : dtype
            Of the weights.
        """
        size = width // shape.heads

        def drawn(outputs: int, inputs: int) -> FloatArray:
            weight: FloatArray = rng.standard_normal((outputs, inputs)) / inputs**0.5
            return weight.astype(dtype)

        parameters = [
            rng.standard_normal((vocab, width)).astype(dtype),
            np.ones(width, dtype),
            drawn((shape.heads + 2 * shape.kv_heads) * size, width),
            drawn(width, width),
            np.ones(width, dtype),
            drawn(4 * width, width),
            drawn(width, 2 * width),
            np.ones(width, dtype),
            drawn(vocab, width) * np.asarray(_FAINT, dtype),
        ]
        return cls(parameters, reach, shape)

    def forward(self, contexts: IntArray) -> tuple[FloatArray, Backward]:
        """Look up, run the block, normalise and score every place."""
        table, *weights, norm, head = self.parameters
        turn = rotation_table(self.rope.frequencies, np.arange(contexts.shape[1])[:, None])
        vectors, through_table = embed(contexts, table)
        hidden, through_block = block(vectors, weights, turn, self.shape)
        normed, through_norm = normalise(hidden, norm, self.shape.eps)
        logits, through_head = linear(normed, head)
        return logits, back_through([through_table, through_block, through_norm, through_head])

    @property
    def rope(self) -> Rope:
        """How positions turn its heads."""
        return Rope(self.parameters[0].shape[1] // self.shape.heads, theta=10_000.0)

    def decoder(self) -> Transformer:
        """Return the core's decoder with these weights: what was trained, as the chat would run it.

        It sees the last n characters of a text, as in training: positions enter only as distances.
        """
        table, attention_norm, qkv, output, mlp_norm, gate_up, down, norm, head = self.parameters
        config = TransformerConfig(
            vocab_size=len(table),
            hidden_size=table.shape[1],
            intermediate_size=down.shape[1],
            num_attention_heads=self.shape.heads,
            num_key_value_heads=self.shape.kv_heads,
            head_dim=self.rope.size,
            rms_norm_eps=self.shape.eps,
            layers=(LayerConfig(self.rope, window=self.reach),),
        )
        only = Block(
            attention_norm, Dense(qkv), Dense(output), mlp_norm, Dense(gate_up), Dense(down)
        )
        return Transformer(config, table, [only], norm, Dense(head))
