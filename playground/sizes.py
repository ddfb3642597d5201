"""Bytes and numbers of weights as one reads them: a small one is small, and never 0."""

from __future__ import annotations

_UNITS = ((1e6, "MB"), (1e3, "kB"))


def in_millions(number: float, places: int = 0) -> str:
    """Return a number in millions, with so many digits that it shows.

    Parameters
    ----------
    number : float
        Of bytes or of weights.
    places : int
        Digits after the point from ten millions on.

    Examples
    --------
    >>> in_millions(219_600_000), in_millions(1_340_000), in_millions(42_000), in_millions(300)
    ('220', '1.3', '0.042', '0.0003')
    >>> in_millions(0), in_millions(377_487_360, 1)
    ('0', '377.5')
    """
    millions = number / 1e6
    if abs(millions) >= 10:
        return f"{millions:,.{places}f}"
    if abs(millions) >= 1:
        return f"{millions:.1f}"
    return f"{millions:.2g}" if abs(millions) >= 1e-4 else f"{millions:.6f}".rstrip("0").rstrip(".")


def spell_size(size: float) -> str:
    """Return a number of bytes with its unit.

    Examples
    --------
    >>> spell_size(219_600_000), spell_size(1_340_000), spell_size(42_400), spell_size(87)
    ('220 MB', '1.3 MB', '42 kB', '87 bytes')
    """
    if abs(size) >= 1e6:
        return f"{in_millions(size)} MB"
    return f"{size / 1e3:.0f} kB" if abs(size) >= 1e4 else f"{size:,.0f} bytes"


def spell_weights(number: int) -> str:
    """Return a number of weights: millions from one million on.

    Examples
    --------
    >>> spell_weights(134_515_008), spell_weights(1_240_000), spell_weights(105_352)
    ('135 M', '1.2 M', '105,352')
    """
    return f"{in_millions(number)} M" if number >= 1e6 else f"{number:,}"


def spell_progress(done: float, total: float) -> str:
    """Return how many bytes of all are done, in the unit in which the total shows.

    Examples
    --------
    >>> spell_progress(12_000_000, 269_000_000), spell_progress(200_000, 1_400_000)
    ('12 of 269 MB', '200 of 1,400 kB')
    >>> spell_progress(100, 420)
    '100 of 420 bytes'
    """
    for size, unit in _UNITS:
        if total >= 10 * size:
            return f"{done / size:,.0f} of {total / size:,.0f} {unit}"
    return f"{done:,.0f} of {total:,.0f} bytes"
