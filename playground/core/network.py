"""A network of dense layers, and how it learns: backpropagation as the chain rule, read aloud.

Every layer is a function that returns its output and a second function, ``backward``. Given
``d_output``, the derivative of the cost with respect to that output, ``backward`` returns the
derivative with respect to the input, and those of the layer's own parameters. Going forward stacks
these functions up; going backward calls them from the last to the first. There is no tape and no
graph (the form is thinc's).

The default network reads a digit of 28 x 28 pixels through two hidden layers of 16 neurons, as in
3Blue1Brown's films on neural networks: 784-16-16-10, 13,002 weights and biases.

Rumelhart, Hinton & Williams, 1986, "Learning representations by back-propagating errors".
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np
from numpy.typing import DTypeLike

from playground.core.activations import relu, relu_derivative, sigmoid
from playground.core.functional import (
    FloatArray,
    IntArray,
    cross_entropy,
    cross_entropy_backward,
    one_hot,
    softmax,
    squared_cost,
    squared_cost_backward,
)

Activation = Literal["sigmoid", "relu", "identity"]
Cost = Literal["squared", "cross-entropy"]
Initialization = Literal["he", "xavier", "normal"]

Parameters = list[FloatArray]
Backward = Callable[[FloatArray], tuple[FloatArray, Parameters]]

DIGITS_SIZES = (784, 16, 16, 10)


def dense(x: FloatArray, weight: FloatArray, bias: FloatArray) -> tuple[FloatArray, Backward]:
    """Weigh and add up: z = x W^T + b, so z_k = sum_j w_kj x_j + b_k in each row.

    Parameters
    ----------
    x : array of shape (N, I)
        The activations of the layer before, one row an example.
    weight : array of shape (O, I)
        Row k holds the weights of neuron k.
    bias : array of shape (O,)
        One a neuron.

    Returns
    -------
    array of shape (N, O)
        The weighted sums.
    callable
        ``backward(d_output)`` returns dC/dx and [dC/dW, dC/db].

    Examples
    --------
    >>> z, backward = dense(np.array([[1.0, 2.0]]), np.array([[3.0, 4.0]]), np.array([0.5]))
    >>> z
    array([[11.5]])
    >>> backward(np.array([[1.0]]))
    (array([[3., 4.]]), [array([[1., 2.]]), array([1.])])
    """

    def backward(d_output: FloatArray) -> tuple[FloatArray, Parameters]:
        # dz/dx = w, dz/dw = x and dz/db = 1; the examples' derivatives add up.
        return d_output @ weight, [d_output.T @ x, d_output.sum(axis=0)]

    return x @ weight.T + bias, backward


def activate(z: FloatArray, activation: Activation) -> tuple[FloatArray, Backward]:
    """Bend the weighted sums: a = f(z), element by element.

    Parameters
    ----------
    z : array of shape (N, O)
        Weighted sums.
    activation : {"sigmoid", "relu", "identity"}
        Which f.

    Returns
    -------
    array of shape (N, O)
        The activations.
    callable
        ``backward(d_output)`` returns dC/dz = dC/da f'(z), and no parameters.

    Examples
    --------
    >>> a, backward = activate(np.array([[-1.0, 2.0]]), "relu")
    >>> a
    array([[0., 2.]])
    >>> backward(np.array([[1.0, 1.0]]))
    (array([[0., 1.]]), [])
    """
    function, slope = _ACTIVATIONS[activation]
    a = function(z)
    return a, lambda d_output: (d_output * slope(a), [])


# f and f', the latter read off the activation a = f(z), which costs less than to start at z again.
_ACTIVATIONS: dict[Activation, tuple[Callable[[FloatArray], FloatArray], ...]] = {
    "sigmoid": (sigmoid, lambda a: a * (1 - a)),
    "relu": (relu, relu_derivative),
    "identity": (lambda z: z, np.ones_like),
}


@dataclass(frozen=True, eq=False)
class MLP:
    """A multilayer perceptron: dense layers with an activation between them.

    With the squared cost the last layer ends in a sigmoid and is compared with 0 and 1. With
    cross-entropy it ends in bare logits.

    Parameters
    ----------
    parameters : list of arrays
        W1, b1, W2, b2, ...; weights of shape (O, I), biases of shape (O,).
    activation : {"sigmoid", "relu"}
        Of the hidden layers.
    cost : {"squared", "cross-entropy"}
        What learning makes small.

    Examples
    --------
    >>> network = MLP.create(np.random.default_rng(0))
    >>> f"{network.parameter_count:,}"
    '13,002'
    """

    parameters: Parameters
    activation: Activation = "sigmoid"
    cost: Cost = "squared"

    @classmethod
    def create(
        cls,
        rng: np.random.Generator,
        sizes: tuple[int, ...] = DIGITS_SIZES,
        activation: Activation = "sigmoid",
        cost: Cost = "squared",
        initialization: Initialization = "xavier",
        dtype: DTypeLike = np.float32,
    ) -> MLP:
        """Return an untrained network.

        Parameters
        ----------
        rng : Generator
            Where the weights come from.
        sizes : tuple of int
            Neurons of each layer, the input first.
        activation : {"sigmoid", "relu"}
            Of the hidden layers.
        cost : {"squared", "cross-entropy"}
            What learning makes small.
        initialization : {"he", "xavier", "normal"}
            See `initial_parameters`.
        dtype : dtype
            Of weights and biases.
        """
        return cls(initial_parameters(rng, sizes, initialization, dtype), activation, cost)

    @property
    def parameter_count(self) -> int:
        """Number of weights and biases."""
        return sum(array.size for array in self.parameters)

    def forward(self, x: FloatArray) -> list[FloatArray]:
        """Return the activations of every layer, from the input itself to the output.

        Parameters
        ----------
        x : array of shape (N, I)
            One row an example.
        """
        return self._forward(x)[0]

    def predict_probabilities(self, x: FloatArray) -> FloatArray:
        """Return how sure the network is of each class, shape (N, K).

        The softmax of the logits; or, with the squared cost, the activations of the last layer,
        which need not sum to 1.
        """
        output = self.forward(x)[-1]
        return output if self.cost == "squared" else softmax(output)

    def predict(self, x: FloatArray) -> IntArray:
        """Return the class with the most active output neuron, shape (N,)."""
        classes: IntArray = self.forward(x)[-1].argmax(axis=-1)
        return classes

    def loss_and_gradients(self, x: FloatArray, targets: IntArray) -> tuple[float, Parameters]:
        """Return the mean cost of some examples, and its derivative by every parameter.

        Parameters
        ----------
        x : array of shape (N, I)
            One row an example.
        targets : array of int, shape (N,)
            The right classes.

        Returns
        -------
        float
            The mean cost.
        list of arrays
            dC/dW1, dC/db1, ...: the shapes of `parameters`.
        """
        activations, backwards = self._forward(x)
        loss, d_output = self._cost(activations[-1], targets)
        gradients: Parameters = []
        for backward in reversed(backwards):
            d_output, own = backward(d_output)
            gradients = own + gradients
        return loss, gradients

    def input_gradients(self, x: FloatArray, targets: IntArray) -> FloatArray:
        """Return the derivative of the mean cost by every input, shape (N, I): where to push it.

        Examples
        --------
        >>> network = MLP([np.array([[1.0], [-1.0]]), np.zeros(2)], cost="cross-entropy")
        >>> network.input_gradients(np.array([[0.0]]), np.array([0]))  # more of it: less cost
        array([[-1.]])
        """
        activations, backwards = self._forward(x)
        _, d_output = self._cost(activations[-1], targets)
        for backward in reversed(backwards):
            d_output, _ = backward(d_output)
        return d_output

    def _forward(self, x: FloatArray) -> tuple[list[FloatArray], list[Backward]]:
        activations = [x]
        backwards: list[Backward] = []
        weights, biases = self.parameters[0::2], self.parameters[1::2]
        hidden = [self.activation] * (len(weights) - 1)
        last: Activation = "sigmoid" if self.cost == "squared" else "identity"
        for weight, bias, activation in zip(weights, biases, [*hidden, last], strict=True):
            z, through_dense = dense(activations[-1], weight, bias)
            a, through_activation = activate(z, activation)
            activations.append(a)
            backwards += [through_dense, through_activation]
        return activations, backwards

    def _cost(self, output: FloatArray, targets: IntArray) -> tuple[float, FloatArray]:
        if self.cost == "squared":
            wanted = one_hot(targets, output.shape[-1]).astype(output.dtype)
            return squared_cost(output, wanted), squared_cost_backward(output, wanted)
        return cross_entropy(output, targets), cross_entropy_backward(output, targets)


def initial_parameters(
    rng: np.random.Generator,
    sizes: tuple[int, ...],
    initialization: Initialization = "xavier",
    dtype: DTypeLike = np.float32,
) -> Parameters:
    """Draw the first weights and biases from a normal distribution of mean 0.

    Standard deviation of a weight between I inputs and O outputs: ``he`` sqrt(2 / I), for ReLU
    (He et al., 2015, arXiv:1502.01852); ``xavier`` sqrt(2 / (I + O)), for the sigmoid (Glorot &
    Bengio, 2010); ``normal`` 1, for biases too, the plain start of Nielsen's book. The other two
    start with biases of 0.

    Parameters
    ----------
    rng : Generator
        Where the numbers come from.
    sizes : tuple of int
        Neurons of each layer, the input first.
    initialization : {"he", "xavier", "normal"}
        Which rule.
    dtype : dtype
        Of weights and biases.

    Examples
    --------
    >>> [array.shape for array in initial_parameters(np.random.default_rng(0), (784, 16, 10))]
    [(16, 784), (16,), (10, 16), (10,)]
    """
    parameters = []
    for inputs, outputs in pairwise(sizes):
        deviation = {"he": 2 / inputs, "xavier": 2 / (inputs + outputs), "normal": 1.0}
        scale = deviation[initialization] ** 0.5
        parameters.append((scale * rng.standard_normal((outputs, inputs))).astype(dtype))
        bias = rng.standard_normal(outputs) if initialization == "normal" else np.zeros(outputs)
        parameters.append(bias.astype(dtype))
    return parameters
