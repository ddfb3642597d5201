"""JSON that every reader takes: NaN and infinity are no JSON, so null stands for them."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any


def nulled(value: Any) -> Any:
    """Return a document with null for every number that is not finite, at any depth.

    Examples
    --------
    >>> nulled({"perplexity": float("nan"), "range": (1.0, float("inf"))})
    {'perplexity': None, 'range': [1.0, None]}
    """
    if isinstance(value, float):  # NumPy's float64 is one, too
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: nulled(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [nulled(each) for each in value]
    return value


def write_strict(document: Any, **layout: Any) -> str:
    """Return a document as JSON text.

    Parameters
    ----------
    document : object
        Of dicts, lists and what JSON knows; null stands for what is not finite.
    **layout
        Of ``json.dumps``: ``indent``, ``ensure_ascii``, ``separators``.

    Raises
    ------
    TypeError
        When it holds what JSON does not know.

    Examples
    --------
    >>> write_strict([1.5, float("-inf")])
    '[1.5, null]'
    """
    return json.dumps(nulled(document), allow_nan=False, **layout)
