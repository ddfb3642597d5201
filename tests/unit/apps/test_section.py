"""The frame of every experiment: what stands there when a run is refused, fails or is stopped."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from html import unescape
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import gradio as gr
import pytest
from markupsafe import Markup

from apps.ui import section as module
from apps.ui.background import Background
from apps.ui.rail import build_rail
from apps.ui.section import Section, View
from playground.errors import OptionError
from playground.experiments.experiment import Experiment, Needs, Opens
from playground.experiments.result import Result, Subject
from playground.experiments.run import Progress, Run
from playground.experiments.settings import Settings, field
from playground.experiments.shipped import Shipped
from playground.models.engines.manager import ModelChoice
from playground.models.engines.precision import Precision
from playground.serving import Pool
from playground.settings import Settings as Place


class Counting(Settings):
    """How far."""

    upto: int = field(3, label="Up to", explanation="Counts so far.", ge=1, le=9)
    fails: bool = field(False, label="Fails", explanation="At once.")
    word: str = field("<b>", label="A word", explanation="Kept as it is.")


@dataclass(frozen=True)
class Counted:
    """What was counted."""

    done: int
    total: int

    @property
    def progress(self) -> Progress:
        return Progress(self.done, self.total, f"{self.done} of {self.total} counted")

    def to_json(self) -> dict[str, Any]:
        return {"done": self.done}


def count(_given: None, settings: Counting, run: Run) -> Iterator[Counted]:
    if settings.fails:
        raise OptionError("It fails.")
    yield Counted(0, settings.upto)
    for done in range(1, settings.upto + 1):
        run.check()
        yield Counted(done, settings.upto)


COUNT = Experiment(
    path="test/count",
    title="Count",
    idea="Counts.",
    settings=Counting,
    function=count,
    view=lambda counted: Markup("<p>{} counted</p>").format(counted.done),
    needs=Needs.NOTHING,
)


@pytest.fixture
def section(tmp_path: Path) -> Section:
    choice = ModelChoice("none", Precision.FP32)
    with gr.Blocks():
        rail = build_rail([("none", "none")], choice)
        made = Section(COUNT, Pool(Place(tmp_path, tmp_path, tmp_path, None, True)), rail)
        made.wire()
    return made


def run(section: Section, **settings: Any) -> list[View]:
    """Run as the button does and return what is changed on the way."""
    values = section.form.values(Counting()) | {
        section.form.fields[name]: value for name, value in settings.items()
    }
    data = {each: each.value for each in section._rail.components} | values
    return list(section._on_run(data, cast(gr.Request, SimpleNamespace(session_hash="somebody"))))


def run_last(section: Section, **settings: Any) -> View:
    """Run as the button does and return what stands there at the end."""
    shown: View = {}
    for view in run(section, **settings):
        shown |= view
    return shown


def offers_files(view: View, section: Section) -> bool:
    return any(view.get(each, {}).get("visible") for each in section._files)


def test_a_value_that_breaks_its_rule_leaves_what_stands_there(section: Section) -> None:
    view = run_last(section, upto=99)
    assert "from 1 to 9, got 99." in view[section.notice]
    assert section._view not in view


def test_a_result_that_stands_there_is_not_drawn_again_at_the_end(
    section: Section, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Late(Background):
        """Its work is over before that is noticed."""

        looks = 0

        def finished(self, seconds: float) -> bool:
            self._thread.join()
            self.looks += 1
            return self.looks > 1

    monkeypatch.setattr("apps.ui.section.Background", Late)
    views = run(section)
    assert [section._view in view for view in views] == [False, True, False]
    assert offers_files(views[-1], section)


def test_a_run_that_fails_before_it_found_anything_says_the_same(section: Section) -> None:
    view = run_last(section, fails=True)
    assert "It fails." in view[section.notice]
    assert section._view not in view


def test_what_is_stopped_before_its_first_step_offers_nothing(
    section: Section, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Run, "check", _stopped_at(1))
    view = run_last(section)
    assert "Stopped before anything was done." in view[section.notice]
    assert not offers_files(view, section)


def test_what_is_stopped_later_keeps_what_it_has(
    section: Section, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Run, "check", _stopped_at(2))
    view = run_last(section)
    assert "what was done stands below" in view[section.notice]
    assert "1 counted" in view[section._view]
    assert offers_files(view, section)


def _stopped_at(step: int) -> Any:
    """Return a `check` by which the person stops at that step."""
    steps, check = iter(range(1, step + 1)), Run.check

    def checked(run: Run) -> None:
        if next(steps) == step:
            run.stopped = lambda: True
        check(run)

    return checked


def test_an_export_says_all_it_was_asked_with_and_that_it_did_not_end() -> None:
    half = Result(COUNT, Counting(upto=4), Subject(), Counted(1, 4)).to_html()
    assert "Not finished: 1 of 4 counted" in half
    assert "<dt>A word</dt><dd>&lt;b&gt;</dd>" in half  # also what is as it usually is
    whole = Result(COUNT, Counting(upto=4), Subject(), Counted(4, 4)).to_html()
    assert "Not finished" not in whole


def said(section: Section, **settings: Any) -> View:
    """Return what form and run settings say."""
    values = {section.form.fields[name]: value for name, value in settings.items()}
    own = section.form.values(Counting())
    return {each: each.value for each in section._rail.components} | own | values


def test_a_picture_says_what_it_was_made_of_as_it_was_typed(section: Section) -> None:
    view = run_last(section, upto=4, word="  two  words ")[section._view]
    assert "“two words” · Up to 4" in view
    assert made_of(view) == {"upto": 4, "fails": False, "word": "  two  words "}
    long = run_last(section, word="é" * 500)[section._view]
    assert made_of(long)["word"] == "500 " + "é" * 100


def made_of(view: str) -> dict[str, Any]:
    (found,) = re.findall(r'data-made-of="([^"]*)"', view)
    told: dict[str, Any] = json.loads(unescape(found))
    return told


def test_what_ships_stands_there_until_something_has_run(
    section: Section, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "Press Run. " in section.open(said(section))[section._view]
    shipped = Shipped(
        Counting(),
        ModelChoice("none", Precision.FP32),
        Subject(title="Tiny"),
        "a small machine",
        date(2026, 11, 6),
        Markup("<p>3 counted</p>"),
    )
    monkeypatch.setattr(module, "find_shipped", lambda _experiment: shipped)
    view = section.open(said(section))
    assert "<p>3 counted</p>" in view[section._view]
    assert "Tiny · shipped result of 6 November 2026, a small machine" in view[section._view]
    assert "test count" in view[section._code]
    assert section._view not in section.open(said(section), shown=True)
    for other in ({"upto": 4}, {"upto": 99}):  # what is linked or restored, good or bad
        assert "Press Run. " in section.open(said(section, **other))[section._view]


def test_what_costs_nothing_runs_when_it_is_opened(
    section: Section, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(section, "experiment", replace(COUNT, opens=Opens.RUNNING))
    assert "data-press" in section.open(said(section))[section._view]
    loaded: list[object] = [None]
    monkeypatch.setattr(section._pool, "model", lambda _choice: loaded[0])
    needy = replace(COUNT, opens=Opens.RUNNING, needs=Needs.MODEL)
    monkeypatch.setattr(section, "experiment", needy)
    assert "data-press" not in section.open(said(section))[section._view]
    loaded[0] = object()
    assert "data-press" in section.open(said(section))[section._view]
