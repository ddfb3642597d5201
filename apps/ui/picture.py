"""The picture of a section: above it one line on what it was made of, below it its code.

The line carries what it says as data, too: the page's script holds that against form and run
settings as they are now, and marks a picture that is of other settings. The server is not asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import gradio as gr
from markupsafe import Markup

from apps.ui.code import COPYING, render_code
from apps.ui.events import view_script
from playground.drawing.markup import tag
from playground.experiments.experiment import Experiment
from playground.experiments.heading import heading
from playground.experiments.result import Result
from playground.experiments.shipped import Shipped
from playground.models.engines.manager import ModelChoice
from playground.strict_json import write_strict

View = dict[Any, Any]

# A text that is longer is told by its length and its beginning; picture.js knows both, too.
MOST_CHARACTERS, BEGINNING = 400, 100


class Picture:
    """The picture of an experiment with its code; laid out where it is made.

    Parameters
    ----------
    experiment : Experiment
        Which.
    """

    def __init__(self, experiment: Experiment) -> None:
        self._experiment = experiment
        place = experiment.path.replace("/", "-")
        self.view = gr.HTML("", elem_id=f"view-{place}", js_on_load=view_script(experiment.path))
        self.code = gr.HTML("", elem_id=f"code-{place}", js_on_load=COPYING)

    def of(self, result: Result, choice: ModelChoice, made: Mapping[str, Any]) -> View:
        """Return a result as it stands there.

        Parameters
        ----------
        result : Result
            Finished or not.
        choice : ModelChoice
            The model that was chosen.
        made : mapping of str to object
            What it was made of, see `apps.ui.made_of`.
        """
        line = heading(result.settings, result.subject)
        return {
            self.view: render_picture(line, made, result.framed(), self._experiment.action),
            self.code: render_code(self._experiment, result.settings, choice),
        }

    def of_shipped(self, shipped: Shipped, made: Mapping[str, Any]) -> View:
        """Return a result that ships with the playground in the same way."""
        action = self._experiment.action
        return {
            self.view: render_picture(shipped.heading, made, shipped.picture, action),
            self.code: render_code(self._experiment, shipped.settings, shipped.choice),
        }

    def waiting(self) -> View:
        """Return what to press, and what will come of it."""
        told = f"Press {self._experiment.action}. {self._experiment.empty}"
        return {self.view: str(tag("p", told, class_="hint"))}

    def running(self) -> View:
        """Return what the page's script answers by pressing the button."""
        return {self.view: str(tag("p", "Running on its example…", class_="hint", data_press=True))}


def render_picture(line: str, made: Mapping[str, Any], picture: Markup, action: str) -> str:
    """Return a picture under its line.

    Parameters
    ----------
    line : str
        What it was made of, in words; may be empty.
    made : mapping of str to object
        The same as the fields of form and run settings held it, by name.
    picture : Markup
        Drawn.
    action : str
        What to press for a new one; empty where a change of the form draws it.
    """
    press = f"; press {action}" if action else ""
    head = tag(
        "div",
        tag("p", line, class_="made-of") if line else None,
        tag("p", f"The settings have changed since{press}.", class_="since", hidden=True),
        class_="picture-head",
        data_made_of=write_strict({name: brief(value) for name, value in made.items()}),
    )
    return str(head + picture)


def brief(value: Any) -> Any:
    """Return a value as it is, but a long text by the length that a script sees, and its head.

    Examples
    --------
    >>> brief("a" * 500) == "500 " + "a" * 100
    True
    """
    if not isinstance(value, str) or len(value) <= MOST_CHARACTERS // 2:
        return value
    units = len(value.encode("utf-16-le", "surrogatepass")) // 2
    return value if units <= MOST_CHARACTERS else f"{units} {value[:BEGINNING]}"
