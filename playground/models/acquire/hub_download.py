"""The child process that downloads one snapshot from a model hub.

It prints ``Progress DONE of 0`` for the bytes received, and one line that starts with
``Error`` if it fails. Run as
``python -m playground.models.acquire.hub_download REQUEST``, where REQUEST holds the
arguments of `huggingface_hub.snapshot_download` as JSON.
"""

from __future__ import annotations

import io
import json
import sys
import time
from typing import Any

from playground.models.acquire.folder import MODEL_FILES

# Subfolders hold other formats of the same model.
SUBFOLDERS = ["*/*"]

_SECONDS_BETWEEN_LINES = 0.2


def main(request: str) -> int:
    """Download; return the exit code."""
    from huggingface_hub import snapshot_download

    try:
        snapshot_download(
            **json.loads(request),
            allow_patterns=MODEL_FILES,
            ignore_patterns=SUBFOLDERS,
            tqdm_class=_printing_bar(),
        )
    except Exception as error:  # the parent makes a sentence of it
        print(f"Error {type(error).__name__}: {error}".replace("\n", " "))  # noqa: T201 - to the parent
        return 1
    return 0


def _printing_bar() -> Any:
    """Make a progress bar class that prints lines for the parent instead of drawing."""
    from huggingface_hub.utils.tqdm import tqdm

    class PrintingBar(tqdm):
        printed_at = 0.0

        def __init__(self, *args: Any, **options: Any) -> None:
            super().__init__(*args, **(options | {"file": io.StringIO(), "disable": False}))

        def update(self, n: float | None = 1) -> Any:
            drawn = super().update(n)
            # One bar counts files; the others count bytes.
            if self.unit == "B" and time.monotonic() > self.printed_at + _SECONDS_BETWEEN_LINES:
                self.printed_at = time.monotonic()
                print(f"Progress {int(self.n)} of 0", flush=True)  # noqa: T201 - to the parent
            return drawn

    return PrintingBar


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
