"""The cost in the context lab: the cache is weighed as soon as the section is in sight."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import gradio as gr

from apps.ui.conversation_section import ConversationSection
from apps.ui.form import Component
from apps.ui.lab_panel import Parts
from apps.ui.section import View
from playground.errors import PlaygroundError
from playground.experiments.experiment import Experiment
from playground.experiments.result import Result, Subject
from playground.experiments.shipped import find_shipped
from playground.labs.context.cost import CostSettings, weigh


class CostSection(ConversationSection):
    """The cache's bytes, and the clock.

    Parameters
    ----------
    experiment : Experiment
        Which.
    parts : Parts
        What the page has.
    """

    def __init__(self, experiment: Experiment, parts: Parts) -> None:
        super().__init__(experiment, parts)
        self._measured = gr.State(False)  # a curve that was measured is not drawn over

    @property
    def followed(self) -> list[Component]:
        """The components beside the lab that say another model."""
        rail = self._rail
        return [rail.model, rail.precision, rail.engine]

    @property
    def inputs(self) -> set[Component]:
        """The components that its events read: whether something was measured, too."""
        return {*super().inputs, self._measured}

    def _outputs(self) -> list[Component]:
        return [*super()._outputs(), self._measured]

    def open(self, data: Mapping[Component, Any], shown: bool = False) -> View:
        """Weigh the cache of the model that is loaded; another one's load is not begun here.

        The result that ships has the curve, too: it stands there where it is of the same model and
        settings, and no chat is to be weighed.
        """
        if data[self._measured]:
            return {self.notice: gr.skip()}
        try:
            settings, choice = self._asked(data)
            model, shipped = self._pool.model(choice), find_shipped(self.experiment)
            same = shipped and (shipped.settings, shipped.choice) == (settings, choice)
            if model is None or same:
                return super().open(data, shown and model is None)
            cost = weigh(model, cast(CostSettings, settings))
        except PlaygroundError as error:
            return {self.notice: self.form.told(error)}
        weighed = Result(self.experiment, settings, Subject(), cost)
        return {self.notice: "", **self._draw(weighed, choice, data)}

    def _ended(self, result: Result) -> View:
        return {**super()._ended(result), self._measured: True}
