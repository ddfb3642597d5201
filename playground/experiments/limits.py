"""What a value must keep to, in numbers, in words and as JSON schema."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """What a value must keep to.

    Parameters
    ----------
    ge, gt, le : float or None
        At least, above, at most: of a number, or of each number of a list.
    most : int or None
        Characters of a text, members of a list.
    """

    ge: float | None = None
    gt: float | None = None
    le: float | None = None
    most: int | None = None

    def hold(self, number: float) -> bool:
        """Tell whether a number keeps them."""
        return (
            (self.ge is None or number >= self.ge)
            and (self.gt is None or number > self.gt)
            and (self.le is None or number <= self.le)
        )

    @property
    def words(self) -> str:
        """The limits of a number: " from 1 to 8", " above 0 and up to 1"; empty without any."""
        top = None if self.le is None else _spelled(self.le)
        if self.gt is not None:
            return f" above {_spelled(self.gt)}" + (f" and up to {top}" if top else "")
        if self.ge is None:
            return f" up to {top}" if top else ""
        return f" from {_spelled(self.ge)}" + (f" to {top}" if top else " on")

    def schema(self) -> dict[str, float]:
        """Return them as JSON schema names them."""
        names = {"minimum": self.ge, "exclusiveMinimum": self.gt, "maximum": self.le}
        return {name: value for name, value in names.items() if value is not None}


def _spelled(limit: float) -> str:
    return f"{int(limit):,}" if limit == int(limit) else f"{limit:g}"
