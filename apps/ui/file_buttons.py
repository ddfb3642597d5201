"""The buttons by which a result is taken away as files."""

from __future__ import annotations

from typing import Any

import gradio as gr

from apps.ui.exports import save_export
from playground.experiments.experiment import Experiment
from playground.experiments.result import Result
from playground.strict_json import write_strict

View = dict[Any, Any]


class FileButtons:
    """A button a file: the experiment's tables, JSON and HTML; laid out where it is made.

    Parameters
    ----------
    experiment : Experiment
        Whose results.
    """

    def __init__(self, experiment: Experiment) -> None:
        name = experiment.name
        self._names = (*experiment.tables, f"{name}.json", f"{name}.html")
        place = experiment.path.replace("/", "-")
        self.buttons = [_button(each, place) for each in self._names]

    def none(self) -> View:
        """Take the files away that hold something else than what stands there."""
        return {button: gr.update(visible=False) for button in self.buttons}

    def of(self, result: Result) -> View:
        """Offer a result."""
        tables = result.experiment.tables.values()
        texts = (
            *(write(result.snapshot) for write in tables),
            write_strict(result.to_json(), ensure_ascii=False, indent=1),
            result.to_html(),
        )
        return {
            button: gr.update(visible=True, value=save_export(name, text))
            for button, name, text in zip(self.buttons, self._names, texts, strict=True)
        }


def _button(name: str, place: str) -> gr.DownloadButton:
    ending = name.rpartition(".")[2]
    return gr.DownloadButton(
        f"Export {ending.upper()}",
        size="sm",
        visible=False,
        min_width=96,
        elem_id=f"{place}-{ending}",
    )
