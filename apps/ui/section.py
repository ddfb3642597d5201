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
from apps.ui.code import COPYING, render_code
from apps.ui.events import QUIET, Stops, view_script
from apps.ui.exports import save_export
from apps.ui.form import Component, Form
from apps.ui.notice import render_error, render_hint, render_outcome, render_refused
from apps.ui.rail import Rail, read_choice
from apps.ui.sliders import at_an_end, beyond_an_end
from playground.drawing.markup import tag
from playground.errors import PlaygroundError
from playground.experiments.experiment import Experiment, Needs
from playground.experiments.performing import perform
from playground.experiments.result import Result
from playground.experiments.run import NOTHING_DONE, Stopped
from playground.experiments.settings import Settings
from playground.models.engines.manager import ModelChoice
from playground.models.engines.precision import Precision
from playground.serving import Pool
from playground.strict_json import write_strict

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
        lead = Markup('<p class="lead">{}</p>{}').format(experiment.idea, experiment.intro)
        self._intro = gr.HTML(str(lead), js_on_load=view_script(""))
        self.form = Form(experiment)
        with gr.Row(elem_classes="lab-actions") as self._actions:
            words = experiment.action or "Export"
            self._run = gr.Button(
                words,
                variant="secondary" if experiment.live else "primary",
                size="sm" if experiment.live else "lg",
                elem_id=f"run-{self._id}",
            )
            self._stop = gr.Button("Stop", elem_id=f"stop-{self._id}", visible=False)
            self._files = [self._button(name) for name in self._file_names()]
        self.notice = gr.HTML("", elem_id=f"notice-{self._id}", js_on_load=view_script(""))
        self._view = gr.HTML(
            str(tag("p", experiment.empty, class_="hint")),
            elem_id=f"view-{self._id}",
            js_on_load=view_script(experiment.path),
        )
        self._code = gr.HTML("", elem_id=f"code-{self._id}", js_on_load=COPYING)

    def _file_names(self) -> tuple[str, ...]:
        name = self.experiment.name
        return (*self.experiment.tables, f"{name}.json", f"{name}.html")

    def _button(self, name: str) -> gr.DownloadButton:
        ending = name.rpartition(".")[2]
        return gr.DownloadButton(
            f"Export {ending.upper()}",
            size="sm",
            visible=False,
            min_width=96,
            elem_id=f"{self._id}-{ending}",
        )

    def wire(self) -> None:
        """Connect the components."""
        if self.experiment.live:
            self._wire_live()
        else:
            self._wire_run()
        gr.on(
            [self._intro.select, self._view.select],
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
        prompt, firsts = self.form.prompt, self.form.restarts
        if prompt is None or not firsts:
            return
        defaults = json.dumps(list(firsts.values()))
        path = self.experiment.path
        restart = f"(...values) => playgroundRestart('{path}', values, {defaults})"
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
        clicked, fields = [self._intro.submit, self._view.submit], self.form.fields.values()
        gr.on(clicked, self._on_submit, self.inputs, [*outputs, *fields], **quiet)

    @property
    def inputs(self) -> set[Component]:
        """The components that its events read."""
        return {*self.form.fields.values(), *self._rail.components}

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

    def open(self, data: Mapping[Component, Any]) -> View:
        """Return what stands there when the lab is opened: a live picture, or how it begins."""
        if self.experiment.live:
            return self._on_change(dict(data))
        return {self.notice: gr.skip()}  # Gradio takes an empty view for a missing one

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
        rail = self._rail.read(data)
        settings = self.form.read(data, rail)
        if self.experiment.needs is Needs.NOTHING:  # and so no model need be chosen
            return settings, ModelChoice(self._rail.start, Precision.FP32)
        return settings, read_choice(rail)

    def _on_change(self, data: dict[Component, Any]) -> View:
        try:
            settings, choice = self._asked(data)
            result = self._last(settings, choice)
        except PlaygroundError as error:
            return {self.notice: render_refused(error)}
        code = render_code(self.experiment, settings, choice)
        return {
            self.notice: "",
            self._view: str(result.framed()),
            self._code: code,
            **self._no_files(),
        }

    def _no_files(self) -> View:
        """Take the files away that hold something else than what stands there."""
        return {button: gr.update(visible=False) for button in self._files}

    def _on_typed(self, data: dict[Component, Any]) -> Any:
        """Say when a number breaks its rule."""
        try:
            settings, choice = self._asked(data)
            if beyond_an_end(self.form.sliders, settings):
                self._last(settings, choice)  # the rule may be the model's
        except PlaygroundError as error:
            return render_error(error)
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
            return self._exported(self._last(*self._asked(data)))
        except PlaygroundError as error:
            return {self.notice: render_error(error)}

    def _on_run(self, data: dict[Component, Any], request: gr.Request) -> Iterator[View]:
        try:
            settings, choice = self._asked(data)
        except PlaygroundError as error:
            yield {self.notice: render_refused(error)}
            return
        yield from self._watch(settings, choice, request)

    def _watch(
        self, settings: Settings, choice: ModelChoice, request: gr.Request
    ) -> Iterator[View]:
        """Run in sight; what stood there stays until there is something to draw."""
        nothing = self.experiment.needs is Needs.NOTHING
        begun = render_hint("Running…" if nothing else "Taking the model…")
        yield {self.notice: begun, **self._buttons(running=True)}
        code = render_code(self.experiment, settings, choice)
        found: list[Result] = []  # the newest alone
        with self._stops.running(request) as stopped:

            def work() -> None:
                for result in perform(
                    self.experiment, settings, self._pool, choice, stopped.is_set
                ):
                    found[:] = [result]

            working, drawn = Background(work), None
            while not working.finished(REDRAW_SECONDS):
                if found and found[0] is not drawn:
                    drawn = found[0]
                    words = drawn.snapshot.progress.words
                    yield {
                        self.notice: render_hint(words) if words else "",
                        self._view: str(drawn.framed()),
                        self._code: code,
                        **self._no_files(),
                    }
        last = found[0] if found else None
        yield {**self._buttons(running=False), **self._outcome(working.error, last, code)}

    def _outcome(self, error: PlaygroundError | None, last: Result | None, code: str) -> View:
        """Return what a run came to; one that was stopped before its first step has no files."""
        if isinstance(error, Stopped) and not (last and last.snapshot.progress.begun):
            error = Stopped(NOTHING_DONE)
        elif last:
            return {self.notice: render_outcome(error), self._code: code, **self._ended(last)}
        if last is None:
            return {self.notice: render_outcome(error, before=True)}
        drawn = {self._view: str(last.framed()), self._code: code}
        return {self.notice: render_outcome(error), **drawn, **self._no_files()}

    def _buttons(self, running: bool) -> View:
        return {
            self._run: gr.update(visible=not running),
            self._stop: gr.update(visible=running),
        }

    def _ended(self, result: Result) -> View:
        """Return what stands there at the end; a section that keeps more adds it."""
        return {self._view: str(result.framed()), **self._exported(result)}

    def _exported(self, result: Result) -> View:
        files = {
            **{name: write(result.snapshot) for name, write in self.experiment.tables.items()},
            f"{self.experiment.name}.json": write_strict(
                result.to_json(), ensure_ascii=False, indent=1
            ),
            f"{self.experiment.name}.html": result.to_html(),
        }
        return {
            button: gr.update(visible=True, value=save_export(name, files[name]))
            for button, name in zip(self._files, self._file_names(), strict=True)
        }

    def _on_select(self, data: dict[Component, Any], event: gr.EventData) -> View:
        """Set what a click in the picture says; for a live one the change then redraws it."""
        try:
            return self._set(self._clicked(data, event)[0])
        except PlaygroundError as error:
            return {self.notice: render_error(error)}

    def _on_submit(
        self, data: dict[Component, Any], request: gr.Request, event: gr.EventData
    ) -> Iterator[View]:
        """Set what a click says, and run with it."""
        try:
            settings, choice = self._clicked(data, event)
        except PlaygroundError as error:
            yield {self.notice: render_refused(error)}
            return
        yield self._set(settings)
        yield from self._watch(settings, choice, request)

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
