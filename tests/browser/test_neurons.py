"""The neurons lab: a slider turns the line, a weight's arithmetic opens, a click starts a race."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

Visit = Callable[..., Page]


def test_a_neuron_is_turned_a_weight_followed_and_a_race_started(visit: Visit) -> None:
    page = visit(path="/?lab=neurons&experiment=one")
    turn_a_neuron(page)
    follow_a_weight(page)
    start_a_race(page)
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def turn_a_neuron(page: Page) -> None:
    one = page.locator("#view-neurons-one")
    expect(one).to_contain_text("F(x) = max(0, 1.5 x")
    page.locator("#neurons-one-weight input[type=number]").fill("-2")
    expect(one).to_contain_text("F(x) = max(0, \u22122 x")
    expect(one).to_contain_text("lets through what lies to the left")
    page.locator("#neurons-one-weight input[type=number]").fill("7")
    expect(page.locator("#notice-neurons-one")).to_contain_text("from -3 to 3, got 7")


def follow_a_weight(page: Page) -> None:
    page.get_by_role("tab", name="Backpropagation").click()
    back = page.locator("#view-neurons-backpropagation")
    expect(back).to_contain_text("from neuron 11 to output 5")
    back.get_by_label("neuron 7, activation").nth(1).click()
    expect(back).to_contain_text("from neuron 7 to output 5")
    expect(back.locator("[aria-pressed=true]")).to_have_count(3)
    expect(back.locator("table.checks tbody tr")).to_have_count(6)
    digit = back.locator("svg.digit")
    size = digit.bounding_box()
    assert size
    digit.click(position={"x": 2, "y": size["height"] - 2})
    expect(back).to_contain_text("the pixel in row 28, column 1")
    expect(back).to_contain_text("This pixel is blank")


def start_a_race(page: Page) -> None:
    page.emulate_media(reduced_motion="reduce")  # nothing grows: what is looked at is the end
    page.get_by_role("tab", name="Descent", exact=True).click()
    descent = page.locator("#view-neurons-descent")
    expect(descent.locator("polyline[data-way]")).to_have_count(14)
    ground = descent.locator("svg[data-pick]")
    size = ground.bounding_box()
    assert size
    ground.click(position={"x": 0.75 * size["width"], "y": 0.3 * size["height"]})
    start = page.locator("#neurons-descent-start_x input")
    expect(start).to_have_value(re.compile(r"^[01]\.\d"))
    expect(descent.locator("svg[data-pick]")).to_have_attribute(
        "aria-label", re.compile(r"start at x = [01]\.\d")
    )
    page.locator("#neurons-descent-learning_rate input").fill("1e9")
    page.wait_for_timeout(300)  # a button is deaf while the event before it is ending
    page.get_by_role("button", name="Race", exact=True).click()
    expect(descent).to_contain_text("Gradient descent diverged at step 1")
    shown = descent.locator(".player input")
    shown.fill("1")
    expect(descent.locator(".shown-step")).to_have_text("step 1")
