"""The temperature lab: the bars move, and the model does not run for it."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from playground.drawing.marks import mark
from playground.serving import Pool

Visit = Callable[..., Page]


def open_lab(visit: Visit) -> Page:
    page = visit()
    page.get_by_role("button", name="Temperature", exact=True).click()
    # It reads its example by itself.
    expect(page.locator("#view-temperature-distribution .bar")).to_have_count(21)
    expect(page.locator("#run-temperature-distribution")).to_be_visible()
    # Where a chat starts, the example still leaves something to draw from.
    assert page.locator(f"{VIEW} .bar:not(.cut):not(.rest)").count() >= 3
    set_neutral(page)
    return page


def set_neutral(page: Page) -> None:
    """Set all that shapes the distribution to what leaves it as the model gave it."""
    for name, value in NEUTRAL.items():
        slider(page, name).fill(value)
    made_of = page.locator("#view-temperature-distribution .made-of")
    expect(made_of).to_have_text(re.compile("^“Once upon a time there was a” · Top-p 1 · Smol"))


NEUTRAL = {"temperature": "1", "top_p": "1", "min_p": "0"}
VIEW, NOTICE = "#view-temperature-distribution", "#notice-temperature-distribution"


def setting(page: Page, name: str, experiment: str = "distribution") -> Locator:
    return page.locator(f"#temperature-{experiment}-{name} :is(input, textarea)").first


def slider(page: Page, name: str) -> Locator:
    """Return the slider of a run setting: those beside the lab drive its bars."""
    return page.locator(f"#rail #{name} input[type=range]")


def read(page: Page, prompt: str) -> None:
    setting(page, "prompt").fill(prompt)
    page.locator("#run-temperature-distribution").click()


def percents(page: Page) -> list[float]:
    return [
        float(text.removesuffix(" %").removeprefix("< "))
        for text in page.locator(".bar .percent").all_inner_texts()
    ]


def places(page: Page) -> list[tuple[str, str, float]]:
    """Return of each row its token, its T 1 tick, and where it stands on the page."""
    found: list[tuple[str, str, float]] = page.locator(".bar").evaluate_all(
        "rows => rows.map(row => [row.querySelector('.token').textContent,"
        " row.querySelector('.tick').style.left, row.getBoundingClientRect().top + scrollY])"
    )
    return [tuple(each) for each in found]  # type: ignore[misc] # JSON knows no tuples


def test_the_distribution_is_moved_drawn_from_and_asked_in_other_words(
    visit: Visit, forward_calls: list[int]
) -> None:
    page = open_lab(visit)
    the_rail_moves_the_bars_on_a_fixed_scale_and_the_model_does_not_run(page, forward_calls)
    page.locator("#reset-all").click()
    set_neutral(page)
    a_banned_word_loses_its_probability_to_others(page)
    a_marker_falls_a_tally_grows_and_the_text_grows_by_the_token(page)
    a_question_of_the_chat_arrives_as_a_chat_message(page)
    bad_prompts_get_one_sentence_and_tricks_are_text(page)
    the_lab_fits_a_phone(page)


def the_rail_moves_the_bars_on_a_fixed_scale_and_the_model_does_not_run(
    page: Page, forward_calls: list[int]
) -> None:
    card = page.locator(".next-token")
    expect(card.locator("h2")).to_have_text("Next token after “Once upon a time there was a”")
    calls, before, rows = list(forward_calls), percents(page), places(page)
    assert rows[0][0] == "·small"
    assert sum(before) == pytest.approx(100, abs=1)
    width = card.locator(".bar .now").first.evaluate("bar => parseFloat(bar.style.width)")
    assert width == pytest.approx(before[0], abs=0.01)  # the whole track is 100 %
    assert float(rows[0][1].removesuffix("%")) == pytest.approx(width)

    slider(page, "temperature").fill("0.5")
    expect(page.locator(".bar .percent").first).not_to_have_text(f"{before[0]:.2f} %")
    colder = percents(page)
    assert colder[0] > before[0]
    assert sum(colder) == pytest.approx(100, abs=1)
    assert places(page) == rows  # the same token in the same row, its tick where it was
    slider(page, "top_k").fill("3")
    expect(page.locator(".bar.cut")).to_have_count(17)
    expect(page.locator(".bar.cut").first).to_contain_text("cut by top-k")
    slider(page, "temperature").fill("0")
    expect(page.locator(".bar .percent").first).to_have_text("100 %")
    expect(page.locator(".sums")).to_contain_text("a seed plays no part")
    assert places(page) == rows
    assert forward_calls == calls


def a_banned_word_loses_its_probability_to_others(page: Page) -> None:
    setting(page, "word").fill("small")
    small = page.locator(".bar").first
    expect(small.locator(".percent")).to_have_text("0 %")
    expect(small).to_contain_text("banned")
    effect = page.locator(".word-effect")
    expect(effect.locator("li").first).to_contain_text("·small")
    expect(effect).to_contain_text("Probability went to")
    page.locator("#temperature-distribution-way").get_by_label("Bias it").check()
    page.locator("#temperature-distribution-amount input[type=range]").fill("-2")
    expect(small.locator(".percent")).not_to_have_text("0 %")
    setting(page, "word").fill("a" * 41)
    expect(page.locator(NOTICE)).to_contain_text("at most 40 characters")
    setting(page, "word").fill("")
    expect(effect).to_have_count(0)


def a_marker_falls_a_tally_grows_and_the_text_grows_by_the_token(page: Page) -> None:
    page.get_by_role("button", name="Draw", exact=True).click()
    expect(page.locator(".dice")).to_contain_text(
        re.compile(r"Seed 0 throws 0\.6370, between .*: .+\.")
    )
    hit = page.locator(".bar.hit")
    expect(hit.locator(".marker")).to_have_count(1)
    assert page.locator(".bars.thrown").count() == 1  # it is seen to fall
    now, marker = (hit.locator(part).bounding_box() for part in (".now", ".marker"))
    assert now is not None
    assert marker is not None
    assert now["x"] <= marker["x"] + marker["width"] / 2 <= now["x"] + now["width"]

    page.wait_for_timeout(300)
    page.get_by_role("button", name="Draw 100", exact=True).click()
    expect(page.locator(".dice")).to_contain_text("100 draws with the dice of seed 1")
    expect(page.locator(".bar .why").filter(has_text="drawn")).to_have_count(21)
    page.wait_for_function(
        "() => [...document.querySelectorAll('.bar .why')]"
        ".reduce((sum, each) => sum + parseInt(each.textContent), 0) === 100"
    )
    page.get_by_role("button", name="Draw 100 more").click()
    expect(page.locator(".dice")).to_contain_text("200 draws with the dice of seed 1")

    slider(page, "temperature").fill("0.5")  # colder, "all others" are seldom hit
    expect(page.locator(".dice")).to_contain_text("200 draws")
    page.get_by_role("button", name="Draw", exact=True).click()
    told = page.locator(".bar.hit:not(.rest) .token")
    expect(told).to_have_count(1)
    token = told.inner_text().replace("·", " ")
    page.wait_for_timeout(300)
    page.get_by_role("button", name="Add it").click()
    expect(page.locator(".so-far ins")).to_have_text(token)
    expect(page.locator(".next-token h2")).to_have_text(
        f"Next token after “Once upon a time there was a{token}”"
    )
    page.wait_for_timeout(300)
    page.get_by_role("button", name="Begin again").click()
    expect(page.locator(".so-far")).to_have_count(0)
    page.locator("summary", has_text="Step by step").click()
    expect(page.locator("table.stages")).to_contain_text("divided by T")


def a_question_of_the_chat_arrives_as_a_chat_message(page: Page) -> None:
    page.locator("#lab-chat").click()
    page.get_by_label("Message", exact=True).fill("What is the capital of France?")
    page.get_by_role("button", name="Temperature", exact=True).click()
    expect(setting(page, "prompt")).to_have_value("What is the capital of France?")
    expect(page.get_by_label("As a chat message").first).to_be_checked()
    page.locator("#run-temperature-distribution").click()
    expect(page.locator(".next-token h2")).to_have_text(
        "First token of the reply to “What is the capital of France?”"
    )
    expect(page.locator(".next-token .as-chat")).to_contain_text("through the model's template")
    page.locator("#experiment-temperature-strip-button").click()
    expect(setting(page, "prompt", "strip")).to_have_value("What is the capital of France?")
    expect(page.locator("#temperature-strip-as_chat input")).to_be_checked()


def bad_prompts_get_one_sentence_and_tricks_are_text(page: Page) -> None:
    page.locator("#experiment-temperature-distribution-button").click()
    read(page, "")
    expect(page.locator(NOTICE)).to_contain_text("The prompt is empty")
    read(page, "word " * 9_000)
    expect(page.locator(NOTICE)).to_contain_text("got 9,")
    read(page, "<img src=x onerror=alert(1)> <b>")
    expect(page.locator(".bar")).to_have_count(21)
    expect(page.locator(f"{VIEW} img, {VIEW} .bar .token b")).to_have_count(0)


def the_lab_fits_a_phone(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 860})
    read(page, "Once upon a time")
    expect(page.locator(".bar")).to_have_count(21)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_strips_stream_part_are_exported_and_stopped(
    visit: Visit, pool: Pool, forward_calls: list[int]
) -> None:
    page = open_lab(visit)
    a_strip_of_five_streams_parts_and_is_exported(page, forward_calls)
    a_strip_is_stopped_by_its_button_and_by_leaving_and_bad_lists_are_refused(page, pool)


def run_strip(page: Page, temperatures: str, **fields: str) -> None:
    page.locator("#experiment-temperature-strip-button").click()
    slider(page, "repetition_penalty").fill("1")  # it counts beside the strip alone
    for name, value in {"temperatures": temperatures, **fields}.items():
        setting(page, name, "strip").fill(value)
    page.locator("#run-temperature-strip").click()


def await_strip(page: Page) -> None:
    expect(page.locator("#run-temperature-strip")).to_be_visible(timeout=60_000)


def a_strip_of_five_streams_parts_and_is_exported(page: Page, forward_calls: list[int]) -> None:
    forward_calls.clear()
    run_strip(page, "0, 0.5, 1, 1.5, 2", seed="7", max_new_tokens="16")
    columns = page.locator("#view-temperature-strip .strip-column")
    expect(columns).to_have_count(5, timeout=60_000)
    expect(page.locator("#stop-temperature-strip")).to_be_visible()
    await_strip(page)
    prompt = forward_calls[0]
    assert prompt > 5
    assert forward_calls.count(prompt) == 1  # all columns read it together
    expect(columns.nth(0)).to_contain_text("no seed: greedy")
    expect(columns.nth(2)).to_contain_text("seed 7")
    expect(columns.locator(".by-parting .prompt.muted")).to_have_count(5)
    expect(columns.locator("svg.entropy-line polyline")).to_have_count(5)
    expect(columns.locator(".by-parting .tok.muted").first).to_be_visible()  # what is shared
    parted = columns.filter(has=page.locator("mark.parting"))
    assert parted.count() >= 2
    ring = parted.last.locator(".by-parting mark.parting")
    assert "⟨" not in ring.inner_text()
    assert "2px" in ring.evaluate("mark => getComputedStyle(mark).boxShadow")
    parted.last.locator("summary").click()
    sides = parted.last.locator(".side")
    expect(sides).to_have_count(2)
    expect(sides.first).to_contain_text("T 0 took")
    expect(sides.last.locator("li")).to_have_count(5)
    expect(page.locator(".measures-table tr")).to_have_count(6)
    assert page.locator("table.measures-table th").filter(has_text="distinct").count() == 0

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
        "(text) => { text.querySelectorAll('del, .prompt').forEach((gone) => gone.remove()); "
        "return text.textContent; }"
    )
    assert words.split() == record["outputs"][4]["text"].split()
    page.get_by_label("Where they part").check()
    open_tokens_and_branch(page, columns, record["outputs"][2])


def open_tokens_and_branch(page: Page, columns: Locator, output: dict[str, Any]) -> None:
    """Open two tokens of a column, which stay in sight, and branch at the second."""
    tokens = columns.nth(2).locator(".by-parting .tok")
    for place in (2, 9):
        token = tokens.nth(place)
        token.scroll_into_view_if_needed()
        token.click()
        panel = columns.nth(2).locator(".tok-panel")
        expect(panel).to_have_count(1)
        expect(panel.locator("header .token")).to_have_text(mark(output["tokens"][place]["text"]))
        expect(token).to_be_in_viewport()
    words = panel.locator("li:has(button)").filter(has_text=re.compile(r"^·[A-Za-z]"))
    other = words.first
    text = other.locator(".token").inner_text()
    page.keyboard.press("Escape")
    expect(panel).to_have_count(0)
    page.keyboard.press("Enter")
    other.locator("button").click()
    await_strip(page)
    branch = page.locator(".strip-column[data-begun]")
    expect(branch).to_have_count(1)
    expect(branch.locator("h3")).to_contain_text("branch, seed 7")
    expect(branch.locator("mark.parting")).to_have_text(text.replace("·", " "))
    expect(columns).to_have_count(6)
    page.wait_for_timeout(300)
    page.get_by_role("button", name="Take the branch away").click()
    await_strip(page)
    expect(columns).to_have_count(5)


def a_strip_is_stopped_by_its_button_and_by_leaving_and_bad_lists_are_refused(
    page: Page, pool: Pool
) -> None:
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
    expect(notice).to_contain_text("“Dice seed” must be")
    text = "Once upon a time, in a small village,"
    run_strip(page, "0.7, 0.8", prompt=text, seed="7", max_new_tokens="2000")
    expect(page.locator("#view-temperature-strip .strip-column")).to_have_count(2, timeout=60_000)
    page.locator("#stop-temperature-strip").click()
    await_strip(page)
    expect(page.locator("#view-temperature-strip .strip-column").first).to_contain_text(
        "stopped by you"
    )

    page.wait_for_timeout(300)  # a press while the last one's event still ends is dropped
    run_strip(page, "0.7, 0.8", prompt=text, seed="8", max_new_tokens="2000")
    _until(lambda: _in_use(pool))
    page.goto(f"{page.url.partition('?')[0]}health")  # anywhere else
    _until(lambda: not _in_use(pool))  # in far less time than those tokens take


def _in_use(pool: Pool) -> bool:
    return any(each.in_use for each in pool.residents())


def _until(holds: Callable[[], bool], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.05)
