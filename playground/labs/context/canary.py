"""The canary: plant a word, fill the window, ask for it back, under every overflow policy.

What falls out of the window is gone: a model that is asked for it does not know that it does not
know, and makes something up.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import cycle
from typing import Any, Literal

from playground.data import shipped_sentences
from playground.errors import ContextOverflow, OptionError
from playground.generation.fitting.overflow import OverflowPolicy
from playground.generation.language_model import LanguageModel
from playground.models.text.tokenizer import Message, Tokenizer
from playground.number_rules import require_whole

WORDS = ("walnut", "copper", "violet", "anchor")
MAX_WORDS, MAX_LETTERS = 8, 30
WINDOW, MIN_WINDOW, MAX_WINDOW = 384, 192, 4096
# Small models ramble when they are asked, so the reply is begun for them.
PLANT, ANSWER = "The secret word is {word}. Remember it.", "I will remember it."
QUESTION, OPENING = "Which secret word did I tell you?", "The secret word is"
REPLY_TOKENS = 10
# The long conversation has so many times the tokens of the window.
OVERFILL = 1.3
_SENTENCES_A_TURN = 3

Grade = Literal["found", "not found", "refused"]


@dataclass(frozen=True)
class Plan:
    """What is to be tried.

    Parameters
    ----------
    words : tuple of str
        Each is planted in conversations of its own.
    window : int
        Tokens of prompt and reply together.
    """

    words: tuple[str, ...]
    window: int

    @property
    def trials(self) -> int:
        """How many questions are asked."""
        return 2 * len(OverflowPolicy) * len(self.words)


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


def make_plan(words: str, window: object) -> Plan:
    """Check what is to be tried.

    Parameters
    ----------
    words : str
        With commas between.
    window : object
        Tokens.

    Raises
    ------
    OptionError
        When there are none or too many, one is no plain word, or the window is outside its rule.

    Examples
    --------
    >>> make_plan("walnut, copper", 384).words
    ('walnut', 'copper')
    """
    chosen = tuple(dict.fromkeys(each.strip() for each in words.split(",") if each.strip()))
    if not 1 <= len(chosen) <= MAX_WORDS:
        raise OptionError(
            f"The secret words must be 1 to {MAX_WORDS}, with commas between, got {len(chosen)}."
        )
    for word in chosen:
        if not word.isalnum() or len(word) > MAX_LETTERS:
            shown = word if len(word) <= MAX_LETTERS else word[:MAX_LETTERS] + "…"
            raise OptionError(
                f"A secret word must be 1 to {MAX_LETTERS} letters or digits, got {shown!r}."
            )
    return Plan(chosen, require_whole("The window", window, MIN_WINDOW, MAX_WINDOW))


def run_canary(
    model: LanguageModel, plan: Plan, cancelled: Callable[[], bool] = lambda: False
) -> Iterator[tuple[Trial, ...]]:
    """Ask every question, at temperature 0.

    Parameters
    ----------
    model : LanguageModel
        Who answers.
    plan : Plan
        What is tried.
    cancelled : callable
        Asked before each forward pass; True ends it there, without the trial that was running.

    Yields
    ------
    tuple of Trial
        Those that are done, after each.

    Raises
    ------
    OptionError
        When the window is larger than the model's.
    """
    done = list[Trial]()
    # The same prompt has the same reply at temperature 0: it is asked once.
    replies: dict[tuple[int, ...], str] = {}
    for filled in (False, True):
        for policy in OverflowPolicy:
            for word in plan.words:
                trial = _try(model, plan, (policy, filled, word), replies, cancelled)
                if cancelled():
                    return
                done.append(trial)
                yield tuple(done)


def _try(
    model: LanguageModel,
    plan: Plan,
    what: tuple[OverflowPolicy, bool, str],
    replies: dict[tuple[int, ...], str],
    cancelled: Callable[[], bool],
) -> Trial:
    policy, filled, word = what
    tokenizer = model.tokenizer
    opening = tokenizer.encode(OPENING)
    try:
        stream = model.stream(
            conversation(tokenizer, word, plan.window if filled else None),
            prefix=opening, cancelled=cancelled, temperature=0, overflow=policy,
            context_window=plan.window, max_new_tokens=len(opening) + REPLY_TOKENS,
        )  # fmt: skip
    except ContextOverflow as refusal:
        return Trial(policy, filled, word, 0, False, str(refusal), "refused")
    ids = stream.prompt.token_ids
    repeated = ids in replies
    if not repeated:
        for _ in stream:
            pass
        replies[ids] = stream.reply.text
    said = replies[ids]
    in_prompt = _holds(tokenizer.decode(ids), word)
    return Trial(
        policy, filled, word, len(ids), in_prompt, said,
        "found" if _holds(said, word) else "not found", repeated,
    )  # fmt: skip


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
    for part in cycle(_story()):
        messages += [Message("user", part), Message("assistant", "I see. Go on.")]
        whole = [*messages, question]
        if window is None or len(tokenizer.encode_chat(whole)) > OVERFILL * window:
            return whole
    raise AssertionError("unreachable: the story has no end")


def _story() -> list[str]:
    sentences = shipped_sentences()
    starts = range(0, len(sentences), _SENTENCES_A_TURN)
    return [" ".join(sentences[at : at + _SENTENCES_A_TURN]) for at in starts]


def _holds(text: str, word: str) -> bool:
    return re.search(rf"\b{re.escape(word.casefold())}\b", text.casefold()) is not None


def found(trials: Sequence[Trial], in_prompt: bool) -> tuple[int, int]:
    """Return in how many replies the word was found, and of how many different prompts.

    Parameters
    ----------
    trials : sequence of Trial
        Those that are done.
    in_prompt : bool
        Count those whose prompt held the word, or those whose prompt did not.
    """
    asked = [t for t in trials if t.grade != "refused" and not t.repeated]
    graded = [t.grade == "found" for t in asked if t.in_prompt == in_prompt]
    return sum(graded), len(graded)


def to_json(plan: Plan, trials: Sequence[Trial], model: str) -> dict[str, Any]:
    """Return everything that was tried, ready for JSON."""
    return {
        "model": model,
        "window": plan.window,
        "trials": [{**asdict(t), "policy": t.policy.value} for t in trials],
    }
