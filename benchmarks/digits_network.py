"""Train the network that ships, with which one can draw before anything was trained, and keep it.

The usual settings of the experiment `neurons/digits`::

    python benchmarks/digits_network.py
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from playground.labs.neurons.digits import DigitsSettings, Training

_PLACE = Path(__file__).parents[1] / "playground" / "data" / "digits" / "network.npz"


def main() -> None:
    """Train, say how good it is, and write its parameters."""
    training = Training(DigitsSettings())
    while not training.snapshot.ended:
        training.advance()
    np.savez_compressed(_PLACE, *training.snapshot.network.parameters)
    print(f"{training.snapshot.test_accuracy:.1%} of the test named rightly, kept at {_PLACE.name}")


if __name__ == "__main__":
    main()
