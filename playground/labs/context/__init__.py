"""What a model is given to read, what falls out of it, and what it costs."""

from playground.experiments.experiment import Experiment, Lab
from playground.labs.context import needle, needle_view

LAB = Lab(
    name="context",
    title="Context window",
    button="Context",
    rank=30,
    idea="A model reads only what fits its window. What has fallen out, it has never heard of.",
    experiments=(
        Experiment(
            path="context/needle",
            title="Needle",
            idea=(
                "What is in the window is not therefore found. Hide a key in a long text and ask "
                "for it at the end: with another key beside it, a small model begins to mix them "
                "up."
            ),
            settings=needle.NeedleSettings,
            function=needle.run_needles,
            view=needle_view.draw,
            action="Draw the map",
            tables={"needles.csv": needle_view.to_csv},
            intro=needle_view.setup(),
            small={"lengths": (160, 200), "depths": (50,)},
        ),
    ),
)
