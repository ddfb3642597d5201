"""A fetch that a page watches: its stage and bytes as a notice, with a button that cancels it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from apps.ui.background import Background
from playground.drawing.markup import tag
from playground.errors import PlaygroundError
from playground.labs.models.buttons import action_button
from playground.models.acquire.catalog import CatalogEntry
from playground.models.acquire.fetch import FetchProgress, ensure_model
from playground.settings import Settings
from playground.sizes import spell_progress

REDRAW_SECONDS = 0.25


class WatchedFetch:
    """Fetch a model of the catalog: iterate over its notices, then ask for its `error`.

    Parameters
    ----------
    entry : CatalogEntry
        Which; if it has terms, they were accepted.
    settings : Settings
        Where models lie.
    stopped : callable
        Asked often; True ends the fetch.
    """

    def __init__(
        self, entry: CatalogEntry, settings: Settings, stopped: Callable[[], bool]
    ) -> None:
        self.error: PlaygroundError | None = None
        self._entry = entry
        self._settings = settings
        self._stopped = stopped

    def __iter__(self) -> Iterator[str]:
        newest = [FetchProgress("starting")]

        def work() -> None:
            ensure_model(
                self._entry.name,
                self._settings,
                newest.append,
                self._stopped,
                accept_terms=self._entry.terms_file is not None,
                any_kind=True,
            )

        fetching = Background(work)
        while not fetching.finished(REDRAW_SECONDS):
            newest[:] = newest[-1:]
            yield render_progress(self._entry.title, newest[-1])
        self.error = fetching.error


def render_progress(title: str, progress: FetchProgress) -> str:
    """Return the stage of a fetch or check with its bytes."""
    words, share = f"{title}: {progress.stage}", None
    if progress.total_bytes:
        words += f" {spell_progress(progress.done_bytes, progress.total_bytes)}"
        share = f"{min(1.0, progress.done_bytes / progress.total_bytes):.3f}"
    bar = tag("progress", max=1, value=share, aria_label="Progress")
    cancel = action_button("Cancel", "cancel")
    return str(tag("div", tag("span", words), bar, cancel, class_="notice", role="status"))
