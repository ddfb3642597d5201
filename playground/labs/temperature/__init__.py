"""How a token is drawn, and what temperature, cut-offs and bans make of it."""

from playground.experiments.experiment import Experiment, Lab, Opens
from playground.labs.temperature import distribution, distribution_view, strip, strip_view

LAB = Lab(
    name="temperature",
    title="Temperature",
    rank=10,
    group="Talk",
    idea=(
        "A model gives every token of its vocabulary a score. Temperature and cut-offs decide what "
        "becomes of the scores before one token is drawn."
    ),
    experiments=(
        Experiment(
            path="temperature/distribution",
            title="Distribution",
            idea=(
                "Read a prompt once, then move the sliders, ban a word or draw a token: the model "
                "does not run again."
            ),
            settings=distribution.DistributionSettings,
            function=distribution.run_distribution,
            view=distribution_view.draw,
            action="Read",
            opens=Opens.RUNNING,
            small={"temperature": 0.5, "top_k": 3, "word": "Paris", "seed": 1},
        ),
        Experiment(
            path="temperature/strip",
            title="Strip",
            idea=(
                "The same prompt written on at several temperatures, all columns together. With "
                "the same dice in every column, what differs comes from temperature alone."
            ),
            settings=strip.StripSettings,
            function=strip.run_strip,
            view=strip_view.draw,
            action="Run the strip",
            small={"temperatures": (0, 2), "max_new_tokens": 6, "seed": 7},
        ),
    ),
)
