"""Train the network that ships, with which one can draw before anything was trained, and keep it.

It has the usual settings of the experiment `neurons/digits`. Two more seeds are trained, too; a
Markdown table says how good each becomes, and how long that takes with all that its curves need::

    python benchmarks/digits_network.py
"""

from __future__ import annotations

import time
from dataclasses import astuple
from pathlib import Path

import numpy as np
from machine import conditions

from playground.core.training import accuracy
from playground.labs.neurons.digits import DigitsSettings, DigitsTraining, Training, parts

_PLACE = Path(__file__).parents[1] / "playground" / "data" / "digits" / "network.npz"


def main() -> None:
    """Train three seeds, write the parameters of the first, and print the table."""
    parts()  # read before the clock runs
    rows = ["| seed | best of 30 epochs | after 30 epochs | seconds |", "|---|---|---|---|"]
    for seed in range(3):
        known, best, seconds = trained(seed)
        rows.append(f"| {seed} | {best:.1%} | {known.test_accuracy:.1%} | {seconds:.1f} |")
        if seed == 0:
            keep(known)
    print("\n".join([*rows, "", conditions()]))


def keep(known: DigitsTraining) -> None:
    """Write what `playground.labs.neurons.shipped_training` reads."""
    points = np.array([astuple(each) for each in known.points])
    test = np.array([known.test_cost, known.test_accuracy])
    np.savez_compressed(_PLACE, *known.network.parameters, points=points, test=test)


def trained(seed: int) -> tuple[DigitsTraining, float, float]:
    """Return a training at its end, its best share of the test named rightly, and the seconds."""
    training, test, best, seconds = Training(DigitsSettings(seed=seed)), parts().test, 0.0, 0.0
    while not training.snapshot.ended:
        began = time.perf_counter()
        training.advance()
        seconds += time.perf_counter() - began
        if training.snapshot.points[-1].epoch % 1 == 0:
            network = training.snapshot.network
            best = max(best, accuracy(network, test.images, test.labels))
    return training.snapshot, best, seconds


if __name__ == "__main__":
    main()
