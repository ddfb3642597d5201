"""What the experiments of this lab have in common: a prompt, cut-offs, a word to ban or bias."""

from __future__ import annotations

from typing import Literal

from playground.experiments.sampled import shared_option
from playground.experiments.settings import Settings, field
from playground.generation.settings import SamplingSettings
from playground.labs.temperature.banning import MAX_WORD, Variant, ban, bias, find_variants
from playground.models.text.tokenizer import Message, Tokenizer


class Prompted(Settings):
    """A prompt, to be continued or to be answered."""

    prompt: str = field(
        "Once upon a time there was a",
        label="Prompt to continue",
        explanation="The model says what comes after it.",
        most=200_000,
        travels=True,
    )
    as_chat: bool = field(
        False,
        label="As a chat message",
        explanation="Put the prompt into the model's chat template, as a question of the chat is.",
        from_chat=True,
    )

    def prompt_ids(self, tokenizer: Tokenizer) -> list[int]:
        """Return the tokens that the model is given.

        Raises
        ------
        ContextOverflow
            When the prompt is empty.
        """
        if self.as_chat and self.prompt.strip():
            return tokenizer.encode_chat([Message("user", self.prompt)])
        return tokenizer.encode_text_prompt(self.prompt)


class Shaped(Settings):
    """Cut-offs, and a word that is banned or biased."""

    top_k: int = shared_option("top_k")
    top_p: float = shared_option("top_p")
    min_p: float = shared_option("min_p")
    word: str = field(
        "",
        label="Word to ban or bias",
        explanation="All its spellings, with and without a space before it.",
        most=MAX_WORD,
        narrow=True,
    )
    way: Literal["ban", "bias"] = field(
        "ban",
        label="What to do with it",
        explanation="Forbid it, or move its scores.",
        words={"ban": "Ban it", "bias": "Bias it"},
    )
    amount: float = field(
        -5.0,
        label="Added to its scores",
        explanation="Where it is biased, not banned.",
        ge=-20,
        le=20,
        step=0.5,
    )

    def variants(self, tokenizer: Tokenizer) -> tuple[Variant, ...]:
        """Return the word's spellings as tokens; none where there is no word."""
        return find_variants(tokenizer, self.word) if self.word.strip() else ()

    def shape(self, settings: SamplingSettings, tokenizer: Tokenizer) -> SamplingSettings:
        """Return settings that ban or bias the word besides."""
        variants = self.variants(tokenizer)
        if self.way == "ban":
            return ban(settings, variants)
        return bias(settings, variants, self.amount)
