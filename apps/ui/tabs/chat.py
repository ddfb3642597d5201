"""The chat: transcript, the reply in progress, composer.

Callbacks return or yield a `View`: which components change, and how. What is not named stays.
"""

from __future__ import annotations

import queue
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import gradio as gr

from apps.chat.branching import find_fork
from apps.chat.conversations import Conversation, ReplyFacts
from apps.chat.service import ChatService, Request
from apps.ui.background import Background
from apps.ui.badge import render_badge
from apps.ui.events import QUIET, WITH_KEY
from apps.ui.notice import render_error, render_hint
from apps.ui.rail import (
    Rail,
    fill_rail,
    precision_choices,
    read_choice,
    read_rail,
    read_request,
    render_got,
)
from apps.ui.token_panel import serve_tokens
from apps.ui.transcript import (
    example,
    render_conversation,
    render_draft,
    render_place,
    render_waiting,
)
from playground.drawing.context_bar import render_context_problem, render_outlook
from playground.errors import PlaygroundError
from playground.models.engines.engine import Engine
from playground.models.engines.manager import ModelChoice

View = dict[Any, Any]

# The page is redrawn this often while a reply is written or a model loads. Drawing takes time from
# the model: on two cores with the browser beside it a reply ran at 10 tokens/s when redrawn every
# 0.06 s, and at 16 to 20 every 0.15 s.
REDRAW_SECONDS = 0.15
LOADING_REDRAW_SECONDS = 0.25

# Sends every click on a button with `data-action` to the server; copies without it.
_CLICKS = """
element.addEventListener('click', (event) => {
  const button = event.target.closest('button[data-action], button[data-copy]');
  if (!button) return;
  if (button.dataset.action) {
    const {action, index, token, alternative} = button.dataset;
    trigger('select', {
      action, index: Number(index || 0), token: Number(token || 0),
      alternative: Number(alternative || 0),
    });
  } else {
    playgroundCopy(button);
  }
});
"""
_REPLIES = "playgroundReplies(element, server, watch);"


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
    key : gradio.Textbox
        The hidden field with the browser's conversation key.
    """

    def __init__(self, service: ChatService, rail: Rail, badge: gr.HTML, key: gr.Textbox) -> None:
        self._service = service
        self._rail = rail
        self._badge = badge
        self._key = key
        self._transcript = gr.HTML(
            render_conversation(Conversation()),
            elem_id="transcript",
            js_on_load=_CLICKS + _REPLIES,
            server_functions=serve_tokens(service.store),
        )
        self._live = gr.HTML("", elem_id="live", js_on_load=None)
        with gr.Column(elem_id="dock"):
            self._notice = gr.HTML("", elem_id="notice", js_on_load=_CLICKS)
            with gr.Row(elem_id="composer"):
                self._composer = gr.Textbox(
                    placeholder="Ask anything…",
                    label="Message",
                    show_label=False,
                    lines=1,
                    max_lines=8,
                    autofocus=True,
                    elem_id="message",
                    elem_classes="travels",
                    scale=1,
                )
                self._send = gr.Button("Send", variant="primary", elem_id="send", min_width=72)
                self._stop = gr.Button("Stop", elem_id="stop", min_width=72, visible=False)
            with gr.Row(elem_id="below"):
                gr.HTML(
                    "Enter sends, Shift+Enter starts a line, Esc stops.",
                    elem_classes="hint",
                    js_on_load=None,
                )
                self._clear = gr.Button("Clear", size="sm", elem_id="clear", min_width=60)
        # The place of the message that is being edited, if any.
        self._editing = gr.State(None)
        # The last model that could be loaded: what a failed switch falls back to.
        self._current = gr.State(None)

    @property
    def prompt(self) -> gr.Textbox:
        """The field whose text travels between labs."""
        return self._composer

    def wire(self, blocks: gr.Blocks) -> None:
        """Connect the components."""
        values = [self._key, self._editing, self._composer, *self._rail.components]
        outputs = [
            self._transcript, self._live, self._notice, self._composer, self._send, self._stop,
            self._badge, self._rail.got, self._editing, self._current,
            *self._rail.components,
        ]  # fmt: skip
        draft: dict[str, Any] = {
            "fn": self._on_draft, "inputs": values, "outputs": self._rail.context, "queue": False,
            "js": WITH_KEY, **QUIET,
        }  # fmt: skip
        gr.on(
            [self._send.click, self._composer.submit],
            self._on_send, values, outputs, concurrency_limit=None, js=WITH_KEY, **QUIET,
        ).then(**draft)  # fmt: skip
        gr.on(
            [self._transcript.select, self._notice.select],
            self._on_action, values, outputs, concurrency_limit=None, js=WITH_KEY, **QUIET,
        ).then(**draft)  # fmt: skip
        self._stop.click(self._on_stop, queue=False, **QUIET)
        self._clear.click(
            self._on_clear, self._key, outputs, queue=False, js=WITH_KEY, **QUIET
        ).then(**draft)  # fmt: skip
        switched = [self._rail.model, self._rail.precision, self._rail.engine]
        gr.on(
            [component.input for component in switched],
            self._on_switch, [self._key, self._current, *self._rail.components], outputs,
            concurrency_limit=None, trigger_mode="always_last", js=WITH_KEY, **QUIET,
        ).then(**draft)  # fmt: skip
        changed = [component.change for component in self._rail.components]
        # The page puts a number that was typed out of range back at once: every change is checked,
        # so that the sentence is not lost, but only the last one need be remembered.
        gr.on(
            changed, self._on_rail, list(self._rail.components), self._notice,
            queue=False, trigger_mode="multiple", **QUIET,
        )  # fmt: skip
        gr.on(
            changed, self._on_rail_settled, [self._key, *self._rail.components],
            queue=False, trigger_mode="always_last", js=WITH_KEY, **QUIET,
        )  # fmt: skip
        gr.on([self._composer.change, *changed], trigger_mode="always_last", **draft)
        blocks.load(self._on_visit, self._key, outputs, js=WITH_KEY, **QUIET).then(
            self._load, [self._key, self._current, *self._rail.components], outputs,
            concurrency_limit=None, js=WITH_KEY, **QUIET,
        ).then(**draft)  # fmt: skip
        blocks.unload(self._on_leave)

    def _on_visit(self, key: str) -> View:
        """Bring back the conversation and the settings of this browser."""
        conversation = self._service.store.load(key)
        filled = zip(self._rail.components, fill_rail(conversation.rail), strict=True)
        return {self._transcript: render_conversation(conversation), **dict(filled)}

    def _on_draft(self, key: str, editing: int | None, text: str, *values: Any) -> Any:
        """Show how full the window would be with the message as far as it is written."""
        try:
            asked = read_request(read_rail(values))
        except PlaygroundError:  # `_on_rail` has said it
            return gr.skip()
        try:
            outlook = self._service.foresee(key, asked, text, editing)
        except PlaygroundError as error:
            return render_context_problem(error)
        return render_outlook(outlook) if outlook else gr.skip()

    def _on_send(
        self, request: gr.Request, key: str, editing: int | None, text: str, *values: Any
    ) -> Iterator[View]:
        try:
            asked = read_request(read_rail(values))
            conversation = self._service.ask(key, text, editing)
        except PlaygroundError as error:
            yield {self._notice: render_error(error)}
            return
        yield {self._composer: "", self._editing: None, **self._busy(conversation)}
        yield from self._answer(key, str(request.session_hash), asked)

    def _on_action(
        self,
        event: gr.EventData,
        request: gr.Request,
        key: str,
        _editing: int | None,
        text: str,
        *values: Any,
    ) -> Iterator[View]:
        """Do what a button inside a message or notice asks for."""
        data = event._data or {}  # what the page's `trigger` handed over
        action, index = str(data.get("action")), int(data.get("index") or 0)
        try:
            if action == "retry":
                asked = read_request(read_rail(values))
                yield self._busy(self._service.drop_reply(key))
                yield from self._answer(key, str(request.session_hash), asked)
            elif action == "branch":
                place = index, int(data.get("token") or 0), int(data.get("alternative") or 0)
                yield from self._branch(key, str(request.session_hash), values, place)
            elif action == "example":
                yield from self._on_send(request, key, None, example(index), *values)
            else:
                yield self._change(action, key, index, text)
        except PlaygroundError as error:
            yield {self._notice: render_error(error)}

    def _branch(
        self, key: str, session: str, values: tuple[Any, ...], place: tuple[int, int, int]
    ) -> Iterator[View]:
        """Go on from another token; `place` is the reply, its token, and the alternative."""
        asked = read_request(read_rail(values))
        self._service.require_idle(key)
        conversation = self._service.store.load(key)
        fork = find_fork(conversation, *place)
        yield self._busy(conversation.cut_to(fork.turn))
        drafts = self._service.branch(key, session, asked, *place)
        yield from self._answer(key, session, asked, drafts)

    def _change(self, action: str, key: str, index: int, text: str) -> View:
        """Edit, undo, restore: what changes the conversation without asking the model."""
        if action == "edit":
            self._service.require_idle(key)
            turn = self._service.store.load(key).turns[index]
            hint = "Editing an earlier message: sending it replaces what followed."
            return {
                self._composer: turn.content,
                self._editing: index,
                self._notice: render_hint(hint, "keep", "Leave it as it was"),
            }
        if action == "keep":
            return {self._composer: "", self._editing: None, self._notice: ""}
        if action == "undo":
            conversation, question = self._service.undo(key)
            return {
                self._composer: text if text.strip() else question,
                **self._shortened(conversation, "The last exchange was taken back."),
            }
        return {self._notice: "", **self._at_rest(self._service.restore(key))}

    def _on_clear(self, key: str) -> View:
        try:
            conversation = self._service.clear(key)
        except PlaygroundError as error:
            return {self._notice: render_error(error)}
        return self._shortened(conversation, "The conversation was cleared.")

    def _shortened(self, conversation: Conversation, sentence: str) -> View:
        notice = render_hint(sentence, "restore", "Bring it back") if conversation.previous else ""
        return {self._editing: None, self._notice: notice, **self._at_rest(conversation)}

    def _on_stop(self, request: gr.Request) -> None:
        self._service.stop(str(request.session_hash))

    def _on_leave(self, request: gr.Request) -> None:
        self._service.stop(str(request.session_hash))

    def _on_rail(self, *values: Any) -> Any:
        """Say at once when a setting breaks its rule."""
        try:
            read_request(read_rail(values))
        except PlaygroundError as error:
            return render_error(error)
        return gr.skip()

    def _on_rail_settled(self, key: str, *values: Any) -> None:
        """Remember the settings for the next visit, if they keep their rules."""
        rail = read_rail(values)
        with suppress(PlaygroundError):  # `_on_rail` has said it
            read_request(rail)
            self._service.remember_rail(key, rail)

    def _on_switch(self, key: str, current: ModelChoice | None, *values: Any) -> Iterator[View]:
        """Load what was chosen now; what an earlier choice had to say is out of date."""
        yield {self._notice: ""}
        yield from self._load(key, current, *values)

    def _load(self, key: str, current: ModelChoice | None, *values: Any) -> Iterator[View]:
        """Load the model of the rail, showing stage and seconds; on failure go back."""
        try:
            choice = read_choice(read_rail(values))
        except PlaygroundError as error:
            yield {self._notice: render_error(error)}
            return
        loading = Background(lambda: self._service.pool.preload(choice))
        while not loading.finished(LOADING_REDRAW_SECONDS):
            yield {
                self._badge: render_badge(self._service.pool, choice),
                self._rail.got: "",
            }
        if loading.error:
            yield self._gone_back(loading.error, choice, current)
            return
        yield {
            self._current: choice,
            **self._what_runs(choice, _last_facts(self._service.store.load(key))),
        }

    def _gone_back(
        self, error: PlaygroundError, choice: ModelChoice, current: ModelChoice | None
    ) -> View:
        view: View = {
            self._notice: render_error(error),
            self._badge: render_badge(self._service.pool, choice),
        }
        if current:
            view |= {
                **self._what_runs(current, None),
                self._rail.model: current.reference,
                self._rail.precision: current.precision.value,
                self._rail.engine: current.engine.value,
            }
        return view

    def _answer(
        self, key: str, session: str, asked: Request, source: Iterator[str] | None = None
    ) -> Iterator[View]:
        """Show the reply as it grows, then as it stands."""
        drafts: queue.Queue[str] = queue.Queue()

        def write() -> None:
            for draft in source or self._service.answer(key, session, asked):
                drafts.put(draft)

        writing, place = Background(write), 0
        try:
            while not writing.finished(REDRAW_SECONDS):
                place, shown_place = self._service.place(key), place
                if (draft := _newest(drafts)) is not None:
                    yield {self._live: render_draft(draft)}
                elif place != shown_place:
                    yield {self._live: render_place(place)}
                elif (
                    activity := self._service.pool.activity(asked.choice)
                ) and activity.choice == asked.choice:
                    yield {
                        self._live: render_waiting("The model is being loaded…"),
                        self._badge: render_badge(self._service.pool, asked.choice),
                    }
        finally:
            # Also when the page is gone: Gradio then closes this generator.
            self._service.stop(session)
        conversation = self._service.store.load(key)
        problem = writing.error or self._service.store.problem
        yield {
            self._notice: render_error(problem) if problem else _after_branch(conversation),
            **self._at_rest(conversation),
            **self._what_runs(asked.choice, _last_facts(conversation)),
        }

    def _busy(self, conversation: Conversation) -> View:
        return {
            self._transcript: render_conversation(conversation, answering=True),
            self._live: render_draft(""),
            self._notice: "",
            self._send: gr.update(visible=False),
            self._stop: gr.update(visible=True),
        }

    def _at_rest(self, conversation: Conversation) -> View:
        return {
            self._transcript: render_conversation(conversation),
            self._live: "",
            self._send: gr.update(visible=True),
            self._stop: gr.update(visible=False),
        }

    def _what_runs(self, choice: ModelChoice, facts: ReplyFacts | None) -> View:
        model = self._service.pool.model(choice)
        engine = model.engine if model else None
        speed = facts.tokens_per_second if facts and engine and _same(facts, engine) else None
        view: View = {self._badge: render_badge(self._service.pool, choice, speed)}
        if engine:
            view[self._rail.got] = render_got(engine)
            view[self._rail.precision] = gr.update(choices=precision_choices(engine.model))
        return view


def _newest(drafts: queue.Queue[str]) -> str | None:
    """Return the last draft that waits, dropping those before it."""
    newest = None
    while not drafts.empty():
        newest = drafts.get()
    return newest


def _after_branch(conversation: Conversation) -> str:
    """Offer to take a branch back."""
    facts = _last_facts(conversation)
    if not facts or not facts.branch or not conversation.previous:
        return ""
    sentence = f"The reply was branched at token {facts.branch.token + 1:,}."
    return render_hint(sentence, "restore", "Bring the former one back")


def _last_facts(conversation: Conversation) -> ReplyFacts | None:
    return conversation.turns[-1].facts if conversation.turns else None


def _same(facts: ReplyFacts, engine: Engine) -> bool:
    return (facts.model, facts.precision, facts.engine) == (
        engine.model.title,
        engine.precision.name,
        engine.name,
    )
