"""Answers to many prompts: the likeliest one and some samples of each, all in the shared batch.

Several prompts are in flight at once, so that the batch is full, and each is told in its own turn:
the same seed gives the same answers in the same order, whoever ends first. A prompt that goes wrong
carries the reason, and the others go on.
"""

from __future__ import annotations

import time
import zlib
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from playground.errors import Busy, ContextOverflow, PlaygroundError
from playground.experiments.run import Run
from playground.experiments.settings import Settings, field
from playground.generation.fitting.messages import fit_messages
from playground.generation.fitting.overflow import OverflowPolicy
from playground.generation.language_model import LanguageModel
from playground.generation.recording import TokenRecord
from playground.generation.reply import Reply
from playground.generation.row import FinishReason
from playground.generation.scheduler import MAX_LAB_ROWS, MAX_ROWS
from playground.generation.settings import MAX_SEED, SamplingSettings
from playground.generation.stream import Streams
from playground.labs.hallucination.answer_ends import count_of_text, why_none
from playground.labs.hallucination.one_pass import read_again
from playground.labs.hallucination.sentence_ends import first_sentence_length
from playground.labs.hallucination.sentence_marks import ends_a_sentence
from playground.models.text.tokenizer import TRANSCRIPT_STOP, Message

MAX_SAMPLES = 15  # one column more is the likeliest answer
# What surely ends a sentence; where a full stop may stand in "John F. Kennedy", the text is cut
# once it is there.
SENTENCE_ENDS = ("\n", "? ", "! ", ". The ", ". It ", ". This ", ". He ", ". She ", ". In ", ". I ")
TEXT_TOKENS, CHAT_TOKENS = 12, 48
_BUSY_SECONDS = 0.05

Way = Literal["auto", "text", "chat"]


class AnswerSettings(Settings):
    """How often each prompt is answered, and how."""

    samples: int = field(
        5,
        label="Samples",
        explanation="Further answers to each prompt, with dice; 0 leaves them out.",
        ge=0,
        le=MAX_SAMPLES,
    )
    temperature: float = field(
        0.7,
        label="Temperature of the samples",
        explanation="The answer itself has 0.",
        ge=0,
        le=2,
        seldom=True,
    )
    top_p: float = field(
        0.95,
        label="Top-p of the samples",
        explanation="1 cuts nothing off.",
        gt=0,
        le=1,
        seldom=True,
    )
    max_new_tokens: int | None = field(
        None,
        label="Tokens an answer",
        explanation=f"At most; empty is {TEXT_TOKENS} for a text, {CHAT_TOKENS} in a chat.",
        ge=1,
        le=512,
        seldom=True,
    )
    seed: int = field(
        0,
        label="Dice seed",
        explanation="The same seed gives the same table.",
        ge=0,
        le=MAX_SEED,
        seldom=True,
    )
    by_meaning: bool = field(
        False,
        label="Compare by meaning",
        explanation="Puts samples together by a sentence encoder, too; it is fetched once.",
        seldom=True,
    )

    @property
    def drawn(self) -> int:
        """Samples that are really drawn: at temperature 0 each would be the answer itself."""
        return self.samples if self.temperature > 0 else 0

    def limit(self, question: Question) -> int:
        """Tokens that an answer has at most: it takes a few to go on, some more to answer."""
        return self.max_new_tokens or (CHAT_TOKENS if question.chat else TEXT_TOKENS)


@dataclass(frozen=True)
class Question:
    """What is asked, and in which way.

    Parameters
    ----------
    item_id : str
        Names it.
    prompt : str
        Its text.
    chat : bool
        Whether it goes through the chat template; else it is continued as it stands.
    one_sentence : bool
        Whether an answer ends with its line or its sentence.
    before : str
        What is asked in the chat first; the reply then begins with the prompt.
    dice : str
        What its dice are thrown for, besides the seed; two with the same have the same dice.
    """

    item_id: str
    prompt: str
    chat: bool
    one_sentence: bool = True
    before: str = ""
    dice: str = ""


@dataclass(frozen=True)
class Answer:
    """One answer.

    Parameters
    ----------
    text : str
        Without white space around it.
    tokens : tuple of TokenRecord
        Those that its text is made of; what came after its end is left out.
    finish_reason : str
        Why it ended.
    error : str or None
        One sentence, where there is no answer to be judged.
    """

    text: str
    tokens: tuple[TokenRecord, ...]
    finish_reason: FinishReason
    error: str | None = None


@dataclass(frozen=True)
class Answered:
    """A question with its answers.

    Parameters
    ----------
    item_id, prompt : str
        Of the question.
    answer : Answer
        The likeliest, token by token; its numbers are those of one pass over prompt and answer.
    samples : tuple of Answer
        Drawn with dice.
    prompt_ids : tuple of int
        What the model was given; empty where it could not be.
    passes : int
        Tokens read and written in all.
    """

    item_id: str
    prompt: str
    answer: Answer
    samples: tuple[Answer, ...] = ()
    prompt_ids: tuple[int, ...] = ()
    passes: int = 0


def is_chat(prompt: str, way: Way = "auto") -> bool:
    """Tell whether a prompt is a message to be answered, or a text to be continued.

    Examples
    --------
    >>> is_chat("What is the capital of France?"), is_chat("The capital of France is")
    (True, False)
    """
    return ends_a_sentence(prompt) if way == "auto" else way == "chat"


def columns(settings: AnswerSettings, question: Question) -> list[SamplingSettings]:
    """Return how each answer is written: the likeliest first, then the samples."""
    ends = SENTENCE_ENDS if question.one_sentence else ()
    likeliest = SamplingSettings(
        temperature=0, max_new_tokens=settings.limit(question), stop=ends, top_p=1
    )
    key = zlib.crc32(
        (question.dice or question.before + question.prompt).encode("utf-8", "replace")
    )
    seeds = np.random.SeedSequence([settings.seed, key]).generate_state(max(settings.drawn, 1))
    drawn = replace(likeliest, temperature=settings.temperature, top_p=settings.top_p)
    return [likeliest, *(replace(drawn, seed=int(seed)) for seed in seeds[: settings.drawn])]


def answer_all(
    model: LanguageModel, questions: Iterable[Question], settings: AnswerSettings, run: Run
) -> Iterator[Answered]:
    """Answer every question, as many at once as the batch has rows for.

    Parameters
    ----------
    model : LanguageModel
        Who answers.
    questions : iterable of Question
        In their order.
    settings : AnswerSettings
        How often and how.
    run : Run
        Asked before each forward pass whether to stop.

    Yields
    ------
    Answered
        In the order of the questions, each as soon as it and those before it are done.

    Raises
    ------
    Stopped
        When the person stopped it.
    """
    # Two more than there are rows for: they wait at the door, and no row is ever empty.
    ahead = -(-(MAX_ROWS + MAX_LAB_ROWS) // (1 + settings.drawn)) + 2
    waiting, begun = deque(questions), deque[_Begun]()
    try:
        while waiting or begun:
            while waiting and len(begun) < ahead and _begin(model, settings, run, waiting, begun):
                pass
            if not begun:  # others fill the queue
                run.check()
                time.sleep(_BUSY_SECONDS)
                continue
            answered = begun[0].finish(model)
            run.check()
            begun.popleft()
            yield answered
    finally:
        for each in begun:
            each.close()


def _begin(
    model: LanguageModel,
    settings: AnswerSettings,
    run: Run,
    waiting: deque[Question],
    begun: deque[_Begun],
) -> bool:
    """Hand the next question over; return False where the batch has no place for it now."""
    question = waiting[0]
    try:
        ids, stops = encode(model, question, settings.limit(question))
        ways = [replace(each, stop=(*each.stop, *stops)) for each in columns(settings, question)]
        streams = model.stream_many(ids, ways, run.stopped)
    except Busy:
        return False
    except PlaygroundError as error:
        begun.append(_Begun(question, (), None, str(error)))
    else:
        begun.append(_Begun(question, tuple(ids), streams))
    waiting.popleft()
    return True


def encode(
    model: LanguageModel, question: Question, max_new_tokens: int
) -> tuple[Sequence[int], tuple[str, ...]]:
    """Return the tokens that the model is given, and what ends its turn besides its own token.

    Raises
    ------
    ContextOverflow
        When the prompt is empty, or does not fit the window whole.
    """
    if not question.prompt.strip():
        raise ContextOverflow("The prompt is empty; write at least one word.")
    asked, begun = question.prompt, list[int]()
    if not question.chat:
        # A model without a template was not trained to be asked: it only writes on.
        if not (question.before.strip() and model.tokenizer.has_chat_template):
            return model.tokenizer.encode_text_prompt(question.prompt), ()
        asked, begun = question.before, model.tokenizer.encode(question.prompt)
    message = Message("user", asked)
    fitted = fit_messages([message], model.engine, max_new_tokens, OverflowPolicy.STOP)
    # Without a template the conversation is a transcript, which would go on by itself.
    return [*fitted.token_ids, *begun], () if model.tokenizer.has_chat_template else (
        TRANSCRIPT_STOP,
    )


@dataclass
class _Begun:
    """A question that the batch has, or that it could not be given."""

    question: Question
    prompt_ids: tuple[int, ...]
    streams: Streams | None
    error: str | None = None

    def close(self) -> None:
        if self.streams:
            self.streams.close()

    def finish(self, model: LanguageModel) -> Answered:
        """Wait for the last of its answers."""
        item_id, prompt = self.question.item_id, self.question.prompt
        if self.streams is None:
            return Answered(item_id, prompt, Answer("", (), "failed", self.error))
        try:
            for _ in self.streams:
                pass
        except PlaygroundError as error:
            self.error = str(error)
        answers = [self._answer(model, each) for each in self.streams.replies]
        if answers[0].tokens:
            answers[0] = self._read_again(model, answers[0])
        written = sum(len(each.steps) for each in self.streams.replies)
        passes = len(self.prompt_ids) + written
        return Answered(item_id, prompt, answers[0], tuple(answers[1:]), self.prompt_ids, passes)

    def _read_again(self, model: LanguageModel, answer: Answer) -> Answer:
        try:
            return replace(answer, tokens=read_again(model, self.prompt_ids, answer.tokens))
        except PlaygroundError as error:
            return Answer("", (), "failed", str(error))

    def _answer(self, model: LanguageModel, reply: Reply) -> Answer:
        if reply.failed:
            return Answer("", (), "failed", self.error)
        whole, reason = reply.text.rstrip(), reply.finish_reason
        if self.question.one_sentence:
            end = first_sentence_length(whole)
            whole, reason = whole[:end], reason if end == len(whole) else "stop_string"
        kept = count_of_text(model, reply, whole)
        records = reply.records(model.tokenizer)[:kept]
        text = whole.strip()
        return Answer(
            text, records if text else (), reason, why_none(model, reply, self.question.chat)
        )
