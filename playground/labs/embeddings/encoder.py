"""The encoder for sentences: fetched in sight, then lent by the pool."""

from __future__ import annotations

from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor, wait
from typing import TypeVar

from playground.experiments.run import Progress, Run
from playground.models.acquire.catalog import find_entry
from playground.models.acquire.fetch import FetchProgress, ensure_model
from playground.models.acquire.store import InstalledModel
from playground.models.engines.embedder import EMBEDDER
from playground.sizes import spell_progress, spell_size

_LOOK_SECONDS = 0.25

S = TypeVar("S")


def fetch_encoder(
    run: Run, snapshot: Callable[[Progress], S]
) -> Generator[S, None, InstalledModel]:
    """Fetch the encoder if it is not here, and tell how far that is.

    Parameters
    ----------
    run : Run
        Says where models lie; asked often whether to stop.
    snapshot : callable
        Makes what is yielded.

    Returns
    -------
    InstalledModel
        At the end of the iteration, as ``yield from`` hands it over.

    Raises
    ------
    ModelUnavailable
        When it cannot be had, or the person stopped the fetch.
    """
    newest: list[FetchProgress] = []
    with ThreadPoolExecutor(1, thread_name_prefix="fetch") as thread:
        fetching = thread.submit(
            ensure_model, EMBEDDER, run.pool.settings, newest.append, run.stopped, any_kind=True
        )
        while wait([fetching], _LOOK_SECONDS).not_done:
            if newest:
                yield snapshot(_told(newest[-1]))
        return fetching.result()


def _told(fetch: FetchProgress) -> Progress:
    words = f"{find_entry(EMBEDDER).title}: {fetch.stage}"
    if not fetch.total_bytes:
        return Progress(0, 1, words)
    told = spell_progress(fetch.done_bytes, fetch.total_bytes)
    return Progress(fetch.done_bytes, fetch.total_bytes + 1, f"{words} {told}")


def about_encoder() -> str:
    """Return its title, size and licence."""
    entry = find_entry(EMBEDDER)
    size = f"{spell_size(entry.hub.size_bytes)}, " if entry.hub else ""
    return f"{entry.title} ({size}{entry.license})"
