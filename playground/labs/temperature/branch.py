"""A branch of a strip: a column that another token leads somewhere else."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from playground.generation.language_model import LanguageModel
from playground.labs.temperature.columns import Column, Written


def write_branch(
    model: LanguageModel,
    prompt_ids: Sequence[int],
    column: Column,
    begun: Sequence[int],
    cancelled: Callable[[], bool],
) -> Iterator[Written]:
    """Write a column on from given tokens, with the numbers that its dice throw after them.

    Parameters
    ----------
    model : LanguageModel
        Who writes.
    prompt_ids : sequence of int
        The prompt.
    column : Column
        How it is written; its longest text counts what was given.
    begun : sequence of int
        Those before the branch, and the token that was put there.
    cancelled : callable
        Asked before each forward pass; True ends it there.

    Yields
    ------
    Written
        After each token.
    """
    # One token at least follows what was given, which counts among the new tokens.
    room = max(column.settings.max_new_tokens, len(begun) + 1)
    settings = replace(column.settings, max_new_tokens=room)
    stream = model.stream(prompt_ids, prefix=begun, cancelled=cancelled, **settings.as_dict())
    for _ in stream:
        yield Written(column, stream.reply, tuple(begun))
