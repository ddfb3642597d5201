"""What the temperature lab's own fields say: cut-offs, and a word to ban or bias."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from playground.generation.settings import SamplingSettings
from playground.labs.temperature.banning import Variant, ban, bias, find_variants
from playground.models.text.tokenizer import Message, Tokenizer

SLIDERS = {"temperature": 1.0, "top_k": 0, "top_p": 1.0, "min_p": 0.0}
WAYS = ("Ban it", "Bias it")
# The sliders, the word, what to do with it, and by how much.
VALUES = len(SLIDERS) + 3


def encode(tokenizer: Tokenizer, prompt: str, as_chat: bool) -> list[int]:
    """Return the ids of a prompt, to be continued or to be answered."""
    if as_chat and prompt.strip():
        return tokenizer.encode_chat([Message("user", prompt)])
    return tokenizer.encode_text_prompt(prompt)


def read_settings(
    tokenizer: Tokenizer, values: Sequence[Any]
) -> tuple[SamplingSettings, tuple[Variant, ...]]:
    """Return what the sliders and the word say, and the word's variants.

    Raises
    ------
    OptionError
        When one breaks its rule.
    """
    *sliders, word, way, amount = values
    settings = SamplingSettings.from_mapping(dict(zip(SLIDERS, sliders, strict=True)))
    if not str(word or "").strip():
        return settings, ()
    variants = find_variants(tokenizer, str(word))
    if way == WAYS[0]:
        return ban(settings, variants), variants
    return bias(settings, variants, amount), variants
