"""A lab on the page: its idea, and its experiments, each under a tab of its own."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import gradio as gr

from apps.chat.service import ChatService
from apps.ui.events import QUIET, WITH_KEY
from apps.ui.form import Form
from apps.ui.rail import Rail
from apps.ui.section import Section
from playground.drawing.markup import tag
from playground.experiments.experiment import Experiment, Lab
from playground.serving import Pool


@dataclass(frozen=True)
class Parts:
    """What sections of the page may need.

    Parameters
    ----------
    service : ChatService
        Has the conversations.
    pool : Pool
        Lends the models.
    rail : Rail
        The run settings at the right.
    key : gradio.Textbox
        The hidden field with the browser's conversation key.
    local : bool
        Whether this machine alone can reach the page; else it changes nothing on its disk but
        conversations and what is fetched.
    badge : gradio.HTML or None
        Shows what runs; None where a section stands without a page.
    """

    service: ChatService
    pool: Pool
    rail: Rail
    key: gr.Textbox
    local: bool = True
    badge: gr.HTML | None = None


Special = Callable[[Experiment, Parts], "PageSection"]


class PageSection(Protocol):
    """What a lab's tab holds: a `Section`, or one made for an experiment that needs more."""

    experiment: Experiment
    form: Form
    notice: gr.HTML

    def wire(self) -> None:
        """Connect the components."""

    @property
    def inputs(self) -> set[Any]:
        """The components that its events read."""

    def open(self, data: Mapping[Any, Any], shown: bool = False) -> dict[Any, Any]:
        """Return what stands there when it comes into sight, and whether a picture does already."""

    @property
    def linked(self) -> dict[str, Any]:
        """The components whose values the address holds, by their settings."""

    @property
    def counting(self) -> tuple[str, ...]:
        """The run settings that have a part in it."""

    @property
    def drawn(self) -> list[Any]:
        """The components that `open` changes."""

    @property
    def followed(self) -> list[Any]:
        """The components beside the lab whose changes are drawn at once."""


class LabPanel:
    """A lab; laid out where it is made.

    Parameters
    ----------
    lab : Lab
        Which.
    parts : Parts
        What the page has.
    special : mapping of str to callable
        Makes the section of an experiment, by its path, where the generic one cannot serve.
    """

    def __init__(self, lab: Lab, parts: Parts, special: Mapping[str, Special]) -> None:
        self._name = lab.name
        self._key = parts.key
        self.sections: dict[str, PageSection] = {}
        self._tabs: dict[str, gr.Tab] = {}
        self._fields: list[Any] = []  # of all sections, in the order in which the page says them
        head = tag("h1", lab.title, class_="title") + tag("p", lab.idea, class_="lead")
        gr.HTML(str(head), js_on_load=None)
        self._place = gr.Textbox(visible="hidden", show_label=False)  # what is to be drawn
        self._draw = gr.Button(visible="hidden", elem_id=f"draw-{lab.name}")
        # Wrapped, so that all experiments can be reached where the page is narrow.
        with gr.Tabs(elem_id=f"tabs-{lab.name}", overflow_behavior="wrap"):
            for each in lab.experiments:
                place = f"experiment-{lab.name}-{each.name}"
                with gr.Tab(each.title, id=each.name, elem_id=place) as tab:
                    make = special.get(each.path, _generic)
                    section = self.sections[each.name] = make(each, parts)
                # The page's script shows these of the run settings, see `playgroundCounting`.
                counting = (f"counts-{name}" for name in section.counting)
                tab.elem_classes = ["experiment", *counting]
                self._tabs[each.name] = tab

    def wire(self) -> None:
        """Connect the sections, and draw the one that comes into sight.

        The page presses the hidden button whenever the lab is opened: by its own button, by a link,
        by Back. What is not in sight is not drawn.
        """
        for section in self.sections.values():
            section.wire()
        chosen = [tab.select for tab in self._tabs.values()]
        gr.on(chosen, None, js="() => playgroundWrite(true)", **QUIET)
        for name, section in self.sections.items():
            self._wire_prompt(section.form, [self._tabs[name].select, self._draw.click])
        self._wire_drawing([*chosen, self._draw.click])

    def _wire_prompt(self, form: Form, events: list[Any]) -> None:
        """Bring the text that was written last, wherever that was, into a form that is opened."""
        if form.prompt is None:
            return
        # Another text is read from its beginning; a question from the chat stays a question.
        fields, firsts = [form.prompt, *form.goes_along, *form.asks], list(form.goes_along.values())
        told = f"{json.dumps(firsts)}, {json.dumps(bool(form.asks))}"
        travel = f"(...values) => playgroundTravel('{form.path}', values, {told})"
        gr.on(events, None, fields, fields, js=travel, **QUIET)

    def _wire_drawing(self, opened: list[Any]) -> None:
        """Let the page say what is in sight, then draw it; a lab that is not in sight asks nothing.

        What it says is an experiment, a number that is new each time, "shown" or "empty", and the
        values of all fields, in this one. After an event Gradio looks for each of its inputs among
        all components of the page whenever anything streams, so that a lab's hundred would cost
        every picture and every token of a reply more than itself.

        Gradio visits every component for every output of every event: when the page is opened,
        events without work would cost it more than all the others.
        """
        sections = self.sections.values()
        followed = {each for section in sections for each in section.followed}
        events = [*opened, *(each.change for each in followed)]
        inputs = {each for section in sections for each in section.inputs} - {self._key}
        kept = {each for each in inputs if isinstance(each, gr.State)}  # unknown to the browser
        self._fields = sorted(inputs - kept, key=lambda each: int(each._id))
        look = f"(place, ...values) => playgroundDraw('{self._name}', place, values)"
        gr.on(events, None, [self._place, *self._fields], self._place, js=look, **QUIET)
        gr.on(
            [self._place.change],
            self._open,
            {self._key, self._place, *kept},
            {part for each in sections for part in each.drawn},
            queue=False,
            trigger_mode="always_last",
            js=WITH_KEY,
            **QUIET,
        )

    def _open(self, data: dict[Any, Any]) -> dict[Any, Any]:
        if said := data[self._place]:
            name, _, standing, values = json.loads(said)
            fields = dict(zip(self._fields, values, strict=True))
            return self.sections[name].open({**data, **fields}, standing == "shown")
        return {section.notice: gr.skip() for section in self.sections.values()}


def _generic(experiment: Experiment, parts: Parts) -> Section:
    return Section(experiment, parts.pool, parts.rail)
