"""Memory in the page: what is loaded and what a load would take; going back takes no time."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from playground.models.engines import manager as manager_module
from playground.models.engines.memory import Memory, read_memory
from playground.serving import Pool

Visit = Callable[..., Page]


def choose(page: Page, precision: str) -> None:
    page.locator("#precision input").click()
    page.get_by_role("option", name=precision).first.click()


def test_memory_is_shown_planned_and_given_back(visit: Visit, pool: Pool) -> None:
    pool.free_idle()
    page = visit()
    choose(page, "BF16")
    expect(page.locator(".badge.ready", has_text="BF16")).to_contain_text(
        "1 more loaded", timeout=60_000
    )
    page.get_by_role("button", name="Models", exact=True).click()
    now, plans = page.locator("#memory-now"), page.locator("#memory-plans")
    expect(now.locator("tbody tr")).to_have_count(2)
    expect(now.locator("tbody tr").first).to_contain_text("BF16 · core engine")
    expect(now).to_contain_text("(measured)")
    expect(plans.locator("tbody tr", has_text="BF16")).to_contain_text("is loaded")
    expect(plans.locator("tbody tr", has_text="NF4")).to_contain_text("fits")
    expect(plans).to_contain_text("Sizes are estimated")
    now.locator("tbody tr", has_text="FP32").get_by_role("button", name="Free").click()
    expect(page.locator("#memory-notice")).to_contain_text("at FP32 was freed")
    expect(now.locator("tbody tr")).to_have_count(1)
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert now.get_by_role("button", name="Free").is_visible()


def test_little_memory_warns_and_too_little_refuses(
    visit: Visit, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = visit()
    real = read_memory()
    memory = Memory(400_000_000, real.total_bytes)
    monkeypatch.setattr(manager_module, "read_memory", lambda: memory)
    with pool.lease(pool.residents()[-1].choice):  # FP32, which may not make room
        pool.free_idle()
        choose(page, "NF4")
        expect(page.locator("#notice")).to_contain_text("NF4 needs about 0.6 GB while loading")
        expect(page.locator("#notice")).to_contain_text("(estimated), and 0.4 GB are free")
        # What ran before runs on, and nothing is lost.
        expect(page.locator(".badge.ready")).to_contain_text("FP32", timeout=30_000)
        choose(page, "BF16")
        expect(page.locator(".badge.ready", has_text="BF16")).to_contain_text(
            "memory was tight: 0.1 GB to spare (estimated)", timeout=60_000
        )
