"""The neurons lab: a line turned, digits trained and drawn, a weight's arithmetic, a race."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import FloatRect, Page, expect

from apps.ui.in_turn import TURNS
from playground.labs import labs

Visit = Callable[..., Page]


def test_a_neuron_is_turned_a_network_trained_a_weight_followed_and_a_race_started(
    visit: Visit,
) -> None:
    page = visit(path="/?lab=neurons&experiment=one")
    turn_a_neuron(page)
    train_and_draw(page)
    train_beside_another(page, visit)
    follow_a_weight(page)
    start_a_race(page)
    page.get_by_role("tab", name="Ways of learning").click()
    ways = page.locator("#view-neurons-ways")
    expect(ways.locator("section.card")).to_have_count(4)
    expect(ways.locator(".digit-row img")).to_have_count(10)
    expect(ways.locator("svg.grid-world")).to_have_count(3)
    page.get_by_role("tab", name="What it gets wrong").click()
    cons = page.locator("#view-neurons-cons")
    expect(cons.locator("section.card")).to_have_count(5)
    expect(cons.locator(".digit-row img")).to_have_count(10)
    look_at_all_of_it_on_a_phone(page)


def turn_a_neuron(page: Page) -> None:
    one = page.locator("#view-neurons-one")
    expect(one).to_contain_text("F(x) = max(0, 1.5 x")
    page.locator("#neurons-one-weight input[type=number]").fill("-2")
    expect(one).to_contain_text("F(x) = max(0, \u22122 x")
    expect(one).to_contain_text("lets through what lies to the left")
    page.locator("#neurons-one-weight input[type=number]").fill("7")
    expect(page.locator("#notice-neurons-one")).to_contain_text("from -3 to 3, got 7")


def train_and_draw(page: Page) -> None:
    page.get_by_role("tab", name="Digits", exact=True).click()
    view, notice = page.locator("#view-neurons-digits"), page.locator("#notice-neurons-digits")
    expect(view).to_contain_text("Epoch 30.0 of 30")  # what ships
    view.get_by_role("button", name="Next that it gets wrong").click()
    expect(view).to_contain_text("the network says, wrongly,")
    expect(view.locator(".made-of")).to_contain_text("shipped result")
    verdict = page.locator("#verdict-digits")
    draw(page, [(0.25, 0.16), (0.75, 0.16), (0.45, 0.88)])
    expect(verdict).to_contain_text("This is a 7, says the network that ships")
    page.get_by_role("button", name="Clear").click()
    expect(verdict).to_contain_text("The field is empty")
    draw(page, [(0.5, 0.5)])
    expect(verdict).to_contain_text("A digit must be larger than a dot")
    rate = page.locator("#neurons-digits-learning_rate input")
    for given, told in (("0", "got 0"), ("-1", "got -1"), ("", "got nothing")):
        rate.fill(given)
        page.get_by_role("button", name="Train", exact=True).click()
        expect(notice).to_contain_text(told)
        expect(view).to_contain_text("Epoch 30.0 of 30")  # nothing is lost
    rate.fill("1e9")
    page.get_by_role("button", name="Train", exact=True).click()
    expect(view).to_contain_text("Diverged at step 1: cost or weights were beyond a million")
    rate.fill("0.03")
    page.locator("#neurons-digits-batch_size input").fill("8001")
    page.get_by_role("button", name="Train", exact=True).click()
    expect(notice).to_contain_text("from 1 to 8,000, got 8001")
    page.locator("#neurons-digits-epochs input").fill("100")
    page.locator("#neurons-digits-batch_size input").fill("2")  # slow: it must not end by itself
    page.get_by_role("button", name="Train", exact=True).click()
    expect(view).to_contain_text(re.compile(r"Epoch [1-9]\d?\.\d of 100"))
    page.locator("#neurons-digits-example input[type=number]").fill("500")
    expect(view).to_contain_text("Digit 500 is a")
    page.get_by_role("button", name="Pause", exact=True).click()
    expect(notice).to_contain_text("Paused. Train goes on from here")
    stands = view.locator("h3").first.inner_text()
    page.wait_for_timeout(300)  # a button is deaf while the event before it is ending
    expect(view.locator("h3").first).to_have_text(stands)
    page.get_by_role("button", name="Step one batch").click()
    expect(notice).to_contain_text("one batch of 2")
    draw(page, [(0.5, 0.1), (0.5, 0.9)])
    expect(verdict).to_contain_text("says your network, after")
    page.get_by_role("button", name="Start over").click()
    expect(view).to_contain_text("Epoch 0.0 of 100, step 0")
    page.get_by_role("button", name="Train", exact=True).click()
    expect(page.get_by_role("button", name="Pause", exact=True)).to_be_visible()
    page.locator("#lab-tokens").dispatch_event("click")
    page.locator("#lab-neurons").dispatch_event("click")
    expect(notice).to_contain_text("Paused. Train goes on from here")


def train_beside_another(page: Page, visit: Visit) -> None:
    """Two learners train at once, each a network of its own; who leaves the page stops training."""
    other = visit(path="/?lab=neurons&experiment=digits&epochs=100&batch_size=4")
    heads = [each.locator("#view-neurons-digits h3").first for each in (page, other)]
    for each in (page, other):
        each.get_by_role("button", name="Train", exact=True).click()
    for head in heads:
        expect(head).to_have_text(re.compile(r"Epoch [1-9]\d?\.\d of 100"))
    page.get_by_role("button", name="Pause", exact=True).click()
    expect(page.locator("#notice-neurons-digits")).to_contain_text("Paused")
    stands = [head.inner_text() for head in heads]
    expect(heads[1]).not_to_have_text(stands[1])
    expect(heads[0]).to_have_text(stands[0])
    other.goto("about:blank")
    while TURNS._taken:  # nobody trains any more
        page.wait_for_timeout(100)


# Boxes in sight that go on beside their edge, where one would not look.
_CUT = """[...document.querySelectorAll("#panel-neurons .scroll")]
    .filter((each) => each.offsetParent && each.scrollWidth > each.clientWidth + 1)
    .map((each) => each.innerText.slice(0, 60))"""


def look_at_all_of_it_on_a_phone(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    for each in labs()["neurons"].experiments:
        page.get_by_role("tab", name=each.title, exact=True).click()
        expect(page.locator(f"#view-neurons-{each.name} .picture-head")).to_be_attached()
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        assert page.evaluate(_CUT) == []
    page.get_by_role("tab", name="Digits", exact=True).click()
    page.get_by_role("button", name="Clear").click()
    box = _field(page)
    finger = page.context.new_cdp_session(page)
    for number, y in enumerate((0.12, 0.3, 0.5, 0.7, 0.88)):
        at = {"x": box["x"] + 0.5 * box["width"], "y": box["y"] + y * box["height"]}
        told = {"type": "touchMove" if number else "touchStart", "touchPoints": [at]}
        finger.send("Input.dispatchTouchEvent", told)
    finger.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    expect(page.locator("#verdict-digits")).to_contain_text("This is a 1")


def _field(page: Page) -> FloatRect:
    canvas = page.locator("#pad-digits canvas")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    assert box
    return box


def draw(page: Page, points: list[tuple[float, float]]) -> None:
    box = _field(page)
    places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in points]
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*place, steps=6)
    page.mouse.up()


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
