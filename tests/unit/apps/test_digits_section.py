"""The digits section: a training goes on where it was paused, and no page touches another's."""

from __future__ import annotations

import threading
import time
from collections.abc import Generator
from types import SimpleNamespace
from typing import Any, cast

import gradio as gr
import numpy as np
import pytest

from apps.chat.service import ChatService
from apps.chat.store import ConversationStore
from apps.ui.digits_section import DigitsSection, going_on, train
from apps.ui.in_turn import InTurn
from apps.ui.lab_panel import Parts
from apps.ui.rail import build_rail
from playground.labs import find_experiment
from playground.labs.neurons.digits import DigitsSettings, Training
from playground.models.engines.manager import ModelChoice
from playground.models.engines.precision import Precision
from playground.serving import Pool
from playground.settings import Settings

View = dict[Any, Any]


@pytest.fixture(scope="module")
def section(tmp_path_factory: pytest.TempPathFactory) -> DigitsSection:
    folder = tmp_path_factory.mktemp("page")
    pool = Pool(Settings(folder, folder, folder, None, True))
    with gr.Blocks():
        rail = build_rail([("none", "none")], ModelChoice("none", Precision.FP32))
        service = ChatService(pool, ConversationStore(folder))
        parts = Parts(service, pool, rail, gr.Textbox())
        made = DigitsSection(find_experiment("neurons/digits"), parts)
        made.wire()
    return made


class Somebody:
    """A page with its own session, whose state is kept between events."""

    def __init__(self, section: DigitsSection, name: str) -> None:
        self._section = section
        self._request = cast(gr.Request, SimpleNamespace(session_hash=name))
        self.values = {each: each.value for each in section.inputs}

    def set(self, **given: Any) -> None:
        self.values |= {self._section.form.fields[name]: each for name, each in given.items()}

    def run(self) -> View:
        shown: View = {}
        for view in self._section._on_run(dict(self.values), self._request):
            shown |= view
            self._take(view)
        return shown

    def step(self) -> View:
        return self._take(self._section._on_step(dict(self.values), self._request))

    @property
    def training(self) -> Training:
        return cast(Training, self.values[self._section._kept])

    def _take(self, view: View) -> View:
        if self._section._kept in view:
            self.values[self._section._kept] = view[self._section._kept]
        return view


def test_two_learners_never_touch_each_others_network(section: DigitsSection) -> None:
    one, other = Somebody(section, "one"), Somebody(section, "other")
    for each in (one, other, one, one):
        each.step()
    assert one.training.snapshot.points[-1].step == 3
    assert other.training.snapshot.points[-1].step == 1
    other.step()
    other.step()
    mine, theirs = one.training.snapshot.network, other.training.snapshot.network
    for left, right in zip(mine.parameters, theirs.parameters, strict=True):
        assert np.array_equal(left, right)


def test_train_goes_on_to_the_end_and_says_what_the_test_says(section: DigitsSection) -> None:
    somebody = Somebody(section, "somebody")
    somebody.set(example=7)  # before anything was trained: the training that ships
    shown = section._on_example(dict(somebody.values), somebody._request)[section._view]
    assert "Digit 7 is a" in shown
    assert "shipped result of" in shown
    somebody.set(epochs=1, batch_size=200, example=1)
    somebody.step()
    begun = somebody.training
    view = somebody.run()
    assert somebody.training is begun
    assert begun.snapshot.points[-1].step == 40
    assert "The test: " in view[section._view]
    assert section.notice in view
    somebody.set(epochs=2)  # more of the same
    somebody.run()
    assert somebody.training is begun
    assert begun.snapshot.points[-1].step == 80
    somebody.set(example=7)
    view = section._on_example(dict(somebody.values), somebody._request)
    assert "The digit at hand" in view[section._view]
    assert begun.snapshot.settings.example == 7


def test_a_paused_training_stands_where_it_was() -> None:
    training = Training(DigitsSettings(batch_size=100))
    asked = iter([False, False, True])
    train(training, lambda: next(asked))
    assert training.snapshot.points[-1].step == 16
    assert going_on(training, DigitsSettings(batch_size=100, epochs=5)) is training
    assert going_on(training, DigitsSettings(batch_size=100, seed=1)) is not training
    assert going_on(training, DigitsSettings(batch_size=50)) is not training


def test_a_run_waits_before_each_step_until_all_others_have_had_one() -> None:
    turns, order = InTurn(), []

    def learn(name: str) -> None:
        with turns.steps(lambda: len(order) >= 8) as stopped:
            while not stopped():
                order.append(name)

    others = [threading.Thread(target=learn, args=(name,)) for name in ("one", "two", "three")]
    with turns.steps(lambda: False) as stopped:
        stopped()  # whoever has not asked yet keeps nobody waiting
        for place, each in enumerate(others, start=1):
            each.start()
            while len(turns._waiting) < place:
                time.sleep(0.001)
        stopped()
        order.append("first")
    for each in others:
        each.join()
    assert order == ["one", "two", "three", "first", "one", "two", "three", "one"]
    learn("alone")  # it does not wait for anybody who is gone


def test_leaving_the_page_stops_the_training(section: DigitsSection) -> None:
    somebody = Somebody(section, "leaving")
    running = cast(
        Generator[View, None, None], section._on_run(dict(somebody.values), somebody._request)
    )
    training = next(running)[section._kept]
    next(running)
    running.close()  # as Gradio does once the page is gone
    time.sleep(0.3)  # what was being computed ends
    stands = training.snapshot
    assert not stands.ended
    time.sleep(0.3)
    assert training.snapshot is stands
    assert not section._stops.busy(somebody._request)


def test_a_rate_of_0_gets_its_sentence_and_no_network(section: DigitsSection) -> None:
    somebody = Somebody(section, "zero")
    somebody.set(learning_rate=0)
    assert "“Learning rate” must be" in str(somebody.step()[section.notice])
    assert somebody.training is None


def test_a_drawing_is_read_by_the_pages_own_network_once_it_has_learned(
    section: DigitsSection,
) -> None:
    greys = [255 * (24 <= place % 56 < 30 and 8 <= place // 56 < 48) for place in range(56**2)]
    event = cast(gr.EventData, SimpleNamespace(_data={"greys": greys}))
    assert "the network that ships" in section._on_draw(None, event)
    somebody = Somebody(section, "drawing")
    somebody.step()
    assert "your network, after 1 step;" in section._on_draw(somebody.training, event)
    nothing = cast(gr.EventData, SimpleNamespace(_data=None))
    assert "A drawing is a square" in section._on_draw(None, nothing)
