"""What every test may use: models, hypothesis profiles, and a header with the versions."""

from __future__ import annotations

import gc
import os

# Pytest imports it when an event loop that Gradio left open is collected. That can be amid
# another import, which Python 3.11 does not survive (a KeyError in its module locks).
import tracemalloc  # noqa: F401
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import hypothesis
import pytest

from playground.errors import PlaygroundError
from playground.models.acquire.catalog import load_catalog
from playground.models.acquire.fetch import ensure_model
from playground.models.acquire.store import InstalledModel
from playground.models.engines.embedder import EMBEDDER
from playground.models.engines.residents import trim_memory
from playground.settings import Settings
from tests.support.tiny_llama import save_tiny_llama

# What is compiled gives the same bits; `tests/reference/test_compiled.py` asks for it by itself,
# and no other test spends its time on importing Numba.
os.environ.setdefault("PLAYGROUND_COMPILED", "off")

SHOWN_VERSIONS = ("numpy", "torch", "transformers", "bitsandbytes", "tokenizers", "gradio")

# No deadline: the machine's other work must not fail a test. Nothing is traced to explain a
# failure: CPython 3.11 spins for ever there once numba has been imported.
PHASES = tuple(phase for phase in hypothesis.Phase if phase is not hypothesis.Phase.explain)
hypothesis.settings.register_profile("dev", max_examples=50, deadline=None, phases=PHASES)
hypothesis.settings.register_profile(
    "ci", max_examples=200, deadline=None, derandomize=True, phases=PHASES
)
hypothesis.settings.load_profile("ci" if os.environ.get("CI") else "dev")


def pytest_report_header() -> str:
    """Name the packages that decide about numbers."""
    return ", ".join(f"{name} {version(name)}" for name in SHOWN_VERSIONS)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what went wrong at a first try that a second one made good."""
    for report in terminalreporter.getreports("rerun"):
        terminalreporter.section(f"first try of {report.nodeid} ({report.when})", "-")
        terminalreporter.write_line(report.longreprtext)


@pytest.fixture(scope="module", autouse=True)
def _what_stays_is_looked_through_once() -> None:
    """Set apart what is alive before each file: libraries, half a million objects.

    Python would look through all of it at every collection, and freeing a model collects.
    """
    gc.collect()
    gc.freeze()
    trim_memory()


@pytest.fixture(scope="session", autouse=True)
def _own_list_is_left_alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep what tests check out of this person's own list of models."""
    real, person = Settings.own_models_file, Settings.from_env().own_models_file
    instead = tmp_path_factory.mktemp("own") / "own-models.json"

    def of_tests(settings: Settings) -> Path:
        path: Path = real.fget(settings)  # type: ignore[attr-defined] # it is a property
        return instead if path == person else path

    Settings.own_models_file = property(of_tests)  # type: ignore[assignment,method-assign] # for the tests' time
    yield
    Settings.own_models_file = real  # type: ignore[method-assign] # as it was


@pytest.fixture(scope="session")
def default_model() -> InstalledModel:
    """Return the default model in this person's own cache; fetched if it is not there."""
    try:
        return ensure_model(load_catalog()[0].name, Settings.from_env())
    except PlaygroundError as error:
        pytest.fail(str(error), pytrace=False)


@pytest.fixture(scope="session")
def encoder_model() -> InstalledModel:
    """Return the sentence encoder in this person's own cache; fetched if it is not there."""
    try:
        return ensure_model(EMBEDDER, Settings.from_env(), any_kind=True)
    except PlaygroundError as error:
        pytest.fail(str(error), pytrace=False)


@pytest.fixture(scope="session")
def tiny_model_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a tiny Llama with random weights; read it, do not write to it."""
    return save_tiny_llama(tmp_path_factory.mktemp("tiny-llama"))
