"""An empty chat: examples, what the model is and is not, and a better one at one click."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from typing import Any, Literal

import pytest
from playwright.sync_api import Page, expect

from apps.chat.better_model import Offer
from apps.chat.welcome import EXAMPLES
from apps.ui import fetching, welcome
from playground.errors import FetchCancelled
from playground.generation.presets import CHAT_START
from playground.models.acquire.catalog import find_entry, load_catalog
from playground.models.acquire.fetch import FetchProgress
from tests.support.contrast import contrast

Visit = Callable[..., Page]
BETTER = find_entry(load_catalog()[0].better[0])


def until_cancelled(_name: str, _settings: Any, show: Any, cancelled: Any, **_more: Any) -> None:
    show(FetchProgress("downloading", 10**6, 10**7))
    while not cancelled():
        threading.Event().wait(0.01)
    raise FetchCancelled("The fetch was stopped.")


SCHEMES: tuple[Literal["dark", "light"], ...] = ("dark", "light")


def test_an_empty_chat_says_what_its_model_is_and_offers_a_better_one(
    visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    offer = Offer(BETTER, here=False, needed_bytes=2_100_000_000)
    monkeypatch.setattr(welcome, "offer", lambda *_: offer)
    monkeypatch.setattr(fetching, "ensure_model", until_cancelled)
    page = visit()
    for name in ("temperature", "top_p", "min_p", "frequency_penalty"):
        slider = page.locator(f"#rail #{name} input[type=range]")
        expect(slider).to_have_value(f"{CHAT_START.values[name]:g}")
    expect(page.locator(".examples button")).to_have_text(list(EXAMPLES))
    about = page.locator("#about-model")
    expect(about).to_contain_text("135 million weights, trained on English")
    take = about.get_by_role("button", name=f"Fetch and use {BETTER.title}: 988 MB")
    for width in (390, 1360):
        page.set_viewport_size({"width": width, "height": 860})
        for scheme in SCHEMES:
            # Half-way from one theme to the other nothing has its colour yet.
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            assert contrast(about.locator("p").first) >= 4.5
            assert contrast(take) >= 4.5
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")

    take.click()
    notice = page.locator("#about-notice")
    expect(notice).to_contain_text("downloading 1 of 10 MB")
    expect(take).to_have_count(0)
    notice.get_by_role("button", name="Cancel").click()
    expect(notice).to_contain_text("The fetch was stopped.")
    expect(take).to_be_visible()
    expect(page.get_by_label("Model", exact=True)).to_have_value(re.compile("SmolLM2 135M"))

    page.get_by_role("button", name=EXAMPLES[0]).click()
    reply = page.locator("#transcript .message.reply")
    expect(reply).to_have_count(1, timeout=120_000)
    expect(about).to_be_hidden()
