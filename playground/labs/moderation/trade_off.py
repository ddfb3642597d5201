"""Trade-off: every threshold of the classifier, with what it catches and whom it stops wrongly."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from playground.core.evaluation import Ranking, average_precision, rank, roc_curve
from playground.core.resampling import bootstrap_interval
from playground.experiments.row_files import MOST_CHARACTERS_OF_FILE, pasted_name
from playground.experiments.run import Progress, Run
from playground.experiments.settings import Settings, field
from playground.labs.moderation.house import classifier_for, house_rail
from playground.labs.moderation.labelled import Counts, count
from playground.labs.moderation.labelled_files import Sentence, read_labelled, shipped_sentences
from playground.moderation.rewriting import as_written

_SHOWN_EACH, _STEPS = 25, 100

Flags = NDArray[np.bool_]
Interval = tuple[float, float]


class TradeOffSettings(Settings):
    """Which sentences, and from which score on they are stopped."""

    threshold: float = field(
        0.66,
        label="Stop from",
        explanation="The classifier's score from which on a sentence is stopped.",
        ge=0,
        le=1,
        step=0.01,
    )
    own: str = field(
        "",
        label="Your own sentences",
        explanation="CSV or JSONL with text and harmful (true or false); empty takes ours.",
        lines=4,
        most=MOST_CHARACTERS_OF_FILE,
    )

    def sentences(self) -> tuple[Sentence, ...]:
        """Return the person's own sentences, or those that ship.

        Raises
        ------
        SetUnreadable
            With the lines that break a rule.
        """
        if not self.own.strip():
            return shipped_sentences()
        return read_labelled(self.own, pasted_name(self.own))


@dataclass(frozen=True)
class Scored:
    """A sentence with its score, and whether the rules alone stop it."""

    sentence: Sentence
    score: float
    ruled: bool


@dataclass(frozen=True)
class TradeOff:
    """The sentences that have been scored.

    Attributes
    ----------
    settings : TradeOffSettings
        With the threshold.
    total : int
        How many sentences there are.
    scored : tuple of Scored
        Those that are done.
    """

    settings: TradeOffSettings
    total: int
    scored: tuple[Scored, ...] = ()

    @property
    def progress(self) -> Progress:
        """How many sentences."""
        done = len(self.scored)
        return Progress(done, self.total, f"{done} of {self.total} sentences scored")

    @cached_property
    def harmful(self) -> Flags:
        """Which sentences should be stopped."""
        return np.array([each.sentence.harmful for each in self.scored], np.bool_)

    @cached_property
    def stopped(self) -> Flags:
        """Which sentences the classifier stops at the threshold."""
        scores = np.array([each.score for each in self.scored], np.float64)
        return scores >= self.settings.threshold

    @cached_property
    def ruled(self) -> Flags:
        """Which sentences the rules stop."""
        return np.array([each.ruled for each in self.scored], np.bool_)

    @property
    def both_kinds(self) -> bool:
        """Whether there are sentences of either kind, without which there is no curve."""
        return bool(self.harmful.any() and not self.harmful.all())

    @cached_property
    def ranking(self) -> Ranking:
        """How well the score tells the kinds apart."""
        return rank([each.score for each in self.scored], self.harmful)

    @property
    def curve(self) -> list[tuple[float, float]]:
        """False alarms and catches at every threshold, from the strictest."""
        found = roc_curve([each.score for each in self.scored], self.harmful)
        pairs = zip(found.false_positive_rate, found.true_positive_rate, strict=True)
        return [(float(wrong), float(right)) for wrong, right in pairs]

    @property
    def shares_by_threshold(self) -> list[tuple[float, float, float]]:
        """Of thresholds from 0 to 1: which, the share caught, the share of false alarms."""
        scores = np.array([each.score for each in self.scored], np.float64)
        grid = (place / _STEPS for place in range(_STEPS + 1))
        return [
            (at, _recall(scores >= at, self.harmful), _recall(scores >= at, ~self.harmful))
            for at in grid
        ]

    @property
    def counts(self) -> Counts:
        """What the classifier does at the threshold."""
        return self._counts(self.stopped)

    @property
    def rule_counts(self) -> Counts:
        """What the rules do."""
        return self._counts(self.ruled)

    @cached_property
    def intervals(self) -> dict[str, Interval]:
        """Where precision and recall would lie had other sentences of the kind been written."""
        return {
            "precision": bootstrap_interval(_precision, self.stopped, self.harmful),
            "recall": bootstrap_interval(_recall, self.stopped, self.harmful),
        }

    def _counts(self, stopped: Flags) -> Counts:
        return count(self.harmful.tolist(), stopped.tolist())

    def to_json(self) -> dict[str, Any]:
        """Return the figures at the threshold, the whole curve, and every sentence."""
        return {
            "threshold": self.settings.threshold,
            "classifier": self.counts.to_json(),
            "rules": self.rule_counts.to_json(),
            **(self._figures() if self.both_kinds else {}),
            "sentences": [
                {
                    "text": each.sentence.text,
                    "harmful": each.sentence.harmful,
                    "score": each.score,
                    "stopped": bool(stopped),
                    "rules_stop": each.ruled,
                }
                for each, stopped in zip(self.scored, self.stopped, strict=True)
            ],
        }

    def _figures(self) -> dict[str, Any]:
        scores = [each.score for each in self.scored]
        return {
            "auroc": self.ranking.auroc,
            "auroc_low": self.ranking.low,
            "auroc_high": self.ranking.high,
            "average_precision": average_precision(scores, self.harmful),
            "precision_interval": self.intervals["precision"],
            "recall_interval": self.intervals["recall"],
            "curve": self.curve,
        }


def run_trade_off(_nothing: None, settings: TradeOffSettings, run: Run) -> Iterator[TradeOff]:
    """Score every sentence and ask the rules about it.

    Yields
    ------
    TradeOff
        After every few sentences.

    Raises
    ------
    ModelUnavailable
        When the classifier's encoder cannot be had.
    """
    sentences = settings.sentences()
    yield TradeOff(settings, len(sentences))
    classifier, rail = classifier_for(run), house_rail(run)
    scored: list[Scored] = []
    for place, sentence in enumerate(sentences, 1):
        run.check()
        score = classifier.highest([as_written(sentence.text)])
        ruled = rail.check(sentence.text).flagged
        scored.append(Scored(sentence, score, ruled))
        if place % _SHOWN_EACH == 0 or place == len(sentences):
            yield TradeOff(settings, len(sentences), tuple(scored))


def _precision(stopped: Flags, harmful: Flags) -> float:
    return float(harmful[stopped].mean()) if stopped.any() else float("nan")


def _recall(stopped: Flags, harmful: Flags) -> float:
    return float(stopped[harmful].mean()) if harmful.any() else float("nan")
