"""The scores by name: what each says of an answer, in plain words, and when it misleads.

A score is no fact check: it says how sure a model is, never whether it is right.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Literal

from playground.generation.recording import TokenRecord
from playground.labs.hallucination.sample_scores import (
    agreement,
    selfcheck_ngram,
    semantic_entropy,
)
from playground.labs.hallucination.token_scores import (
    highest_entropy,
    length,
    lowest_probability,
    margin,
    mean_entropy,
    mean_logprob,
    sequence_logprob,
    thrown,
)

CAUTION = (
    "A consistently wrong answer looks certain: every score here says how sure the model is, and "
    "none checks a fact."
)

Needs = Literal["nothing", "answer", "samples", "self", "states"]

_MISSING: dict[Needs, str] = {
    "nothing": "",
    "answer": "The answer is empty, so that there is no token to measure.",
    "samples": "It compares samples, and there are none; take 2 or more at a temperature above 0.",
    "self": "The model has not been asked about its own answer.",
    "states": "No probe has been fitted; it takes a set of questions.",
}
_ONE_SAMPLE = "It compares samples with each other, and there is one; take 2 or more."
_NO_WORD = "The answer has no word that could be looked for in the samples."


@dataclass(frozen=True)
class Evidence:
    """All that is known of one answer, for the scores to look at.

    Parameters
    ----------
    tokens : sequence of TokenRecord
        The answer.
    text : str
        Its text.
    samples : sequence of str
        The texts of the samples.
    cluster : hashable
        The cluster of the answer.
    clusters : sequence of hashable
        The cluster of each sample.
    says_true : float or None
        P(True); None where the model was not asked.
    probed : float or None
        What a linear probe says; None where none was fitted.
    seed : int
        Of the dice of the random control.
    name : str
        Names the question, for the same.
    """

    tokens: Sequence[TokenRecord]
    text: str = ""
    samples: Sequence[str] = ()
    cluster: Hashable = None
    clusters: Sequence[Hashable] = ()
    says_true: float | None = None
    probed: float | None = None
    seed: int = 0
    name: str = ""

    def has(self, needs: Needs) -> bool:
        """Tell whether what a score needs is there."""
        return {
            "nothing": True,
            "answer": bool(self.tokens),
            "samples": bool(self.samples),
            "self": self.says_true is not None,
            "states": self.probed is not None,
        }[needs]


@dataclass(frozen=True)
class Score:
    """One way to tell how sure a model is.

    Parameters
    ----------
    name, label : str
        For programs, and for people.
    higher_is_surer : bool
        Whether a high value is the sign of a sure model.
    unit : str
        What it is counted in.
    needs : str
        What has to be known of an answer.
    function : callable
        From `Evidence` that has it to the value.
    meaning, misleads : str
        Two sentences each.
    why_none : str
        Why there is no value though what it needs is there; empty where that cannot be.
    """

    name: str
    label: str
    higher_is_surer: bool
    unit: Literal["nats", "0 to 1", "tokens"]
    needs: Needs
    function: Callable[[Evidence], float | None]
    meaning: str
    misleads: str
    why_none: str = ""

    def of(self, evidence: Evidence) -> float | None:
        """Return the score of an answer, None where it has none; see `why_not`."""
        return self.function(evidence) if evidence.has(self.needs) else None

    def why_not(self, evidence: Evidence) -> str | None:
        """Return one sentence that says why an answer has no such score, or None where it has."""
        if not evidence.has(self.needs):
            return _MISSING[self.needs]
        return self.why_none if self.function(evidence) is None else None


FROM_THE_ANSWER = (
    Score(
        name="sequence_logprob",
        label="Sequence logprob",
        higher_is_surer=True,
        unit="nats",
        needs="answer",
        function=lambda found: sequence_logprob(found.tokens),
        meaning="How likely the model finds the answer as a whole: the log-probabilities of its "
        "tokens, added up. Near 0 it would hardly have written anything else.",
        misleads="Each further token lowers it, so that a long answer looks unsure even if it is "
        "right. A mistake that the model makes every time is likely, and so looks certain.",
    ),
    Score(
        name="mean_logprob",
        label="Mean logprob",
        higher_is_surer=True,
        unit="nats",
        needs="answer",
        function=lambda found: mean_logprob(found.tokens),
        meaning="How likely the model found each token, averaged over the answer, so that length "
        "counts less. Near 0 it knew at every step how to go on.",
        misleads="Easy tokens, such as the end of a long name, hide the one where it guessed. "
        "Fluent nonsense scores high, because usual words are likely whether or not they are true.",
    ),
    Score(
        name="lowest_probability",
        label="Lowest token probability",
        higher_is_surer=True,
        unit="0 to 1",
        needs="answer",
        function=lambda found: lowest_probability(found.tokens),
        meaning="The probability of the token that the model was least sure of. A chain is as "
        "strong as its weakest link, and that is often the name or the number.",
        misleads="Where two words would have said the same, the choice between them looks like "
        "doubt. A wrong name that the model has learnt by heart has no weak link.",
    ),
    Score(
        name="mean_entropy",
        label="Mean entropy",
        higher_is_surer=False,
        unit="nats",
        needs="answer",
        function=lambda found: mean_entropy(found.tokens),
        meaning="How widely the model spread its bets at each token, averaged; 0 means on one "
        "token alone. It looks at all that could have come, not only at what came.",
        misleads="Many ways to say one thing count as doubt. A mistake that the model has learnt "
        "leaves it one way to go on, and an entropy near 0.",
    ),
    Score(
        name="highest_entropy",
        label="Highest entropy",
        higher_is_surer=False,
        unit="nats",
        needs="answer",
        function=lambda found: highest_entropy(found.tokens),
        meaning="How widely the model spread its bets where it was most torn. It is to find the "
        "place at which the fact was decided.",
        misleads="Often that place is the first word, where the model only chose how to begin. "
        "One such word makes a whole right answer look unsure.",
    ),
    Score(
        name="margin",
        label="Margin",
        higher_is_surer=True,
        unit="0 to 1",
        needs="answer",
        function=lambda found: margin(found.tokens),
        meaning="How far the likeliest token was ahead of the second, averaged over the answer. "
        "Near 1 it had no rival.",
        misleads="Another spelling of the same word is a rival too. A wrong answer without a rival "
        "looks certain.",
    ),
)

CONTROLS = (
    Score(
        name="length",
        label="Length (control)",
        higher_is_surer=False,
        unit="tokens",
        needs="nothing",
        function=lambda found: length(found.tokens),
        meaning="How many tokens the answer has: a control, which knows nothing of the model. A "
        "score that does not beat it may have measured only length.",
        misleads="Where wrong answers happen to be long it looks like a good score. In another set "
        "it may point the other way.",
    ),
    Score(
        name="random",
        label="Random (control)",
        higher_is_surer=True,
        unit="0 to 1",
        needs="nothing",
        function=lambda found: thrown(found.seed, found.name),
        meaning="A number thrown for each answer without looking at it: the other control. It "
        "shows how far chance alone gets in a set of this size.",
        misleads="It says nothing about any answer. In a small set it can look like a signal.",
    ),
)

FROM_SAMPLES = (
    Score(
        name="agreement",
        label="Agreement of the samples",
        higher_is_surer=True,
        unit="0 to 1",
        needs="samples",
        function=lambda found: agreement(found.cluster, found.clusters),
        meaning="The share of the samples that say the same as the answer. A model that knows says "
        "one thing however the dice fall.",
        misleads="A model that is wrong in the same way every time agrees with itself, so that a "
        "consistently wrong answer looks certain. Two wordings that were not seen to be one answer "
        "look like doubt.",
    ),
    Score(
        name="semantic_entropy",
        label="Semantic entropy",
        higher_is_surer=False,
        unit="nats",
        needs="samples",
        # Of one sample it would always be 0, whatever the model knows.
        function=lambda f: semantic_entropy(f.clusters) if len(f.clusters) > 1 else None,
        why_none=_ONE_SAMPLE,
        meaning="How widely the samples are spread over different meanings: 0 when all say the "
        "same, ln N when all N differ. Other words for the same count as the same.",
        misleads="If all samples are wrong in the same way it is 0, just as for a model that "
        "knows. With few samples it takes few values, and many answers tie.",
    ),
    Score(
        name="selfcheck_ngram",
        label="SelfCheck n-gram",
        higher_is_surer=False,
        unit="nats",
        needs="samples",
        function=lambda found: selfcheck_ngram(found.text, found.samples),
        why_none=_NO_WORD,
        meaning="How rare the answer's rarest word is among the words of the samples. An invented "
        "name changes with the dice, and so stands alone.",
        misleads='It counts words and not meanings: "prime" and "not prime" are nearly the same '
        "to it, and more words look less sure. An invention that comes back in every sample looks "
        "certain.",
    ),
)

FROM_THE_MODEL = (
    Score(
        name="p_true",
        label="P(True)",
        higher_is_surer=True,
        unit="0 to 1",
        needs="self",
        function=lambda found: found.says_true,
        meaning="Shown its own answer and asked whether it is true, how likely the model is to say "
        "yes. Large models have some sense of what they know.",
        misleads="A model as small as those here is known to fail at it: it tends to one letter "
        "whatever it is shown. A model that believes its mistake will say that it is true.",
    ),
    Score(
        name="linear_probe",
        label="Linear probe on the hidden states",
        higher_is_surer=True,
        unit="0 to 1",
        needs="states",
        function=lambda found: found.probed,
        meaning="How likely the answer is right, read from the model's inner state by a regression "
        "that was fitted on the other half of the set. It may see a doubt that never reaches the "
        "output.",
        misleads="It has learnt this kind of question, and may be worthless for another. With few "
        "answers it learns them by heart, so that only the half it has not seen counts.",
    ),
)

SCORES: tuple[Score, ...] = (*FROM_THE_ANSWER, *CONTROLS, *FROM_SAMPLES, *FROM_THE_MODEL)
