"""Meaning as places: the vectors of tokens, of words in context, and of sentences."""

from playground.experiments.experiment import Lab
from playground.labs.embeddings import (
    analogies_view,
    arithmetic_view,
    layers_view,
    neighbours_view,
    sentences_view,
    word_map_view,
)

LAB = Lab(
    name="embeddings",
    title="Embeddings",
    rank=25,
    idea=(
        "To a model every token is a list of numbers, a vector. What is alike lies close together."
    ),
    experiments=(
        neighbours_view.NEIGHBOURS,
        arithmetic_view.ARITHMETIC,
        analogies_view.ANALOGIES,
        word_map_view.MAP,
        layers_view.LAYERS,
        sentences_view.SENTENCES,
    ),
)
