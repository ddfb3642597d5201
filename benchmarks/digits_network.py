"""Train the network that ships, with which one can draw before anything was trained, and keep it.

It has the usual settings of the experiment `neurons/digits`. Two more seeds are trained, too; a
Markdown table says how good each becomes, and how long that takes with all that its curves need::

    python benchmarks/digits_network.py
"""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
from machine import conditions

from playground.core.network import MLP
from playground.core.training import accuracy
from playground.labs.neurons.digits import DigitsSettings, Training, parts

_PLACE = Path(__file__).parents[1] / "playground" / "data" / "digits" / "network.npz"


def main() -> None:
    """Train three seeds, write the parameters of the first, and print the table."""
    parts()  # read before the clock runs
    rows = ["| seed | best of 30 epochs | after 30 epochs | seconds |", "|---|---|---|---|"]
    for seed in range(3):
        network, best, last, seconds = trained(seed)
        rows.append(f"| {seed} | {best:.1%} | {last:.1%} | {seconds:.1f} |")
        if seed == 0:
            np.savez_compressed(_PLACE, *network.parameters)
    print("\n".join([*rows, "", conditions()]))


def trained(seed: int) -> tuple[MLP, float, float, float]:
    """Return a network, its best and its last share of the test named rightly, and the seconds."""
    training, test, best, seconds = Training(DigitsSettings(seed=seed)), parts().test, 0.0, 0.0
    while not training.snapshot.ended:
        began = time.perf_counter()
        training.advance()
        seconds += time.perf_counter() - began
        if training.snapshot.points[-1].epoch % 1 == 0:
            network = training.snapshot.network
            best = max(best, accuracy(network, test.images, test.labels))
    last = training.snapshot.test_accuracy or 0.0
    return training.snapshot.network, best, last, seconds


if __name__ == "__main__":
    main()
