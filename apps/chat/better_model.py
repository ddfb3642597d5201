"""Which better small model a chat offers: the first that is here or can be had, and fits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from playground.errors import ModelNotFound
from playground.models.acquire.catalog import CatalogEntry, find_entry
from playground.models.engines.memory import LoadPlan
from playground.models.engines.precision import ModelShape, Precision, estimate_peak_bytes
from playground.sizes import spell_size


@dataclass(frozen=True)
class Offer:
    """A better model than the one that is chosen.

    Parameters
    ----------
    entry : CatalogEntry
        Which.
    here : bool
        Whether it lies on this machine, so that it need only be chosen.
    needed_bytes : int
        What loading it takes, estimated from its number of weights.
    refusal : str
        Why it cannot be had now, in a sentence; empty where it can.
    """

    entry: CatalogEntry
    here: bool
    needed_bytes: int
    refusal: str = ""

    @property
    def size(self) -> str:
        """What is fetched, in words."""
        return spell_size(self.entry.hub.size_bytes) if self.entry.hub else ""


def offer_better(
    reference: str,
    precision: Precision,
    offline: bool,
    is_here: Callable[[CatalogEntry], bool],
    room_for: Callable[[int], LoadPlan],
) -> Offer | None:
    """Return the better model to offer beside a chosen one, or None where the catalog has none.

    Parameters
    ----------
    reference : str
        The model that is chosen.
    precision : Precision
        At which it would run.
    offline : bool
        Whether nothing may be fetched.
    is_here : callable
        Tells whether a model lies on this machine.
    room_for : callable
        Says what a load of so many bytes would do to memory.
    """
    offers = [
        _weigh(entry, precision, offline, is_here(entry), room_for)
        for entry in _better_than(reference)
    ]
    can = [each for each in offers if not each.refusal]
    # One that is here costs nothing to try; else the first choice of those that can be had.
    return next((each for each in can if each.here), next(iter(can or offers), None))


def _better_than(reference: str) -> Sequence[CatalogEntry]:
    try:
        return [find_entry(name) for name in find_entry(reference).better]
    except ModelNotFound:  # a person's own model
        return ()


def _weigh(
    entry: CatalogEntry,
    precision: Precision,
    offline: bool,
    here: bool,
    room_for: Callable[[int], LoadPlan],
) -> Offer:
    # On the way to a quantized model all weights pass through FP32: their number is enough.
    shape = ModelShape(linear=0, linear_rows=0, other=entry.parameters)
    needed = estimate_peak_bytes(shape, precision)
    offer = Offer(entry, here, needed)
    plan = room_for(needed)
    if not plan.fits:
        free = (plan.left_bytes + needed) / 1e9
        why = (
            f"{entry.title} would answer better, but needs about {needed / 1e9:.1f} GB of memory "
            f"at {precision.label}, and {max(free, 0):.1f} GB can be had."
        )
        return Offer(entry, here, needed, why)
    if offline and not here:
        why = (
            f"{entry.title} would answer better, but is not on this machine, and HF_HUB_OFFLINE "
            "forbids fetching it."
        )
        return Offer(entry, here, needed, why)
    return offer
