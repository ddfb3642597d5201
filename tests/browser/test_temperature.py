"""The temperature lab: the bars move, and the model does not run for it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from playground.models.core_model import CoreEngine

Visit = Callable[..., Page]


@pytest.fixture
def forward_calls(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    calls: list[int] = []
    forward = CoreEngine.forward

    def counted(self: CoreEngine, token_ids: Any, caches: Any) -> Any:
        calls.append(token_ids.size)
        return forward(self, token_ids, caches)

    monkeypatch.setattr(CoreEngine, "forward", counted)
    return calls


def open_lab(visit: Visit, width: int = 1360) -> Page:
    page = visit(width=width)
    if width < 700:
        page.get_by_role("button", name="Labs").click()
    page.get_by_role("button", name="Temperature", exact=True).click()
    return page


def read(page: Page, prompt: str) -> None:
    page.get_by_label("Prompt to continue").fill(prompt)
    page.get_by_role("button", name="Read", exact=True).click()


def percents(page: Page) -> list[float]:
    return [
        float(text.removesuffix(" %").removeprefix("< "))
        for text in page.locator(".bar .percent").all_inner_texts()
    ]


def test_the_bars_move_and_the_model_does_not_run(visit: Visit, forward_calls: list[int]) -> None:
    page = open_lab(visit)
    expect(page.locator("#distribution")).to_contain_text("will stand here")
    read(page, "The capital of France is")
    expect(page.locator(".bar")).to_have_count(21, timeout=30_000)
    tokens = page.locator(".bar .token").all_inner_texts()
    assert tokens[0] == "·Paris"
    calls, before = list(forward_calls), percents(page)
    assert len(calls) == 1
    assert sum(before) == pytest.approx(100, abs=1)

    page.get_by_label("range slider for Softmax temperature").fill("0.5")
    expect(page.locator(".bar .percent").first).not_to_have_text(f"{before[0]:.2f} %")
    colder = percents(page)
    assert colder[0] > before[0]
    assert sum(colder) == pytest.approx(100, abs=1)
    page.get_by_label("range slider for Cut at top-k").fill("3")
    expect(page.locator(".bar.cut")).to_have_count(17)
    expect(page.locator(".bar.cut").first).to_contain_text("cut by top-k")
    page.get_by_label("range slider for Softmax temperature").fill("0")
    expect(page.locator(".bar .percent").first).to_have_text("100 %")
    expect(page.locator(".sums")).to_contain_text("a seed plays no part")
    page.get_by_role("button", name="Draw a token").click()
    expect(page.locator("#drawn")).to_contain_text("T 0 throws no dice: it is “·Paris”")
    assert page.locator(".bar .token").all_inner_texts() == tokens
    assert forward_calls == calls


def test_a_draw_says_which_token_the_number_hits(visit: Visit) -> None:
    page = open_lab(visit)
    page.get_by_role("button", name="Draw a token").click()
    expect(page.locator("#drawn")).to_contain_text("Read a prompt first")
    read(page, "The capital of France is")
    expect(page.locator(".bar")).to_have_count(21, timeout=30_000)
    page.get_by_role("button", name="Draw a token").click()
    expect(page.locator("#drawn")).to_contain_text(re.compile(r"The dice say 0\.\d{4}.*: .+\."))
    page.get_by_text("Step by step").click()
    expect(page.locator("table.stages")).to_contain_text("divided by T")


def test_bad_prompts_get_one_sentence_and_tricks_are_text(visit: Visit) -> None:
    page = open_lab(visit)
    read(page, "")
    expect(page.locator("#temperature-notice")).to_contain_text("The prompt must have 1 to")
    read(page, "word " * 9_000)
    expect(page.locator("#temperature-notice")).to_contain_text("got 9,", timeout=30_000)
    read(page, "<img src=x onerror=alert(1)> <b>")
    expect(page.locator(".bar")).to_have_count(21, timeout=30_000)
    expect(page.locator("#distribution img, #distribution .token b")).to_have_count(0)


def test_the_lab_fits_a_phone(visit: Visit) -> None:
    page = open_lab(visit, width=390)
    read(page, "Once upon a time")
    expect(page.locator(".bar")).to_have_count(21, timeout=30_000)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
