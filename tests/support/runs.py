"""Runs for experiments that are tried without a page."""

from __future__ import annotations

from collections.abc import Callable

from playground.experiments.run import Run
from playground.models.acquire.catalog import load_catalog
from playground.models.engines.manager import ModelChoice
from playground.models.engines.precision import Precision
from playground.serving import shared_pool


def run_until(stopped: Callable[[], bool] = lambda: False) -> Run:
    """Return a run that stops when it is told, on the default model."""
    return Run(stopped, shared_pool(), ModelChoice(load_catalog()[0].name, Precision.FP32))
