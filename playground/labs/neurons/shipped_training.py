"""The training that ships: the usual settings of the experiment, all 30 epochs.

`benchmarks/digits_network.py` writes it; the page draws with it before anything was trained there.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from importlib import resources

import numpy as np

from playground.core.network import MLP
from playground.labs.neurons.digits import DigitsSettings, DigitsTraining, Point


@cache
def shipped_training() -> DigitsTraining:
    """Return network, curves and test as they were after the last epoch."""
    shape = MLP.create(np.random.default_rng(0), activation="relu", cost="cross-entropy")
    packed = resources.files("playground.data.digits").joinpath("network.npz")
    with packed.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
        known = {name: arrays[name] for name in arrays.files}
    points, (cost, right) = known.pop("points").tolist(), known.pop("test").tolist()
    network = replace(shape, parameters=list(known.values()))
    curves = tuple(Point(int(step), *rest) for step, *rest in points)
    return DigitsTraining(DigitsSettings(), network, curves, cost, right)
