"""How many everyday questions, harmless all of them, the whole rail would stop.

The questions are 3,000 of NQ-open that nothing was written from or tuned on; see
``harm_sources.py`` for the packages::

    python benchmarks/everyday.py WHEELS [--json]
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
from harm_sources import read_sources
from machine import conditions

from playground.core.resampling import bootstrap_interval
from playground.moderation.learned import shipped_classifier
from playground.moderation.rail import shipped_rail
from playground.moderation.verdict import Action
from playground.settings import Settings


def main() -> None:
    """Ask the rail about every question and print the counts."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("wheels", type=Path, help="the folder with the downloaded packages")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    result = measure(options.wheels)
    print(json.dumps(result, indent=2) if options.json else as_markdown(result))


def measure(wheels: Path) -> dict[str, Any]:
    """Return how many questions each action meets, and which stage asked for it."""
    texts = [each.text for each in read_sources(wheels) if each.split == "everyday"]
    rail = shipped_rail().asking(shipped_classifier(Settings.from_env()))
    verdicts = [rail.check(each) for each in texts]
    flagged = np.array([each.flagged for each in verdicts])
    stages = Counter(
        stage
        for verdict in verdicts
        for stage in {m.stage for m in verdict.matches if m.action is not Action.ALLOW}
    )
    return {
        "questions": len(texts),
        "actions": dict(Counter(each.action.value for each in verdicts)),
        "flagged": float(flagged.mean()),
        "interval": bootstrap_interval(np.mean, flagged),
        "stages": dict(stages),
    }


def as_markdown(result: dict[str, Any]) -> str:
    """Return the counts as a table."""
    low, high = result["interval"]
    counts = [f"| {name} | {count:,} |" for name, count in result["actions"].items()]
    stages = [f"| flagged by {name} | {count:,} |" for name, count in result["stages"].items()]
    share = f"{100 * result['flagged']:.2f} % ({100 * low:.2f} to {100 * high:.2f})"
    rows = [f"| of {result['questions']:,} everyday questions | |", "|---|---:|", *counts, *stages]
    return "\n".join([*rows, f"| flagged in all, 95 % interval | {share} |", "", conditions()])


if __name__ == "__main__":
    main()
