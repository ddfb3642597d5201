"""What a model is given to read, what falls out of it, and what it costs."""

from playground.experiments.experiment import Lab
from playground.labs.context import canary_view, cost_view, needle_view, window_view

LAB = Lab(
    name="context",
    title="Context window",
    button="Context",
    rank=30,
    idea="A model reads only what fits its window. What has fallen out, it has never heard of.",
    experiments=(
        window_view.WINDOW,
        canary_view.CANARY,
        needle_view.NEEDLES,
        cost_view.COST,
    ),
)
