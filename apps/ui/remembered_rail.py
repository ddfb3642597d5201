"""The run settings of a browser, from one visit to the next."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

import gradio as gr
from gradio.events import Dependency

from apps.chat.store import ConversationStore
from apps.ui.events import QUIET, WITH_KEY
from apps.ui.rail import Rail, read_request
from apps.ui.rail_notice import render_rail_error
from playground.errors import PlaygroundError

View = dict[Any, Any]


class RememberedRail:
    """Checks every change of a setting, and keeps the last.

    Parameters
    ----------
    store : ConversationStore
        Keeps the settings.
    rail : Rail
        Has them, and says which rule one of them breaks.
    key : gradio.Textbox
        The hidden field with the browser's conversation key.
    offered : callable
        Gives the models that can be chosen now.
    """

    def __init__(
        self,
        store: ConversationStore,
        rail: Rail,
        key: gr.Textbox,
        offered: Callable[[], Sequence[tuple[str, str]]],
    ) -> None:
        self._offered = offered
        self._store = store
        self._rail = rail
        self._key = key

    def wire(self) -> Dependency:
        """Connect the components; after the event returned, what was changed last is kept."""
        rail = set(self._rail.components)
        changed = [component.change for component in rail]
        # The page puts a number that was typed out of range back at once: every change is checked,
        # so that the sentence is not lost, but only the last one need be remembered.
        each: View = {"queue": False, "trigger_mode": "multiple", **QUIET}
        gr.on(changed, self._on_change, rail, self._rail.notice, **each)
        # What was wrong is said until a person goes on; a number that the page puts back is no
        # `input`. What a choice came to is told later: the load of another takes it away.
        loads = {self._rail.model, self._rail.precision, self._rail.engine}
        moved = [component.input for component in rail - loads]
        gr.on(moved, None, None, self._rail.notice, js="() => ''", **QUIET)
        last: View = {"queue": False, "trigger_mode": "always_last", "js": WITH_KEY, **QUIET}
        settled: Dependency = gr.on(changed, self._on_settled, {self._key, *rail}, **last)
        return settled

    def bring_back(self, key: str) -> tuple[View, str]:
        """Return what to put into the rail, and one sentence on what cannot be had, or nothing."""
        filled, missing = self._rail.fill(self._store.settings(key), self._offered())
        return filled, _missing_words(missing)

    def _on_change(self, data: Mapping[Any, Any]) -> Any:
        """Say at once when a setting breaks its rule."""
        try:
            read_request(self._rail.read(data))
        except PlaygroundError as error:
            return render_rail_error(error)
        return gr.skip()

    def keep(self, data: Mapping[Any, Any]) -> None:
        """Keep the settings under a key that a page has just taken, if they keep their rules."""
        self._on_settled(data)

    def _on_settled(self, data: Mapping[Any, Any]) -> None:
        """Remember the settings for the next visit, if they keep their rules.

        A rule that is broken `_on_change` has said; a disk that fails the next message says.
        """
        settings = self._rail.read(data)
        with suppress(PlaygroundError):
            read_request(settings)
            self._store.keep_settings(data[self._key], settings)


def _missing_words(missing: Sequence[str]) -> str:
    if not missing:
        return ""
    names = ", ".join(f"`{name[:40]}`" for name in missing[:8])
    return (
        f"Of the settings that were kept for you, {names} cannot be used here now and "
        f"{'stands' if len(missing) == 1 else 'stand'} at the default."
    )
