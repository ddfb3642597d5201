"""The temperature lab: the bars move, and the model does not run for it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from playground.models.engines.core_model import CoreEngine

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


VIEW, NOTICE = "#view-temperature-distribution", "#notice-temperature-distribution"


def setting(page: Page, name: str, experiment: str = "distribution") -> Locator:
    return page.locator(f"#temperature-{experiment}-{name} :is(input, textarea)").first


def slider(page: Page, name: str) -> Locator:
    return page.locator(f"#temperature-distribution-{name} input[type=range]")


def read(page: Page, prompt: str) -> None:
    setting(page, "prompt").fill(prompt)
    page.locator("#run-temperature-distribution").click()


def percents(page: Page) -> list[float]:
    return [
        float(text.removesuffix(" %").removeprefix("< "))
        for text in page.locator(".bar .percent").all_inner_texts()
    ]


def test_the_bars_move_and_the_model_does_not_run(visit: Visit, forward_calls: list[int]) -> None:
    page = open_lab(visit)
    expect(page.locator(VIEW)).to_contain_text("will stand here")
    read(page, "The capital of France is")
    expect(page.locator(".bar")).to_have_count(21)
    tokens = page.locator(".bar .token").all_inner_texts()
    assert tokens[0] == "·Paris"
    calls, before = list(forward_calls), percents(page)
    assert len(calls) == 1
    assert sum(before) == pytest.approx(100, abs=1)

    slider(page, "temperature").fill("0.5")
    expect(page.locator(".bar .percent").first).not_to_have_text(f"{before[0]:.2f} %")
    colder = percents(page)
    assert colder[0] > before[0]
    assert sum(colder) == pytest.approx(100, abs=1)
    slider(page, "top_k").fill("3")
    expect(page.locator(".bar.cut")).to_have_count(17)
    expect(page.locator(".bar.cut").first).to_contain_text("cut by top-k")
    slider(page, "temperature").fill("0")
    expect(page.locator(".bar .percent").first).to_have_text("100 %")
    expect(page.locator(".sums")).to_contain_text("a seed plays no part")
    page.get_by_role("button", name="Draw a token").click()
    expect(page.locator(".dice")).to_contain_text("T 0 throws no dice: it is “·Paris”")
    expect(page.get_by_role("button", name="Export", exact=True)).to_be_visible()
    assert page.locator(".bar .token").all_inner_texts() == tokens
    assert forward_calls == calls


def test_a_draw_says_which_token_the_number_hits(visit: Visit) -> None:
    page = open_lab(visit)
    setting(page, "top_k").fill("3")
    expect(page.locator(NOTICE)).to_contain_text("Press Read first")
    read(page, "The capital of France is")
    expect(page.locator(".bar")).to_have_count(21)
    page.get_by_role("button", name="Draw a token").click()
    expect(page.locator(".dice")).to_contain_text(
        re.compile(r"Seed 0 throws 0\.6370, between .*: .+\.")
    )
    page.locator("summary", has_text="Step by step").click()
    expect(page.locator("table.stages")).to_contain_text("divided by T")


def test_bad_prompts_get_one_sentence_and_tricks_are_text(visit: Visit) -> None:
    page = open_lab(visit)
    read(page, "")
    expect(page.locator(NOTICE)).to_contain_text("The prompt is empty")
    read(page, "word " * 9_000)
    expect(page.locator(NOTICE)).to_contain_text("got 9,")
    read(page, "<img src=x onerror=alert(1)> <b>")
    expect(page.locator(".bar")).to_have_count(21)
    expect(page.locator(f"{VIEW} img, {VIEW} .bar .token b")).to_have_count(0)


def test_the_lab_fits_a_phone(visit: Visit) -> None:
    page = open_lab(visit, width=390)
    read(page, "Once upon a time")
    expect(page.locator(".bar")).to_have_count(21)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def run_strip(page: Page, temperatures: str, **fields: str) -> None:
    page.locator("#experiment-temperature-strip-button").click()
    for name, value in {"temperatures": temperatures, **fields}.items():
        setting(page, name, "strip").fill(value)
    page.locator("#run-temperature-strip").click()


def await_strip(page: Page) -> None:
    expect(page.locator("#run-temperature-strip")).to_be_visible(timeout=60_000)


def test_a_strip_of_five_streams_parts_and_is_exported(visit: Visit) -> None:
    page = open_lab(visit)
    run_strip(page, "0, 0.5, 1, 1.5, 2", seed="7", max_new_tokens="24")
    columns = page.locator("#view-temperature-strip .strip-column")
    expect(columns).to_have_count(5, timeout=60_000)
    expect(page.locator("#stop-temperature-strip")).to_be_visible()
    await_strip(page)
    expect(columns.nth(0)).to_contain_text("no seed: greedy")
    expect(columns.nth(2)).to_contain_text("seed 7")
    parted = columns.filter(has=page.locator("mark.parting"))
    assert parted.count() >= 2
    parted.last.locator("summary").click()
    sides = parted.last.locator(".side")
    expect(sides).to_have_count(2)
    expect(sides.first).to_contain_text("T 0 took")
    expect(sides.last.locator("li")).to_have_count(5)
    expect(page.locator(".measures-table tr")).to_have_count(6)

    expect(columns.last.locator(".by-difference")).to_be_hidden()
    page.get_by_label("Difference to the first").check()
    expect(columns.last.locator(".by-parting")).to_be_hidden()
    expect(columns.last.locator(".by-difference ins").first).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("button", name="Export JSON").click()
    record = json.loads(download.value.path().read_text(encoding="utf-8"))
    assert [output["temperature"] for output in record["outputs"]] == [0, 0.5, 1, 1.5, 2]
    assert record["versions"]["llm-playground"]
    words = columns.last.locator(".by-difference").evaluate(
        "(text) => { text.querySelectorAll('del').forEach((gone) => gone.remove()); "
        "return text.textContent; }"
    )
    assert words.split() == record["outputs"][4]["text"].split()


def test_a_strip_can_be_stopped_and_bad_lists_are_refused(visit: Visit) -> None:
    page = open_lab(visit)
    notice = page.locator("#notice-temperature-strip")
    for temperatures, sentence in (
        ("", "from 0 to 2, with commas between, got nothing"),
        ("0, 3", "got 3"),
        ("nan", "got 'nan'"),
        (",".join(["1"] * 40), "must be 1 to 16 numbers"),
    ):
        run_strip(page, temperatures)
        expect(notice).to_contain_text(sentence)
    run_strip(page, "1", seed="seven")
    expect(notice).to_contain_text("seed must be")
    text = "Once upon a time, in a small village,"
    run_strip(page, "0.7, 0.8", prompt=text, seed="7", max_new_tokens="2000")
    expect(page.locator("#view-temperature-strip .strip-column")).to_have_count(2, timeout=60_000)
    page.locator("#stop-temperature-strip").click()
    await_strip(page)
    expect(page.locator("#view-temperature-strip .strip-column").first).to_contain_text(
        "stopped by you"
    )


def test_a_banned_word_loses_its_probability_to_others(visit: Visit) -> None:
    page = open_lab(visit)
    read(page, "The capital of France is")
    expect(page.locator(".bar")).to_have_count(21)
    setting(page, "word").fill("Paris")
    paris = page.locator(".bar").first
    expect(paris.locator(".percent")).to_have_text("0 %")
    expect(paris).to_contain_text("banned")
    effect = page.locator(".word-effect")
    expect(effect.locator("li").first).to_contain_text("·Paris")
    expect(effect).to_contain_text("Probability went to")
    page.locator("#temperature-distribution-way").get_by_label("Bias it").check()
    slider(page, "amount").fill("-2")
    expect(paris.locator(".percent")).not_to_have_text("0 %")
    setting(page, "word").fill("a" * 41)
    expect(page.locator(NOTICE)).to_contain_text("at most 40 characters")
    setting(page, "word").fill("")
    expect(effect).to_have_count(0)
