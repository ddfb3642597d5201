"""The rail: presets, where nothing is half full, what loaded behind a line, errors where one is."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Literal

import pytest
from playwright.sync_api import Locator, Page, expect

from playground.errors import PrecisionUnavailable
from playground.generation.presets import PRESETS
from playground.models.engines.manager import ModelChoice
from playground.models.engines.precision import Precision
from playground.serving import Pool
from tests.support.contrast import painted_contrast

Visit = Callable[..., Page]
THUMB = 16


def slider(page: Page, name: str) -> Locator:
    return page.locator(f"#{name} input[type=range]")


def number(page: Page, name: str) -> Locator:
    return page.locator(f"#{name} input[type=number]")


def choose(page: Page, label: str, option: str) -> None:
    page.get_by_label(label, exact=True).click()
    page.get_by_role("option", name=option).click()


def test_the_rail_presets_what_stands_out_and_a_choice_that_fails(
    visit: Visit, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = visit()
    presets_reset_and_what_really_loaded(page)
    controls_stand_out_and_penalties_are_empty_at_nothing(page)
    a_choice_that_fails_says_so_beside_a_lab_and_moves_nothing(page, pool, monkeypatch)


def presets_reset_and_what_really_loaded(page: Page) -> None:
    zones = "[...document.querySelector('#zones').children].map((each) => each.id)"
    assert page.evaluate(zones) == ["labs", "work", "rail"]  # as one sees and tabs through them
    at_first = number(page, "temperature").input_value()
    # T 1, where the model's own odds are, is marked amid the slider.
    mark = "(each) => getComputedStyle(each).getPropertyValue('--neutral')"
    assert slider(page, "temperature").evaluate(mark) == "50.00%"
    said = page.locator("#preset-said")
    words = said.inner_text()
    for preset in PRESETS.values():  # the last is chaos
        page.locator(f"#preset-{preset.name}").click()
        for name, value in preset.values.items():
            expect(number(page, name)).to_have_value(f"{value:g}")
        expect(said).to_contain_text(f"{preset.label}: {preset.idea}")
    height = said.evaluate("(said) => said.offsetHeight")
    slider(page, "temperature").fill("0.65")
    expect(said).to_contain_text("none of the presets")
    assert said.evaluate("(said) => said.offsetHeight") == height  # nothing below it moves
    page.locator("#seed input").fill("7")
    page.locator("#system textarea").fill("Be brief.")
    page.locator("#reset-all").click()
    expect(number(page, "temperature")).to_have_value(at_first)
    expect(page.locator("#seed input")).to_have_value("")
    expect(page.locator("#system textarea")).to_have_value("Be brief.")
    expect(said).to_have_text(words)

    got = page.locator("#got")
    expect(got.locator("p").first).to_be_hidden()
    got.locator("summary").click()
    expect(got.locator("p").first).to_contain_text("FullLinear")
    expect(got.locator("p.origin").last).to_contain_text("the format, not the origin")
    got.locator("summary").click()
    expect(got.locator("p").first).to_be_hidden()


def controls_stand_out_and_penalties_are_empty_at_nothing(page: Page) -> None:
    """Thumbs, radios and rings of focus differ from their ground by 3 to 1 (WCAG 2.2, 1.4.11)."""
    schemes: tuple[Literal["light", "dark"], ...] = ("light", "dark")
    for scheme in schemes:
        page.emulate_media(color_scheme=scheme)
        expect(page.locator("body.dark")).to_have_count(int(scheme == "dark"))
        for name in ("presence_penalty", "frequency_penalty"):
            box = slider(page, name).bounding_box()
            assert box is not None
            assert painted_contrast(slider(page, name), box["width"] / 4) < 1.5, (scheme, name)
        assert painted_contrast(slider(page, "top_k"), THUMB) >= 3, scheme
        for control in (slider(page, "top_k"), page.locator("#reset-all")):
            control.focus()
            page.keyboard.press("Shift")  # the last to act was a key: the ring shows
            assert painted_contrast(control, ring=True) >= 3, scheme
    page.get_by_role("button", name="Temperature", exact=True).click()
    for scheme in reversed(schemes):
        page.emulate_media(color_scheme=scheme)
        expect(page.locator("body.dark")).to_have_count(int(scheme == "dark"))
        for radio in page.locator("#temperature-distribution-way input").all():
            assert painted_contrast(radio) >= 3, scheme


def a_choice_that_fails_says_so_beside_a_lab_and_moves_nothing(
    page: Page, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    expect(page.locator("#presets")).to_be_visible()
    expect(page.locator("#temperature")).to_be_visible()
    expect(page.locator("#seed")).to_be_hidden()
    expect(
        page.locator("#experiment-temperature-distribution input[type=range]:visible")
    ).to_have_count(0)
    preload = pool.preload

    def refuse(choice: ModelChoice) -> None:
        if choice.precision is Precision.NF4:
            raise PrecisionUnavailable("NF4 needs more memory than is free; close something.")
        preload(choice)

    monkeypatch.setattr(pool, "preload", refuse)
    place = page.locator("#temperature").bounding_box()
    choose(page, "Precision", "NF4")
    notice = page.locator("#rail-notice")
    expect(notice).to_contain_text("NF4 needs more memory than is free")
    expect(notice.locator(".notice")).to_be_in_viewport()
    expect(page.get_by_label("Precision", exact=True)).to_have_value(re.compile("FP32"))
    assert page.locator("#temperature").bounding_box() == place
    slider(page, "temperature").fill("0.5")
    expect(notice).to_be_hidden()
    page.wait_for_url("**temperature=0.5**")
