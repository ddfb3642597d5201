"""Below the examples of an empty chat: what the model is and is not, and a better one to be had.

One click fetches that one where need be, in sight and to be cancelled, and chooses it.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from contextlib import closing
from typing import Any

import gradio as gr
from gradio.events import Dependency

from apps.chat.better_model import Offer, offer_better
from apps.chat.welcome import about_model
from apps.ui.events import QUIET, Stops, view_script
from apps.ui.fetching import WatchedFetch
from apps.ui.model_choices import model_choices
from apps.ui.notice import render_outcome
from apps.ui.rail import Rail, read_choice
from playground.drawing.markup import tag
from playground.errors import BrokenCache, OptionError, PlaygroundError
from playground.labs.models.buttons import action_button
from playground.models.acquire.catalog import CatalogEntry
from playground.models.acquire.store import read_installed
from playground.models.engines.manager import ModelChoice
from playground.models.engines.precision import Precision
from playground.serving import Pool
from playground.settings import Settings
from playground.sizes import in_millions

View = dict[Any, Any]
_BUSY = "The model is being fetched; cancel it or wait for its end."


class Welcome:
    """What the model of an empty chat is, and the offer of a better one.

    Parameters
    ----------
    pool : Pool
        Has the models.
    rail : Rail
        Says which is chosen; a better one is chosen there.
    """

    def __init__(self, pool: Pool, rail: Rail) -> None:
        self._pool = pool
        self._rail = rail
        self._stops = Stops()
        start = ModelChoice(rail.start, Precision.parse(str(rail.precision.value)))
        self.about = gr.HTML(
            render_about(start.reference, offer(start, pool)),
            elem_id="about-model",
            js_on_load=view_script(""),
        )
        self._notice = gr.HTML("", elem_id="about-notice", js_on_load=view_script(""))

    def wire(self) -> Dependency:
        """Connect the components; after the event returned, the better model is chosen."""
        pressed: Dependency = gr.on(
            [self.about.click, self._notice.click],
            self._on_press,
            set(self._rail.components),
            [self.about, self._notice, self._rail.model],
            concurrency_limit=None,
            trigger_mode="multiple",  # a fetch that is under way can be cancelled
            **QUIET,
        )
        return pressed

    def view(self, choice: ModelChoice) -> View:
        """Return what stands there once a model is chosen."""
        return {self.about: render_about(choice.reference, offer(choice, self._pool))}

    def _on_press(
        self, data: Mapping[Any, Any], event: gr.EventData, request: gr.Request
    ) -> Iterator[View]:
        """Do it; Gradio empties all outputs of a generator that yields nothing, the model's too."""
        changed = False
        with closing(self._on_do(data, str((event._data or {}).get("action")), request)) as views:
            for view in views:
                changed = True
                yield view
        if not changed:
            yield {self._notice: gr.skip()}

    def _on_do(
        self, data: Mapping[Any, Any], action: str, request: gr.Request
    ) -> Generator[View, None, None]:
        """Take the better model, or cancel its fetch."""
        if action == "cancel":
            self._stops.stop(request)
            return
        try:
            if self._stops.busy(request):
                raise OptionError(_BUSY)
            choice = read_choice(self._rail.read(data))
            better = offer(choice, self._pool)
            if action != "take" or better is None or better.refusal:
                yield self.view(choice)  # what stood there is out of date
                return
        except PlaygroundError as error:
            yield {self._notice: render_outcome(error)}
            return
        yield from self._take(choice, better, request)

    def _take(self, choice: ModelChoice, better: Offer, request: gr.Request) -> Iterator[View]:
        """Fetch it and choose it; the offer goes meanwhile, and is back if that fails."""
        with self._stops.running(request) as stopped:
            fetch = WatchedFetch(better.entry, self._pool.settings, stopped.is_set)
            for notice in fetch:
                yield {self._notice: notice, self.about: render_about(choice.reference, None)}
        told = {self._notice: render_outcome(fetch.error)}
        if fetch.error:
            yield {**told, **self.view(choice)}
        else:
            choices = model_choices(self._pool.settings, self._rail.start)
            chosen = gr.update(choices=choices, value=better.entry.name)
            yield {**told, self._rail.model: chosen}


def offer(choice: ModelChoice, pool: Pool) -> Offer | None:
    """Return the better model to offer beside a chosen one, as this machine is now."""
    settings = pool.settings
    return offer_better(
        choice.reference,
        choice.precision,
        settings.offline,
        lambda entry: _is_here(entry, settings),
        pool.room_for,
    )


def _is_here(entry: CatalogEntry, settings: Settings) -> bool:
    try:
        return read_installed(entry, settings) is not None
    except BrokenCache:  # a fetch mends it
        return False


def render_about(reference: str, better: Offer | None) -> str:
    """Return the line on a model, and below it the offer or why there is none.

    Parameters
    ----------
    reference : str
        The model that is chosen.
    better : Offer or None
        The one that is offered.
    """
    line = tag("p", about_model(reference), class_="about")
    return str(tag("section", line, *([_offered(better)] if better else []), class_="welcome"))


def _offered(better: Offer) -> object:
    if better.refusal:
        return tag("p", better.refusal, class_="hint")
    entry = better.entry
    size = f"{in_millions(entry.parameters)} million weights"
    needs = f"about {better.needed_bytes / 1e9:.1f} GB of memory (estimated)"
    what = f"{size}, {needs}"
    label = f"Use {entry.title}" if better.here else f"Fetch and use {entry.title}: {better.size}"
    return tag(
        "p", "Another answers better: ", what, " ", action_button(label, "take"), class_="hint"
    )
