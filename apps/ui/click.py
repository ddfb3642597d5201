"""A click on a button inside a message or a notice, as the page hands it over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from apps.chat.branching import ForkPlace
from playground.errors import OptionError
from playground.number_rules import as_whole, shown


@dataclass(frozen=True)
class Click:
    """What a button asks for.

    Parameters
    ----------
    action : str
        Its `data-action`.
    place : ForkPlace
        The message it belongs to; for a branch the token and the alternative too.
    """

    action: str
    place: ForkPlace


def read_click(data: object) -> Click:
    """Read what the page's `trigger` handed over.

    Raises
    ------
    OptionError
        When it is no click, or names no place.
    """
    if not isinstance(data, Mapping):
        raise OptionError(f"A click names its action, got {shown(data)}; reload the page.")
    names = ("index", "token", "alternative")
    return Click(
        str(data.get("action")), ForkPlace(*(_place(name, data.get(name)) for name in names))
    )


def _place(name: str, value: object) -> int:
    place = 0 if value is None else as_whole(value)
    if place is None:
        raise OptionError(f"`{name}` must be a whole number, got {shown(value)}; reload the page.")
    return place
