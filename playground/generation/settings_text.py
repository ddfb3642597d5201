"""Settings as a person types them in one line: read, and written so that they read back."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from playground.errors import OptionError
from playground.generation.fitting.overflow import OverflowPolicy
from playground.generation.settings import MAX_SEED, MIN_WINDOW, OPTIONS, SamplingSettings
from playground.number_rules import shown

_YES, _NO = ("true", "yes", "on", "1"), ("false", "no", "off", "0")

# How the settings that are no plain numbers are typed.
RULES: Mapping[str, str] = {
    **{name: option.rule for name, option in OPTIONS.items()},
    "seed": f"a whole number from 0 to {MAX_SEED}",
    "stop": 'a text, or several as ["one", "two"]',
    "logit_bias": "token ids with what is added to their logits, such as 42:-5 7:2.5",
    "banned": "token ids, those of a sequence joined by commas, such as 42 7,8",
    "stop_on_loop": "true or false",
    "overflow": f"one of {', '.join(OverflowPolicy)}",
    "context_window": f"a whole number from {MIN_WINDOW} on",
}


def read_setting(name: str, text: str) -> Any:
    """Return the value that a text stands for; `SamplingSettings` holds it to its rule.

    Parameters
    ----------
    name : str
        A field of `SamplingSettings`; of another the text itself is returned.
    text : str
        As it was typed.

    Raises
    ------
    OptionError
        When it has not the form that `RULES` says.

    Examples
    --------
    >>> read_setting("stop_on_loop", "off"), read_setting("logit_bias", "42:-5 7:2.5")
    (False, {'42': '-5', '7': '2.5'})
    >>> read_setting("banned", "42 7,8"), read_setting("stop", "The end")
    ([['42'], ['7', '8']], ['The end'])
    """
    reader = _READERS.get(name)
    return reader(text.strip()) if reader else text.strip()


def write_setting(name: str, settings: SamplingSettings) -> str:
    """Return a setting as `read_setting` reads it; empty for one that is not set.

    Examples
    --------
    >>> write_setting("banned", SamplingSettings(banned=[[42], [7, 8]]))
    '42 7,8'
    """
    value = settings.as_dict()[name]
    if name == "stop":
        return json.dumps(value, ensure_ascii=False) if value else ""
    if name == "logit_bias":
        return " ".join(f"{token_id}:{bias:g}" for token_id, bias in value.items())
    if name == "banned":
        return " ".join(",".join(map(str, sequence)) for sequence in value)
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def _read_stop(text: str) -> list[str]:
    if not text.startswith("["):
        return [text]
    try:
        texts = json.loads(text)
    except ValueError:
        raise _broken("stop", text) from None
    if not isinstance(texts, list) or not all(isinstance(each, str) for each in texts):
        raise _broken("stop", text)
    return texts


def _read_switch(text: str) -> bool:
    if text.lower() not in (*_YES, *_NO):
        raise _broken("stop_on_loop", text)
    return text.lower() in _YES


def _read_bias(text: str) -> dict[str, str]:
    pairs = [pair.partition(":") for pair in _words(text)]
    if not all(token_id and colon and bias for token_id, colon, bias in pairs):
        raise _broken("logit_bias", text)
    return {token_id: bias for token_id, _, bias in pairs}


def _read_bans(text: str) -> list[list[str]]:
    return [word.split(",") for word in _words(text)]


def _words(text: str) -> list[str]:
    return re.split(r"\s+", text) if text else []


def _broken(name: str, text: str) -> OptionError:
    return OptionError(f"`{name}` must be {RULES[name]}, got {shown(text)}.")


_READERS: Mapping[str, Callable[[str], Any]] = {
    "stop": _read_stop,
    "stop_on_loop": _read_switch,
    "logit_bias": _read_bias,
    "banned": _read_bans,
}
