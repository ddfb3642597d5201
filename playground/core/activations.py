"""The elementwise functions that bend a layer's output, and beside each its derivative.

``f_derivative(x)`` is df/dx. All hold for any finite number; input arrays are never changed, and
float32 stays float32.
"""

from __future__ import annotations

import math

import numpy as np

from playground.core.functional import FloatArray

_SQRT_2_OVER_PI = math.sqrt(2 / math.pi)
# Beyond these the factors exp(-x^2 / 2) and sigmoid(2 u(x)) are exactly 0 or 1 in float64. Clipping
# there changes no digit and keeps the powers of x from overflowing.
_NORMAL_LIMIT = 40.0
_TANH_LIMIT = 25.0


def sigmoid(x: FloatArray) -> FloatArray:
    """Squash any number into (0, 1): s(x) = 1 / (1 + exp(-x)), the logistic curve.

    Examples
    --------
    >>> sigmoid(np.array([-2.0, 0.0, 2.0])).round(3)
    array([0.119, 0.5  , 0.881])
    """
    # Far to the left exp(-x) becomes infinity, and 1 / infinity = 0 is the right answer.
    with np.errstate(over="ignore"):
        return 1 / (1 + np.exp(-x))


def sigmoid_derivative(x: FloatArray) -> FloatArray:
    """Return s'(x) = s(x) (1 - s(x)); at most 1/4, at 0.

    Examples
    --------
    >>> sigmoid_derivative(np.array([0.0, 4.0])).round(3)
    array([0.25 , 0.018])
    """
    # s(-x) is 1 - s(x) without the cancellation.
    return sigmoid(x) * sigmoid(-x)


def relu(x: FloatArray) -> FloatArray:
    """Return the rectified linear unit: max(0, x).

    Examples
    --------
    >>> relu(np.array([-2.0, 3.0]))
    array([0., 3.])
    """
    return np.maximum(x, 0)


def relu_derivative(x: FloatArray) -> FloatArray:
    """Return 1 where x > 0, else 0; at the corner itself 0, as torch takes it.

    Examples
    --------
    >>> relu_derivative(np.array([-2.0, 0.0, 3.0]))
    array([0., 0., 1.])
    """
    return (x > 0).astype(x.dtype)


def silu(x: FloatArray) -> FloatArray:
    """Return x s(x), s being the sigmoid; also called swish (Elfwing et al., arXiv:1702.03118).

    Examples
    --------
    >>> silu(np.array([-2.0, 0.0, 2.0])).round(3)
    array([-0.238,  0.   ,  1.762])
    """
    # Far to the left exp(-x) becomes infinity, and x / infinity = 0 is the right answer.
    with np.errstate(over="ignore"):
        divisor: FloatArray = np.exp(-x)
        divisor += 1
        return np.divide(x, divisor, out=divisor)


def silu_derivative(x: FloatArray) -> FloatArray:
    """Return s(x) (1 + x (1 - s(x))).

    Examples
    --------
    >>> silu_derivative(np.array([0.0, 2.0])).round(3)
    array([0.5  , 1.091])
    """
    return sigmoid(x) * (1 + x * sigmoid(-x))


def gelu(x: FloatArray) -> FloatArray:
    """Return x Phi(x), Phi being the normal distribution (Hendrycks & Gimpel, arXiv:1606.08415).

    Phi(x) = (1 + erf(x / sqrt 2)) / 2 is the chance that a standard normal number is below x.

    Examples
    --------
    >>> gelu(np.array([-2.0, 0.0, 2.0])).round(3)
    array([-0.046,  0.   ,  1.954])
    """
    return x * _normal_cdf(x)


def gelu_derivative(x: FloatArray) -> FloatArray:
    """Return Phi(x) + x phi(x), where phi(x) = exp(-x^2 / 2) / sqrt(2 pi).

    Examples
    --------
    >>> gelu_derivative(np.array([0.0, 2.0])).round(3)
    array([0.5  , 1.085])
    """
    near = np.clip(x, -_NORMAL_LIMIT, _NORMAL_LIMIT)
    density = np.exp(-near * near / 2) / math.sqrt(2 * math.pi)
    return _normal_cdf(x) + x * density


def gelu_tanh(x: FloatArray) -> FloatArray:
    """Return GELU as GPT-2 takes it: x (1 + tanh u) / 2, u = sqrt(2 / pi) (x + 0.044715 x^3).

    Written as x s(2u), which is the same, for (1 + tanh u) / 2 = s(2u).

    Examples
    --------
    >>> gelu_tanh(np.array([-2.0, 0.0, 2.0])).round(3)
    array([-0.045,  0.   ,  1.955])
    """
    return x * sigmoid(2 * _gelu_tanh_argument(x)[0])


def gelu_tanh_derivative(x: FloatArray) -> FloatArray:
    """Return s(2u) + x s'(2u) 2 u', where u' = sqrt(2 / pi) (1 + 3 * 0.044715 x^2).

    Examples
    --------
    >>> gelu_tanh_derivative(np.array([0.0, 2.0])).round(3)
    array([0.5  , 1.086])
    """
    u, du = _gelu_tanh_argument(x)
    return sigmoid(2 * u) + x * sigmoid_derivative(2 * u) * 2 * du


def _normal_cdf(x: FloatArray) -> FloatArray:
    """Return Phi(x) = erfc(-x / sqrt 2) / 2, which keeps its digits far to the left."""
    # The C library's erfc is right to the last digits; a formula of our own could be faster only.
    erfc = np.vectorize(math.erfc, otypes=[np.float64])
    cdf: FloatArray = (erfc(x / -math.sqrt(2)) / 2).astype(x.dtype)
    return cdf


def _gelu_tanh_argument(x: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return u = sqrt(2 / pi) (x + 0.044715 x^3) and du/dx."""
    near = np.clip(x, -_TANH_LIMIT, _TANH_LIMIT)
    square = 0.044715 * near * near
    return _SQRT_2_OVER_PI * near * (1 + square), _SQRT_2_OVER_PI * (1 + 3 * square)
