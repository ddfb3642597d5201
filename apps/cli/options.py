"""The options that several commands share.

Numbers come in as text: their labels, limits and explanations stand in
`playground.generation.settings`, and are checked there alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any

import typer

from playground.errors import OptionError
from playground.generation.fitting.overflow import OverflowPolicy
from playground.generation.presets import CHAT_START
from playground.generation.settings import MAX_SEED, MIN_WINDOW, OPTIONS, SamplingSettings
from playground.models.acquire.catalog import load_catalog
from playground.models.engines.engine_name import EngineName
from playground.models.engines.precision import Precision
from playground.number_rules import shown
from playground.settings import Settings

DEFAULT_MODEL = load_catalog()[0].name
DEFAULT_PRECISION = Precision.FP32.value
DEFAULT_ENGINE = EngineName.AUTO.value


def _number(name: str, *, own_default: bool = False, start: SamplingSettings | None = None) -> Any:
    """Return an option; a command that has a default of its own shows that one itself."""
    option, default = OPTIONS[name], getattr(start or SamplingSettings(), name)
    rule = option.rule[0].upper() + option.rule[1:]
    usual = "" if own_default else f"; default {default:g}"
    return typer.Option(help=f"{option.explanation} {rule}{usual}.", metavar="NUMBER")


Model = Annotated[
    str,
    typer.Option(
        help="A name of the catalog (see `playground models`), a folder with safetensors, or a "
        "GGUF file.",
        metavar="NAME",
    ),
]
PrecisionName = Annotated[
    str,
    typer.Option(
        help=f"Number format of the linear layers: {', '.join(Precision)}.", metavar="NAME"
    ),
]
Engine = Annotated[
    str,
    typer.Option(
        help=f"Who computes: {', '.join(EngineName)}; auto is the fastest that is proven equal.",
        metavar="NAME",
    ),
]
AsJson = Annotated[
    bool, typer.Option("--json", help="Print one JSON document on stdout; all else on stderr.")
]
ChatTemperature = Annotated[str | None, _number("temperature", start=CHAT_START.settings)]
ChatTopK = Annotated[str | None, _number("top_k", start=CHAT_START.settings)]
ChatTopP = Annotated[str | None, _number("top_p", start=CHAT_START.settings)]
ChatMinP = Annotated[str | None, _number("min_p", start=CHAT_START.settings)]
ChatRepetitionPenalty = Annotated[
    str | None, _number("repetition_penalty", start=CHAT_START.settings)
]
ChatFrequencyPenalty = Annotated[
    str | None, _number("frequency_penalty", start=CHAT_START.settings)
]
ProbeTemperature = Annotated[
    str, typer.Option(help="Of the samples; the answer itself has 0.", metavar="NUMBER")
]
ProbeSeed = Annotated[
    str,
    typer.Option(
        help=f"Fixes the dice: a whole number from 0 to {MAX_SEED}; the same gives the same table.",
        metavar="NUMBER",
    ),
]
TopK = Annotated[str | None, _number("top_k")]
TopP = Annotated[str | None, _number("top_p")]
MinP = Annotated[str | None, _number("min_p")]
RepetitionPenalty = Annotated[str | None, _number("repetition_penalty")]
MaxNewTokens = Annotated[str | None, _number("max_new_tokens")]
ColumnTokens = Annotated[str, _number("max_new_tokens", own_default=True)]
RunTokens = Annotated[
    str, typer.Option(help="How many tokens each run writes, at least 2.", metavar="NUMBER")
]
Runs = Annotated[
    str, typer.Option(help="How many runs are timed; their median counts.", metavar="NUMBER")
]
ScoreTokens = Annotated[
    str, typer.Option(help="How many tokens of each text are scored, at most.", metavar="NUMBER")
]
Seed = Annotated[
    str | None,
    typer.Option(
        help=f"Fixes the dice: a whole number from 0 to {MAX_SEED}; a new one each time if absent.",
        metavar="NUMBER",
    ),
]
Stop = Annotated[
    list[str] | None,
    typer.Option(help="A text that ends the reply; may be given several times.", metavar="TEXT"),
]
Overflow = Annotated[
    str | None,
    typer.Option(
        help="What gives way when a conversation no longer fits the context window. "
        + " ".join(f"{policy}: {policy.explanation}" for policy in OverflowPolicy)
        + f" Default {SamplingSettings().overflow}.",
        metavar="NAME",
    ),
]
ContextWindow = Annotated[
    str | None,
    typer.Option(
        help=f"Tokens of prompt and reply together: from {MIN_WINDOW} to what the model has, which "
        "is the default.",
        metavar="NUMBER",
    ),
]


Moderation = Annotated[
    str,
    typer.Option(
        help="on: the content filter checks what is asked and watches what is answered.",
        metavar="on|off",
    ),
]
OwnersModeration = Annotated[
    str,
    typer.Option(
        help="The content filter for everybody who opens the page. Left out, each may switch it, "
        "and where other machines are let in it stays on.",
        metavar="on|off",
    ),
]


def with_owners_filter(settings: Settings, given: str, host: str) -> Settings:
    """Note how the content filter stands for all: as given, or on where several people come.

    Raises
    ------
    OptionError
        When it is neither on nor off.
    """
    from apps.address import is_loopback  # it loads what no other command needs

    if not given:
        return settings if is_loopback(host) else replace(settings, moderation=True)
    return replace(settings, moderation=switch("moderation", given))


def switch(name: str, given: str) -> bool:
    """Read an option that is on or off.

    Raises
    ------
    OptionError
        When it is neither.
    """
    if given not in ("on", "off"):
        raise OptionError(f"`--{name}` must be on or off, got {shown(given)}.")
    return given == "on"


def chat_settings(given: Mapping[str, object]) -> SamplingSettings:
    """Check the options of a chat; what was not given is where a chat starts.

    Parameters
    ----------
    given : mapping of str to object
        By the field names of `SamplingSettings`; None is what was not given.

    Raises
    ------
    OptionError
        When a value breaks its rule.
    """
    said = {name: value for name, value in given.items() if value is not None}
    return SamplingSettings.from_mapping({**CHAT_START.values, **said})
