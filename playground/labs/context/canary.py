"""The canary: plant a word, fill the window, ask for it back, under every overflow policy.

What falls out of the window is gone: a model that is asked for it does not know that it does not
know, and makes something up.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import cycle
from typing import Any, Literal, Self

from pydantic import model_validator

from playground.data import shipped_sentences
from playground.errors import ContextOverflow, OptionError
from playground.experiments.run import Progress, Run
from playground.experiments.settings import Settings, field
from playground.generation.fitting.overflow import OverflowPolicy
from playground.generation.fitting.window import count_turn
from playground.generation.language_model import LanguageModel
from playground.models.text.tokenizer import Message, Tokenizer
from playground.number_rules import shown

MAX_LETTERS = 30
# Small models ramble when they are asked, so the reply is begun for them.
PLANT, ANSWER = "The secret word is {word}. Remember it.", "I will remember it."
QUESTION, OPENING = "Which secret word did I tell you?", "The secret word is"
REPLY_TOKENS = 10
# The long conversation has so many times the tokens of the window.
OVERFILL = 1.3
_SENTENCES_A_TURN = 3

Grade = Literal["found", "not found", "refused"]


class CanarySettings(Settings):
    """What is planted, and how large the window is."""

    words: tuple[str, ...] = field(
        ("walnut", "copper", "violet", "anchor"),
        label="Secret words",
        explanation="Each in conversations of its own, at most 8; letters and digits.",
        most=8,
    )
    window: int = field(384, label="Window", explanation="Tokens, 192 to 4,096.", ge=192, le=4096)

    @model_validator(mode="after")
    def _plain_words(self) -> Self:
        for word in self.words:
            if not word.isalnum() or len(word) > MAX_LETTERS:
                raise OptionError(
                    f"`words` must each be 1 to {MAX_LETTERS} letters or digits, got {shown(word)}."
                )
        return self

    @property
    def secrets(self) -> tuple[str, ...]:
        """The words, each once."""
        return tuple(dict.fromkeys(self.words))

    @property
    def trials(self) -> int:
        """How many questions are asked."""
        return 2 * len(OverflowPolicy) * len(self.secrets)


@dataclass(frozen=True)
class Trial:
    """One question.

    Parameters
    ----------
    policy : OverflowPolicy
        What gave way.
    filled : bool
        Whether the window was overfilled; False asks while the word is still in it.
    word : str
        What was planted.
    prompt_tokens : int
        Tokens that the model received; 0 when it was refused.
    in_prompt : bool
        Whether the word was among them, computed.
    reply : str
        What the model said, or why it was refused.
    grade : str
        "found" when the word is in the reply.
    repeated : bool
        Whether the same prompt had been asked before: its reply stands here again.
    """

    policy: OverflowPolicy
    filled: bool
    word: str
    prompt_tokens: int
    in_prompt: bool
    reply: str
    grade: Grade
    repeated: bool = False


@dataclass(frozen=True)
class Canary:
    """The questions that have been asked.

    Parameters
    ----------
    settings : CanarySettings
        What is tried.
    trials : tuple of Trial
        Those that are done.
    """

    settings: CanarySettings
    trials: tuple[Trial, ...] = ()

    @property
    def progress(self) -> Progress:
        """How many questions have been asked."""
        done, total = len(self.trials), self.settings.trials
        return Progress(done, total, f"{done} of {total} questions asked")

    def found(self, in_prompt: bool) -> tuple[int, int]:
        """Return in how many replies the word was found, and of how many different prompts.

        Parameters
        ----------
        in_prompt : bool
            Count those whose prompt held the word, or those whose prompt did not.
        """
        asked = [t for t in self.trials if t.grade != "refused" and not t.repeated]
        graded = [t.grade == "found" for t in asked if t.in_prompt == in_prompt]
        return sum(graded), len(graded)

    def to_json(self) -> dict[str, Any]:
        """Return everything that was tried."""
        return {"trials": [{**asdict(t), "policy": t.policy.value} for t in self.trials]}


def run_canary(model: LanguageModel, settings: CanarySettings, run: Run) -> Iterator[Canary]:
    """Ask every question, at temperature 0.

    Parameters
    ----------
    model : LanguageModel
        Who answers.
    settings : CanarySettings
        What is tried.
    run : Run
        Asked before each forward pass whether to stop.

    Yields
    ------
    Canary
        What is done, after each question.

    Raises
    ------
    OptionError
        When the window is larger than the model's.
    """
    trials = list[Trial]()
    # The same prompt has the same reply at temperature 0: it is asked once.
    replies: dict[tuple[int, ...], str] = {}
    yield Canary(settings)
    for filled in (False, True):
        for policy in OverflowPolicy:
            for word in settings.secrets:
                trial = _try(model, settings.window, (policy, filled, word), replies, run)
                run.check()
                trials.append(trial)
                yield Canary(settings, tuple(trials))


def _try(
    model: LanguageModel,
    window: int,
    what: tuple[OverflowPolicy, bool, str],
    replies: dict[tuple[int, ...], str],
    run: Run,
) -> Trial:
    policy, filled, word = what
    tokenizer = model.tokenizer
    opening = tokenizer.encode(OPENING)
    try:
        stream = model.stream(
            conversation(tokenizer, word, window if filled else None),
            prefix=opening,
            cancelled=run.stopped,
            temperature=0,
            overflow=policy,
            context_window=window,
            max_new_tokens=len(opening) + REPLY_TOKENS,
        )
    except ContextOverflow as refusal:
        return Trial(policy, filled, word, 0, False, str(refusal), "refused")
    ids = stream.prompt.token_ids
    repeated = ids in replies
    if repeated:
        stream.close()
    else:
        for _ in stream:
            pass
        replies[ids] = stream.reply.text
    said = replies[ids]
    in_prompt = _holds(tokenizer.decode(ids), word)
    grade: Grade = "found" if _holds(said, word) else "not found"
    return Trial(policy, filled, word, len(ids), in_prompt, said, grade, repeated)


def conversation(tokenizer: Tokenizer, word: str, window: int | None) -> list[Message]:
    """Return a conversation that plants a word, tells a story, and asks for the word.

    Parameters
    ----------
    tokenizer : Tokenizer
        Counts.
    word : str
        The secret.
    window : int or None
        The story is told until the whole passes `OVERFILL` times these tokens; None tells only its
        beginning.
    """
    messages = [Message("user", PLANT.format(word=word)), Message("assistant", ANSWER)]
    question = Message("user", QUESTION)
    # Each turn is counted once, by itself: with its frame it adds up to the prompt.
    tokens = len(tokenizer.encode_chat([*messages, question]))
    for part in cycle(_story()):
        turns = [Message("user", part), Message("assistant", "I see. Go on.")]
        messages += turns
        tokens += sum(count_turn(tokenizer, turn) for turn in turns)
        if window is None or tokens > OVERFILL * window:
            return [*messages, question]
    raise AssertionError("unreachable: the story has no end")


def _story() -> list[str]:
    sentences = shipped_sentences()
    starts = range(0, len(sentences), _SENTENCES_A_TURN)
    return [" ".join(sentences[at : at + _SENTENCES_A_TURN]) for at in starts]


def _holds(text: str, word: str) -> bool:
    return re.search(rf"\b{re.escape(word.casefold())}\b", text.casefold()) is not None
