"""What fewer bits cost and save."""

from playground.experiments.experiment import Lab
from playground.labs.precision import (
    bench_view,
    floats_view,
    microscope_view,
    pair_view,
    retraining_view,
    trial_view,
)

LAB = Lab(
    name="precision",
    title="Precision",
    rank=11,
    group="Talk",
    idea="The same model with fewer bits a weight: what it saves, what it costs, and why.",
    experiments=(
        bench_view.BENCH,
        pair_view.PAIR,
        microscope_view.MICROSCOPE,
        trial_view.TRIAL,
        floats_view.FLOATS,
        retraining_view.RETRAINING,
    ),
)
