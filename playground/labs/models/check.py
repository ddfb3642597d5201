"""Check: whether a model runs right here, one question after another."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from playground.errors import (
    FetchCancelled,
    FetchFailed,
    ModelUnavailable,
    TermsNotAccepted,
)
from playground.experiments.run import Progress, Run
from playground.experiments.settings import Settings, field
from playground.labs.models.check_parts import Finding, Subject, parts
from playground.models.acquire.fetch import ensure_model
from playground.models.acquire.own import Checked, checked, remember_checked
from playground.models.acquire.store import InstalledModel
from playground.models.engines.manager import ModelChoice
from playground.models.engines.precision import Precision
from playground.models.file_stamp import stamp_of


class CheckSettings(Settings):
    """At which precisions it is run."""

    precisions: tuple[Precision, ...] = field(
        tuple(Precision),
        label="Run at",
        explanation="One forward pass at each, which must give finite numbers.",
        most=len(Precision),
        words={each.value: each.label for each in Precision},
    )


@dataclass(frozen=True)
class Check:
    """What has been found so far.

    Parameters
    ----------
    title : str
        What the model is called.
    total : int
        How many questions are asked.
    rows : tuple of Finding
        The answers, in order.
    stage : str
        What is asked now.
    """

    title: str
    total: int
    rows: tuple[Finding, ...] = ()
    stage: str = ""

    @property
    def progress(self) -> Progress:
        """How many questions have been answered."""
        done = len(self.rows)
        words = f"{done} of {self.total} checks done"
        return Progress(done, self.total, f"{self.stage} · {words}" if self.stage else words)

    @property
    def failed(self) -> tuple[Finding, ...]:
        """What did not hold."""
        return tuple(row for row in self.rows if row.verdict == "failed")

    @property
    def core(self) -> Finding | None:
        """Whether core and transformers agree; None before that was asked."""
        return next((row for row in self.rows if row.name == "logits"), None)

    @property
    def refused(self) -> Finding | None:
        """The first fault with which no engine runs it right; without the core another does."""
        return next((row for row in self.failed if row is not self.core), None)

    @property
    def verdict(self) -> str:
        """One line that a person understands; empty before the end, unless something failed."""
        if self.failed:
            names = ", ".join(row.name for row in self.failed)
            what = "Do not trust" if self.refused else "Do not trust the core with it"
            return f"{what}: {self.title} failed at {names}."
        if not self.progress.ended:
            return ""
        held = sum(row.verdict == "ok" for row in self.rows)
        left = len(self.rows) - held
        rest = f"; {left} could not be asked" if left else ""
        return f"Runs right: {self.title} passed {held} of {len(self.rows)} checks{rest}."

    def to_json(self) -> dict[str, Any]:
        """Return every answer and the verdict."""
        return {
            "title": self.title,
            "checks": [asdict(row) for row in self.rows],
            "verdict": self.verdict or None,
        }


def run_check(choice: ModelChoice, settings: CheckSettings, run: Run) -> Iterator[Check]:
    """Ask one question after another; whether to stop is asked between them.

    Parameters
    ----------
    choice : ModelChoice
        Which model; its precision is the checks' affair.
    settings : CheckSettings
        At which precisions it is run.
    run : Run
        Lends the loads.

    Yields
    ------
    Check
        Before and after each question.

    Raises
    ------
    Stopped
        When the person stopped it; answers that were given stay.
    PlaygroundError
        When there is no such model, or it cannot be fetched.
    """
    try:
        yield from _checked(choice, settings, run)
    except FetchCancelled:
        run.check()  # the person who stopped a load stopped the check
        raise


def _checked(choice: ModelChoice, settings: CheckSettings, run: Run) -> Iterator[Check]:
    model = _model_or_refusal(choice, run)
    if isinstance(model, Finding):
        yield Check(choice.reference, 1, (model,))
        return
    asked = parts(settings.precisions)
    check = Check(model.title, len(asked))
    subject = Subject(model, choice, run)
    stamp = stamp_of(Path(model.origin))  # what changes meanwhile has not been checked
    try:
        for stage, ask in asked:
            run.check()
            yield replace(check, stage=stage)
            check = replace(check, rows=(*check.rows, ask(subject)))
            if core := check.core:  # from here on `auto` goes by it
                found = Checked(stamp, core.verdict, core.sentence, check.verdict)
                _remember(model, found, subject)
        yield check
    finally:
        subject.free()


def _remember(model: InstalledModel, found: Checked, subject: Subject) -> None:
    """Keep what was found of a person's own files; what `auto` took without it is let go."""
    settings = subject.run.pool.settings
    before = checked(model.origin, settings)
    remember_checked(model, found, settings)
    if model.source == "folder" and (before is None or before.core != found.core):
        reference = subject.choice.reference
        subject.run.pool.free(*(ModelChoice(reference, each) for each in Precision))


def _model_or_refusal(choice: ModelChoice, run: Run) -> InstalledModel | Finding:
    try:
        return ensure_model(choice.reference, run.pool.settings, cancelled=run.stopped)
    except (FetchCancelled, FetchFailed, TermsNotAccepted):
        raise  # nothing is said of a model that is not here
    except ModelUnavailable as refused:
        return Finding("files", "failed", str(refused))
