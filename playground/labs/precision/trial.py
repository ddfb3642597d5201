"""A scheme of the microscope put into a copy of the model: what becomes of what it says."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal, cast

from playground.data import shipped_text
from playground.errors import OptionError
from playground.experiments.run import Progress, Run
from playground.experiments.settings import field
from playground.generation.language_model import LanguageModel
from playground.generation.scoring import Quality, encode_text, predict, score
from playground.labs.precision.microscope import MicroscopeSettings, first_matrix, restore
from playground.models.engines.engine_name import EngineName
from playground.models.engines.manager import ModelChoice
from playground.models.engines.precision import Precision
from playground.models.engines.transformers_model import TransformersEngine
from playground.models.engines.weights import change_weights, linear_names
from playground.number_rules import shown
from playground.serving import WAITING

TOKENS = 256
PROMPT = "The history of the Roman Empire begins with"
NEW_TOKENS = 32

Where = Literal["all", "one"]


class TrialSettings(MicroscopeSettings):
    """How the copy is quantized, and where."""

    where: Where = field(
        "all",
        label="Put into",
        explanation="The output head stays as it is.",
        words={"all": "all linear layers", "one": "the microscope's matrix"},
    )


@dataclass(frozen=True)
class Trial:
    """A copy of the model on its way to being quantized.

    Parameters
    ----------
    settings : TrialSettings
        What was asked for.
    done, matrices : int
        Matrices that have been changed, and that are to be; 0 until the copy is there.
    words : str
        What is done now.
    full_perplexity : float or None
        Of the copy at FP32.
    full_text, text : str
        What it wrote at FP32, and afterwards.
    quality : Quality or None
        Afterwards, against FP32.
    """

    settings: TrialSettings
    done: int = 0
    matrices: int = 0
    words: str = ""
    full_perplexity: float | None = None
    full_text: str = ""
    text: str = ""
    quality: Quality | None = None

    @property
    def progress(self) -> Progress:
        """Matrices, and the scoring after the last."""
        ended = self.quality is not None
        return Progress(self.done + ended, self.matrices + 1, self.words)

    def to_json(self) -> dict[str, Any]:
        """Return what the scheme did."""
        return {
            **asdict(self.settings.scheme),
            "matrices": self.done,
            "full_perplexity": self.full_perplexity,
            "full_text": self.full_text,
            "text": self.text,
            **(asdict(self.quality) if self.quality else {}),
        }


def run_trial(choice: ModelChoice, settings: TrialSettings, run: Run) -> Iterator[Trial]:
    """Put a scheme into a private copy of a model and see what becomes of it.

    Raises
    ------
    OptionError
        When the matrix belongs to no linear layer.
    Stopped
        When the person stopped it; the chat's model was never touched.
    """
    waits = run.pool.heavy_job_runs
    known = Trial(settings, words=f"Still {WAITING}" if waits else "Loading a copy of the model")
    yield known
    copied = ModelChoice(choice.reference, Precision.FP32, EngineName.TRANSFORMERS)
    with run.pool.trial(copied, run.stopped) as model:
        engine = cast(TransformersEngine, model.engine)  # it was asked for by name
        chosen = _chosen(linear_names(engine), settings)
        ids = encode_text(engine.tokenizer, shipped_text(), engine.context_length)[:TOKENS]
        known = replace(known, matrices=len(chosen), words="Scoring at FP32")
        yield known
        reference = predict(engine, ids)
        full = score(reference, reference, ids)
        known = replace(known, full_perplexity=full.perplexity, full_text=_write(model, run))
        for place, name in enumerate(chosen):
            run.check()
            words = f"Quantizing {place + 1} of {len(chosen)} matrices"
            yield replace(known, done=place, words=words)
            change_weights(engine, name, lambda weights: restore(weights, settings.scheme))
        known = replace(known, done=len(chosen), words="Scoring what came out")
        yield known
        quality = score(predict(engine, ids), reference, ids)
        yield replace(known, text=_write(model, run), quality=quality, words="")


def _chosen(names: Sequence[str], settings: TrialSettings) -> Sequence[str]:
    if settings.where == "all":
        return names
    name = settings.matrix or first_matrix(names)
    if name not in names:
        raise OptionError(
            f"`matrix` must be a linear layer's, such as {names[0]}, got {shown(name)}; choose "
            "another, or all layers."
        )
    return [name]


def _write(model: LanguageModel, run: Run) -> str:
    run.check()
    return model.generate(PROMPT, temperature=0, max_new_tokens=NEW_TOKENS).text
