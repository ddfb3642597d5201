"""The models lab: what can be fetched and is, what is loaded, and what a load would take."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from apps.ui import catalog_section, fetching, model_choices
from playground.errors import FetchCancelled
from playground.models.acquire import catalog, store
from playground.models.acquire.catalog import find_entry, load_catalog
from playground.models.acquire.fetch import FetchProgress
from playground.models.acquire.own import own_models, take_off
from playground.models.acquire.staging import fresh_staging, install
from playground.models.acquire.store import Manifest
from playground.models.engines import manager as manager_module
from playground.models.engines.memory import Memory, read_memory
from playground.serving import Pool
from playground.settings import Settings
from tests.support.axe import violations
from tests.support.tiny_llama import save_tiny_llama

Visit = Callable[..., Page]


def choose(page: Page, precision: str) -> None:
    page.locator("#precision input").click()
    page.get_by_role("option", name=precision).first.click()


def open_memory(page: Page) -> None:
    page.get_by_role("button", name="Models", exact=True).click()
    page.locator("#panel-models").get_by_role("tab", name="Memory").click()


def test_memory_is_shown_planned_and_given_back(visit: Visit, pool: Pool) -> None:
    pool.free_idle()
    page = visit()
    choose(page, "BF16")
    expect(page.locator(".badge.ready", has_text="BF16")).to_contain_text(
        "1 more loaded", timeout=60_000
    )
    open_memory(page)
    now, plans = page.locator(".memory-now"), page.locator(".memory-plans")
    expect(now.locator("tbody tr")).to_have_count(2)
    expect(now.locator("tbody tr").first).to_contain_text("BF16 · core engine")
    expect(now).to_contain_text("(measured)")
    expect(plans.locator("tbody tr", has_text="BF16")).to_contain_text("is loaded")
    expect(plans.locator("tbody tr", has_text="NF4")).to_contain_text("fits")
    expect(plans).to_contain_text("Sizes are estimated")
    now.locator("tbody tr", has_text="FP32").get_by_role("button", name="Free").click()
    expect(page.locator("#notice-models-memory")).to_contain_text("at FP32 was freed")
    expect(now.locator("tbody tr")).to_have_count(1)
    expect(page.locator(".badge.ready")).not_to_contain_text("more loaded")
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert now.get_by_role("button", name="Free").is_visible()
    now.get_by_role("button", name="Free").click()
    expect(page.locator(".badge.idle")).to_contain_text("BF16 loads when asked")
    expect(page.locator("#got p")).to_have_count(0)


def test_little_memory_warns_and_too_little_refuses(
    visit: Visit, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = visit()
    real = read_memory()
    memory = Memory(400_000_000, real.total_bytes)
    monkeypatch.setattr(manager_module, "read_memory", lambda: memory)
    with pool.lease(pool.residents()[-1].choice):  # FP32, which may not make room
        pool.free_idle()
        choose(page, "NF4")
        expect(page.locator("#rail-notice")).to_contain_text(
            "NF4 needs about 0.6 GB while loading", timeout=30_000
        )
        expect(page.locator("#rail-notice")).to_contain_text("(estimated), and 0.4 GB are free")
        # What ran before runs on, and nothing is lost.
        expect(page.locator(".badge.ready")).to_contain_text("FP32")
        choose(page, "BF16")
        expect(page.locator(".badge.ready", has_text="BF16")).to_contain_text(
            "memory was tight: 0.1 GB to spare (estimated)", timeout=60_000
        )


def test_the_catalog_lists_fetches_and_shows_terms(
    visit: Visit, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    page = visit(path="/?lab=models&experiment=catalog&kind=base")
    a_kind_is_listed_alone_linked_and_exported(page, tmp_path)
    page.locator("#models-catalog-kind").get_by_text("all", exact=True).click()
    a_model_is_fetched_in_sight_cancelled_and_then_offered(page, monkeypatch)
    page.set_viewport_size({"width": 390, "height": 844})
    terms_are_shown_and_can_be_left(page, monkeypatch)


def a_kind_is_listed_alone_linked_and_exported(page: Page, tmp_path: Path) -> None:
    rows = page.locator("#view-models-catalog tbody tr")
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("base: continues text")
    page.locator("#models-catalog-kind").get_by_text("vectors", exact=True).click()
    expect(rows).to_contain_text("sentences to vectors")
    expect(page).to_have_url(re.compile("kind=embedding"))
    page.locator("#run-models-catalog").click()
    with page.expect_download() as found:
        page.locator("#models-catalog-json").click()
    exported = tmp_path / "catalog.json"
    found.value.save_as(exported)
    (model,) = json.loads(exported.read_text(encoding="utf-8"))["models"]
    assert model["name"] == "all-minilm-l6-v2"
    assert "path" not in model


def a_model_is_fetched_in_sight_cancelled_and_then_offered(
    page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    end = threading.Event()

    def fetch(_name: str, _settings: Any, show: Any, cancelled: Any, **_more: Any) -> None:
        show(FetchProgress("downloading", 10**8, 7 * 10**8))
        while not end.is_set():
            if cancelled():
                raise FetchCancelled("The fetch was stopped.")
            end.wait(0.05)

    monkeypatch.setattr(fetching, "ensure_model", fetch)
    notice = page.locator("#notice-models-catalog")
    row = page.locator("#view-models-catalog tr", has_text="SmolLM2 360M Instruct")
    chosen = page.locator("#model input").input_value()
    assert chosen
    row.get_by_role("button", name="Fetch").click()
    expect(notice).to_contain_text("SmolLM2 360M Instruct: downloading 100 of 700 MB")
    notice.get_by_role("button", name="Cancel").click()
    expect(notice).to_contain_text("The fetch was stopped.")
    expect(page.locator("#model input")).to_have_value(chosen)
    row.get_by_role("button", name="Fetch").click()
    expect(notice).to_contain_text("downloading")
    monkeypatch.setattr(model_choices, "_label", lambda model: f"{model.entry.title} (new)")
    end.set()
    expect(notice).to_contain_text("SmolLM2 360M Instruct is here; choose it under Model.")
    page.locator("#model input").click()
    expect(page.get_by_role("option", name="SmolLM2 360M Instruct (new)")).to_be_visible()
    page.keyboard.press("Escape")


def terms_are_shown_and_can_be_left(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalog_section, "read_terms", lambda *_: "You <must> not. " * 400)
    row = page.locator("#view-models-catalog tr", has_text="Gemma 3 270M")
    row.get_by_role("button", name="Fetch").click()
    notice = page.locator("#notice-models-catalog")
    expect(notice.get_by_role("heading")).to_have_text("Terms of Gemma 3 270M")
    expect(notice.locator(".terms")).to_contain_text("You <must> not.")
    assert violations(page, "#notice-models-catalog") == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    notice.get_by_role("button", name="Leave it").click()
    expect(notice).to_have_text("")


def test_an_own_model_is_added_answers_and_is_taken_off(
    visit: Visit, settings: Settings, tmp_path: Path
) -> None:
    folder = save_tiny_llama(tmp_path / "mine")
    other = copytree(folder, tmp_path / "other" / "mine")
    page = visit(path="/?lab=models&experiment=catalog")
    typed, told = page.get_by_label("A model of your own"), page.locator("#notice-own")
    typed.fill(f"{folder}-not")
    page.locator("#own-add").click()
    expect(told).to_contain_text("“A model of your own” must lead to a folder with config.json")
    expect(typed).to_have_value(f"{folder}-not")
    typed.fill(str(folder))
    page.locator("#own-add").click()
    expect(told).to_contain_text("Runs right: mine passed 5 of 5 checks.")
    expect(typed).to_have_value("")
    typed.fill(str(other))
    page.wait_for_timeout(300)  # a button is deaf while the event before it is ending
    page.locator("#own-add").click()
    expect(typed).to_have_value("")
    page.reload()
    page.locator("#got p").first.wait_for(state="attached")
    page.locator("#model input").click()
    page.get_by_role("option", name=f"{tmp_path.name}/mine (your own)").click()
    expect(page.locator(".badge.ready")).to_contain_text("mine")
    page.get_by_role("button", name="Chat", exact=True).click()
    page.get_by_label("Message", exact=True).fill("Hello")
    page.locator("#send").click()
    expect(page.locator("#transcript")).to_contain_text("tok/s")
    page.get_by_role("button", name="Models", exact=True).click()
    own, names = page.locator("table.own"), page.locator("table.own tbody b")
    expect(names).to_have_text([re.compile(r"^mine \(.+/mine\)$"), "mine (other/mine)"])
    expect(own).to_contain_text("Runs right: mine passed 5 of 5 checks.")
    take_off(own_models(settings)[-1], settings)
    own.get_by_role("button", name="Take off the list").first.click()
    notice = page.locator("#notice-models-catalog")
    expect(notice).to_contain_text("mine was taken off the list; its files stay where they are.")
    expect(own).to_have_count(0)
    expect(page.locator("#model input")).to_have_value("SmolLM2 135M Instruct")
    assert (folder / "model.safetensors").exists()


def test_a_fetched_model_is_deleted_at_the_second_press(
    visit: Visit, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, title = "tiny-of-a-test", "Tiny of a test"
    entry = replace(find_entry("smollm2-135m-instruct"), name=name, title=title, hub=None)
    entries = (*load_catalog(), entry)
    for module in (catalog, store):
        monkeypatch.setattr(module, "load_catalog", lambda: entries)
    home = settings.models_dir / name
    staging = save_tiny_llama(fresh_staging(name, settings))
    install(staging, Manifest(name, title, "wheel", "a test", None, "MIT", 1, True), settings)
    size = sum(path.stat().st_size for path in home.iterdir())
    page = visit(width=390, height=844, path="/?lab=models&experiment=catalog")
    row = page.locator("#view-models-catalog tr", has_text=title)
    notice = page.locator("#notice-models-catalog")
    row.get_by_role("button", name="Delete").click()
    expect(notice).to_contain_text(f"Deleting {title} frees {size:,} bytes")
    expect(notice.get_by_role("button", name="Delete it")).to_be_in_viewport()
    notice.get_by_role("button", name="Keep it").click()
    expect(notice).to_have_text("")
    assert home.exists()
    row.get_by_role("button", name="Delete").click()
    notice.get_by_role("button", name="Delete it").click()
    expect(notice).to_contain_text(f"{title} was deleted, which freed {size:,} bytes.")
    expect(row.get_by_role("button", name="Fetch")).to_be_visible()
    assert not home.exists()
