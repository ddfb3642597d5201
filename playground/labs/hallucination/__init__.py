"""The hallucination lab: which signals give an invented answer away, how far each is trusted."""

from playground.experiments.experiment import Lab
from playground.labs.hallucination import ask_view, probing_view, source_view, twins_view

LAB = Lab(
    name="hallucination",
    title="Hallucination",
    rank=40,
    idea=(
        "A model invents with the same confident face with which it knows. Some of its numbers "
        "give it away, none checks a fact."
    ),
    experiments=(ask_view.ASK, twins_view.TWINS, probing_view.SET, source_view.SOURCE),
)
