"""The names of the engines: apart from them, for whoever only names one loads none."""

from __future__ import annotations

from enum import StrEnum

from playground.errors import OptionError
from playground.number_rules import shown


class EngineName(StrEnum):
    """What may be asked for."""

    AUTO = "auto"
    CORE = "core"
    TRANSFORMERS = "transformers"

    @classmethod
    def parse(cls, text: str) -> EngineName:
        """Read a name.

        Raises
        ------
        OptionError
            When there is no such engine.
        """
        try:
            return cls(text.lower())
        except ValueError:
            raise OptionError(
                f"`engine` must be one of {', '.join(cls)}, got {shown(text)}."
            ) from None
