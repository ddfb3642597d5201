"""The columns of a strip: how each is written, what it has written, what can be said of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from playground.core.metrics import distinct_n
from playground.generation.divergence import common_tokens
from playground.generation.reply import Reply
from playground.generation.settings import SamplingSettings


@dataclass(frozen=True)
class Column:
    """How one column is written.

    Parameters
    ----------
    settings : SamplingSettings
        With its temperature and its seed; the seed is None at temperature 0, where it plays no
        part.
    sample : int
        Which of the samples at this temperature, from 1.
    """

    settings: SamplingSettings
    sample: int


@dataclass(frozen=True)
class Written:
    """A column and what it has written so far.

    Parameters
    ----------
    column : Column
        How it is written.
    reply : Reply
        Its tokens.
    begun : tuple of int
        Tokens that it was given to begin with: those before a branch, and the one that was put
        there. Its reply holds what came after them.
    """

    column: Column
    reply: Reply
    begun: tuple[int, ...] = ()

    @property
    def token_ids(self) -> tuple[int, ...]:
        """All its tokens, those that it was given as well."""
        return (*self.begun, *self.reply.token_ids)

    @property
    def ended(self) -> bool:
        """Whether its last token has come."""
        return self.reply.finish_reason != "cancelled"


@dataclass(frozen=True)
class Measures:
    """What can be said of a column.

    Parameters
    ----------
    mean_entropy_nats : float
        Of the model's own distribution, over its tokens.
    distinct_1, distinct_2 : float
        Share of different tokens, and of different pairs of neighbours.
    agreement : float
        Share of places at which it has the token of the first column, over the shorter of the two.
    tokens_per_second : float
        Measured while all columns ran together.
    """

    mean_entropy_nats: float
    distinct_1: float
    distinct_2: float
    agreement: float
    tokens_per_second: float


def measure(written: Written, reference: Written) -> Measures | None:
    """Return the measures of a column beside the first one; None while it has no token."""
    if not written.reply.steps:
        return None
    ids, others = written.token_ids, reference.token_ids
    same = [mine == theirs for mine, theirs in zip(ids, others, strict=False)]
    return Measures(
        mean_entropy_nats=float(np.mean([step.entropy_nats for step in written.reply.steps])),
        distinct_1=distinct_n([ids], 1),
        distinct_2=distinct_n([ids], 2) if len(ids) > 1 else 1.0,
        agreement=float(np.mean(same)) if same else 0.0,
        tokens_per_second=written.reply.tokens_per_second or 0.0,
    )


def parts_at(written: Written, reference: Written) -> int | None:
    """Return the place of the first token that another column has not; None where none has come."""
    mine, theirs = written.token_ids, reference.token_ids
    place = common_tokens(mine, theirs)
    return place if place < min(len(mine), len(theirs)) else None


def shared_tokens(written: Written, others: Iterable[Written]) -> int:
    """Return how many tokens a column shares, from its start, with any other."""
    return max((common_tokens(written.token_ids, each.token_ids) for each in others), default=0)
