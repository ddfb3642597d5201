"""A link to a lab: its settings are filled into the form when the page is opened."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qsl

import gradio as gr
from gradio.events import Dependency

from apps.ui.events import QUIET
from apps.ui.form import shown_value
from apps.ui.lab_panel import PageSection
from apps.ui.model_choices import model_choices
from apps.ui.notice import name_fields, render_error
from apps.ui.rail import Rail
from playground.errors import OptionError
from playground.experiments.settings import Settings
from playground.models.engines.engine_name import EngineName
from playground.models.engines.precision import Precision
from playground.number_rules import shown
from playground.settings import Settings as Place

# Longer than any form can say in an address that browsers take.
MAX_CHARACTERS = 65_536


class Link:
    """The settings in the page's address.

    Parameters
    ----------
    sections : iterable of PageSection
        Those that a link can fill.
    rail : Rail
        Has the model, its precision and its engine.
    place : playground.settings.Settings
        Where the models lie that can be chosen.
    notice : gradio.HTML
        Says at the head of the page what a link has wrong. A live picture clears the notice beside
        its form whenever it is drawn, and a form may be longer than a screen.
    """

    def __init__(
        self,
        sections: Iterable[PageSection],
        rail: Rail,
        place: Place,
        notice: gr.HTML,
    ) -> None:
        self._sections = {each.experiment.path: each for each in sections}
        self._rail = rail
        self._place = place
        self._notice = notice

    def wire(self, opened: Dependency) -> Dependency:
        """Read the address once the page is opened; where it says nothing, nothing is filled.

        Parameters
        ----------
        opened : Dependency
            After it the run settings are as this browser has left them: a link says more.

        Returns
        -------
        Dependency
            After it the forms and the run settings are as the link says.
        """
        address = gr.Textbox(visible="hidden", elem_id="address", show_label=False)
        fields = {field for each in self._sections.values() for field in each.linked.values()}
        read = opened.then(None, None, address, js="() => location.search", **QUIET)
        read.then(None, js="() => { location.search || playgroundOpen(true) }", **QUIET)
        outputs = [*fields, self._notice]
        filled = address.change(self.fill, address, outputs, **QUIET)
        filled.then(None, js="() => playgroundOpen(true)", **QUIET)
        return filled

    def fill(self, query: str) -> dict[Any, Any]:
        """Return what the form named in an address shows; a bad value is said beside it.

        What is good is filled in, whatever stands beside it.
        """
        given = dict(parse_qsl(query[:MAX_CHARACTERS].removeprefix("?"), keep_blank_values=True))
        lab, name = given.pop("lab", ""), given.pop("experiment", "")
        section = self._sections.get(f"{lab}/{name}")
        if section is None:
            return self._nowhere(lab, name)
        chosen, wrong = self._choose(section, given)
        settings, told = section.form.settings.read_each(given)
        sentences = (*wrong, *told)
        named = (name_fields(each, section.form.labels) for each in sentences)
        said = render_error(f"The link: {' '.join(named)}") if sentences else ""
        return {self._notice: said, **filled(section, settings), **chosen}

    def _nowhere(self, lab: str, name: str) -> dict[Any, Any]:
        """Say that there is no such lab or experiment; a lab without one opens its first."""
        known = [path.split("/") for path in self._sections]
        inside = [experiment for parent, experiment in known if parent == lab]
        if inside and name:
            told = f"has no experiment {shown(name)}; known are {', '.join(inside)}."
            return {self._notice: render_error(f"The lab {lab} {told}")}
        if lab in ("", "chat") or inside:
            return {self._notice: gr.skip()}
        labs = ", ".join(dict.fromkeys(parent for parent, _ in known))
        return {self._notice: render_error(f"There is no lab {shown(lab)}; known are {labs}.")}

    def _choose(
        self, section: PageSection, given: dict[str, str]
    ) -> tuple[dict[Any, Any], list[str]]:
        """Take the model, its precision and its engine out of what a link says.

        Returns
        -------
        dict and list of str
            What the run settings show, and a sentence for each that cannot be had.
        """
        view, told = {}, []
        for name in section.experiment.chosen:
            if name not in given:
                continue
            try:
                view[self._rail.fields[name]] = self._read_choice(name, given.pop(name))
            except OptionError as error:
                told.append(str(error))
        return view, told

    def _read_choice(self, name: str, text: str) -> str:
        if name == "precision":
            return Precision.parse(text).value
        if name == "engine":
            return EngineName.parse(text).value
        known = [reference for _, reference in model_choices(self._place, self._rail.start)]
        if text not in known:
            raise OptionError(
                f"`model` must be one that this page offers: {', '.join(known)}; got {shown(text)}."
            )
        return text


def filled(section: PageSection, settings: Settings) -> dict[Any, Any]:
    """Return what all components show for these settings; shared ones only where they are said.

    One that is said at the default of the experiment counts, too: the rail may stand elsewhere.
    """
    declared = settings.declared()
    shared = {
        section.linked[name]: shown_value(declared[name], getattr(settings, name))
        for name in section.form.shared
        if name in settings.model_fields_set
    }
    return {**section.form.values(settings), **shared}
