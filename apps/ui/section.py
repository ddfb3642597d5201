"""The frame of any experiment on the page: form, run, live picture, Stop, notice, exports, code.

Everything that an experiment does not say itself is here, once. Callbacks return or yield a `View`:
which components change, and how. What is not named stays.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import gradio as gr
from markupsafe import Markup

from apps.ui.address import follow_in_address
from apps.ui.background import Background
from apps.ui.events import QUIET, Stops, view_script
from apps.ui.file_buttons import FileButtons
from apps.ui.form import Component, Form
from apps.ui.in_turn import taking_turns
from apps.ui.made_of import made_of
from apps.ui.notice import render_hint, render_outcome
from apps.ui.picture import Picture
from apps.ui.rail import Rail, read_choice
from apps.ui.sliders import at_an_end, beyond_an_end
from playground.errors import PlaygroundError
from playground.experiments.experiment import Experiment, Needs, Opens
from playground.experiments.performing import perform
from playground.experiments.result import Result
from playground.experiments.run import NOTHING_DONE, Stopped
from playground.experiments.settings import Settings
from playground.experiments.shipped import find_shipped
from playground.models.engines.manager import ModelChoice
from playground.models.engines.precision import Precision
from playground.serving import Pool

REDRAW_SECONDS = 0.25

View = dict[Any, Any]


class Section:
    """One experiment on the page; laid out where it is made.

    Parameters
    ----------
    experiment : Experiment
        Which.
    pool : Pool
        Lends the model.
    rail : Rail
        Says which model, and holds the settings that are shared.
    """

    # What the page's script does to the values of the inputs before the server gets them.
    script: str | None = None

    def __init__(self, experiment: Experiment, pool: Pool, rail: Rail) -> None:
        self.experiment = experiment
        self._pool = pool
        self._rail = rail
        self._stops = Stops()
        self._id = experiment.path.replace("/", "-")
        lead = Markup('<h2 class="unseen">{}</h2><p class="lead">{}</p>{}').format(
            experiment.title, experiment.idea, experiment.intro
        )
        self._intro = gr.HTML(str(lead), js_on_load=view_script(""))
        self.form = Form(experiment)
        with gr.Row(elem_classes="lab-actions") as self._actions:
            self._run = gr.Button(
                experiment.action or "Export",
                variant="secondary" if experiment.live else "primary",
                size="sm" if experiment.live else "lg",
                elem_id=f"run-{self._id}",
            )
            self._stop = gr.Button("Stop", elem_id=f"stop-{self._id}", visible=False)
            self._offers = FileButtons(experiment)
        self._files = self._offers.buttons
        self.notice = gr.HTML("", elem_id=f"notice-{self._id}", js_on_load=view_script(""))
        self._picture = Picture(experiment)
        self._view, self._code = self._picture.view, self._picture.code
        self._clicked_in = [self._view, *([self._intro] if experiment.intro else [])]

    def wire(self) -> None:
        """Connect the components."""
        if self.experiment.live:
            self._wire_live()
        else:
            self._wire_run()
        gr.on(
            [each.select for each in self._clicked_in],
            self._on_select,
            self.inputs,
            [self.notice, *self.form.fields.values()],
            queue=False,
            **self._quiet,
        )
        self._wire_restarts()
        follow_in_address(self.experiment, self.linked)

    def _wire_restarts(self) -> None:
        """Let a person who writes come back to the first page; the server is not asked."""
        prompt, firsts = self.form.prompt, self.form.goes_along
        if prompt is None or not firsts:
            return
        told = f"{json.dumps(list(firsts.values()))}, {json.dumps(self.form.examples)}"
        path = self.experiment.path
        restart = f"(...values) => playgroundRestart('{path}', values, {told})"
        # Not `input`: Gradio's text field is silent about what is pasted.
        prompt.change(None, [prompt, *firsts], list(firsts), js=restart, **QUIET)

    @property
    def _quiet(self) -> dict[str, Any]:
        """How its events are sent."""
        return {**QUIET, "js": self.script}

    def _wire_live(self) -> None:
        """Redraw at every change; the button writes files."""
        sliders, fields = [*self.form.sliders.values()], self.form.fields.values()
        newest = {**self._quiet, "queue": False, "trigger_mode": "always_last"}
        changed = [each.change for each in fields if each not in sliders]
        gr.on(changed, self._on_change, self.inputs, self.drawn, **newest)
        if moved := [each.change for each in sliders]:
            # The page puts a number that was typed out of range back at once, and only the event
            # wired first still sees it: the sentence comes before the redraw.
            typed = {**newest, "trigger_mode": "multiple"}
            gr.on(moved, self._on_typed, self.inputs, self.notice, **typed)
            gr.on(moved, self._on_move, self.inputs, self.drawn, **newest)
        files = [self.notice, *self._files]
        self._run.click(self._on_export, self.inputs, files, **self._quiet)

    def _wire_run(self) -> None:
        """Run when the button says so, or a click in the picture; stop when asked."""
        outputs, quiet = self._outputs(), {"concurrency_limit": None, **self._quiet}
        begun = [self._run.click, *self.form.entered]
        gr.on(begun, self._on_run, self.inputs, outputs, **quiet)
        self._stop.click(self._stops.stop, queue=False, **QUIET)
        clicked, fields = [each.submit for each in self._clicked_in], self.form.fields.values()
        gr.on(clicked, self._on_submit, self.inputs, [*outputs, *fields], **quiet)

    @property
    def inputs(self) -> set[Component]:
        """The components that its events read."""
        shared = (self._rail.fields[name] for name in self.form.shared)
        nothing = self.experiment.needs is Needs.NOTHING
        return {*self.form.fields.values(), *(shared if nothing else self._rail.components)}

    def _outputs(self) -> list[Component]:
        """Return what a run changes."""
        return [*self.drawn, self._run, self._stop, *self._files]

    @property
    def linked(self) -> dict[str, Component]:
        """The components whose values the address holds: the form's own, then those beside it."""
        beside = (*self.form.shared, *self.experiment.chosen)
        return {**self.form.fields, **{name: self._rail.fields[name] for name in beside}}

    @property
    def counting(self) -> tuple[str, ...]:
        """The run settings that have a part in it, by name; the page shows no others beside it."""
        return (*self.form.shared, *self.experiment.chosen)

    def open(self, data: Mapping[Component, Any], shown: bool = False) -> View:
        """Return what stands there when the lab is opened.

        Parameters
        ----------
        data : mapping of Component to object
            What form and run settings say.
        shown : bool
            Whether a picture stands there already, or is on its way: it stays, but for a live one.
        """
        if self.experiment.live:
            return self._on_change(dict(data))
        if shown:
            return {self.notice: gr.skip()}  # Gradio takes an empty view for a missing one
        try:
            if self._runs_at_once(self._asked(data)[1]):
                return self._picture.running()
            return self._shipped(data)
        except PlaygroundError:  # it is told when the button is pressed
            return self._picture.waiting()

    def _runs_at_once(self, choice: ModelChoice) -> bool:
        """Tell whether it runs as soon as it is opened: nothing is loaded or fetched for that."""
        if self.experiment.opens is not Opens.RUNNING:
            return False
        nothing = self.experiment.needs is Needs.NOTHING
        return nothing or self._pool.model(choice) is not None

    def _shipped(self, data: Mapping[Component, Any]) -> View:
        """Return the result that ships, where the form says the same; a text may have travelled."""
        shipped = find_shipped(self.experiment)
        said = self.form.read(data, self._rail.read(data, self.form.shared))
        if shipped is None or not self.form.same(said, shipped.settings):
            return self._picture.waiting()
        made = self._made_of(shipped.settings, shipped.choice, data)
        return self._picture.of_shipped(shipped, made)

    def _made_of(
        self, settings: Settings, choice: ModelChoice, data: Mapping[Component, Any]
    ) -> dict[str, Any]:
        return made_of(self.linked, settings, choice, data)

    def _draw(self, result: Result, choice: ModelChoice, data: Mapping[Component, Any]) -> View:
        """Return a result as it stands there; `data` is what form and run settings said."""
        return self._picture.of(result, choice, self._made_of(result.settings, choice, data))

    @property
    def drawn(self) -> list[Component]:
        """The components that `open` changes."""
        files = self._files if self.experiment.live else []
        return [self.notice, self._view, self._code, *files]

    @property
    def followed(self) -> list[Component]:
        """The components beside the lab whose changes are drawn at once."""
        if not self.experiment.live:
            return []
        model = [] if self.experiment.needs is Needs.NOTHING else [self._rail.model]
        return [*model, *(self._rail.fields[name] for name in self.form.shared)]

    def _asked(self, data: Mapping[Component, Any]) -> tuple[Settings, ModelChoice]:
        settings = self.form.read(data, self._rail.read(data, self.form.shared))
        if self.experiment.needs is Needs.NOTHING:  # and so no model need be chosen
            return settings, ModelChoice(self._rail.start, Precision.FP32)
        return settings, read_choice(self._rail.read(data))

    def _on_change(self, data: dict[Component, Any]) -> View:
        try:
            settings, choice = self._asked(data)
            result = self._last(settings, choice)
        except PlaygroundError as error:
            return {self.notice: self.form.told(error)}
        return {self.notice: "", **self._draw(result, choice, data), **self._offers.none()}

    def _on_typed(self, data: dict[Component, Any]) -> Any:
        """Say when a number breaks its rule."""
        try:
            settings, choice = self._asked(data)
            if beyond_an_end(self.form.sliders, settings):
                self._last(settings, choice)  # the rule may be the model's
        except PlaygroundError as error:
            return self.form.told(error)
        return gr.skip()

    def _on_move(self, data: dict[Component, Any]) -> View:
        """Redraw; a sentence about a number that was put back stays until another is moved to."""
        drawn = self._on_change(data)
        if self._view in drawn and at_an_end(self.form.sliders.values(), data):
            drawn[self.notice] = gr.skip()
        return drawn

    def _last(self, settings: Settings, choice: ModelChoice) -> Result:
        *_, last = perform(self.experiment, settings, self._pool, choice)
        return last

    def _on_export(self, data: dict[Component, Any]) -> View:
        try:
            return self._offers.of(self._last(*self._asked(data)))
        except PlaygroundError as error:
            return {self.notice: self.form.told(error)}

    def _on_run(self, data: dict[Component, Any], request: gr.Request) -> Iterator[View]:
        try:
            settings, choice = self._asked(data)
        except PlaygroundError as error:
            yield {self.notice: self.form.told(error)}
            return
        yield from self._watch(settings, choice, data, request)

    def _watch(
        self, settings: Settings, choice: ModelChoice, data: View, request: gr.Request
    ) -> Iterator[View]:
        """Run in sight; what stood there stays until there is something to draw."""
        nothing = self.experiment.needs is Needs.NOTHING
        begun = render_hint("Running…" if nothing else "Taking the model…")
        yield {self.notice: begun, **self._buttons(running=True)}
        found: list[Result] = []  # the newest alone
        with self._stops.running(request) as stopped:

            def work() -> None:
                with taking_turns(self.experiment.needs, stopped.is_set) as asked:
                    for result in perform(self.experiment, settings, self._pool, choice, asked):
                        found[:] = [result]

            working, drawn = Background(work), None
            while not working.finished(REDRAW_SECONDS):
                if found and found[0] is not drawn:
                    drawn = found[0]
                    words = drawn.snapshot.progress.words
                    yield {
                        self.notice: render_hint(words) if words else "",
                        **self._draw(drawn, choice, data),
                        **self._offers.none(),
                    }
        last = found[0] if found else None
        # What stands there is not drawn again: somebody may be pointing at it.
        stands = self._draw(last, choice, data) if last and last is not drawn else {}
        yield {**self._buttons(running=False), **stands, **self._outcome(working.error, last)}

    def _outcome(self, error: PlaygroundError | None, last: Result | None) -> View:
        """Return what a run came to; one that was stopped before its first step has no files."""
        if isinstance(error, Stopped) and not (last and last.snapshot.progress.begun):
            files = self._offers.none() if last else {}
            return {self.notice: render_outcome(Stopped(NOTHING_DONE)), **files}
        return {self.notice: self.form.told(error), **(self._ended(last) if last else {})}

    def _buttons(self, running: bool) -> View:
        return {
            self._run: gr.update(visible=not running),
            self._stop: gr.update(visible=running),
        }

    def _ended(self, result: Result) -> View:
        """Return what an end brings besides the picture; a section that keeps more adds it."""
        return self._offers.of(result)

    def _on_select(self, data: dict[Component, Any], event: gr.EventData) -> View:
        """Set what a click in the picture says; for a live one the change then redraws it."""
        try:
            return self._set(self._clicked(data, event)[0])
        except PlaygroundError as error:
            return {self.notice: self.form.told(error)}

    def _on_submit(
        self, data: dict[Component, Any], request: gr.Request, event: gr.EventData
    ) -> Iterator[View]:
        """Set what a click says, and run with it."""
        try:
            settings, choice = self._clicked(data, event)
        except PlaygroundError as error:
            yield {self.notice: self.form.told(error)}
            return
        yield self._set(settings)
        said = {**data, **self.form.values(settings)}
        yield from self._watch(settings, choice, said, request)

    def _set(self, settings: Settings) -> View:
        """Return what the form shows after a click."""
        return self.form.values(settings)

    def _clicked(
        self, data: Mapping[Component, Any], event: gr.EventData
    ) -> tuple[Settings, ModelChoice]:
        """Return the settings with what a click changes; the rest of the form need not be good."""
        given = dict(event._data or {})  # what the page's `trigger` handed over
        known = {field: given[name] for name, field in self.form.fields.items() if name in given}
        return self._asked({**data, **known})
