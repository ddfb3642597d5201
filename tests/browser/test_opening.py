"""Every lab opens full, and a picture says when the settings are others by now."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from playground.experiments.experiment import Experiment
from playground.experiments.shipped import find_shipped, ships
from playground.labs import labs

Visit = Callable[..., Page]
# What belongs to code and to how the playground came about, not into words on a page.
_ODD = re.compile(r"`|\\u[0-9a-f]{4}|\\x[0-9a-f]{2}|\bthe notes\b", re.IGNORECASE)


def opens_full(experiment: Experiment) -> bool:
    """Tell whether something is to be seen; what must ship, another test says."""
    return not ships(experiment) or find_shipped(experiment) is not None


def test_every_lab_opens_full_and_says_when_a_picture_is_old(visit: Visit) -> None:
    page = visit()
    # Each width in turn; the next experiment opens at the width of the last, which lays out less.
    widths = [1360, 390]
    for lab in labs().values():
        page.locator(f"#lab-{lab.name}").dispatch_event("click")  # it may be in its drawer
        for each in filter(opens_full, lab.experiments):
            place = each.path.replace("/", "-")
            page.locator(f"#experiment-{lab.name}-{each.name}-button").click()
            view = page.locator(f"#view-{place}")
            expect(view.locator(".playground-lab"), each.path).to_be_visible()
            expect(view.locator(".since")).to_be_hidden()
            shown = page.locator(f"#panel-{lab.name}").inner_text()
            assert not _ODD.search(shown), (each.path, _ODD.findall(shown))
            for width in widths:
                page.set_viewport_size({"width": width, "height": 860})
                assert page.evaluate("document.documentElement.scrollWidth") <= width, each.path
            widths.reverse()

    page.set_viewport_size({"width": 1360, "height": 860})
    page.locator("#lab-precision").click()
    page.get_by_role("tab", name="Floats").click()
    expect(page.locator("#rail-others .none")).to_be_visible()
    expect(page.locator("#rail-others .some")).to_be_hidden()

    page.locator("#lab-temperature").click()
    page.get_by_role("tab", name="Strip").click()
    expect(page.locator("#rail-others .some")).to_be_visible()
    prompt = page.locator("#temperature-strip-prompt :is(input, textarea)").first
    view, usual = page.locator("#view-temperature-strip"), prompt.input_value()
    expect(view.locator(".made-of")).to_contain_text(f"“{usual}” · ")
    expect(view.locator(".made-of")).to_contain_text("shipped result of")
    prompt.fill("Something else")
    expect(view.locator(".since")).to_have_text(
        "The settings have changed since; press Run the strip."
    )
    prompt.fill(usual)
    expect(view.locator(".since")).to_be_hidden()
    page.locator("#rail #top_p input[type=number]").fill("0.5")
    expect(view.locator(".since")).to_be_visible()
