"""Neurons and training: one neuron, how a network learns, and what learning costs."""

from playground.experiments.experiment import Lab
from playground.labs.neurons import (
    backpropagation_view,
    cons_view,
    descent_view,
    digits_descent_view,
    digits_view,
    one_view,
    tiny_language_model_view,
    ways_view,
)

LAB = Lab(
    name="neurons",
    title="Neurons and training",
    button="Neurons",
    rank=46,
    idea=(
        "A network is neurons that weigh, add and bend, and learning is the search for better "
        "weights, downhill. All of it is computed here, while you watch."
    ),
    experiments=(
        one_view.ONE,
        digits_view.DIGITS,
        backpropagation_view.BACKPROPAGATION,
        descent_view.DESCENT,
        digits_descent_view.DIGITS_DESCENT,
        ways_view.WAYS,
        tiny_language_model_view.TINY_LANGUAGE_MODEL,
        cons_view.CONS,
    ),
)
