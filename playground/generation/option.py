"""What a person needs to know of one number: its label, its limits, and one line about it."""

from __future__ import annotations

from dataclasses import dataclass

from playground.errors import OptionError
from playground.number_rules import as_number, shown


@dataclass(frozen=True)
class Option:
    """What a person needs to know of one number.

    Parameters
    ----------
    label : str
        Name on the page.
    minimum, maximum : float
        Allowed range; `minimum` itself is allowed unless `above_minimum`.
    step : float
        Grain of the slider; 1 for whole numbers.
    explanation : str
        One line for the learner.
    above_minimum : bool
        True when the value must lie above `minimum`.
    """

    label: str
    minimum: float
    maximum: float
    step: float
    explanation: str
    above_minimum: bool = False

    @property
    def whole(self) -> bool:
        """True for options that take whole numbers only."""
        return self.step == 1

    @property
    def rule(self) -> str:
        """The allowed values, in words."""
        kind = "a whole number" if self.whole else "a number"
        if self.above_minimum:
            return f"{kind} above {self.minimum:g} and up to {self.maximum:g}"
        return f"{kind} from {self.minimum:g} to {self.maximum:g}"

    def check(self, name: str, value: object) -> float:
        """Return the value as a number inside the rule.

        Raises
        ------
        OptionError
            When it is no number, not whole where it must be, or out of range.
        """
        number = as_number(value)
        low_enough = number is not None and number <= self.maximum
        if number is None or not low_enough or not self._reaches_minimum(number):
            raise OptionError(f"`{name}` must be {self.rule}, got {shown(value)}.")
        if self.whole and number != int(number):
            raise OptionError(f"`{name}` must be {self.rule}, got {shown(value)}.")
        return int(number) if self.whole else number

    def _reaches_minimum(self, number: float) -> bool:
        return number > self.minimum if self.above_minimum else number >= self.minimum
