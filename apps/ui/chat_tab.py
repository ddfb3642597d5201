"""The chat: transcript, the reply in progress, composer.

Callbacks return or yield a `View`: which components change, and how. What is not named stays.
"""

from __future__ import annotations

import queue
from collections.abc import Iterator, Mapping
from typing import Any

import gradio as gr
from gradio.events import Dependency

from apps.chat.conversations import Conversation
from apps.chat.places import QuestionGone
from apps.chat.request import Request
from apps.chat.runs import Run
from apps.chat.seen import ChatWentOn
from apps.chat.service import ChatService
from apps.ui.background import Background, newest
from apps.ui.chats import build_bar
from apps.ui.claims import CLAIMS
from apps.ui.click import Click, read_click
from apps.ui.composer import build_composer
from apps.ui.events import QUIET, WITH_KEY, WITH_SEEN
from apps.ui.gone_on import refreshed
from apps.ui.model_choices import model_choices
from apps.ui.model_switch import ModelSwitch
from apps.ui.notice import name_fields, render_error, render_former, render_hint
from apps.ui.rail import Rail, read_choice, read_request
from apps.ui.remembered_rail import RememberedRail
from apps.ui.token_panel import serve_tokens
from apps.ui.transcript import (
    render_conversation,
    render_draft,
    render_place,
    render_reading,
    render_waiting,
)
from apps.ui.welcome import Welcome
from playground.drawing.context_bar import render_context_problem, render_outlook
from playground.errors import OptionError, PlaygroundError
from playground.sentences import quoted

View = dict[Any, Any]
Data = Mapping[Any, Any]  # what an event hands over: values by component

# The page is redrawn this often while a reply is written. Drawing takes time from the model: on
# two cores with the browser beside it a reply ran at 10 tokens/s when redrawn every 0.06 s, and at
# 16 to 20 every 0.15 s.
REDRAW_SECONDS = 0.15

_CLICKS = "playgroundClicks(element, trigger);"
_REPLIES = """
playgroundReplies(element, server, watch);
playgroundShowChat = () => trigger('select', {action: 'open'});
playgroundRefreshChat = () => trigger('select', {action: 'refresh'});
"""
_EDITING = "Editing an earlier message: what is marked becomes its former version."


class ChatTab:
    """Components of the chat and what they do.

    Parameters
    ----------
    service : ChatService
        Asks and answers.
    rail : Rail
        The run settings beside it.
    badge : gradio.HTML
        Shows what runs.
    told : pair of gradio.Textbox
        The hidden fields with the browser's conversation key and the state of the chat in sight.
    """

    def __init__(
        self, service: ChatService, rail: Rail, badge: gr.HTML, told: tuple[gr.Textbox, gr.Textbox]
    ) -> None:
        self._service = service
        self._store = service.store
        self._rail = rail
        self._key, self._seen = told
        build_bar(service)
        self._transcript = gr.HTML(
            render_conversation(Conversation()),
            elem_id="transcript",
            js_on_load=_CLICKS + _REPLIES,
            server_functions=serve_tokens(service.store),
        )
        self._welcome = Welcome(service.pool, rail)
        self._live = gr.HTML("", elem_id="live", js_on_load=None)
        with gr.Column(elem_id="dock"):
            self._notice = gr.HTML("", elem_id="notice", js_on_load=_CLICKS)
            self._dock = build_composer()
        self._composer = self._dock.message
        # The `Question` that is being edited, if any.
        self._editing = gr.State(None)
        self._switch = ModelSwitch(service, rail, badge, self._welcome)
        self._remembered = RememberedRail(
            service.store,
            rail,
            self._key,
            lambda: model_choices(service.pool.settings, rail.start),
        )

    @property
    def prompt(self) -> gr.Textbox:
        """The field whose text travels between labs."""
        return self._composer

    def wire(self, blocks: gr.Blocks) -> Dependency:
        """Connect the components; after the event returned, a browser's settings are back."""
        rail = set(self._rail.components)
        values = {self._key, self._editing, self._composer, *rail}
        messages = {self._transcript, self._live, self._composer, self._editing, self._notice}
        outputs = list(messages | self._switch.outputs)
        slow: View = {"concurrency_limit": None, "js": WITH_KEY, **QUIET}
        quick: View = {"queue": False, "js": WITH_KEY, **QUIET}
        draft: View = {"fn": self._on_draft, "inputs": values, "outputs": self._rail.context}
        draft |= quick
        seen = {self._rail.context, *self._switch.shows}
        after: View = {**draft, "fn": self._on_answered, "outputs": list(seen)}
        load: View = {"inputs": {self._key, self._switch.current, *rail}, "outputs": outputs}
        load |= slow

        sends = [self._dock.send.click, self._composer.submit]
        sent: View = {**slow, "js": WITH_SEEN}
        gr.on(sends, self._on_send, {*values, self._seen}, outputs, **sent).then(**after)
        clicks = [self._transcript.select, self._notice.select]
        gr.on(clicks, self._on_click, values, outputs, **slow).then(**after)
        self._dock.clear.click(self._on_clear, {self._key}, outputs, **quick).then(**draft)
        self._dock.stop.click(self._on_stop, queue=False, **QUIET)

        switched = [self._rail.model.input, self._rail.precision.input, self._rail.engine.input]
        gr.on(switched, self._on_load, trigger_mode="always_last", **load).then(**draft)
        visited = blocks.load(self._on_visit, {self._key}, outputs, js=WITH_KEY, **QUIET)
        visited.then(self._on_load, **load).then(**draft)
        blocks.unload(self._on_stop)
        self._welcome.wire().then(self._on_load, **load).then(**draft)

        # First of what a change sets off: the page soon puts a number out of range back.
        settled = self._remembered.wire()
        # One after the other: of two that wait for their turn at the same event each would set
        # off the other, without end.
        settled.then(trigger_mode="always_last", **draft)
        self._composer.change(trigger_mode="always_last", **draft)
        return visited

    def load_after(self, event: Dependency) -> None:
        """Load the model that the run settings name once an event is over."""
        inputs = {self._key, self._switch.current, *self._rail.components}
        told: View = {"concurrency_limit": None, "js": WITH_KEY, **QUIET}
        event.then(self._on_load, inputs, list(self._switch.outputs), **told)

    def _on_visit(self, data: Data) -> View:
        """Bring back the conversation and the settings of this browser."""
        key = data[self._key]
        try:
            conversation = self._store.load(key)
            filled, missing = self._remembered.bring_back(key)
        except PlaygroundError as error:
            return {self._notice: render_error(error)}
        problem = self._store.problem(key) or missing
        return {
            self._transcript: render_conversation(conversation),
            self._notice: render_error(problem) if problem else "",
            **filled,
        }

    def _on_draft(self, data: Data) -> Any:
        """Show how full the window would be with the message as far as it is written."""
        try:
            asked = read_request(self._rail.read(data))
        except PlaygroundError:  # `_on_rail` has said it
            return gr.skip()
        edited, text = data[self._editing], data[self._composer] or ""
        try:
            before = edited.place if edited else None
            outlook = self._service.foresee(data[self._key], asked, text, before)
        except PlaygroundError as error:
            return str(render_context_problem(name_fields(str(error))))
        return str(render_outlook(outlook)) if outlook else gr.skip()

    def _on_answered(self, data: Data) -> View:
        """Show the window and what runs now: another model may have been chosen meanwhile."""
        window = {self._rail.context: self._on_draft(data)}
        try:
            chosen = read_choice(self._rail.read(data))
            facts = self._store.load(data[self._key]).last_facts
        except PlaygroundError:  # the event before has said it
            return window
        return {**window, **self._switch.what_runs(chosen, facts)}

    def _on_send(self, request: gr.Request, data: Data) -> Iterator[View]:
        key, text, edited = data[self._key], data[self._composer] or "", data[self._editing]
        try:
            asked = read_request(self._rail.read(data))
            page = str(request.session_hash)
            run = self._service.ask(key, page, text, edited, data[self._seen] or "")
        except (ChatWentOn, QuestionGone) as error:
            yield {self._notice: render_error(error), **self._refresh(data)}
        except PlaygroundError as error:
            yield {self._notice: render_error(error)}
        else:
            yield from self._answer(run, asked, {self._composer: "", self._editing: None})

    def _on_click(self, event: gr.EventData, request: gr.Request, data: Data) -> Iterator[View]:
        """Do what a button inside a message or notice asks for."""
        try:
            click = read_click(event._data)
            if click.action in CLAIMS:
                asked = read_request(self._rail.read(data))
                claim = CLAIMS[click.action]
                run = claim(self._service, click, data[self._key], str(request.session_hash))
            else:
                yield self._change(click, data)
                return
        except PlaygroundError as error:
            yield {self._notice: render_error(error)}
        else:
            yield from self._answer(run, asked)

    def _change(self, click: Click, data: Data) -> View:
        """Edit, undo, restore, another version, another chat: what needs no model."""
        key, text = data[self._key], data[self._composer] or ""
        if click.action in ("open", "refresh"):
            return self._open(data) if click.action == "open" else self._refresh(data)
        if click.action == "edit":
            return self._edit(key, click.place.turn)
        if click.action == "keep":
            shown = render_conversation(self._store.load(key), answering=key in self._service.runs)
            kept: View = {self._composer: "", self._editing: None, self._notice: ""}
            return {**kept, self._transcript: shown}
        if click.action == "version":
            number = click.place.alternative
            conversation = self._service.show_version(key, click.place.turn, number)
            return {self._notice: "", **self._left_editing(data), **self._at_rest(conversation)}
        if click.action == "undo":
            conversation, taken = self._service.undo(key, click.place.turn)
            return {
                self._composer: text if text.strip() else taken,
                **self._shortened(conversation, "The last exchange was taken back."),
            }
        if click.action == "restore":
            return {self._notice: "", **self._at_rest(self._service.restore(key))}
        raise OptionError(f"There is no action {quoted(click.action[:40])}; reload the page.")

    def _open(self, data: Data) -> View:
        """Show another chat of this browser; the settings at the right go along."""
        key = data[self._key]
        self._remembered.keep(data)
        conversation, problem = self._store.load(key), self._store.problem(key)
        notice = render_error(problem) if problem else ""
        left = self._left_editing(data)
        return {self._notice: notice, **left, **self._at_rest(conversation)}

    def _refresh(self, data: Data) -> View:
        """Show what another tab has made of the chat; what is being written here stays."""
        shown, edited = refreshed(self._service, data[self._key], data[self._editing])
        return {self._transcript: shown, self._editing: edited}

    def _left_editing(self, data: Data) -> View:
        """Take the message that is being edited out of the field, if there is one."""
        return {self._composer: "", self._editing: None} if data[self._editing] else {}

    def _edit(self, key: str, place: int) -> View:
        question = self._service.question(key, place)
        return {
            self._composer: question.text,
            self._editing: question,
            self._notice: render_hint(_EDITING, "keep", "Leave it as it was"),
            self._transcript: render_conversation(self._store.load(key), editing=place),
        }

    def _on_clear(self, data: Data) -> View:
        try:
            conversation = self._service.clear(data[self._key])
        except PlaygroundError as error:
            return {self._notice: render_error(error)}
        return self._shortened(conversation, "The conversation was cleared.")

    def _shortened(self, conversation: Conversation, sentence: str) -> View:
        notice = render_hint(sentence, "restore", "Bring it back") if conversation.previous else ""
        return {self._editing: None, self._notice: notice, **self._at_rest(conversation)}

    def _on_stop(self, request: gr.Request) -> None:
        self._service.runs.stop(str(request.session_hash))

    def _on_load(self, data: Data) -> Iterator[View]:
        """Load the model that was chosen, or that of a page that was just opened."""
        yield from self._switch.load(data)

    def _answer(self, run: Run, asked: Request, also: View | None = None) -> Iterator[View]:
        """Show the reply as it grows, then as it stands."""
        try:
            yield {**(also or {}), **self._busy(run.conversation)}
            yield from self._watch(run, asked)
        finally:
            # Also when the page is gone: Gradio then closes this generator.
            run.stopped.set()
            self._service.runs.abandon(run)

    def _watch(self, run: Run, asked: Request) -> Iterator[View]:
        drafts: queue.Queue[str] = queue.Queue()

        def write() -> None:
            for draft in self._service.answer(run, asked):
                drafts.put(draft)

        writing, place, shown, text = Background(write), 0, run.reading, ""
        while not writing.finished(REDRAW_SECONDS):
            place, shown_place = run.place, place
            if (draft := newest(drafts)) is not None:
                text = draft
                yield {self._live: render_draft(draft)}
            elif place != shown_place:
                yield {self._live: render_place(place)}
            elif not text and (reading := run.reading) != shown:
                shown = reading
                yield {self._live: render_reading(reading)}
            elif self._switch.loading(asked.choice):
                waiting = render_waiting("The model is being loaded…")
                yield {self._live: waiting, **self._switch.progress(asked.choice)}
        yield self._ended(run, asked, writing.error)

    def _ended(self, run: Run, asked: Request, error: PlaygroundError | None) -> View:
        try:
            conversation = self._store.load(run.key)
        except PlaygroundError as unread:
            conversation, error = run.conversation, error or unread
        problem = error or self._store.problem(run.key)
        return {
            self._notice: render_error(problem) if problem else render_former(conversation),
            **self._at_rest(conversation),
            **self._switch.what_runs(asked.choice, conversation.last_facts),
        }

    def _busy(self, conversation: Conversation) -> View:
        return {
            self._transcript: render_conversation(conversation, answering=True),
            self._live: render_draft(""),
            self._notice: "",
        }

    def _at_rest(self, conversation: Conversation) -> View:
        return {self._transcript: render_conversation(conversation), self._live: ""}
