"""The formulas of a network's forward pass, and beside each its derivative.

Written once and used by everything above: the sampler, the labs, the digits network, the
transformer and the live chat. Input arrays are never changed, and float32 stays float32.

Names: ``f_backward(..., d_output)`` takes ``d_output``, the derivative of the cost C with respect
to the output of f, and returns that with respect to the input: one step of the chain rule. A cost
ends the chain, so its ``_backward`` takes no ``d_output``. Elementwise functions stand in
`playground.core.activations`.

What is here squares, adds up or subtracts, and holds as long as those sums stay inside the dtype.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.floating]
IntArray = NDArray[np.integer]


def softmax(logits: FloatArray, temperature: float = 1.0) -> FloatArray:
    """Turn logits into probabilities: p_i = exp(z_i / T) / sum_j exp(z_j / T).

    The largest logit is subtracted first; that changes nothing in exact arithmetic and keeps
    ``exp`` from overflowing. A logit of minus infinity gets probability 0.

    Parameters
    ----------
    logits : array of shape (..., V)
        Scores; at least one a row is finite.
    temperature : float
        T > 0. Below 1 sharpens the distribution, above 1 flattens it.

    Returns
    -------
    array of shape (..., V)
        Probabilities that sum to 1 along the last axis, in the dtype of `logits`.

    Examples
    --------
    >>> softmax(np.array([2.0, 1.0, 0.0])).round(3)
    array([0.665, 0.245, 0.09 ])
    >>> softmax(np.array([2.0, 1.0, 0.0]), temperature=0.5).round(3)
    array([0.867, 0.117, 0.016])
    """
    weights: FloatArray = logits - logits.max(axis=-1, keepdims=True)
    if temperature != 1:
        weights /= temperature
    np.exp(weights, out=weights)
    weights /= weights.sum(axis=-1, keepdims=True)
    return weights


def log_softmax(logits: FloatArray) -> FloatArray:
    """Return the natural logarithm of the softmax: z_i - log sum_j exp(z_j).

    Parameters
    ----------
    logits : array of shape (..., V)
        Scores; at least one a row is finite.

    Returns
    -------
    array of shape (..., V)
        Log-probabilities in nats, in the dtype of `logits`.

    Examples
    --------
    >>> log_softmax(np.array([2.0, 1.0, 0.0])).round(3)
    array([-0.408, -1.408, -2.408])
    """
    shifted = logits - logits.max(axis=-1, keepdims=True)
    logprobs: FloatArray = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return logprobs


def softmax_backward(
    probabilities: FloatArray, d_output: FloatArray, temperature: float = 1.0
) -> FloatArray:
    """Return dC/dz of p = softmax(z / T): p_i (d_i - sum_j p_j d_j) / T.

    Parameters
    ----------
    probabilities : array of shape (..., V)
        What `softmax` returned.
    d_output : array of shape (..., V)
        dC/dp.
    temperature : float
        As given to `softmax`.

    Examples
    --------
    >>> softmax_backward(np.array([0.5, 0.5]), np.array([1.0, 0.0]))
    array([ 0.25, -0.25])
    """
    mean = (probabilities * d_output).sum(axis=-1, keepdims=True)
    d_logits: FloatArray = probabilities * (d_output - mean) / temperature
    return d_logits


def log_softmax_backward(logprobs: FloatArray, d_output: FloatArray) -> FloatArray:
    """Return dC/dz of l = log_softmax(z): d_i - exp(l_i) sum_j d_j.

    Examples
    --------
    >>> log_softmax_backward(np.log(np.array([0.5, 0.5])), np.array([1.0, 0.0]))
    array([ 0.5, -0.5])
    """
    d_logits: FloatArray = d_output - np.exp(logprobs) * d_output.sum(axis=-1, keepdims=True)
    return d_logits


def rms_norm(x: FloatArray, weight: FloatArray, eps: float = 1e-5) -> FloatArray:
    """Divide a row by its root mean square: w_i x_i / sqrt(mean_j x_j^2 + eps).

    Zhang & Sennrich, 2019, arXiv:1910.07467; the norm of the Llama family.

    Parameters
    ----------
    x : array of shape (..., C)
        One row a token.
    weight : array of shape (C,)
        The learned gain.
    eps : float
        Keeps a row of zeros from dividing by zero.

    Examples
    --------
    >>> rms_norm(np.array([3.0, 4.0]), np.ones(2)).round(3)
    array([0.849, 1.131])
    """
    normalized: FloatArray = x / _root_mean_square(x, eps)
    normalized *= weight
    return normalized


def rms_norm_backward(
    x: FloatArray, weight: FloatArray, d_output: FloatArray, eps: float = 1e-5
) -> tuple[FloatArray, FloatArray]:
    """Return dC/dx and dC/dw of `rms_norm`.

    With r the root mean square, n = x / r and g = w * d_output:
    dC/dx_i = (g_i - n_i mean_j(g_j n_j)) / r and dC/dw_i = sum over rows of d_output_i n_i.
    """
    scale = _root_mean_square(x, eps)
    normalized = x / scale
    gained = weight * d_output
    along = (gained * normalized).mean(axis=-1, keepdims=True)
    return (gained - normalized * along) / scale, _sum_rows(d_output * normalized)


def layer_norm(
    x: FloatArray, weight: FloatArray, bias: FloatArray, eps: float = 1e-5
) -> FloatArray:
    """Bring a row to mean 0 and variance 1: w_i (x_i - mean) / sqrt(variance + eps) + b_i.

    Ba, Kiros & Hinton, 2016, arXiv:1607.06450; the norm of GPT-2. It is `rms_norm` of the row less
    its mean. The variance divides by C, not C - 1.

    Parameters
    ----------
    x : array of shape (..., C)
        One row a token.
    weight, bias : array of shape (C,)
        The learned gain and shift.
    eps : float
        Keeps a constant row from dividing by zero.

    Examples
    --------
    >>> layer_norm(np.array([1.0, 2.0, 3.0]), np.ones(3), np.zeros(3)).round(3)
    array([-1.225,  0.   ,  1.225])
    """
    return rms_norm(_centered(x), weight, eps) + bias


def layer_norm_backward(
    x: FloatArray, weight: FloatArray, d_output: FloatArray, eps: float = 1e-5
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return dC/dx, dC/dw and dC/db of `layer_norm`.

    Back through `rms_norm`, then through the subtraction of the mean, whose derivative is itself a
    subtraction of the mean; dC/db is the sum of d_output over the rows.
    """
    d_centered, d_weight = rms_norm_backward(_centered(x), weight, d_output, eps)
    return _centered(d_centered), d_weight, _sum_rows(d_output)


def one_hot(labels: IntArray, classes: int) -> NDArray[np.bool_]:
    """Return a row a label that is true at the label alone.

    Examples
    --------
    >>> one_hot(np.array([2, 0]), 3).astype(int)
    array([[0, 0, 1],
           [1, 0, 0]])
    """
    hot: NDArray[np.bool_] = labels[..., None] == np.arange(classes)
    return hot


def cross_entropy(logits: FloatArray, targets: IntArray) -> float:
    """Return the mean surprise at the right answers: mean over rows of -log softmax(z)_target.

    Parameters
    ----------
    logits : array of shape (..., V)
        Scores.
    targets : array of int, shape (...)
        The right class of each row.

    Returns
    -------
    float
        In nats; log V for a guess among V equal ones.

    Examples
    --------
    >>> round(cross_entropy(np.zeros((1, 10)), np.array([3])), 4)
    2.3026
    """
    picked = log_softmax(logits)[one_hot(targets, logits.shape[-1])]
    return -float(picked.sum() / targets.size)


def cross_entropy_backward(logits: FloatArray, targets: IntArray) -> FloatArray:
    """Return dC/dz of `cross_entropy`: (softmax(z) - one_hot(target)) / N, N the number of rows.

    Examples
    --------
    >>> cross_entropy_backward(np.zeros((1, 2)), np.array([1]))
    array([[ 0.5, -0.5]])
    """
    return (softmax(logits) - one_hot(targets, logits.shape[-1])) / targets.size


def squared_cost(outputs: FloatArray, targets: FloatArray) -> float:
    """Return the squared cost: the sum over outputs of (a - y)^2, then the mean over examples.

    Parameters
    ----------
    outputs, targets : array of shape (N, K)
        What the network said, and what it should have said.

    Examples
    --------
    >>> squared_cost(np.array([[0.5, 0.5], [1.0, 0.0]]), np.array([[1.0, 0.0], [1.0, 0.0]]))
    0.25
    """
    return float(((outputs - targets) ** 2).sum() / len(outputs))


def squared_cost_backward(outputs: FloatArray, targets: FloatArray) -> FloatArray:
    """Return dC/da of `squared_cost`: 2 (a - y) / N, N the number of examples.

    Examples
    --------
    >>> squared_cost_backward(np.array([[0.5, 0.5]]), np.array([[1.0, 0.0]]))
    array([[-1.,  1.]])
    """
    return 2 * (outputs - targets) / len(outputs)


def _root_mean_square(x: FloatArray, eps: float) -> FloatArray:
    mean_square = np.vecdot(x, x)[..., None] / x.shape[-1]
    root: FloatArray = np.sqrt(mean_square + eps)
    return root


def _centered(x: FloatArray) -> FloatArray:
    centered: FloatArray = x - x.mean(axis=-1, keepdims=True)
    return centered


def _sum_rows(x: FloatArray) -> FloatArray:
    """Add up all axes but the last."""
    total: FloatArray = x.reshape(-1, x.shape[-1]).sum(axis=0)
    return total
