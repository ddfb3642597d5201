"""Run every experiment that has a button on its example, and keep the pictures that ship.

After a change of an experiment's settings, its function or its view::

    python benchmarks/shipped_results.py [LAB/EXPERIMENT ...]

A lab shows them when it is opened, until somebody presses Run; each says where and when it ran.
"""

from __future__ import annotations

import argparse
import re
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import psutil
from machine import processor

from playground.errors import PlaygroundError
from playground.experiments.experiment import Experiment
from playground.experiments.performing import perform
from playground.experiments.result import Result
from playground.experiments.shipped import FOLDER, file_name, opening_settings, record, ships
from playground.labs import experiments
from playground.models.acquire.catalog import load_catalog
from playground.models.engines.manager import ModelChoice
from playground.models.engines.precision import Precision
from playground.serving import Pool
from playground.settings import Settings
from playground.strict_json import write_strict

_PLACE = Path(__file__).parents[1] / "playground" / "data" / FOLDER


def main() -> None:
    """Run what is named, or all, and say how long each took and how large its file is."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    known = {each.path: each for each in experiments().values() if ships(each)}
    parser.add_argument("paths", nargs="*", metavar="LAB/EXPERIMENT", help="all, if none is named")
    paths = parser.parse_args().paths or list(known)
    if unknown := [path for path in paths if path not in known]:
        parser.error(f"nothing ships for {', '.join(unknown)}")
    pool = Pool(Settings.from_env())
    choice = ModelChoice(load_catalog()[0].name, Precision.FP32)
    for path in paths:
        try:
            print(f"{path}: {_keep(known[path], pool, choice)}", flush=True)
        except PlaygroundError as error:  # the others can still be had
            print(f"{path}: {error}", flush=True)
    pool.close()


def _keep(experiment: Experiment, pool: Pool, choice: ModelChoice) -> str:
    start = time.perf_counter()
    result = _last(perform(experiment, opening_settings(experiment), pool, choice))
    took = time.perf_counter() - start
    told = record(result, choice, _machine(), datetime.now(UTC).date())
    text = write_strict(told, ensure_ascii=False, indent=1) + "\n"
    (_PLACE / file_name(experiment)).write_text(text, encoding="utf-8")
    return f"{took:.1f} s, {len(text.encode()) / 1000:.0f} kB"


def _machine() -> str:
    """Return the machine in few words."""
    name = re.sub(r"\((R|TM|C)\)| CPU\b| @.*", "", processor()).strip()
    memory = psutil.virtual_memory().total / 2**30
    return f"{name}, {psutil.cpu_count(logical=True)} cores, {memory:.0f} GiB"


def _last(results: Iterable[Result]) -> Result:
    *_, last = results
    return last


if __name__ == "__main__":
    main()
