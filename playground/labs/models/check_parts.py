"""The questions that a model is asked; each gives a verdict and one sentence with its figures."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from playground.errors import FetchCancelled, OptionError, PlaygroundError, PrecisionUnavailable
from playground.experiments.run import Run, Stopped
from playground.labs.models.check_texts import TEXTS
from playground.models.acquire.store import InstalledModel
from playground.models.acquire.tensor_scan import scan_tensors
from playground.models.engines.engine import Engine
from playground.models.engines.engine_name import EngineName
from playground.models.engines.manager import ModelChoice
from playground.models.engines.precision import Precision, unavailable_reason
from playground.models.engines.unloaded import embedding_rows
from playground.models.text.reference import reference_chat_ids
from playground.models.text.tokenizer import Message, Tokenizer, load_tokenizer

Verdict = Literal["ok", "failed", "not applicable"]

# The tolerances of tests/reference: of the largest logit, or of the logits themselves.
RELATIVE, ABSOLUTE = 1e-3, 1e-4
TEXT = (
    "The lighthouse stood on a spur of rock two miles from the village, and for forty years the "
    "same family had kept its lamp."
)
CONVERSATION = (
    Message("system", "Be brief."),
    Message("user", "What is the capital of France?"),
    Message("assistant", "Paris."),
    Message("user", "And of Italy?"),
)


@dataclass(frozen=True)
class Finding:
    """The answer to one question.

    Parameters
    ----------
    name : str
        What was asked.
    verdict : str
        "ok", "failed", or "not applicable" where it cannot be asked.
    sentence : str
        With the figures, or with the reason.
    """

    name: str
    verdict: Verdict
    sentence: str


@dataclass(frozen=True)
class Subject:
    """What is checked: the files, what was asked for, and the run that lends the loads."""

    model: InstalledModel
    choice: ModelChoice
    run: Run
    brought: set[ModelChoice] = field(default_factory=set)

    @contextmanager
    def loaded(self, precision: Precision, engine: EngineName) -> Iterator[Engine]:
        """Lease the model; several questions may be asked of one load."""
        choice = ModelChoice(self.choice.reference, precision, engine)
        pool = self.run.pool
        if pool.model(choice) is None:
            self.brought.add(choice)
        with pool.lease(choice, self.run.stopped, lab=True) as model:
            yield model.engine

    def free(self) -> None:
        """Free what was not loaded before, unless somebody has taken it meanwhile."""
        self.run.pool.free(*self.brought)


Ask = Callable[[Subject], Finding]


def parts(precisions: Sequence[Precision]) -> list[tuple[str, Ask]]:
    """Return the questions, each with what is said while it is asked."""
    asked: list[tuple[str, str, Callable[[Subject], tuple[Verdict, str]]]] = [
        ("tensors", "Reading every tensor", ask_tensors),
        ("tokenizer", "Encoding and decoding texts", ask_tokenizer),
        ("chat template", "Rendering a conversation", ask_template),
        ("logits", "Running the core beside transformers", ask_logits),
    ]
    asked += [
        (f"finite at {each.label}", f"Running at {each.label}", partial(ask_finite, precision=each))
        for each in dict.fromkeys(precisions)
    ]
    return [(stage, partial(_answer, name, ask)) for name, stage, ask in asked]


def _answer(name: str, ask: Callable[[Subject], tuple[Verdict, str]], subject: Subject) -> Finding:
    """Ask; what the house refuses is an answer, but for the wish to stop."""
    try:
        return Finding(name, *ask(subject))
    except (Stopped, FetchCancelled):
        raise
    except PrecisionUnavailable as error:
        return Finding(name, "not applicable", str(error))
    except PlaygroundError as error:
        return Finding(name, "failed", str(error))


def ask_tensors(subject: Subject) -> tuple[Verdict, str]:
    """Count the tensors; a load refuses a model of which one is not in the files."""
    scan = scan_tensors(subject.model.path, subject.run.check)
    held = f"The files hold {scan.tensors:,} tensors with {scan.numbers:,} numbers"
    if scan.spoilt:
        return "failed", (
            f"{held}; {len(scan.spoilt):,} of the tensors hold an infinity or NaN, "
            f"among them {scan.spoilt[0]}."
        )
    try:
        with subject.loaded(Precision.FP32, EngineName.TRANSFORMERS):
            pass
    except PrecisionUnavailable as error:
        return "not applicable", f"{held}, all finite; whether they are all is not known: {error}"
    return "ok", f"{held}, all finite; every one that the architecture needs is among them."


def ask_tokenizer(subject: Subject) -> tuple[Verdict, str]:
    """Encode and decode texts of many kinds."""
    tokenizer = load_tokenizer(subject.model.path)
    return judge_texts(tokenizer, embedding_rows(subject.model.path))


def judge_texts(tokenizer: Tokenizer, rows: int) -> tuple[Verdict, str]:
    """Return whether texts come back, and whether each id has a row of the embedding."""
    encoded = [tokenizer.encode(text) for text in TEXTS]
    largest = max((token_id for ids in encoded for token_id in ids), default=0)
    if largest >= rows:
        return "failed", (
            f"The id {largest:,} came out of the texts, and the embedding has {rows:,} rows."
        )
    pairs = zip(TEXTS, map(tokenizer.decode, encoded), strict=True)
    changed = [(text, back) for text, back in pairs if text != back]
    lost = [text for text, back in changed if _plain(text) != _plain(back)]
    ids = f"all ids are below the embedding's {rows:,} rows"
    if lost:
        return "failed", (
            f"{len(lost)} of {len(TEXTS)} texts do not come back as they were, among them "
            f"{lost[0]!r}; {ids}."
        )
    if changed:
        return "ok", (
            f"{len(TEXTS) - len(changed)} of {len(TEXTS)} texts come back as they were, "
            f"{len(changed)} in another spelling of the same characters or with other white space, "
            f"such as {changed[0][0]!r}; {ids}."
        )
    return "ok", f"All {len(TEXTS)} texts come back as they were; {ids}."


def _plain(text: str) -> str:
    """Return a text as a tokenizer may change it on purpose: normalised, white space as one."""
    return " ".join(unicodedata.normalize("NFKC", text).split())


def ask_template(subject: Subject) -> tuple[Verdict, str]:
    """Hold a conversation's ids to those of transformers."""
    tokenizer = load_tokenizer(subject.model.path)
    if not tokenizer.has_chat_template:
        return "not applicable", "It has no chat template: a base model, which continues text."
    messages, without = list(CONVERSATION), ""
    try:
        ours = tokenizer.encode_chat(messages)
    except OptionError:
        # Some templates know no system prompt; what refuses this one, too, has failed.
        messages, without = messages[1:], " (it takes no system prompt)"
        ours = tokenizer.encode_chat(messages)
    theirs = reference_chat_ids(subject.model.path, messages)
    what = f"a conversation of {len(messages)} messages{without}"
    if ours == theirs:
        return "ok", f"The {len(ours)} tokens of {what} are those of transformers."
    return "failed", (
        f"The {len(ours)} tokens of {what} are not the {len(theirs)} that transformers makes of it."
    )


def ask_logits(subject: Subject) -> tuple[Verdict, str]:
    """Hold the core's logits to those of transformers, both at FP32."""
    with subject.loaded(Precision.FP32, EngineName.CORE) as engine:
        ours = _logits(engine)
    with subject.loaded(Precision.FP32, EngineName.TRANSFORMERS) as engine:
        theirs = _logits(engine)
    return judge_logits(ours, theirs)


def judge_logits(ours: NDArray[np.float32], theirs: NDArray[np.float32]) -> tuple[Verdict, str]:
    """Return whether two rows of logits are the same, up to the order of sums."""
    if not (np.isfinite(ours).all() and np.isfinite(theirs).all()):
        return "failed", "Some logits of the core or of transformers are no finite numbers."
    apart = float(np.abs(ours - theirs).max())
    largest = float(np.abs(theirs).max())
    relative = apart / largest if largest else apart
    same = apart < ABSOLUTE or relative < RELATIVE
    return "ok" if same else "failed", (
        f"The core's logits differ from transformers' by at most {apart:.1g} "
        f"({relative:.1g} of the largest) after {len(ours)} tokens at FP32; "
        f"{ABSOLUTE:g}, or {RELATIVE:g} of the largest, is allowed."
    )


def ask_finite(subject: Subject, precision: Precision) -> tuple[Verdict, str]:
    """Run one forward pass at a precision."""
    if reason := unavailable_reason(precision):
        return "not applicable", f"This machine cannot run {precision.label}: {reason}."
    with subject.loaded(precision, subject.choice.engine) as engine:
        logits = _logits(engine)
        ran = engine.name
    wrong = int(np.count_nonzero(~np.isfinite(logits)))
    if wrong:
        return "failed", (
            f"{wrong:,} of {logits.size:,} logits are no finite numbers (engine {ran})."
        )
    return "ok", f"All {logits.size:,} logits of one forward pass are finite (engine {ran})."


def _logits(engine: Engine) -> NDArray[np.float32]:
    ids = engine.tokenizer.encode_text_prompt(TEXT)[: engine.context_length]
    return engine.logits_at_each(np.array(ids))
