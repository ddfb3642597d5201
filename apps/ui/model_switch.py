"""Which model the page has: loaded as the rail says, stage by stage; on failure the last one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import gradio as gr

from apps.chat.conversations import ReplyFacts
from apps.chat.service import ChatService
from apps.ui.background import Background
from apps.ui.badge import render_badge
from apps.ui.loaded import precision_choices, render_got
from apps.ui.rail import Rail, read_choice
from apps.ui.rail_notice import render_rail_error
from apps.ui.welcome import Welcome
from playground.errors import PlaygroundError
from playground.models.engines.engine import Engine
from playground.models.engines.manager import ModelChoice

LOADING_REDRAW_SECONDS = 0.25

View = dict[Any, Any]


class ModelSwitch:
    """The badge, and what loads a model.

    Parameters
    ----------
    service : ChatService
        Has the models.
    rail : Rail
        Says which, and what went wrong.
    badge : gradio.HTML
        Shows what runs.
    welcome : Welcome
        Says what the model is.
    """

    def __init__(self, service: ChatService, rail: Rail, badge: gr.HTML, welcome: Welcome) -> None:
        self._pool = service.pool
        self._welcome = welcome
        self._rail = rail
        self._badge = badge
        # The last model that could be loaded: what a failed switch falls back to.
        self.current = gr.State(None)

    @property
    def outputs(self) -> set[Any]:
        """What a load may change."""
        beside = {self._badge, self._rail.notice, self._rail.got, self._welcome.about, self.current}
        return {*beside, *self._rail.components}

    @property
    def shows(self) -> set[Any]:
        """What tells of the model that runs."""
        return {self._badge, self._rail.got, self._rail.precision}

    def load(self, data: Mapping[Any, Any]) -> Iterator[View]:
        """Load the model of the rail, showing stage and seconds; on failure go back."""
        try:
            choice = read_choice(self._rail.read(data))
        except PlaygroundError as error:
            yield {self._rail.notice: render_rail_error(error)}
            return
        # Gradio says a choice from a list twice, and once more whenever the list is left. To an
        # event that yields nothing it answers with nothing in every field.
        if choice == data[self.current] and self._pool.model(choice):
            yield {self.current: choice}
            return
        loading = Background(lambda: self._pool.preload(choice))
        while not loading.finished(LOADING_REDRAW_SECONDS):
            yield {**self.progress(choice), self._rail.got: render_got(None)}
        if loading.error:
            yield self._back(loading.error, choice, data[self.current])
        else:
            # A choice that was refused is put back, which asks for what runs already: its sentence
            # stays.
            other = choice != data[self.current]
            said = {self._rail.notice: ""} if other else {}
            about = self._welcome.view(choice)
            yield {self.current: choice, **said, **self.what_runs(choice), **about}

    def progress(self, choice: ModelChoice) -> View:
        """Show how far a load is."""
        return {self._badge: render_badge(self._pool, choice)}

    def loading(self, choice: ModelChoice) -> bool:
        """Tell whether a choice is being fetched or loaded now."""
        return self._pool.activity(choice) is not None

    def what_runs(self, choice: ModelChoice, facts: ReplyFacts | None = None) -> View:
        """Show what is loaded, with the speed of a reply that it wrote."""
        model = self._pool.model(choice)
        engine = model.engine if model else None
        wrote = facts if facts and engine and _same(facts, engine) else None
        view: View = {self._badge: render_badge(self._pool, choice, wrote)}
        if engine:
            view[self._rail.got] = render_got(engine)
            view[self._rail.precision] = gr.update(choices=precision_choices(engine.model))
        return view

    def _back(
        self, error: PlaygroundError, choice: ModelChoice, current: ModelChoice | None
    ) -> View:
        view: View = {self._rail.notice: render_rail_error(error), **self.progress(choice)}
        if current:
            view |= self._welcome.view(current)
            view |= self.what_runs(current) | {
                self._rail.model: current.reference,
                self._rail.precision: current.precision.value,
                self._rail.engine: current.engine.value,
            }
        return view


def _same(facts: ReplyFacts, engine: Engine) -> bool:
    ran = (facts.model, facts.precision, facts.engine)
    return ran == (engine.model.title, engine.precision.label, engine.name)
