"""A result: a snapshot with all that it came of, as JSON, as HTML, as a page of its own."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from importlib.resources import files
from typing import Any

from markupsafe import Markup

from playground.drawing.markup import tag
from playground.experiments.experiment import Experiment
from playground.experiments.run import Snapshot
from playground.experiments.settings import Settings
from playground.models.engines.precision import Precision

_PACKAGES = ("llm-playground", "numpy", "torch", "transformers", "bitsandbytes")


@dataclass(frozen=True)
class Subject:
    """What ran.

    Parameters
    ----------
    model, title : str
        Its name as a command takes it, and as a person reads it; empty where no model took part.
    precision, engine : str
        Empty where nothing was loaded.
    """

    model: str = ""
    title: str = ""
    precision: str = ""
    engine: str = ""

    @property
    def words(self) -> str:
        """One line: "SmolLM2 135M Instruct, FP32, core"."""
        precision = Precision(self.precision).label if self.precision else ""
        return ", ".join(each for each in (self.title, precision, self.engine) if each)


@dataclass(frozen=True)
class Result:
    """A snapshot and what it came of.

    Parameters
    ----------
    experiment : Experiment
        What was run.
    settings : Settings
        What it was asked with.
    subject : Subject
        On which model.
    snapshot : Snapshot
        What was found.
    """

    experiment: Experiment
    settings: Settings
    subject: Subject
    snapshot: Snapshot

    def to_json(self) -> dict[str, Any]:
        """Return everything that is needed to run it again, and what was found."""
        return {
            "lab": self.experiment.lab,
            "experiment": self.experiment.name,
            "model": self.subject.model or None,
            "precision": self.subject.precision or None,
            "engine": self.subject.engine or None,
            "settings": self.settings.to_json(),
            "ended": self.snapshot.progress.ended,
            "versions": versions(),
            **self.snapshot.to_json(),
        }

    def _repr_html_(self) -> str:
        return str(
            Markup("<style>{}</style>{}").format(assets("css", self.experiment.lab), self.framed())
        )

    def framed(self) -> Markup:
        """Return the picture where its style sheet finds it."""
        return Markup('<div class="playground-lab" data-view="{}">{}</div>').format(
            self.experiment.path, self.experiment.view(self.snapshot)
        )

    def _asked(self) -> Markup:
        """Return every setting by its label, also where it is the usual one."""
        declared = self.settings.declared().items()
        said = [(each, each.kind.spell(getattr(self.settings, name))) for name, each in declared]
        rows = (
            tag("dt", each.label) + tag("dd", each.words.get(text, text) or "(empty)")
            for each, text in said
            if text or not each.look.hidden
        )
        return tag("dl", *rows, class_="asked-with")

    def to_html(self) -> str:
        """Return a page that opens without the playground."""
        progress = self.snapshot.progress
        unfinished = None if progress.ended else f"Not finished: {progress.words or 'stopped'}"
        return str(
            _PAGE.format(
                title=f"{self.experiment.title}: {self.subject.words}".rstrip(": "),
                idea=self.experiment.idea,
                about=" · ".join(filter(None, (self.subject.words, unfinished))),
                asked=self._asked(),
                styles=assets("css", self.experiment.lab),
                scripts=assets("js", self.experiment.lab),
                view=self.framed(),
            )
        )


_PAGE = Markup(
    '<!doctype html><html lang="en"><head><meta charset="utf-8">'
    '<meta name="viewport" content="width=device-width"><title>{title}</title>'
    "<style>{styles}</style></head><body class='exported'><h1>{title}</h1><p>{idea}</p>"
    "<p class='hint'>{about}</p>{asked}{view}<script>{scripts}</script></body></html>\n"
)


@cache
def versions() -> dict[str, str]:
    """Return the versions of the packages that decide about numbers."""
    return {name: version(name) for name in _PACKAGES}


@cache
def assets(ending: str, *labs: str) -> Markup:
    """Return the styles (css) or scripts (js) that all pictures share, then those of some labs.

    The scripts work with and without the page.
    """
    names = (f"drawing/drawing.{ending}", *(f"labs/{lab}/lab.{ending}" for lab in labs))
    found = (files("playground").joinpath(name) for name in names)
    texts = [each.read_text(encoding="utf-8") for each in found if each.is_file()]
    return Markup("\n".join(texts))  # noqa: S704 - files of this package
