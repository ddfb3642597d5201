"""The digits network on the page: trained, paused, stepped, gone on with, and drawn for.

The generic section cannot serve: it forgets a run when it ends. This one keeps the training (100 KB
with its momentum, and the curves) with the page, so no two pages ever share a network.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, cast

import gradio as gr

from apps.ui.background import Background
from apps.ui.events import QUIET
from apps.ui.form import Component
from apps.ui.in_turn import TURNS
from apps.ui.lab_panel import Parts
from apps.ui.notice import render_hint
from apps.ui.section import Section, View
from playground.drawing.markup import tag
from playground.errors import PlaygroundError
from playground.experiments.experiment import Experiment
from playground.experiments.result import Result, Subject
from playground.experiments.shipped import find_shipped
from playground.labs.neurons.digits import DigitsSettings, Training
from playground.labs.neurons.drawn import draw_verdict
from playground.labs.neurons.shipped_training import shipped_training
from playground.models.engines.manager import ModelChoice

# A page that is left open without being touched gives its network back after so long.
KEPT_SECONDS = 3600
REDRAW_SECONDS = 0.14  # from picture to picture
# Where drawing is slow, other programs have the cores, and the browser is slower still: what it
# cannot show in time would pile up before what a person does.
REST = 4  # times as long as drawing took

_PAUSED = "Paused. Train goes on from here; Step learns from one more batch."
_UNDRAWN = "What the network sees of your drawing, and what it says, comes here while you draw."
_RENEWED = "A network that has learned nothing yet."


class DigitsSection(Section):
    """The digits network, and a field to draw in.

    Parameters
    ----------
    experiment : Experiment
        Which.
    parts : Parts
        What the page has.
    """

    def __init__(self, experiment: Experiment, parts: Parts) -> None:
        super().__init__(experiment, parts.pool, parts.rail)
        self._kept = gr.State(None, time_to_live=KEPT_SECONDS)
        self._stop.value = "Pause"
        self._stop.elem_classes = ["ends-when-left"]  # by `playgroundLeave`
        with self._actions:
            self._step = gr.Button("Step one batch", size="sm", elem_id="step-neurons-digits")
            self._renew = gr.Button("Start over", size="sm", elem_id="renew-neurons-digits")
        # `lab.css` puts it under the curves: they are what one looks at after pressing Train.
        with gr.Row(elem_id="draw-digit"):
            self._pad = gr.HTML(
                str(_pad()), elem_id="pad-digits", js_on_load="playgroundPad(element, trigger);"
            )
            undrawn = render_hint(_UNDRAWN)
            self._verdict = gr.HTML(undrawn, elem_id="verdict-digits", js_on_load=None)

    def wire(self) -> None:
        """Connect the components."""
        super().wire()
        quiet: dict[str, Any] = {**QUIET, "queue": False}
        outputs = self._outputs()
        self._step.click(self._on_step, self.inputs, outputs, **quiet)
        self._renew.click(self._on_renew, self.inputs, outputs, **quiet)
        newest = {**quiet, "trigger_mode": "always_last"}
        self.form.fields["example"].change(self._on_example, self.inputs, self.drawn, **newest)
        # All are answered: the page sends one in 120 ms at most, and what it sent last must count.
        each = {**quiet, "trigger_mode": "multiple"}
        self._pad.input(self._on_draw, self._kept, self._verdict, **each)

    @property
    def inputs(self) -> set[Component]:
        """The components that its events read: the network that is trained, too."""
        return {*super().inputs, self._kept}

    def _outputs(self) -> list[Component]:
        return [*super()._outputs(), self._step, self._renew, self._kept]

    def _buttons(self, running: bool) -> View:
        others = (self._step, self._renew)
        shown = {each: gr.update(interactive=not running) for each in others}
        return {**super()._buttons(running), **shown}

    def _on_run(self, data: dict[Component, Any], request: gr.Request) -> Iterator[View]:
        """Train until it ends or is paused; the picture follows."""
        if self._stops.busy(request):  # Enter in a field, while it trains
            yield {self.notice: gr.skip()}
            return
        try:
            settings, choice = self._asked(data)
            training = going_on(data.get(self._kept), cast(DigitsSettings, settings))
        except PlaygroundError as error:
            yield {self.notice: self.form.told(error)}
            return
        begins = {self.notice: "", self._kept: training, **self._buttons(running=True)}
        drawn = training.snapshot
        yield {**begins, **self._standing(training, choice, data), **self._offers.none()}
        with self._stops.running(request) as stopped:
            working, due = Background(lambda: train(training, stopped.is_set)), 0.0
            while not working.finished(max(due - time.monotonic(), 0)):
                began = time.monotonic()
                due = began + REDRAW_SECONDS
                if training.snapshot is not drawn:
                    drawn = training.snapshot
                    picture = self._standing(training, choice, data)[self._view]
                    due = began + max(REDRAW_SECONDS, REST * (time.monotonic() - began))
                    yield {self._view: picture}
        stands = self._standing(training, choice, data)
        paused = "" if training.snapshot.ended else render_hint(_PAUSED)
        told = self.form.told(working.error) if working.error else paused
        ends = {self.notice: told, **self._buttons(running=False)}
        yield {**stands, **self._ended(self._result(training)), **ends}

    def _on_step(self, data: dict[Component, Any], request: gr.Request) -> View:
        """Learn from one batch."""
        return self._once(data, request, _stepped)

    def _on_renew(self, data: dict[Component, Any], request: gr.Request) -> View:
        """Forget what was learned."""
        return self._once(data, request, lambda _kept, settings: (Training(settings), _RENEWED))

    def _once(
        self,
        data: dict[Component, Any],
        request: gr.Request,
        work: Callable[[Training | None, DigitsSettings], tuple[Training, str]],
    ) -> View:
        """Do what takes no time, unless the network is being trained."""
        if self._stops.busy(request):
            return {self.notice: gr.skip()}
        try:
            settings, choice = self._asked(data)
            training, told = work(data[self._kept], cast(DigitsSettings, settings))
        except PlaygroundError as error:
            return {self.notice: self.form.told(error)}
        stands = self._standing(training, choice, data)
        files = self._ended(self._result(training))
        return {**stands, **files, self._kept: training, self.notice: render_hint(told)}

    def _on_example(self, data: dict[Component, Any], request: gr.Request) -> View:
        """Show the network that stands there another digit; what its recipe was is not asked."""
        try:
            settings, choice = self._asked(data)
        except PlaygroundError as error:
            return {self.notice: self.form.told(error)}
        training: Training | None = data[self._kept]
        if training is None:
            return self._shipped(data)
        example = cast(DigitsSettings, settings).example
        training.look_at(training.snapshot.settings.model_copy(update={"example": example}))
        if self._stops.busy(request):  # who trains it draws it, too
            return {self.notice: gr.skip()}
        return {self.notice: "", **self._standing(training, choice, data)}

    def _shipped(self, data: Mapping[Component, Any]) -> View:
        """Return the training that ships, at the digit that is asked for."""
        shipped, asked = find_shipped(self.experiment), cast(DigitsSettings, self._asked(data)[0])
        usual = asked.model_copy(update={"example": shipped_training().settings.example})
        if shipped is None or usual != shipped_training().settings:
            return self._picture.waiting()
        known = dataclasses.replace(shipped_training(), settings=asked)
        picture = Result(self.experiment, asked, shipped.subject, known).framed()
        at_hand = dataclasses.replace(shipped, settings=asked, picture=picture)
        return self._picture.of_shipped(at_hand, self._made_of(asked, shipped.choice, data))

    def _on_draw(self, training: Training | None, event: gr.EventData) -> Any:
        """Say what the network makes of a drawing: the page's own, or the one that ships."""
        given = dict(event._data or {}).get("greys")
        own = training.snapshot if training else None
        step = own.points[-1].step if own else 0
        try:
            return str(draw_verdict(given, own.network if own and step else None, step))
        except PlaygroundError as error:
            return render_hint(str(error))

    def _standing(
        self, training: Training, choice: ModelChoice, data: Mapping[Component, Any]
    ) -> View:
        return self._draw(self._result(training), choice, data)

    def _result(self, training: Training) -> Result:
        known = training.snapshot
        return Result(self.experiment, known.settings, Subject(), known)


def going_on(kept: Training | None, settings: DigitsSettings) -> Training:
    """Return the training that stands there, where it can go on with these settings, or a new one.

    Parameters
    ----------
    kept : Training or None
        What stands there.
    settings : DigitsSettings
        What is asked for now.
    """
    if kept is None or kept.snapshot.settings.recipe != settings.recipe:
        return Training(settings)
    kept.look_at(settings)
    return Training(settings) if kept.snapshot.ended else kept


def train(training: Training, stopped: Callable[[], bool]) -> None:
    """Train until it ends or is stopped, a tenth of an epoch after everybody else's step."""
    with TURNS.steps(stopped) as asked:
        while not (asked() or training.snapshot.ended):
            training.advance()


def _stepped(kept: Training | None, settings: DigitsSettings) -> tuple[Training, str]:
    training = going_on(kept, settings)
    training.step()
    last = training.snapshot.points[-1]
    return training, f"Step {last.step:,}: one batch of {settings.batch_size:,}."


def _pad() -> Any:
    words = "Draw a digit with mouse or finger; it is read as you draw."
    return tag(
        "div",
        tag("h3", "Draw a digit"),
        tag("p", words + " Without either, choose a digit at hand.", class_="hint"),
        tag("canvas", width=280, height=280, role="img", aria_label=f"Field to draw in. {words}"),
        tag("button", "Clear", type="button", data_clear=True),
        class_="pad",
    )
