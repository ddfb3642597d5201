"""What page views leave behind: the server's memory after each hundred of a real browser's.

Run as ``python -m benchmarks.page_views [VIEWS]``; the least of a second's measures counts, for a
page that is just being answered is no leak.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

import psutil
from playwright.sync_api import BrowserContext, sync_playwright

from playground.models.acquire.catalog import load_catalog
from tests.support.chromium import launch
from tests.support.page_server import page_server

VIEWS, EVERY, FIRST = 1_000, 100, 100
AT_ONCE = 4  # a browser opens six connections to a server, and each page keeps one


def main(views: int = VIEWS) -> None:
    """Open and close the page so often, and print the memory on the way."""
    with (
        tempfile.TemporaryDirectory() as home,
        page_server(load_catalog()[0].name, Path(home)) as server,
        sync_playwright() as playwright,
    ):
        process = psutil.Process(server.process.pid)
        browser = launch(playwright)
        context = browser.new_context()
        taken = {}
        for count in range(AT_ONCE, views + 1, AT_ONCE):
            _view(context, server.url)
            if count % EVERY == 0:
                taken[count] = _at_rest(process)
                print(f"{count:6,} views {taken[count] / 2**20:8.1f} MiB", flush=True)
        browser.close()
    grown = taken[max(taken)] / taken[FIRST] - 1
    print(f"after {max(taken):,} views {grown:+.1%} of what stood after {FIRST}")


def _view(context: BrowserContext, url: str) -> None:
    pages = [context.new_page() for _ in range(AT_ONCE)]
    for page in pages:
        page.goto(url, wait_until="commit")
    for page in pages:
        page.locator(".badge.ready").wait_for(timeout=300_000)
        page.close()


def _at_rest(process: psutil.Process) -> int:
    measures = []
    for _ in range(10):
        time.sleep(0.1)
        measures.append(process.memory_info().rss)
    return min(measures)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
