"""What else the machine did while something was measured, from Linux's /proc.

A speed that was measured beside other work says little. Where there is no /proc nothing is said.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")
# In /proc/stat: user, nice, system, idle, iowait, irq, softirq, steal; guests are in user already.
_IDLE, _WAITING, _STEAL, _FIELDS = 3, 4, 7, 8
# Of os.times(): user and system time, of this process and of its children.
_OWN = 4

# From here on a measure is marked: so much of all processors' time was another guest's of the host,
# or so many processors worked for other programs.
MOST_STOLEN = 0.02
MOST_OTHERS = 0.25

# From here on a reply was slowed by it: the page that shows the reply takes half a processor.
CROWDED = 0.6


@dataclass(frozen=True)
class Moment:
    """The counters at one moment.

    Parameters
    ----------
    all_ticks, stolen_ticks, busy_ticks : int
        Of all processors together since the start: everything, what the host gave to others, what
        was worked.
    own_ticks : float
        Worked by this process, and by those that it has started and that have ended.
    load : float
        Mean number of programs that wanted to run in the last minute.
    """

    all_ticks: int
    stolen_ticks: int
    busy_ticks: int
    own_ticks: float
    load: float


@dataclass(frozen=True)
class Occupancy:
    """What the machine did between two moments, besides what was measured.

    Parameters
    ----------
    stolen : float
        Share of the processors' time that the host gave to others, 0 to 1.
    others : float
        Processors that worked for other programs, on average.
    load_before, load_after : float
        Mean number of programs that wanted to run in the minute before each moment.
    """

    stolen: float
    others: float
    load_before: float
    load_after: float

    @property
    def busy(self) -> bool:
        """Whether what was measured stood beside other work."""
        return self.stolen >= MOST_STOLEN or self.others >= MOST_OTHERS

    @property
    def crowded(self) -> bool:
        """Whether other programs took what a reply would have had."""
        return self.others >= CROWDED

    @property
    def words(self) -> str:
        """What the other work was, in words."""
        return (
            f"other programs kept {self.others:.1f} processors busy, and the host kept back "
            f"{100 * self.stolen:.0f} % of their time (steal)"
        )


def read_moment(proc: Path = _PROC) -> Moment | None:
    """Read the counters now; None where the system does not tell them."""
    try:
        stat = (proc / "stat").read_text(encoding="ascii")
        load = (proc / "loadavg").read_text(encoding="ascii")
        times = os.times()
        return _moment(stat, load, sum(times[:_OWN]) * os.sysconf("SC_CLK_TCK"))
    except (OSError, ValueError, IndexError, AttributeError):  # not Linux, or a form unheard of
        return None


def _moment(stat: str, load: str, own_ticks: float) -> Moment:
    ticks = [int(each) for each in stat.split("\n", 1)[0].split()[1 : 1 + _FIELDS]]
    idle, stolen = ticks[_IDLE] + ticks[_WAITING], ticks[_STEAL]
    whole = sum(ticks)
    return Moment(whole, stolen, whole - idle - stolen, own_ticks, float(load.split()[0]))


def between(before: Moment | None, after: Moment | None, processors: int) -> Occupancy | None:
    """Return what the machine did meanwhile; None where it did not tell, or no time went by.

    Parameters
    ----------
    before, after : Moment or None
        Of `read_moment`; all that was measured began after the first and had ended at the second.
    processors : int
        How many there are.
    """
    if before is None or after is None or after.all_ticks <= before.all_ticks:
        return None
    passed = after.all_ticks - before.all_ticks
    foreign = after.busy_ticks - before.busy_ticks - (after.own_ticks - before.own_ticks)
    return Occupancy(
        stolen=(after.stolen_ticks - before.stolen_ticks) / passed,
        others=max(0.0, foreign / passed * processors),
        load_before=before.load,
        load_after=after.load,
    )
