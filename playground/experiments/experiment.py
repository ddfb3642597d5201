"""Experiment and Lab: what is declared, and from which everything else is made."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from playground.experiments.run import Run, Snapshot
from playground.experiments.settings import Settings

if TYPE_CHECKING:
    from playground.experiments.result import Result
    from playground.generation.language_model import LanguageModel


_NOTHING = Markup()


class Needs(StrEnum):
    """What the function of an experiment is given first."""

    MODEL = "model"  # a LanguageModel, loaded and in the shared batch
    FOLDER = "folder"  # an InstalledModel: its tokenizer, its weights as files; nothing is loaded
    CHOICE = "choice"  # the ModelChoice alone; the model need not be here
    NOTHING = "nothing"  # None


class Opens(StrEnum):
    """What stands there when it is opened on the page, before anybody has pressed its button."""

    SHIPPED = "shipped"  # the result that ships with the playground, where there is one
    RUNNING = "running"  # it runs at once where nothing has to be loaded for that; else as above


@dataclass(frozen=True)
class Experiment:
    """An experiment, declared once.

    Parameters
    ----------
    path : str
        "context/needle": the lab and the name, as links and commands spell it.
    title : str
        On its tab.
    idea : str
        One sentence that says what it shows; plain text.
    settings : type of Settings
        What it can be asked with.
    function : callable
        ``function(given, settings, run)`` yields frozen snapshots; `given` is what `needs` says.
    view : callable
        Draws a snapshot, finished or not.
    needs : Needs
        What the function is given.
    action : str
        The words on its button; empty for one that follows every change of its form.
    tables : mapping of str to callable
        Files besides JSON and HTML: a name such as "needles.csv" and what writes it.
    intro : Markup
        Shown between the idea and the form.
    empty : str
        What will come, in one sentence: said where a run is yet to be asked for.
    opens : Opens
        What stands there when it is opened; one without a button follows its form from the start.
    small : mapping of str to object
        Settings with which it ends within seconds: what a first try and its test take.
    """

    path: str
    title: str
    idea: str
    settings: type[Settings]
    function: Callable[[Any, Any, Run], Iterator[Snapshot]]
    view: Callable[[Any], Markup]
    needs: Needs = Needs.MODEL
    action: str = "Run"
    tables: Mapping[str, Callable[[Any], str]] = field(default_factory=dict)
    intro: Markup = _NOTHING
    empty: str = "The picture comes here, step by step."
    opens: Opens = Opens.SHIPPED
    small: Mapping[str, Any] = field(default_factory=dict)

    @property
    def lab(self) -> str:
        """Name of its lab."""
        return self.path.split("/")[0]

    @property
    def name(self) -> str:
        """Name in its lab."""
        return self.path.split("/")[1]

    @property
    def chosen(self) -> tuple[str, ...]:
        """What is chosen besides its settings: of model, precision and engine those that count."""
        return {Needs.NOTHING: (), Needs.FOLDER: ("model",)}.get(
            self.needs, ("model", "precision", "engine")
        )

    @property
    def live(self) -> bool:
        """Whether it follows every change of its form, and needs no button."""
        return not self.action

    def settings_schema(self) -> dict[str, Any]:
        """Return the JSON schema of its settings."""
        return self.settings.json_schema()

    def run(self, model: LanguageModel | str | None = None, **settings: Any) -> Iterator[Result]:
        """Run it and yield every snapshot with what it came of.

        Parameters
        ----------
        model : LanguageModel or str, optional
            A loaded model, or the name of one; the default model where none is given.
        **settings
            By name; see `settings_schema`.

        Raises
        ------
        PlaygroundError
            When a setting breaks its rule, or the model cannot be had.
        """
        from playground.experiments.performing import perform_here

        return perform_here(self, model, self.settings(**settings))

    def __call__(self, model: LanguageModel | str | None = None, **settings: Any) -> Result:
        """Run it to its end and return the last snapshot; see `run`."""
        (last,) = deque(self.run(model, **settings), maxlen=1)
        return last


@dataclass(frozen=True)
class Lab:
    """A lab: one idea, and the experiments that show it.

    Parameters
    ----------
    name, title : str
        In links and commands, and on the page.
    idea : str
        One sentence; plain text.
    experiments : tuple of Experiment
        In the order of their tabs.
    group : str
        Under which heading it stands in the list of labs.
    button : str
        What it is called there; its title where nothing is said.
    rank : int
        Its place under the heading; equal ones by name.
    """

    name: str
    title: str
    idea: str
    experiments: tuple[Experiment, ...]
    group: str = "Concepts"
    button: str = ""
    rank: int = 50

    def __post_init__(self) -> None:
        object.__setattr__(self, "button", self.button or self.title)
        for each in self.experiments:
            if each.lab != self.name:
                raise ValueError(f"{each.path} does not belong to the lab {self.name}")
