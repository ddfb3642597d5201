"""What events of the page have in common: how quiet they are, and how they are stopped."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import gradio as gr

# No spinner over what is redrawn, and no name in Gradio's own API.
QUIET: dict[str, Any] = {
    "show_progress": "hidden",
    "show_progress_on": [],
    "api_visibility": "private",
}

# Puts the browser's key before an event's other values, over that of a hidden field: a field that
# is filled when the page is opened would be empty for a person who is quicker than that. Gradio
# hands over a set of inputs in the order in which they were made, and the page makes the key first.
WITH_KEY = "(_, ...values) => [playgroundKey(), ...values]"

# The same for a question: the state of the chat that the page shows is the second (`ChatTab`).
WITH_SEEN = "(_, __, ...values) => [playgroundKey(), playgroundSeen(), ...values]"


def view_script(path: str) -> str:
    """Return what wakes a picture: its clicks, what its lab's script does, and what it is of."""
    woken = f"playgroundView(element, {json.dumps(path)}, trigger, watch);"
    return f"{woken} playgroundPicture(element, {json.dumps(path)}, watch);" if path else woken


class Stops:
    """What each page has running in one section, for its stop button.

    Examples
    --------
    ``with self._stops.running(request) as stopped: ...`` in a generator that shows progress, and
    ``self._button.click(self._stops.stop, queue=False)``.
    """

    def __init__(self) -> None:
        self._events: dict[str, threading.Event] = {}

    @contextmanager
    def running(self, request: gr.Request) -> Iterator[threading.Event]:
        """Give the event that the stop button sets; it is set at the end in any case.

        The end comes when the page is gone, too: Gradio then closes the generator.
        """
        session = str(request.session_hash)
        stopped = self._events[session] = threading.Event()
        try:
            yield stopped
        finally:
            stopped.set()
            self._events.pop(session, None)

    def busy(self, request: gr.Request) -> bool:
        """Tell whether this page has something running."""
        return str(request.session_hash) in self._events

    def stop(self, request: gr.Request) -> None:
        """Stop what this page has running."""
        if stopped := self._events.get(str(request.session_hash)):
            stopped.set()
