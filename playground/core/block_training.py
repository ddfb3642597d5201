"""The transformer block's way back: each part of it returns its output and how to go back.

The mathematics forward is that of `playground.core.transformer`, by its own functions; here stands
what its learning adds, the chain rule through each part, in the form of `playground.core.network`:
a function returns its output and ``backward``, which takes dC/d(output) and returns dC/d(input)
with the derivatives by the part's own weights.

Shapes: B rows, T tokens a row, C hidden size, H query heads, K key-value heads (a divisor of H),
D head size, V vocabulary. ``(..., C)`` is any number of rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import chain

import numpy as np

from playground.core.activations import silu, silu_derivative
from playground.core.attention import attend
from playground.core.functional import (
    FloatArray,
    IntArray,
    one_hot,
    rms_norm,
    rms_norm_backward,
    softmax_backward,
)
from playground.core.network import Backward, Parameters
from playground.core.rope import rotate

Part = Callable[[FloatArray], tuple[FloatArray, Backward]]
# Cosines and sines of the T positions, each of shape (T, 1, D); see `rotation_table`.
Turn = tuple[FloatArray, FloatArray]


@dataclass(frozen=True)
class BlockShape:
    """What the weights of a block do not say by themselves.

    Parameters
    ----------
    heads, kv_heads : int
        H and K.
    eps : float
        Added under the root of the norms.
    """

    heads: int
    kv_heads: int
    eps: float = 1e-5


def block(
    x: FloatArray, weights: Parameters, turn: Turn, shape: BlockShape
) -> tuple[FloatArray, Backward]:
    """Run one block: look back and add, then widen, gate, narrow and add.

    Parameters
    ----------
    x : array of shape (B, T, C)
        What goes in.
    weights : list of arrays
        In the order of `playground.core.transformer.Block`: gain of the first norm (C,), queries,
        keys and values ((H + 2 K) D, C), output (C, H D), gain of the second norm (C,), gate and
        up (2 I, C), down (C, I), I being the intermediate size.
    turn : pair of arrays
        How positions turn queries and keys.
    shape : BlockShape
        Heads, and the norms' eps.

    Returns
    -------
    array of shape (B, T, C)
        What comes out.
    callable
        ``backward(d_output)`` returns dC/dx and the derivatives by the weights, in their order.
    """
    attention_norm, qkv, output, mlp_norm, gate_up, down = weights
    looked, through_attention = residual(
        x,
        lambda h: normalise(h, attention_norm, shape.eps),
        lambda h: linear(h, qkv),
        lambda h: look_back(h, turn, shape),
        lambda h: linear(h, output),
    )
    widened, through_mlp = residual(
        looked,
        lambda h: normalise(h, mlp_norm, shape.eps),
        lambda h: linear(h, gate_up),
        swiglu,
        lambda h: linear(h, down),
    )
    return widened, back_through([through_attention, through_mlp])


def residual(x: FloatArray, *parts: Part) -> tuple[FloatArray, Backward]:
    """Add to x what parts, one after another, make of it: x + f(x) (He et al., arXiv:1512.03385).

    Back, the derivative takes both ways, through the parts and past them, and the two add up.

    Examples
    --------
    >>> y, backward = residual(np.array([[2.0]]), lambda h: linear(h, np.array([[3.0]])))
    >>> y
    array([[8.]])
    >>> backward(np.array([[1.0]]))
    (array([[4.]]), [array([[2.]])])
    """
    given, backwards = x, []
    for part in parts:
        given, through = part(given)
        backwards.append(through)

    def backward(d_output: FloatArray) -> tuple[FloatArray, Parameters]:
        d_x, gradients = back_through(backwards)(d_output)
        return d_output + d_x, gradients

    return x + given, backward


def back_through(backwards: Iterable[Backward]) -> Backward:
    """Return the way back through parts that ran one after another: from the last to the first."""
    ran = list(backwards)

    def backward(d_output: FloatArray) -> tuple[FloatArray, Parameters]:
        gradients: list[Parameters] = []
        for through in reversed(ran):
            d_output, own = through(d_output)
            gradients.insert(0, own)
        return d_output, list(chain.from_iterable(gradients))

    return backward


def linear(x: FloatArray, weight: FloatArray) -> tuple[FloatArray, Backward]:
    """Weigh and add up, without a bias: y = x W^T.

    Parameters
    ----------
    x : array of shape (..., I)
        Any number of rows.
    weight : array of shape (O, I)
        Row k holds the weights of output k.

    Returns
    -------
    array of shape (..., O)
        The sums.
    callable
        ``backward(d_output)`` returns dC/dx = d W and [dC/dW = d^T x], summed over the rows.

    Examples
    --------
    >>> y, backward = linear(np.array([[1.0, 2.0]]), np.array([[3.0, 4.0]]))
    >>> y
    array([[11.]])
    >>> backward(np.array([[1.0]]))
    (array([[3., 4.]]), [array([[1., 2.]])])
    """
    # One large product is faster than one a row of the batch.
    rows = x.reshape(-1, x.shape[-1])

    def backward(d_output: FloatArray) -> tuple[FloatArray, Parameters]:
        d_rows = d_output.reshape(-1, d_output.shape[-1])
        return (d_rows @ weight).reshape(x.shape), [d_rows.T @ rows]

    return (rows @ weight.T).reshape(*x.shape[:-1], -1), backward


def normalise(x: FloatArray, gain: FloatArray, eps: float) -> tuple[FloatArray, Backward]:
    """Bring each row to a root mean square of 1, times a gain; see `rms_norm`.

    Parameters
    ----------
    x : array of shape (..., C)
        One row a token.
    gain : array of shape (C,)
        Learned.
    eps : float
        Added under the root.

    Examples
    --------
    >>> y, backward = normalise(np.array([[3.0, 4.0]]), np.ones(2), 0.0)
    >>> y.round(3)
    array([[0.849, 1.131]])
    >>> d_x, _ = backward(np.array([[3.0, 4.0]]))  # a longer row comes out no longer
    >>> bool(np.allclose(d_x, 0))
    True
    """

    def backward(d_output: FloatArray) -> tuple[FloatArray, Parameters]:
        d_x, d_gain = rms_norm_backward(x, gain, d_output, eps)
        return d_x, [d_gain]

    return rms_norm(x, gain, eps), backward


def swiglu(gate_up: FloatArray) -> tuple[FloatArray, Backward]:
    """Let one half gate the other: silu(gate) * up (Shazeer, 2020, arXiv:2002.05202).

    Parameters
    ----------
    gate_up : array of shape (..., 2 I)
        Gate, then up.

    Returns
    -------
    array of shape (..., I)
        The gated.
    callable
        ``backward(d_output)`` returns [d up silu'(gate), d silu(gate)], and no weights.

    Examples
    --------
    >>> y, backward = swiglu(np.array([[0.0, 2.0]]))
    >>> y
    array([[0.]])
    >>> backward(np.array([[1.0]]))
    (array([[1., 0.]]), [])
    """
    gate, up = np.split(gate_up, 2, axis=-1)
    bent = silu(gate)

    def backward(d_output: FloatArray) -> tuple[FloatArray, Parameters]:
        d_gate = d_output * up * silu_derivative(gate)
        return np.concatenate([d_gate, d_output * bent], axis=-1), []

    return bent * up, backward


def look_back(qkv: FloatArray, turn: Turn, shape: BlockShape) -> tuple[FloatArray, Backward]:
    """Turn queries and keys by their positions and let each token mix what stands before it.

    It is `attend`, once for all rows: heads of different rows never meet, so B rows of H heads are
    attended to as one row of B H heads.

    Parameters
    ----------
    qkv : array of shape (B, T, (H + 2 K) D)
        Queries, keys, values of each token.
    turn : pair of arrays
        How positions turn queries and keys.
    shape : BlockShape
        Heads.

    Returns
    -------
    array of shape (B, T, H D)
        The mixtures.
    callable
        ``backward(d_output)`` returns dC/d(qkv), and no weights: with P the softmax and
        M = P V, dC/dV = P^T dM and dC/dP = dM V^T; back through the softmax to the scores S, and
        of S = Q K^T / sqrt(D), dC/dQ = dS K / sqrt(D) and dC/dK = dS^T Q / sqrt(D). Queries and
        keys are then turned back: the transpose of a rotation is the rotation the other way. Keys
        and values that G = H / K heads share get the sum of what these say.
    """
    rows, count, width = qkv.shape
    size = width // (shape.heads + 2 * shape.kv_heads)
    vectors = qkv.reshape(rows, count, -1, size)
    turned = rotate(vectors[:, :, : -shape.kv_heads], *turn)
    queries, keys = _heads(turned, shape.heads)
    values = vectors[:, :, -shape.kv_heads :].transpose(0, 2, 1, 3).reshape(-1, count, size)
    weights = np.zeros((len(queries), count, count), qkv.dtype)
    mixed = attend(queries.swapaxes(0, 1), keys, values, weights)

    def backward(d_output: FloatArray) -> tuple[FloatArray, Parameters]:
        d_mixed = d_output.reshape(rows, count, -1, size).transpose(0, 2, 1, 3)
        d_queries, d_keys, d_values = _attend_backward(
            d_mixed.reshape(queries.shape), queries, keys, values, weights
        )
        by_token = [
            each.reshape(rows, -1, count, size).transpose(0, 2, 1, 3)
            for each in (d_queries, d_keys, d_values)
        ]
        cosines, sines = turn
        d_turned = rotate(np.concatenate(by_token[:2], axis=2), cosines, -sines)
        return np.concatenate([d_turned, by_token[2]], axis=2).reshape(qkv.shape), []

    by_row = mixed.reshape(count, rows, -1).swapaxes(0, 1)
    return by_row, backward


def _heads(turned: FloatArray, heads: int) -> tuple[FloatArray, FloatArray]:
    """Return queries of shape (B H, T, D) and keys of shape (B K, T, D)."""
    _, count, _, size = turned.shape
    by_head = turned.transpose(0, 2, 1, 3)
    queries, keys = by_head[:, :heads], by_head[:, heads:]
    return queries.reshape(-1, count, size), keys.reshape(-1, count, size)


def _attend_backward(
    d_mixed: FloatArray,
    queries: FloatArray,
    keys: FloatArray,
    values: FloatArray,
    weights: FloatArray,
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return dC/dQ, dC/dK, dC/dV; shapes (heads, T, D), P of shape (heads, T, T).

    The G query heads of a key head are laid one below another, as if they were G T queries: what
    the products sum over is then the sum over the heads that share it.
    """
    count, size = queries.shape[1:]
    together = len(keys), -1, size
    d_grouped, grouped = d_mixed.reshape(together), queries.reshape(together)
    shares = weights.reshape(len(keys), -1, count)
    d_values = shares.swapaxes(1, 2) @ d_grouped
    # Where the mask hides a place its share is 0, and so is the derivative by its score.
    d_scores = softmax_backward(shares, d_grouped @ values.swapaxes(1, 2)) * size**-0.5
    d_queries = (d_scores @ keys).reshape(queries.shape)
    return d_queries, d_scores.swapaxes(1, 2) @ grouped, d_values


def embed(token_ids: IntArray, table: FloatArray) -> tuple[FloatArray, Backward]:
    """Look up the vector of each token.

    Parameters
    ----------
    token_ids : array of int, shape (...)
        Tokens.
    table : array of shape (V, C)
        One row a token.

    Returns
    -------
    array of shape (..., C)
        Their vectors.
    callable
        ``backward(d_output)`` returns d_output itself, for ids have no derivative, and
        [dC/d(table)]: each row gets the sum over the places where its token stood.

    Examples
    --------
    >>> y, backward = embed(np.array([1, 1]), np.array([[0.0], [5.0]]))
    >>> backward(np.array([[1.0], [2.0]]))[1]
    [array([[0.],
           [3.]])]
    """

    def backward(d_output: FloatArray) -> tuple[FloatArray, Parameters]:
        where = one_hot(token_ids.reshape(-1), len(table)).astype(d_output.dtype)
        return d_output, [where.T @ d_output.reshape(-1, d_output.shape[-1])]

    return table[token_ids], backward
