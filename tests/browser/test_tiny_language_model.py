"""A tiny language model in the page: trained, watched, stopped; a short text is refused."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

Visit = Callable[..., Page]


def test_it_trains_before_one_s_eyes_and_stops(visit: Visit) -> None:
    page = visit(path="/?lab=neurons&experiment=tiny-language-model&steps=5000&width=16&models=mlp")
    view = page.locator("#view-neurons-tiny-language-model")
    run = page.locator("#run-neurons-tiny-language-model")
    text = page.locator("#neurons-tiny-language-model-text textarea")
    # Only once the link has filled the form: it would take away what is written before.
    steps = page.locator("#neurons-tiny-language-model-steps input").first
    expect(steps).to_have_value("5000")
    text.fill("ten letter")
    run.click()
    notice = page.locator("#notice-neurons-tiny-language-model")
    expect(notice).to_contain_text("at least 1,000 characters, not all the same, got 10")
    text.fill("")
    expect(run).to_be_visible()
    page.wait_for_timeout(300)
    run.click()
    curve = view.locator("polyline.learned").nth(0)
    expect(curve).to_have_attribute("points", re.compile(r"(\S+ ){20}"))  # it has grown
    on_the_way = view.locator("summary", has_text="What it wrote on the way")
    expect(on_the_way).to_be_visible()  # comes with the second sample, 500 steps later
    page.locator("#stop-neurons-tiny-language-model").click()
    expect(notice).to_contain_text("Stopped")
    expect(run).to_be_visible()
    on_the_way.click()
    expect(view.locator(".tiny-samples li").first).to_contain_text("0 steps, 4.")
