"""How a reply came about, as plain values: saved as JSON, read back without a model."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from pydantic import TypeAdapter, ValidationError

from playground.errors import OptionError
from playground.generation.choosing import StageRecord
from playground.generation.row import FinishReason, Step
from playground.models.text.tokenizer import Tokenizer


@dataclass(frozen=True)
class AlternativeRecord:
    """A token that could have come; see `playground.generation.choosing.Alternative`."""

    token_id: int
    text: str
    logprob: float


@dataclass(frozen=True)
class TokenRecord:
    """One token of a reply and how it was chosen.

    Parameters
    ----------
    token_id : int
        The token.
    text : str
        Its own text, as `Tokenizer.piece` writes it.
    shown : str
        What it added to the shown reply.
    logprob, rank, entropy_nats
        In the model's own distribution; see `Choice`.
    uniform : float or None
        The number thrown; None at temperature 0.
    low, high : float
        The stretch of [0, 1) that drew it.
    stages : tuple of StageRecord
        What each step did.
    alternatives : tuple of AlternativeRecord
        The likeliest tokens of the model's own distribution, best first.
    finish_reason : str or None
        Why the reply ended, on its last token.
    """

    token_id: int
    text: str
    shown: str
    logprob: float
    rank: int
    entropy_nats: float
    uniform: float | None
    low: float
    high: float
    stages: tuple[StageRecord, ...]
    alternatives: tuple[AlternativeRecord, ...]
    finish_reason: FinishReason | None = None

    @property
    def surprisal_nats(self) -> float:
        """How unexpected the token was to the model."""
        return 0.0 - self.logprob


def record_step(step: Step, tokenizer: Tokenizer) -> TokenRecord:
    """Return a step as plain values, with the texts that only the tokenizer knows."""
    choice = step.choice
    return TokenRecord(
        token_id=choice.token_id,
        text=tokenizer.piece(choice.token_id),
        shown=step.text,
        logprob=choice.logprob,
        rank=choice.rank,
        entropy_nats=choice.entropy_nats,
        uniform=choice.uniform,
        low=choice.low,
        high=choice.high,
        stages=choice.stages,
        alternatives=tuple(
            AlternativeRecord(other.token_id, tokenizer.piece(other.token_id), other.logprob)
            for other in choice.alternatives
        ),
        finish_reason=step.finish_reason,
    )


_RECORDS: TypeAdapter[tuple[TokenRecord, ...]] = TypeAdapter(tuple[TokenRecord, ...])


def to_json(records: Iterable[TokenRecord]) -> list[dict[str, Any]]:
    """Return records as values that JSON can hold."""
    return [asdict(record) for record in records]


def replay(recorded: Sequence[Any]) -> tuple[TokenRecord, ...]:
    """Read records back and check that each token is the one its number draws.

    Parameters
    ----------
    recorded : sequence
        What `to_json` returned, after a journey through a file.

    Returns
    -------
    tuple of TokenRecord
        Their `shown` texts, joined, are the reply.

    Raises
    ------
    OptionError
        When a record has another form, or a number that lies outside its token's stretch.
    """
    try:
        records = _RECORDS.validate_python(recorded)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise OptionError(
            f"The recording cannot be replayed: {where} is not as expected ({first['msg']}); "
            f"export it again."
        ) from None
    for place, record in enumerate(records):
        if record.uniform is not None and not record.low <= record.uniform <= record.high:
            raise OptionError(
                f"The recording cannot be replayed: token {place} was drawn by "
                f"{record.uniform:.6f}, which lies outside its stretch {record.low:.6f} to "
                f"{record.high:.6f}; export it again."
            )
    return records
