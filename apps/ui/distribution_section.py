"""The slider lab on the page: the model runs when Read is pressed, the sliders redo arithmetic.

The generic section cannot serve: it runs the whole experiment at each change. This one keeps the
scores of the prompt that was read (about 200 KB) with the page, and redraws from them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, cast

import gradio as gr

from apps.ui.events import QUIET
from apps.ui.form import Component
from apps.ui.lab_panel import Parts
from apps.ui.notice import render_hint
from apps.ui.section import Section, View
from playground.errors import PlaygroundError
from playground.experiments.experiment import Experiment
from playground.experiments.result import Result
from playground.experiments.settings import Settings
from playground.labs.temperature.distribution import (
    Continued,
    DistributionSettings,
    Look,
    look,
)

# A page that is left open without being touched gives its scores back after so long.
KEPT_SECONDS = 3600
_UNREAD = "Press Read first; then the bars move."
_CHAT = "It will be asked as a chat message, through the model's template."


class DistributionSection(Section):
    """The distribution under one's fingers.

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
        with self._actions:
            self._export = gr.Button("Export", size="sm", visible=False, min_width=96)
        self.form.fields["amount"].visible = False

    def wire(self) -> None:
        """Connect the components."""
        super().wire()
        fields, inputs = self.form.fields, self.inputs
        gr.on(
            [each.change for each in fields.values()],
            self._on_slide,
            inputs,
            self.drawn,
            queue=False,
            trigger_mode="always_last",
            **QUIET,
        )
        self._export.click(
            self._on_kept_export,
            inputs,
            [self.notice, self._export, *self._files],
            queue=False,
            **QUIET,
        )
        fields["way"].change(
            lambda way: gr.update(visible=way == "bias"),
            fields["way"],
            fields["amount"],
            queue=False,
            trigger_mode="multiple",
            **QUIET,
        )

    @property
    def followed(self) -> list[Component]:
        """The run settings that move the bars, and the model that was read."""
        return [self._rail.fields[name] for name in self.counting]

    @property
    def drawn(self) -> list[Component]:
        """What a move changes."""
        return [*super().drawn, self._export, *self._files]

    def open(self, data: Mapping[Component, Any], shown: bool = False) -> View:
        """Redraw what was read: the run settings may have been moved elsewhere."""
        return self._on_slide(dict(data)) if data.get(self._kept) else super().open(data, shown)

    @property
    def inputs(self) -> set[Component]:
        """The components that its events read: what was read, too."""
        return {*super().inputs, self._kept}

    def _outputs(self) -> list[Component]:
        return list(dict.fromkeys([*super()._outputs(), self._kept]))

    def _on_submit(
        self, data: dict[Component, Any], request: gr.Request, event: gr.EventData
    ) -> Iterator[View]:
        """Read with what a click adds; the form says so when the new bars stand there.

        Said before, its change would redraw the former bars over the new ones.
        """
        try:
            settings, choice = self._clicked(data, event)
        except PlaygroundError as error:
            yield {self.notice: self.form.told(error)}
            return
        said = {**data, **self.form.values(settings)}
        shown: View = {}
        for view in self._watch(settings, choice, said, request):
            shown |= view
        yield {**shown, **(self._set(settings) if self._kept in shown else {})}

    def _ended(self, result: Result) -> View:
        """Keep what was read, besides what every section does at the end."""
        return {
            **super()._ended(result),
            self._kept: result,
            self._export: gr.update(visible=False),
        }

    def _on_slide(self, data: dict[Component, Any]) -> View:
        """Redraw from the scores at hand."""
        kept: Result | None = data.get(self._kept)
        if kept is None:
            return {self.notice: render_hint(f"{_UNREAD} {self._asked_how(data)}".strip())}
        try:
            settings, choice = self._asked(data)
            result = redrawn(kept, settings)
        except PlaygroundError as error:
            return {self.notice: self.form.told(error)}
        read = cast(Look, kept.snapshot).reading.choice
        fits, how = choice == read and result.settings == settings, self._asked_how(data)
        return {
            self.notice: "" if fits or not how else render_hint(how),
            **self._draw(result, read, data),
            self._export: gr.update(visible=True),
            **self._offers.none(),
        }

    def _asked_how(self, data: Mapping[Component, Any]) -> str:
        """Say what becomes of a question that came from the chat."""
        return _CHAT if data[self.form.fields["as_chat"]] else ""

    def _on_kept_export(self, data: dict[Component, Any]) -> View:
        """Write the files of what stands there now."""
        try:
            settings, _ = self._asked(data)
            files = self._offers.of(redrawn(data[self._kept], settings))
        except PlaygroundError as error:
            return {self.notice: self.form.told(error)}
        return {**files, self._export: gr.update(visible=False)}


def redrawn(kept: Result, settings: Settings) -> Result:
    """Return what settings make of a prompt that was read; the model does not run.

    Raises
    ------
    OptionError
        When the bans leave no token.
    """
    then = cast(Look, kept.snapshot)
    read = {name: getattr(then.settings, name) for name in Continued.declared()}
    own = cast(DistributionSettings, settings.model_copy(update=read))
    return replace(kept, settings=own, snapshot=look(then.reading, own))
