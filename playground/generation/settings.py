"""SamplingSettings: how a reply is generated; the one source of truth for UI, API and CLI.

Labels, limits, steps and explanations live beside the fields, so that a slider, a command-line
option and an error message cannot disagree.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from playground.errors import OptionError
from playground.generation.fitting.overflow import OverflowPolicy
from playground.generation.option import Option
from playground.number_rules import as_number, as_whole, shown
from playground.sentences import quoted

MAX_SEED = 2**32 - 1
MAX_STOP_STRINGS = 16
MAX_BIAS = 100.0
MIN_WINDOW = 32


def _option(default: float, option: Option) -> Any:
    return field(default=default, metadata={"option": option})


@dataclass(frozen=True)
class SamplingSettings:
    """How the next tokens are chosen and when to stop.

    Numbers may be given as text; they are checked and converted here.

    Parameters
    ----------
    temperature : float
        0 is greedy: the likeliest token, always.
    top_k : int
        Keep the k likeliest tokens; 0 is off.
    top_p : float
        Keep the fewest tokens that together reach this probability; 1 is off.
    min_p : float
        Keep tokens at least this fraction as likely as the best; 0 is off.
    repetition_penalty : float
        Above 1 makes tokens already used less likely; 1 is off.
    presence_penalty, frequency_penalty : float
        Taken from the logit of a token that is in the reply, once or each time; 0 is off.
    max_new_tokens : int
        Longest reply, in tokens.
    seed : int or None
        Fixes the dice; None throws new ones each time.
    stop : tuple of str
        Texts that end the reply; they are not shown.
    logit_bias : mapping of int to float
        Added to the logits of the token ids named; -100 to 100.
    banned : tuple of tuple of int
        Sequences of token ids that may not appear.
    stop_on_loop : bool
        End a reply that goes round in circles (see `playground.generation.loops`).
    overflow : OverflowPolicy
        What gives way when a conversation no longer fits; its name will do.
    context_window : int or None
        Tokens of prompt and reply together; None is all that the model has.

    Raises
    ------
    OptionError
        When a value breaks its rule; the message names option, rule and value.

    Examples
    --------
    >>> SamplingSettings(top_p=1.4)
    Traceback (most recent call last):
    playground.errors.OptionError: `top_p` must be a number above 0 and up to 1, got 1.4.
    """

    temperature: float = _option(
        1.0, Option("Temperature", 0, 2, 0.05, "0 takes the likeliest token; higher is bolder.")
    )
    top_k: int = _option(
        0, Option("Top-k", 0, 200, 1, "Only the k likeliest tokens may be drawn; 0 is off.")
    )
    # Below 1 by default: the long tail of the vocabulary is where a small model derails at T = 1.
    top_p: float = _option(
        0.9,
        Option(
            "Top-p",
            0,
            1,
            0.01,
            "Only the fewest tokens that reach this probability; 1 is off.",
            above_minimum=True,
        ),
    )
    min_p: float = _option(
        0.0, Option("Min-p", 0, 1, 0.01, "Drop tokens below this share of the best; 0 is off.")
    )
    repetition_penalty: float = _option(
        1.0,
        Option("Repetition penalty", 0.5, 2, 0.05, "Above 1, used words come less; 1 is off."),
    )
    presence_penalty: float = _option(
        0.0, Option("Presence penalty", -2, 2, 0.1, "Takes from tokens the reply has; 0 is off.")
    )
    frequency_penalty: float = _option(
        0.0,
        Option("Frequency penalty", -2, 2, 0.1, "Takes from a token each time it came; 0 is off."),
    )
    max_new_tokens: int = _option(
        256, Option("Max new tokens", 1, 4096, 1, "The reply ends here at the latest.")
    )
    seed: int | None = None
    stop: tuple[str, ...] = ()
    logit_bias: Mapping[int, float] = field(default_factory=dict)
    banned: tuple[tuple[int, ...], ...] = ()
    stop_on_loop: bool = True
    overflow: OverflowPolicy = OverflowPolicy.OLDEST
    context_window: int | None = None

    def __post_init__(self) -> None:
        for name, option in OPTIONS.items():
            object.__setattr__(self, name, option.check(name, getattr(self, name)))
        object.__setattr__(self, "seed", _checked_seed(self.seed))
        object.__setattr__(self, "stop", _checked_stop(self.stop))
        object.__setattr__(self, "logit_bias", _checked_bias(self.logit_bias))
        object.__setattr__(self, "banned", _checked_bans(self.banned))
        object.__setattr__(self, "overflow", OverflowPolicy.parse(self.overflow))
        object.__setattr__(self, "context_window", _checked_window(self.context_window))
        if not isinstance(self.stop_on_loop, bool):
            raise OptionError(
                f"`stop_on_loop` must be true or false, got {shown(self.stop_on_loop)}."
            )

    @property
    def greedy(self) -> bool:
        """True when the likeliest token is always taken, and the seed plays no part."""
        return self.temperature == 0

    @classmethod
    def from_mapping(cls, values: Mapping[str, Any]) -> SamplingSettings:
        """Build from named values.

        Raises
        ------
        OptionError
            When a name is unknown or a value breaks its rule.
        """
        known = [f.name for f in fields(cls)]
        for name in values:
            if name not in known:
                listed = ", ".join(f"`{each}`" for each in known)
                raise OptionError(f"There is no option {quoted(name)}; known are {listed}.")
        return cls(**values)

    def as_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON."""
        return {
            **asdict(self),
            "stop": list(self.stop),
            # JSON knows names only as text; they are read back as numbers.
            "logit_bias": {str(token_id): bias for token_id, bias in self.logit_bias.items()},
            "banned": [list(sequence) for sequence in self.banned],
            "overflow": self.overflow.value,
        }

    def in_effect(self) -> dict[str, Any]:
        """Return the settings that play a part: not those that are off or, at T = 0, idle.

        Examples
        --------
        >>> SamplingSettings(temperature=0, top_p=0.9, max_new_tokens=8).in_effect()
        {'temperature': 0.0, 'max_new_tokens': 8}
        """
        return keep_in_effect(self.as_dict())


# What each step is at when it changes nothing, and the steps that only shape a draw.
OFF: Mapping[str, Any] = {
    "top_k": 0,
    "top_p": 1,
    "min_p": 0,
    "repetition_penalty": 1,
    "presence_penalty": 0,
    "frequency_penalty": 0,
    "seed": None,
    "stop": [],
    "logit_bias": {},
    "banned": [],
    "stop_on_loop": True,
    "overflow": OverflowPolicy.OLDEST,
    "context_window": None,
}
_OF_THE_DRAW = ("top_k", "top_p", "min_p", "seed")


def keep_in_effect(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return those of some settings that play a part.

    They may have been written by another version: none of them is checked, and what is not known
    here stays.

    Examples
    --------
    >>> keep_in_effect({"temperature": 0, "top_k": 40, "min_p": 0, "warmth": "high"})
    {'temperature': 0, 'warmth': 'high'}
    """
    idle = {name for name, off in OFF.items() if name in values and values[name] == off}
    if values.get("temperature") == 0:
        idle.update(_OF_THE_DRAW)
    return {name: value for name, value in values.items() if name not in idle}


OPTIONS: Mapping[str, Option] = {
    f.name: f.metadata["option"] for f in fields(SamplingSettings) if "option" in f.metadata
}


def _checked_seed(value: object) -> int | None:
    if value is None or value == "":
        return None
    number = as_whole(value)
    if number is None or not 0 <= number <= MAX_SEED:
        raise OptionError(
            f"`seed` must be a whole number from 0 to {MAX_SEED}, or empty for a new one each "
            f"time, got {shown(value)}."
        )
    return number


def _checked_window(value: object) -> int | None:
    if value is None or value == "":
        return None
    number = as_whole(value)
    if number is None or number < MIN_WINDOW:
        raise OptionError(
            f"`context_window` must be a whole number from {MIN_WINDOW} on, or empty for all that "
            f"the model has, got {shown(value)}."
        )
    return number


def _checked_stop(value: str | Sequence[str] | None) -> tuple[str, ...]:
    given = [value] if isinstance(value, str) else list(value or ())
    if not all(isinstance(text, str) for text in given):
        raise OptionError(f"`stop` must be a list of texts, got {shown(value)}.")
    texts = tuple(dict.fromkeys(text for text in given if text))
    if len(texts) > MAX_STOP_STRINGS:
        raise OptionError(f"`stop` takes at most {MAX_STOP_STRINGS} texts, got {len(texts)}.")
    return texts


def _checked_bias(value: Mapping[Any, Any] | None) -> dict[int, float]:
    if not isinstance(value or {}, Mapping):
        raise OptionError(f"`logit_bias` must map token ids to numbers, got {shown(value)}.")
    biases = {}
    for name, given in (value or {}).items():
        bias = as_number(given)
        if bias is None or abs(bias) > MAX_BIAS:
            raise OptionError(
                f"`logit_bias` must be a number from {-MAX_BIAS:g} to {MAX_BIAS:g} for token "
                f"{shown(name)}, got {shown(given)}."
            )
        biases[_checked_token_id("logit_bias", name)] = bias
    return biases


def _checked_bans(value: Sequence[Sequence[Any]] | None) -> tuple[tuple[int, ...], ...]:
    sequences = () if value is None else value
    if not _is_list(sequences) or not all(_is_list(each) and each for each in sequences):
        raise OptionError(
            f"`banned` must be a list of lists of token ids, none of them empty, got "
            f"{shown(value)}."
        )
    return tuple(
        tuple(_checked_token_id("banned", token_id) for token_id in sequence)
        for sequence in sequences
    )


def _is_list(value: object) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)


def _checked_token_id(name: str, value: object) -> int:
    number = as_whole(value)
    if number is None or number < 0:
        raise OptionError(f"`{name}` names tokens by whole numbers from 0 on, got {shown(value)}.")
    return number


def require_in_vocabulary(settings: SamplingSettings, vocab_size: int) -> None:
    """Refuse token ids that a model does not have.

    Raises
    ------
    OptionError
        With the option and the id.
    """
    named = [("logit_bias", token_id) for token_id in settings.logit_bias]
    named += [("banned", token_id) for sequence in settings.banned for token_id in sequence]
    for name, token_id in named:
        if token_id >= vocab_size:
            raise OptionError(
                f"`{name}` must name tokens from 0 to {vocab_size - 1:,}, the vocabulary of this "
                f"model, got {token_id}."
            )
