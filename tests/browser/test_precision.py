"""The bench in the page: rows, reasons, why, where the texts part, exports, stop."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable

import psutil
import pytest
from playwright.sync_api import Page, expect

from playground.labs.precision import bench_row
from playground.models.engines.occupancy import Occupancy
from playground.models.engines.precision import Precision

Visit = Callable[..., Page]


def open_lab(visit: Visit) -> Page:
    page = visit()
    page.get_by_role("button", name="Precision", exact=True).click()
    return page


def exported(page: Page, kind: str) -> str:
    with page.expect_download() as download:
        page.get_by_role("button", name=f"Export {kind}").click()
    return download.value.path().read_text(encoding="utf-8")


def test_a_bench_is_measured_explained_and_stopped(
    visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    beside = Occupancy(stolen=0.1, others=0.5, load_before=1.0, load_after=2.0)
    monkeypatch.setattr(bench_row, "between", lambda *_: beside)
    page = open_lab(visit)
    rows_are_measured_and_explained(page)
    stop_ends_the_process_and_bad_input_gets_a_sentence(page)


def rows_are_measured_and_explained(page: Page) -> None:
    # What bitsandbytes measures, the terminal's test looks at; it is slow beside all others.
    for name in ("FP32", "FP16", "BF16"):
        page.locator("#precision-bench-precisions").get_by_label(name, exact=True).uncheck()
    page.locator("#precision-bench-engines").get_by_label("transformers", exact=True).uncheck()
    page.locator("#precision-bench-max_new_tokens input").fill("16")
    page.locator("#precision-bench-runs input").fill("1")
    page.locator("#precision-bench-score_tokens input").fill("64")
    own = page.locator("#precision-bench-own_text textarea")
    own.fill("The <b>cat</b> sat on the mat, and then it slept.")
    page.locator("#run-precision-bench").click()
    expect(page.locator("#view-precision-bench")).to_contain_text("MB estimated")
    expect(page.locator("table.bench tr.done")).to_have_count(1, timeout=200_000)
    expect(page.locator("#run-precision-bench")).to_be_visible(timeout=200_000)  # a process more
    failed = page.locator("table.bench tr.failed")
    expect(failed).to_have_count(1)
    expect(failed).to_contain_text("the core has no NF4 product")
    expect(page.locator("table.bench tr.done small", has_text="yours").first).to_be_visible()
    mark = page.locator("table.bench tr.done th .beside")
    expect(mark).to_have_text("beside other work")
    expect(mark).to_have_attribute("title", re.compile(r"0\.5 processors busy, .* 10 % .*steal"))
    why = page.locator("#view-precision-bench .why-card")
    expect(why).to_contain_text("It was measured beside other work")
    expect(why).to_contain_text("GB/s (measured)")
    expect(why.locator("summary")).to_have_text("INT8 · core")
    expect(why.locator("details")).to_contain_text("INT8 rows")
    expect(why).not_to_contain_text("times the bytes")  # no row of the table to compare it with
    parting = re.compile("INT8 · core (never )?parts from FP32")  # the processor decides
    expect(page.get_by_role("heading", name=parting)).to_be_visible()
    told = json.loads(exported(page, "JSON"))
    assert len(told["rows"]) == len(list(csv.DictReader(io.StringIO(exported(page, "CSV"))))) == 2
    assert exported(page, "SVG").startswith("<svg")
    assert page.evaluate(
        "document.querySelector('table.bench').closest('.scroll').scrollWidth <= "
        "document.querySelector('table.bench').closest('.scroll').clientWidth"
    )


def stop_ends_the_process_and_bad_input_gets_a_sentence(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 860})
    notice = page.locator("#notice-precision-bench")
    measure = page.locator("#run-precision-bench")
    page.locator("#precision-bench-own_text textarea").fill("a")
    measure.click()
    expect(notice).to_contain_text("at least 2 tokens")
    page.locator("#precision-bench-own_text textarea").fill("")
    for name in ("INT8", "NF4"):
        page.locator("#precision-bench-precisions").get_by_label(name, exact=True).uncheck()
    measure.click()
    expect(notice).to_contain_text(f"“Measure at” must be 1 to {len(Precision)} of fp32")
    page.locator("#precision-bench-precisions").get_by_label("FP16", exact=True).check()
    measure.click()
    expect(notice).to_contain_text("loading", timeout=60_000)
    page.locator("#stop-precision-bench").click()
    expect(notice).to_contain_text("Stopped before anything was done")
    names = [" ".join(child.cmdline()) for child in psutil.Process().children(recursive=True)]
    assert not any("playground.generation.measuring" in name for name in names)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_precisions_are_looked_into_tried_and_retrained(visit: Visit) -> None:
    page = open_lab(visit)
    two_precisions_answer_side_by_side(page)
    a_matrix_is_looked_at_and_put_into_a_copy(page)
    a_number_is_taken_apart_and_its_bits_flip(page)
    retraining_is_watched_and_stopped(page)


def two_precisions_answer_side_by_side(page: Page) -> None:
    page.get_by_role("tab", name="Side by side").click()
    page.get_by_label("range slider for Temperature").fill("0")
    page.get_by_label("range slider for Max new tokens").fill("24")
    page.get_by_label("Message to both").fill("Tell me a long story about <b>rain</b>.")
    page.get_by_role("button", name="Ask both").click()
    columns = page.locator("#view-precision-pair section.strip-column")
    expect(columns).to_have_count(2, timeout=60_000)
    expect(page.get_by_role("button", name="Ask both")).to_be_visible(timeout=60_000)
    expect(columns.first).to_contain_text("FP32 · core")
    expect(columns.last).to_contain_text("NF4 · transformers")
    expect(columns.last).to_contain_text("24 tokens")
    expect(page.locator("#view-precision-pair mark.parting")).to_have_count(2)
    fork = page.locator(".pair-fork")
    expect(fork).to_contain_text("They part at token")
    expect(fork.locator("ol")).to_have_count(2)
    expect(page.locator("#view-precision-pair .written b")).to_have_count(0)
    page.get_by_label("Message to both").fill(" ")
    page.get_by_role("button", name="Ask both").click()
    expect(page.locator("#notice-precision-pair")).to_contain_text("The message is empty")


def a_matrix_is_looked_at_and_put_into_a_copy(page: Page) -> None:
    page.get_by_role("tab", name="Microscope").click()
    notice = page.locator("#notice-precision-microscope")
    scope = page.locator("#view-precision-microscope")
    expect(scope.locator("svg.histogram")).to_be_visible()
    expect(scope).to_contain_text("8.02 bits a weight")
    page.locator("#precision-microscope-method").get_by_label("absmax").check()
    bits = page.locator("#precision-microscope-bits input")
    bits.fill("3")
    expect(scope).to_contain_text("3.00 bits a weight")
    expect(scope).to_contain_text("6 values are left: the ticks")
    expect(scope.locator("line.tick")).to_have_count(6)
    for field, value, sentence in (
        ("bits", "1", "got 1"),
        ("bits", "9", "got 9"),
        ("block_size", "0", "got 0"),
    ):
        page.locator(f"#precision-microscope-{field} input").fill(value)
        expect(notice).to_contain_text(sentence)
        page.locator(f"#precision-microscope-{field} input").fill("4")
    expect(scope).to_contain_text("4.00 bits a weight")
    scope.get_by_text("Another of the").click()
    scope.get_by_label("model.layers.2.mlp.up_proj.weight").click()
    expect(scope.locator("h2").first).to_contain_text("model.layers.2.mlp.up_proj.weight")
    # The list stays open for the next one.
    expect(scope.get_by_label("model.layers.3.mlp.up_proj.weight")).to_be_visible()
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    scope.get_by_role("link", name="Put it into a copy of the model").click()
    expect(page.locator("#precision-trial-bits input")).to_have_value("4")
    page.get_by_label("the microscope's matrix").check()
    page.locator("#run-precision-trial").click()
    live = page.locator("#view-precision-trial")
    expect(live).to_contain_text("1 matrix changed", timeout=60_000)
    expect(live).to_contain_text("KL to FP32", timeout=60_000)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def a_number_is_taken_apart_and_its_bits_flip(page: Page) -> None:
    page.set_viewport_size({"width": 1360, "height": 860})
    page.get_by_role("tab", name="Floats").click()
    number = page.locator("#precision-floats-number").get_by_role("textbox")
    view, notice = page.locator("#view-precision-floats"), page.locator("#notice-precision-floats")
    half = view.locator(".float[data-format='FP16']")
    expect(half.locator("button[data-bit]")).to_have_count(16)
    half.locator("button[data-bit='15']").click()
    expect(number).to_have_value("-0.0999755859375")
    view.get_by_role("button", name="65520", exact=True).click()
    expect(half).to_contain_text("∞")
    expect(view.locator(".float[data-format='BF16']")).to_contain_text("65,536")
    for text, sentence in (("abc", "got 'abc'"), ("", "got nothing"), ("1e999", "got '1e999'")):
        number.fill(text)
        expect(notice).to_contain_text(sentence)
        expect(half).to_contain_text("∞")  # what was drawn stays
    number.fill("nan")
    expect(half).to_contain_text("NaN")
    expect(notice).to_have_text("")
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def retraining_is_watched_and_stopped(page: Page) -> None:
    page.set_viewport_size({"width": 1360, "height": 860})
    page.get_by_role("tab", name="Retraining").click()
    notice, train = (
        page.locator("#notice-precision-retraining"),
        page.locator("#run-precision-retraining"),
    )
    page.locator("#precision-retraining-epochs input").fill("0")
    train.click()
    expect(notice).to_contain_text("“Epochs” must be a whole number from 1 to 50, got 0")
    page.locator("#precision-retraining-epochs input").fill("50")
    train.click()
    expect(page.locator("svg.retraining polyline")).to_have_count(1)
    page.locator("#stop-precision-retraining").click()
    expect(notice).to_contain_text("Stopped; what was done stands below")
    page.locator("#precision-retraining-epochs input").fill("3")
    page.locator("#precision-retraining-bits").get_by_label("4 bits").uncheck()
    train.click()
    expect(page.locator("table.retraining")).to_contain_text("points")
    expect(train).to_be_visible(timeout=60_000)
    expect(page.locator("svg.retraining polyline")).to_have_count(5)
    expect(page.locator("table.retraining tbody tr")).to_have_count(4)
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
