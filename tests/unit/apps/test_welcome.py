"""The offer of a better model below the examples: fetched in sight, cancelled, refused, chosen."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import gradio as gr
import pytest

from apps.ui import fetching
from apps.ui.model_choices import model_choices
from apps.ui.rail import build_rail
from apps.ui.welcome import Welcome
from playground.errors import FetchCancelled, FetchFailed
from playground.models.acquire.catalog import find_entry
from playground.models.acquire.fetch import FetchProgress
from playground.models.engines.manager import ModelChoice
from playground.models.engines.memory import LoadPlan
from playground.models.engines.precision import Precision
from playground.serving import Pool
from playground.settings import Settings
from tests.support.markup import seen

START = ModelChoice("smollm2-135m-instruct", Precision.FP32)
BETTER = find_entry(find_entry(START.reference).better[0])
SOMEBODY = SimpleNamespace(session_hash="a")
Ensure = Callable[[Any, Any], None]


@pytest.fixture
def pool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Pool:
    pool = Pool(replace(Settings.from_env({"PLAYGROUND_HOME": str(tmp_path)}), offline=False))
    monkeypatch.setattr(pool, "room_for", lambda needed: LoadPlan(needed, 0, (), 10**9, False))
    return pool


@pytest.fixture
def welcome(pool: Pool) -> Iterator[Welcome]:
    with gr.Blocks():
        rail = build_rail(model_choices(pool.settings, START.reference), START)
        welcome = Welcome(pool, rail)
        welcome.wire()
        yield welcome


def press(welcome: Welcome, action: str) -> Iterator[dict[Any, Any]]:
    data = {component: component.value for component in welcome._rail.components}
    event: Any = SimpleNamespace(_data={"action": action})
    return welcome._on_press(data, event, SOMEBODY)  # type: ignore[arg-type] # what it reads of it


def about(welcome: Welcome, view: dict[Any, Any]) -> str:
    return seen(view[welcome.about]).text


def notice(welcome: Welcome, view: dict[Any, Any]) -> str:
    return seen(view[welcome._notice]).text


def fetch_with(monkeypatch: pytest.MonkeyPatch, work: Ensure) -> list[str]:
    asked: list[str] = []

    def ensure(name: str, _settings: Settings, show: Any, cancelled: Any, **_more: Any) -> None:
        asked.append(name)
        work(show, cancelled)

    monkeypatch.setattr(fetching, "ensure_model", ensure)
    return asked


def test_the_line_and_the_offer_stand_there_at_once(welcome: Welcome) -> None:
    words = seen(str(welcome.about.value)).text
    assert "SmolLM2 135M Instruct: 135 million weights, trained on English." in words
    assert f"Fetch and use {BETTER.title}: 988 MB" in words
    assert "2.1 GB of memory (estimated)" in words


def test_one_press_fetches_it_in_sight_and_chooses_it(
    welcome: Welcome, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = threading.Event()

    def work(show: Any, _cancelled: Any) -> None:
        show(FetchProgress("downloading", 10**6, 10**7))
        assert shown.wait(10)

    asked = fetch_with(monkeypatch, work)
    views = press(welcome, "take")
    first = next(views)
    assert "downloading 1 of 10 MB" in notice(welcome, first)
    assert "Fetch and use" not in about(welcome, first), "one press is enough"
    shown.set()
    *_, last = views
    assert asked == [BETTER.name]
    assert last[welcome._rail.model]["value"] == BETTER.name
    assert not last[welcome._notice]


def test_a_fetch_is_cancelled_and_can_be_asked_for_again(
    welcome: Welcome, monkeypatch: pytest.MonkeyPatch
) -> None:
    def until_cancelled(_show: Any, cancelled: Any) -> None:
        while not cancelled():
            threading.Event().wait(0.01)
        raise FetchCancelled("The fetch was stopped.")

    fetch_with(monkeypatch, until_cancelled)
    views = press(welcome, "take")
    next(views)
    (again,) = press(welcome, "take")
    assert "The model is being fetched" in notice(welcome, again)
    assert welcome._rail.model not in next(press(welcome, "cancel"))
    *_, last = views
    assert notice(welcome, last) == "The fetch was stopped."
    assert welcome._rail.model not in last
    assert f"Fetch and use {BETTER.title}" in about(welcome, last)


def test_a_fetch_that_fails_says_why_and_the_model_stays(
    welcome: Welcome, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_show: Any, _cancelled: Any) -> None:
        raise FetchFailed("No <network>.")

    fetch_with(monkeypatch, fail)
    *_, last = press(welcome, "take")
    assert notice(welcome, last) == "No <network>."
    assert welcome._rail.model not in last


def test_what_does_not_fit_is_refused_with_a_reason_and_nothing_is_fetched(
    welcome: Welcome, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = fetch_with(monkeypatch, lambda _show, _cancelled: None)
    monkeypatch.setattr(pool, "room_for", lambda needed: LoadPlan(needed, 0, (), -needed, True))
    (last,) = press(welcome, "take")
    assert "needs about 2.1 GB of memory at FP32, and 0.0 GB can be had." in about(welcome, last)
    assert "Fetch and use" not in about(welcome, last)
    assert not asked


def test_an_own_model_is_named_and_nothing_is_offered(welcome: Welcome) -> None:
    view = welcome.view(ModelChoice("/home/anna/<b>.gguf", Precision.FP32))
    assert "<b>" not in view[welcome.about]
    assert about(welcome, view).startswith("<b>.gguf is a model of your own")
    assert "Fetch" not in about(welcome, view)
