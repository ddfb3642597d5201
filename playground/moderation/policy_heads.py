"""What was learned of the wording of two policies from their own examples.

The heads were fitted by ``benchmarks/policy_heads.py``. They read the same vectors as the
classifier's own head, so that they cost nothing more.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from io import BytesIO

import numpy as np

from playground.moderation.classifier import Head

_HEADS = "policy_heads.npz"
_PARTS = ("categories", "weights", "intercepts", "speaks")


@dataclass(frozen=True, eq=False)  # arrays have no single answer to ==
class PolicyHead:
    """A policy's category, and how likely a sentence is of it."""

    category: str
    head: Head


def shipped_policy_heads() -> tuple[PolicyHead, ...]:
    """Return the heads that ship, one a policy of the notes."""
    raw = files("playground.data").joinpath("moderation", _HEADS).read_bytes()
    with np.load(BytesIO(raw), allow_pickle=False) as stored:
        rows = zip(*(stored[each] for each in _PARTS), strict=True)
        return tuple(
            PolicyHead(str(name), Head(row.astype(np.float64), float(shift), *[float(speaks)] * 2))
            for name, row, shift, speaks in rows
        )
