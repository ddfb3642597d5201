"""The chat's page without a browser: every action, at good places and at bad ones."""

from __future__ import annotations

import asyncio
import inspect
import itertools
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import gradio as gr
import pytest

from apps.chat.conversations import Conversation
from apps.chat.service import ChatService
from apps.chat.store import ConversationStore
from apps.chat.welcome import EXAMPLES
from apps.ui.chat_tab import ChatTab, View
from apps.ui.gone_on import serve_state
from apps.ui.rail import Rail, build_rail
from apps.ui.rail_labels import LABELS
from playground.models.engines import manager as manager_module
from playground.models.engines.manager import ModelChoice
from playground.models.engines.precision import Precision
from playground.serving import Pool
from playground.settings import Settings
from tests.support.markup import seen
from tests.support.scripted_engine import ScriptedEngine

KEY = "c" * 32
START = ModelChoice("scripted", Precision.FP32)


class Page:
    """One browser tab: what stands in its fields, and what its events do to them."""

    def __init__(self, service: ChatService, name: str = "page") -> None:
        self.service, self.name = service, name
        with gr.Blocks() as self.blocks:
            self.key, self.seen = gr.Textbox(), gr.Textbox()
            badge = gr.HTML()
            self.rail: Rail = build_rail([("Scripted", "scripted")], START)
            self.tab = ChatTab(service, self.rail, badge, (self.key, self.seen))
            self.tab.wire(self.blocks)
        self.fields: dict[Any, Any] = {
            component: component.value for component in self.rail.components
        }
        self.fields |= {self.key: KEY, self.seen: ""}
        self.fields |= {self.tab._composer: "", self.tab._editing: None}
        self.fields[self.rail.fields["temperature"]] = 0

    def take(self, views: Iterator[View] | View) -> None:
        for view in [views] if isinstance(views, dict) else views:
            for component, value in view.items():
                if not (isinstance(value, dict) and value.get("__type__") == "update"):
                    self.fields[component] = value

    def send(self, text: str) -> None:
        self.fields[self.tab._composer] = text
        self.take(self.tab._on_send(self.request, self.fields))

    def click(self, action: str, **places: object) -> None:
        event = SimpleNamespace(_data={"action": action, **places})
        self.take(self.tab._on_click(event, self.request, self.fields))

    @property
    def request(self) -> Any:
        return SimpleNamespace(session_hash=self.name)

    @property
    def composer(self) -> str:
        return str(self.fields[self.tab._composer])

    @property
    def notice(self) -> str:
        return seen(str(self.fields.get(self.tab._notice, ""))).text

    @property
    def transcript(self) -> str:
        return str(self.fields.get(self.tab._transcript, ""))

    def told(self) -> list[str]:
        return [turn.content for turn in self.service.store.load(KEY).turns]


@pytest.fixture(autouse=True)
def closed_loops(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Close the event loops that Gradio makes for a page that no server has, and leaves open."""
    loops, make = list[asyncio.AbstractEventLoop](), asyncio.new_event_loop

    def note() -> asyncio.AbstractEventLoop:
        loops.append(make())
        return loops[-1]

    monkeypatch.setattr(asyncio, "new_event_loop", note)
    yield
    asyncio.set_event_loop(None)
    for loop in loops:
        loop.close()


@pytest.fixture
def engine(tiny_model_folder: Path) -> ScriptedEngine:
    engine = ScriptedEngine(tiny_model_folder, [])
    engine.reply = engine.tokenizer.encode("Paris.")
    return engine


@pytest.fixture
def service(engine: ScriptedEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ChatService:
    monkeypatch.setattr(manager_module, "ensure_model", lambda *_: engine.model)
    settings = Settings.from_env({"PLAYGROUND_HOME": str(tmp_path / "secret-place")})
    pool = Pool(settings, load=lambda *_: engine)
    return ChatService(pool, ConversationStore(settings.conversations_dir))


@pytest.fixture
def page(service: ChatService) -> Page:
    return Page(service)


def test_while_a_prompt_is_read_the_page_says_how_far(page: Page, engine: ScriptedEngine) -> None:
    engine.hold_at = 2
    page.fields[page.tab._composer] = "1" * 150
    views = page.tab._on_send(page.request, page.fields)
    assert any("Reading 128 of " in str(view.get(page.tab._live)) for view in views)
    engine.released.set()
    page.take(views)
    assert page.told()[0] == "1" * 150
    assert page.notice == ""


def test_a_message_is_answered_and_every_action_does_its_work(page: Page) -> None:
    page.send("one")
    assert page.told() == ["one", "Paris."]
    assert page.composer == page.notice == ""
    page.click("retry", index=1)
    assert page.told() == ["one", "Paris."]
    assert "written again" in page.notice
    assert "2 of 2" in page.transcript
    page.click("branch", index=1, token=0, alternative=4)
    assert page.told() == ["one", "!Paris."]
    assert "branched at token 1" in page.notice
    page.click("version", index=1, alternative=2)
    assert page.told() == ["one", "Paris."]
    page.click("edit", index=0)
    assert page.composer == "one"
    assert "going" in page.transcript
    page.click("keep")
    assert "going" not in page.transcript
    page.click("edit", index=0)
    page.send("two")
    assert page.told() == ["two", "Paris."]
    assert "Your message was replaced" in page.notice
    page.click("edit", index=0)
    page.click("version", index=0, alternative=1)
    assert page.composer == ""
    assert page.told() == ["one", "Paris."]
    page.click("version", index=0, alternative=2)
    assert page.told() == ["two", "Paris."]
    page.click("undo", index=1)
    assert page.told() == []
    assert page.composer == "two"
    page.click("keep")
    assert page.composer == ""
    page.click("example", index=0)
    assert page.told() == [EXAMPLES[0], "Paris."]
    page.take(page.tab._on_clear(page.fields))
    assert page.told() == []
    assert "was cleared" in page.notice


BAD_PLACES = (-1, -2, 3, 99, 0.5, "x", True, "9" * 400, [], {})


ACTIONS = ("edit", "retry", "undo", "branch", "example", "version", "continue")


@pytest.mark.parametrize("action", ACTIONS)
def test_a_bad_place_gets_one_sentence_and_changes_nothing(page: Page, action: str) -> None:
    page.send("one")
    page.fields[page.tab._composer] = "a draft"
    before = page.service.store.load(KEY)
    names = ("index", "token", "alternative") if action == "branch" else ("index",)
    for name, place in itertools.product(names, BAD_PLACES):
        if name != "index" and place == 3:
            continue  # a reply of six tokens, ten alternatives each
        page.fields[page.tab._notice] = ""
        page.click(action, **({"index": 1} | {name: place}))
        assert page.notice.endswith("."), (name, place, page.notice)
        assert "range" not in page.notice
        assert len(page.notice) < 250
        assert page.service.store.load(KEY) == before
        assert page.composer == "a draft"
        page.service.runs.require_idle(KEY)


@pytest.mark.parametrize("data", [None, 7, "x", [], {}, {"action": "leave"}, {"action": None}])
def test_a_click_that_is_none_gets_one_sentence(page: Page, data: object) -> None:
    page.send("one")
    before = page.service.store.load(KEY)
    event = SimpleNamespace(_data=data)
    page.take(page.tab._on_click(event, page.request, page.fields))
    assert "reload the page" in page.notice
    assert page.service.store.load(KEY) == before


def test_an_edit_after_another_page_cleared_is_told_and_sent_at_the_end_next_time(
    page: Page,
) -> None:
    page.send("one")
    page.click("edit", index=0)
    Page(page.service, "other").take(page.tab._on_clear(page.fields))
    page.send("uno")
    assert "another page changed the conversation" in page.notice
    assert page.composer == "uno"
    assert page.told() == []
    page.send("uno")
    assert page.told() == ["uno", "Paris."]


def test_another_chat_is_opened_with_the_settings_as_they_stand(page: Page) -> None:
    page.send("one")
    page.click("edit", index=0)
    page.fields[page.key] = other = "d" * 32
    page.fields[page.rail.fields["top_k"]] = 7
    page.click("open")
    assert "one" not in page.transcript
    assert page.composer == ""
    assert page.fields[page.tab._editing] is None
    assert page.service.store.settings(other)["top_k"] == 7
    page.fields[page.key] = KEY
    page.click("open")
    assert "one" in page.transcript


def test_what_another_page_does_meanwhile_makes_no_button_take_something_else(page: Page) -> None:
    page.send("one")
    Page(page.service, "other").send("two")
    whole = page.told()
    for action in ("retry", "undo"):
        page.click(action, index=1)
        assert "no longer the last" in page.notice
    page.click("branch", index=1)
    assert "Only the last reply" in page.notice
    assert page.told() == whole


def test_a_second_page_that_sends_meanwhile_keeps_its_text(
    page: Page, engine: ScriptedEngine
) -> None:
    engine.hold_at, second = 0, Page(page.service, "second")
    writing = threading.Thread(target=page.send, args=("one",))
    writing.start()
    assert engine.holding.wait(10)
    second.send("two")
    assert second.notice == "A reply is still being written; stop it or wait for its end."
    assert second.composer == "two"
    engine.released.set()
    writing.join(10)
    assert page.told() == ["one", "Paris."]


def test_a_question_beside_an_old_state_is_kept_and_the_chat_is_shown_as_it_is(page: Page) -> None:
    other, tell = Page(page.service, "other"), serve_state(page.service)
    page.send("First?")
    page.fields[page.seen] = tell(KEY)["state"]
    assert page.fields[page.seen] in page.transcript
    other.send("Second?")
    page.send("Third?")
    assert "went on in another tab" in page.notice
    assert page.composer == "Third?"
    assert "Second?" in page.transcript
    assert page.told() == ["First?", "Paris.", "Second?", "Paris."]
    page.fields[page.seen] = tell(KEY)["state"]
    page.send("Third?")
    assert page.told()[4:] == ["Third?", "Paris."]
    page.click("edit", index=2)
    other.fields[other.tab._composer] = "being written"
    other.click("refresh")
    assert "Third?" in other.transcript
    assert other.composer == "being written"
    page.click("refresh")  # what is edited is still marked
    assert "going" in page.transcript
    other.take(other.tab._on_clear(other.fields))
    page.click("refresh")
    assert page.composer == "Second?"
    assert page.fields[page.tab._editing] is None


def test_a_model_that_was_chosen_amid_a_reply_stands_in_the_badge_after_it(page: Page) -> None:
    badge = page.tab._switch._badge
    page.send("one")
    assert "FP32" in page.fields[badge]  # the one that wrote
    page.fields[page.rail.precision] = "int8"
    page.take(page.tab._on_answered(page.fields))
    assert "scripted INT8" in page.fields[badge]


def test_a_page_that_goes_before_its_reply_begins_gives_the_conversation_back(page: Page) -> None:
    page.fields[page.tab._composer] = "one"
    views = page.tab._on_send(page.request, page.fields)
    next(views)
    views.close()
    page.service.runs.require_idle(KEY)
    page.click("retry", index=0)
    assert page.told() == ["one", "Paris."]


def test_a_broken_setting_stores_no_question(page: Page) -> None:
    page.fields[page.rail.fields["seed"]] = "lucky"
    page.send("one")
    assert "“Seed” must be" in page.notice
    assert page.composer == "one"
    assert page.told() == []


def test_a_draft_of_millions_of_characters_is_refused_unread(page: Page) -> None:
    page.service.pool.preload(START)
    page.fields[page.tab._composer] = "a" * 10_000_000
    drawn = page.tab._on_draft(page.fields)
    assert "may have at most 200,000 characters, got 10,000,000; shorten it." in drawn
    page.fields[page.tab._composer] = "a"
    assert "context-bar" in page.tab._on_draft(page.fields)
    window = page.rail.fields["context_window"]
    page.fields[window] = "99999999"
    assert "“Window” must be a whole number" in page.tab._on_draft(page.fields)
    page.fields[window] = window.value
    page.fields[page.rail.system] = "a" * 10_000_000
    page.take({page.tab._notice: page.tab._remembered._on_change(page.fields)})
    assert "The system prompt may have at most" in page.notice


def test_settings_come_back_and_those_that_no_longer_hold_are_named(page: Page) -> None:
    kept = {
        "top_k": 7,
        "temperature": 9,
        "overflow": "newest",
        "model": "gone",
        "system": "Be brief.",
        "seed": [],
        "stop": None,
        "warmth": "high",
        "engine": {},
        "context_window": "64",
    }
    page.service.store.keep_settings(KEY, kept)
    before = dict(page.fields)
    page.take(page.tab._on_visit({page.key: KEY}))
    for name in ("overflow", "temperature", "model", "seed", "stop", "engine"):
        assert f"“{LABELS[name]}”" in page.notice
    assert "warmth" in page.notice
    changed = {
        name: page.fields[component]
        for name, component in page.rail.fields.items()
        if page.fields[component] != before[component]
    }
    assert changed == {"top_k": 7, "system": "Be brief.", "context_window": "64"}
    page.send("one")  # what was kept is no hindrance
    assert page.told() == ["one", "Paris."]
    page.tab._remembered._on_settled(page.fields)
    assert page.service.store.settings(KEY)["warmth"] == "high"


def test_a_conversation_that_is_broken_on_the_disk_is_told_at_the_visit(
    page: Page, service: ChatService
) -> None:
    page.send("one")
    folder = service.pool.settings.conversations_dir
    (folder / KEY / "turns.json").write_text("{")
    page.take(page.tab._on_visit({page.key: KEY}))
    assert "could not be read and were set aside" in page.notice
    assert "secret-place" not in page.notice
    other = Page(service)
    other.take(other.tab._on_visit({other.key: "d" * 32}))
    assert other.notice == ""


def test_the_disks_words_reach_the_person_concerned_alone_and_name_no_path(
    page: Page, service: ChatService, monkeypatch: pytest.MonkeyPatch
) -> None:
    page.send("one")

    read = Path.read_bytes

    def deny(path: Path) -> bytes:
        if KEY in str(path):
            raise PermissionError(13, "Permission denied", str(path))
        return read(path)

    events = [
        lambda: page.send("two"),
        lambda: page.click("edit", index=0),
        lambda: page.click("retry", index=1),
        lambda: page.click("undo", index=1),
        lambda: page.click("restore"),
        lambda: page.take(page.tab._on_clear(page.fields)),
        lambda: page.take(page.tab._on_visit({page.key: KEY})),
        lambda: page.take({page.tab._notice: page.tab._on_draft(page.fields)}),
    ]
    with monkeypatch.context() as broken:
        broken.setattr(Path, "read_bytes", deny)
        for event in events:
            # Another process wrote it, so that it must be read again.
            turns = service.pool.settings.conversations_dir / KEY / "turns.json"
            turns.touch()
            page.fields[page.tab._notice] = ""
            event()
            assert "cannot be read from the disk (Permission denied)" in page.notice
            assert "secret-place" not in page.notice
            other = Page(service)
            other.take(other.tab._on_visit({other.key: "d" * 32}))
            assert other.notice == ""
    assert page.told() == ["one", "Paris."]


def test_no_event_of_the_chat_takes_its_values_by_place(page: Page) -> None:
    for owner in (page.tab, page.tab._remembered, page.tab._switch):
        for name, handler in inspect.getmembers(owner, inspect.ismethod):
            kinds = [p.kind for p in inspect.signature(handler).parameters.values()]
            assert inspect.Parameter.VAR_POSITIONAL not in kinds, name


def test_no_id_stands_twice_on_the_page(page: Page) -> None:
    ids = [block.elem_id for block in page.blocks.blocks.values() if block.elem_id]
    assert len(ids) == len(set(ids))


def test_an_empty_conversation_is_drawn_for_a_new_person(page: Page) -> None:
    page.take(page.tab._on_visit({page.key: KEY}))
    assert page.service.store.load(KEY) == Conversation()
    assert "Talk to a model" in page.transcript
