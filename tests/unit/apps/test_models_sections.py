"""The buttons of the models lab: fetch, accept terms, leave, cancel, free, look again."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import gradio as gr
import pytest
from safetensors.torch import load_file, save_file

from apps.chat.service import ChatService
from apps.chat.store import ConversationStore
from apps.ui import catalog_section, fetching
from apps.ui.catalog_section import CatalogSection, render_terms
from apps.ui.fetching import render_progress
from apps.ui.lab_panel import Parts
from apps.ui.memory_section import MemorySection
from apps.ui.model_choices import model_choices
from apps.ui.rail import build_rail
from playground.errors import FetchCancelled, FetchFailed
from playground.labs import find_experiment
from playground.labs.models.memory import spell_choice
from playground.models.acquire.catalog import find_entry
from playground.models.acquire.fetch import FetchProgress
from playground.models.acquire.own import own_models
from playground.models.acquire.store import InstalledModel
from playground.models.engines.manager import ModelChoice
from playground.models.engines.precision import Precision
from playground.models.engines.residents import Residence
from playground.serving import Pool
from playground.settings import Settings
from tests.support.markup import seen
from tests.support.tiny_llama import save_tiny_llama

START = ModelChoice("smollm2-135m-instruct", Precision.FP32)
FREE, TERMS = "smollm2-360m-instruct", "gemma-3-270m"
SOMEBODY, ANOTHER = SimpleNamespace(session_hash="a"), SimpleNamespace(session_hash="b")
Fetch = Callable[..., None]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return replace(
        Settings.from_env(),
        models_dir=tmp_path / "models",
        hub_cache=tmp_path / "hub",
        conversations_dir=tmp_path / "conversations",
    )


def parts_of(settings: Settings) -> Parts:
    pool = Pool(settings)
    store = ConversationStore(settings.models_dir.parent)
    rail = build_rail(model_choices(settings, START.reference), START)
    return Parts(ChatService(pool, store), pool, rail, gr.Textbox())


@pytest.fixture
def section(settings: Settings) -> Iterator[CatalogSection]:
    with gr.Blocks():
        section = CatalogSection(find_experiment("models/catalog"), parts_of(settings))
        section.wire()
        yield section


def pressed(
    section: CatalogSection, action: str, name: str = "", who: Any = SOMEBODY
) -> list[dict[Any, Any]]:
    """Return every change of the page that a button brings."""
    event = SimpleNamespace(_data={"action": action, "name": name})
    return list(section._on_do(START.reference, event, who))  # type: ignore[arg-type] # what it reads of both


def said(section: CatalogSection, view: dict[Any, Any]) -> str:
    return seen(view[section.notice]).text


@pytest.fixture
def fetches(monkeypatch: pytest.MonkeyPatch) -> Callable[[Fetch], list[dict[str, Any]]]:
    """Put another function in the place of the fetch; returns what it is asked for."""

    def take_place(fetch: Fetch) -> list[dict[str, Any]]:
        asked: list[dict[str, Any]] = []

        def ensure(name: str, _settings: Settings, show: Any, cancelled: Any, **more: Any) -> None:
            asked.append({"name": name, **more})
            fetch(show, cancelled)

        monkeypatch.setattr(fetching, "ensure_model", ensure)
        return asked

    return take_place


def test_a_fetch_ends_with_a_word_on_where_the_model_is_used(
    section: CatalogSection, fetches: Callable[[Fetch], list[dict[str, Any]]]
) -> None:
    asked = fetches(lambda _show, _cancelled: None)
    *_, last = pressed(section, "fetch", FREE)
    assert said(section, last) == "SmolLM2 360M Instruct is here; choose it under Model."
    assert last[section._rail.model]["choices"] == model_choices(section._settings, START.reference)
    *_, last = pressed(section, "fetch", "all-minilm-l6-v2")
    assert said(section, last) == "all-MiniLM-L6-v2 is here; Embeddings uses it."
    assert asked[0] == {"name": FREE, "accept_terms": False, "any_kind": True}


def test_a_fetch_that_fails_says_why_and_a_page_can_try_again(
    section: CatalogSection, fetches: Callable[[Fetch], list[dict[str, Any]]]
) -> None:
    def fail(_show: Any, _cancelled: Any) -> None:
        raise FetchFailed("No <network>.")

    fetches(fail)
    for _ in range(2):
        *_, last = pressed(section, "fetch", FREE)
        assert said(section, last) == "No <network>."
        assert 'role="alert"' in last[section.notice]


def test_a_page_fetches_one_model_at_a_time_and_can_cancel_it(
    section: CatalogSection, fetches: Callable[[Fetch], list[dict[str, Any]]]
) -> None:
    stopped = threading.Event()

    def until_cancelled(show: Any, cancelled: Any) -> None:
        show(FetchProgress("downloading", 10**6, 10**7))
        while not cancelled():
            stopped.wait(0.01)
        raise FetchCancelled("The fetch was stopped.")

    fetches(until_cancelled)
    event = SimpleNamespace(_data={"action": "fetch", "name": FREE})
    views = section._on_do(START.reference, event, SOMEBODY)  # type: ignore[arg-type] # what it reads of both
    assert "downloading 1 of 10 MB" in said(section, next(views))
    (told,) = pressed(section, "fetch", "qwen3-0.6b")
    assert "A fetch or check is under way" in said(section, told)
    assert not pressed(section, "cancel", who=ANOTHER)  # it is not theirs
    assert "downloading" in said(section, next(views))
    assert not pressed(section, "cancel")
    *_, last = views
    assert said(section, last) == "The fetch was stopped."
    assert 'role="status"' in last[section.notice]


@pytest.mark.parametrize("action", ["cancel", "nonsense"])
def test_a_press_that_changes_nothing_empties_nothing(section: CatalogSection, action: str) -> None:
    event = SimpleNamespace(_data={"action": action, "name": FREE})
    (view,) = section._on_press(START.reference, event, SOMEBODY)  # type: ignore[arg-type] # what it reads of both
    assert view == {section.notice: gr.skip()}


def test_a_page_that_is_left_stops_its_fetch(
    section: CatalogSection, fetches: Callable[[Fetch], list[dict[str, Any]]]
) -> None:
    ended = threading.Event()

    def until_cancelled(_show: Any, cancelled: Any) -> None:
        while not cancelled():
            ended.wait(0.01)
        ended.set()

    fetches(until_cancelled)
    event = SimpleNamespace(_data={"action": "fetch", "name": FREE})
    views = section._on_do(START.reference, event, SOMEBODY)  # type: ignore[arg-type] # what it reads of both
    next(views)
    views.close()  # type: ignore[attr-defined] # a generator, which Gradio closes
    assert ended.wait(10)


def test_terms_are_read_before_they_are_accepted(
    section: CatalogSection,
    fetches: Callable[[Fetch], list[dict[str, Any]]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = fetches(lambda _show, _cancelled: None)
    monkeypatch.setattr(catalog_section, "read_terms", lambda *_: "You <must> not.")
    *_, last = pressed(section, "fetch", TERMS)
    assert "You <must> not." in said(section, last)
    assert not asked
    (left,) = pressed(section, "leave", TERMS)
    assert not left[section.notice]
    pressed(section, "accept", TERMS)
    assert asked == [{"name": TERMS, "accept_terms": True, "any_kind": True}]


def test_only_models_of_the_catalog_are_fetched_and_only_known_words_do_something(
    section: CatalogSection, fetches: Callable[[Fetch], list[dict[str, Any]]]
) -> None:
    asked = fetches(lambda _show, _cancelled: None)
    for path in ("/etc", "../x", "", "<img>"):
        (told,) = pressed(section, "fetch", path)
        assert "There is no model named" in said(section, told)
        assert "<img>" not in told[section.notice]
    assert not pressed(section, "remove", FREE)
    assert not asked


def put_model(settings: Settings) -> Path:
    """Lay something in the place of a fetched model; it need not be whole to be deleted."""
    weights = settings.models_dir / FREE / "model.safetensors"
    weights.parent.mkdir(parents=True)
    weights.write_bytes(b"x" * 1234)
    return weights


def test_a_model_is_deleted_at_the_second_press_and_the_bytes_are_said_twice(
    section: CatalogSection, settings: Settings
) -> None:
    weights = put_model(settings)
    (asked,) = pressed(section, "delete", FREE)
    assert "Deleting SmolLM2 360M Instruct frees 1,234 bytes" in said(section, asked)
    assert weights.exists()
    (told,) = pressed(section, "delete it", FREE)
    assert said(section, told) == "SmolLM2 360M Instruct was deleted, which freed 1,234 bytes."
    assert not weights.parent.exists()
    assert told[section._rail.model]["choices"] == model_choices(settings, START.reference)
    (again,) = pressed(section, "delete it", FREE)
    assert "is not on this machine" in said(section, again)


def test_a_page_for_other_machines_deletes_nothing(settings: Settings) -> None:
    weights = put_model(settings)
    with gr.Blocks():
        parts = replace(parts_of(settings), local=False)
        section = CatalogSection(find_experiment("models/catalog"), parts)
    for action in ("delete", "delete it"):
        (told,) = pressed(section, action, FREE)
        assert f"playground remove {FREE}" in said(section, told)
    assert weights.exists()


def test_a_model_that_a_reply_holds_is_not_deleted(
    section: CatalogSection, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    weights, pool = put_model(settings), section._pool
    busy = Residence(ModelChoice(FREE, Precision.INT8), "it", "core", 1, True, 0.0)
    monkeypatch.setattr(pool, "residents", lambda: (busy,))
    (told,) = pressed(section, "delete it", FREE)
    assert f"{FREE} is in use now and cannot be deleted" in said(section, told)
    assert weights.exists()


def added(section: CatalogSection, typed: str) -> list[dict[Any, Any]]:
    return list(section._on_add(typed, SOMEBODY))  # type: ignore[arg-type] # what it reads of it


def test_an_own_model_is_checked_offered_and_taken_off_again(
    section: CatalogSection, settings: Settings, tiny_model_folder: Path
) -> None:
    before = sorted(tiny_model_folder.iterdir())
    *_, last = added(section, f" {tiny_model_folder} ")
    assert "Runs right: " in seen(last[section._own_notice]).text
    assert last[section._path] == ""
    path, rail = str(tiny_model_folder), section._rail.model
    assert path in [reference for _, reference in last[rail]["choices"]]
    assert path in [reference for _, reference in model_choices(settings, START.reference)]
    assert section._pool.residents() == ()
    event = SimpleNamespace(_data={"action": "take off", "name": path})
    (told,) = section._on_do(path, event, SOMEBODY)  # type: ignore[arg-type] # as above
    assert "its files stay where they are" in said(section, told)
    assert told[rail]["value"] == START.reference
    assert path not in [reference for _, reference in told[rail]["choices"]]
    assert sorted(tiny_model_folder.iterdir()) == before
    (again,) = pressed(section, "take off", path)
    assert "was taken off the list already" in said(section, again)


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("", "must be a whole path, from / or ~ on"),
        ("my-model", "got 'my-model'"),
        ("/no/such/folder", "must lead to a folder with config.json"),
        (__file__, "must lead to a folder with config.json"),
        ("/a\0b", "must lead to a folder with config.json"),
        ("/" + "a" * 9_000, "must lead to a folder with config.json"),
    ],
)
def test_a_bad_path_is_one_sentence_and_what_was_typed_stays(
    section: CatalogSection, settings: Settings, typed: str, sentence: str
) -> None:
    (told,) = added(section, typed)
    assert sentence in seen(told[section._own_notice]).text
    assert section._path not in told
    assert own_models(settings) == ()


def test_a_model_that_would_run_wrong_is_not_added(
    section: CatalogSection, settings: Settings, tmp_path: Path
) -> None:
    folder = save_tiny_llama(tmp_path / "spoilt")
    tensors = load_file(folder / "model.safetensors")
    tensors["model.norm.weight"][0] = float("nan")
    save_file(tensors, folder / "model.safetensors", {"format": "pt"})
    *_, last = added(section, str(folder))
    told = seen(last[section._own_notice]).text
    assert "spoilt was not added, because it failed at tensors: The files hold" in told
    assert own_models(settings) == ()


def test_a_page_for_other_machines_adds_nothing(
    settings: Settings, tiny_model_folder: Path
) -> None:
    with gr.Blocks():
        parts = replace(parts_of(settings), local=False)
        section = CatalogSection(find_experiment("models/catalog"), parts)
    assert not section._path.visible
    assert "<code>playground add PATH</code>" in str(section._own_notice.value)
    (told,) = added(section, str(tiny_model_folder))
    assert "playground add PATH" in seen(told[section._own_notice]).text
    (told,) = pressed(section, "take off", str(tiny_model_folder))
    assert "playground remove PATH" in said(section, told)


def test_what_is_said_of_a_fetch_stays_when_the_table_is_redrawn(section: CatalogSection) -> None:
    rail = section._rail
    data = {each: each.value for each in rail.components}
    data |= {each: each.value for each in section.form.fields.values()}
    view = section._on_done(data)
    assert "SmolLM2 360M" in view[section._view]
    assert view[section.notice] == gr.skip()


def test_progress_without_a_size_is_a_bar_without_an_end() -> None:
    entry = find_entry(FREE)
    assert "value" not in seen(render_progress(entry.title, FetchProgress("starting"))).attributes
    assert 'value="0.250"' in render_progress(entry.title, FetchProgress("downloading", 1, 4))
    assert seen(render_terms(entry, "a < b")).text.startswith(f"Terms of {entry.title}a < b")


def test_a_model_is_freed_by_its_button_unless_it_is_held(default_model: InstalledModel) -> None:
    settings = Settings.from_env()
    choice = ModelChoice(default_model.name, Precision.BF16)
    with gr.Blocks():
        section = MemorySection(find_experiment("models/memory"), parts_of(settings))
        section.wire()
    pool, data = section._pool, {each: each.value for each in section._rail.components}

    def press(action: str, name: str = "") -> tuple[str, str]:
        event = SimpleNamespace(_data={"action": action, "name": name})
        view = section._on_do(data, event)  # type: ignore[arg-type] # what it reads of it
        return seen(view[section.notice]).text, seen(view[section._view]).text

    with pool.lease(choice):
        said, drawn = press("free", spell_choice(choice))
        assert "at BF16 is in use; wait for the reply" in said
        assert "a reply runs" in drawn
    assert press("look")[0] == ""
    said, drawn = press("free", spell_choice(choice))
    assert "at BF16 was freed." in said
    assert "No model is loaded now" in drawn
    assert press("free", spell_choice(choice))[0] == "It was freed already."
    pool.close()
