"""A real server on loopback with the real model, and a real Chromium that talks to nobody else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Request,
    expect,
    sync_playwright,
)

from apps.server import create_app
from playground.models.acquire.store import InstalledModel
from playground.models.engines.core_model import CoreEngine
from playground.models.engines.manager import ModelChoice
from playground.models.engines.precision import Precision
from playground.serving import Pool
from playground.settings import Settings
from tests.support.chromium import launch
from tests.support.serving import serving

# A run waits for its turn at the model and two files share two cores: what is slow there still
# comes, and a test says what must come, never how soon.
expect.set_options(timeout=30_000)


def pytest_itemcollected(item: pytest.Item) -> None:
    """Give each test of the page a second try; the summary names those that took it.

    Browser, server, model and another file's tests share two cores: once in some hundred tests two
    things that a person would never do within the same tenth of a second happen in it.
    """
    if item.path.parent.name == "browser":
        item.add_marker(pytest.mark.flaky(reruns=1))


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Take the models of this machine, and conversations of this test run alone."""
    return replace(Settings.from_env(), conversations_dir=tmp_path_factory.mktemp("conversations"))


@pytest.fixture(scope="session")
def pool(settings: Settings, default_model: InstalledModel) -> Iterator[Pool]:
    pool = Pool(settings)
    pool.preload(ModelChoice(default_model.name, Precision.FP32))
    yield pool
    pool.close()


@pytest.fixture(scope="session")
def server(pool: Pool, default_model: InstalledModel) -> Iterator[str]:
    """Serve the page from a thread; yields its address."""
    with serving(create_app(pool, ModelChoice(default_model.name, Precision.FP32))) as address:
        yield address


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium where there is one, else the one that Playwright installed."""
    with sync_playwright() as playwright:
        # No page lives long enough here to win back what its scripts' last optimization takes.
        browser = launch(playwright, "--js-flags=--no-opt")
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def window(chromium: Browser) -> Iterator[Page]:
    """One window for the first person of every test: it has the page's scripts compiled already."""
    context = new_context(chromium)
    yield context.new_page()
    context.close()


# Each document tells of its life where its errors are told, too, so that the order is kept: a page
# that is left closes its connections, and Gradio calls that an error before the next is asked for.
_HERE, _LEFT = "document: here", "document: left"
_TELLS = f"""if (self === top) {{
    console.debug("{_HERE}");
    addEventListener("beforeunload", () => console.debug("{_LEFT}"));
}}"""


def new_context(chromium: Browser) -> BrowserContext:
    context = chromium.new_context(permissions=["clipboard-read", "clipboard-write"])
    context.add_init_script(_TELLS)
    return context


def forget(page: Page, server: str) -> None:
    """Leave the page and all that it has stored, as if nobody had been here."""
    page.evaluate("sessionStorage.clear()")
    page.goto("about:blank")
    page.context.clear_cookies()
    browser = page.context.new_cdp_session(page)
    browser.send("Storage.clearDataForOrigin", {"origin": server, "storageTypes": "all"})
    browser.detach()


@pytest.fixture
def visit(chromium: Browser, window: Page, server: str) -> Iterator[Callable[..., Page]]:
    """Open the page as a new person; at the end no request may have left the machine.

    What the browser's console calls an error fails the test too.
    """
    pages: list[Page] = []
    watched = _Watched(server)

    def open_page(
        width: int = 1360, height: int = 860, dark: bool = False, path: str = "/"
    ) -> Page:
        page = new_context(chromium).new_page() if pages else window
        pages.append(page)
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(
            media="screen",
            color_scheme="dark" if dark else "light",
            reduced_motion="no-preference",
        )
        watched.follow(page)
        page.goto(server + path)
        page.get_by_label("Message", exact=True).wait_for(state="attached")
        page.locator(".badge.ready").wait_for()
        # What was loaded stands there once the page's first events have come back.
        page.locator("#got p").first.wait_for(state="attached")
        return page

    yield open_page
    errors = tuple(watched.errors)  # before pages are left, which cuts off what they still ask
    watched.leave()
    for page in pages[1:]:
        page.context.close()
    forget(window, server)
    assert not watched.abroad
    assert not errors


class _Watched:
    """What pages asked of other hosts, and what their consoles called an error."""

    def __init__(self, server: str) -> None:
        self._local = (server, "data:", "blob:")
        self._leaving: set[Page] = set()
        self._heard: list[tuple[Page, str, Callable[..., None]]] = []
        self.abroad: list[str] = []
        self.errors: list[str] = []

    def follow(self, page: Page) -> None:
        self._hear(page, "request", self._see_request)
        self._hear(page, "console", lambda message: self._see_message(page, message))
        self._hear(page, "pageerror", lambda error: self._see_error(page, str(error)))

    def leave(self) -> None:
        """Hear no more of any page."""
        for page, event, told in self._heard:
            page.remove_listener(event, told)

    def _hear(self, page: Page, event: str, told: Callable[..., None]) -> None:
        page.on(event, told)  # type: ignore[call-overload] # a name among those it knows
        self._heard.append((page, event, told))

    def _see_request(self, request: Request) -> None:
        if not request.url.startswith(self._local):
            self.abroad.append(request.url)

    def _see_message(self, page: Page, message: ConsoleMessage) -> None:
        if message.text == _LEFT:
            self._leaving.add(page)
        elif message.text == _HERE:
            self._leaving.discard(page)
        elif message.type == "error":
            self._see_error(page, message.text)

    def _see_error(self, page: Page, error: str) -> None:
        if page not in self._leaving:
            self.errors.append(error)


@pytest.fixture
def forward_calls(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many tokens each call of the core engine was given; what is kept is not among them."""
    calls: list[int] = []
    forward = CoreEngine.forward

    def counted(self: CoreEngine, token_ids: Any, caches: Any) -> Any:
        calls.append(token_ids.size)
        return forward(self, token_ids, caches)

    monkeypatch.setattr(CoreEngine, "forward", counted)
    return calls
