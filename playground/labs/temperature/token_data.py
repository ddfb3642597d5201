"""The tokens of a strip as the page opens them: what each was, and what else could come."""

from __future__ import annotations

import json
import math
from typing import Any

from playground.drawing.marks import mark
from playground.generation.row import Step
from playground.labs.temperature.columns import Written
from playground.models.text.tokenizer import Tokenizer

# Tokens of a whole strip that can be opened: each takes half a kilobyte of the page.
MOST_OPENED = 2_000


def tokens_json(written: Written, tokenizer: Tokenizer, count: int) -> str:
    """Return the first tokens of a column as JSON.

    Parameters
    ----------
    written : Written
        The column.
    tokenizer : Tokenizer
        Names its tokens.
    count : int
        So many of them.
    """
    return json.dumps([_token(step, tokenizer) for step in written.reply.steps[:count]])


def _token(step: Step, tokenizer: Tokenizer) -> dict[str, Any]:
    choice = step.choice
    return {
        "id": choice.token_id,
        "text": mark(tokenizer.piece(choice.token_id)),
        "share": _short(math.exp(choice.logprob)),
        "rank": choice.rank,
        "entropy": round(choice.entropy_nats, 3),
        "dice": None if choice.uniform is None else round(choice.uniform, 4),
        "here": _short(choice.probability),
        # By place, not by name: there are ten a token. Last, whether it ends or steers the reply.
        "others": [
            [
                other.token_id,
                mark(tokenizer.piece(other.token_id)),
                _short(math.exp(other.logprob)),
                tokenizer.is_control(other.token_id),
            ]
            for other in choice.alternatives
        ],
    }


def _short(share: float) -> float:
    return float(f"{share:.3g}")
