"""The window in the context lab: what the next prompt would hold, under any policy and size."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Any

import gradio as gr

from apps.chat.service import ChatService, Request, conversation_messages
from apps.ui.events import QUIET, WITH_KEY
from apps.ui.notice import render_error, render_hint
from apps.ui.rail import Rail, read_rail, read_request
from apps.ui.sliders import UncheckedSlider
from playground.errors import PlaygroundError
from playground.generation.fitting.outlook import foresee
from playground.generation.fitting.overflow import OverflowPolicy
from playground.generation.fitting.window import window_of
from playground.generation.language_model import LanguageModel
from playground.labs.context.window import EXAMPLE, lay_out
from playground.labs.context.window_view import render_window
from playground.models.engines.manager import ModelChoice
from playground.models.text.tokenizer import Message

# The ends of the sliders.
WINDOWS, RESERVES = (64, 8192), (16, 1024)
FIRST_WINDOW, FIRST_RESERVE = 256, 64
FIRST_MESSAGE = "Thank you. What did I say my name was, and where do I keep my bees?"
_READING = '<p class="hint">Counting the tokens of your chat…</p>'

View = dict[Any, Any]


class WindowSection:
    """The next message, the window, and what would be left out.

    Parameters
    ----------
    service : ChatService
        Has the conversation, and lends the model whose tokenizer counts.
    rail : Rail
        Says which model and system prompt; takes what was tried.
    key : gradio.Textbox
        The hidden field with the browser's conversation key.
    """

    def __init__(self, service: ChatService, rail: Rail, key: gr.Textbox) -> None:
        self._service = service
        self._rail = rail
        self._key = key
        gr.HTML(
            '<p class="lead">This is what the model would be given if you sent the next message '
            "now. Make the window smaller and watch what falls out. No model runs: its tokenizer "
            "counts.</p>",
            js_on_load=None,
        )
        self.message = gr.Textbox(
            FIRST_MESSAGE,
            label="The next message",
            lines=2,
            max_lines=8,
            elem_id="next-message",
            elem_classes="travels",
        )
        with gr.Row(elem_id="window-sliders"):
            self._window = UncheckedSlider(
                *WINDOWS,
                value=FIRST_WINDOW,
                step=16,
                label="Window to try",
                elem_id="try-window",
                min_width=220,
                buttons=["reset"],
            )
            self._reserve = UncheckedSlider(
                *RESERVES,
                value=FIRST_RESERVE,
                step=16,
                label="Reserved for the reply",
                elem_id="try-reserve",
                min_width=220,
                buttons=["reset"],
            )
        default = OverflowPolicy.OLDEST
        self._policy = gr.Radio(
            [(policy.label, policy.value) for policy in OverflowPolicy],
            value=default.value,
            label="What gives way",
            info=default.explanation,
            elem_id="try-policy",
        )
        self._use = gr.Button("Use these in the chat", size="sm", elem_id="use-window")
        self._notice = gr.HTML("", elem_id="window-notice", js_on_load=None)
        self._view = gr.HTML(_READING, elem_id="window-view", js_on_load=None)

    def wire(self, opener: gr.Button) -> None:
        """Connect the components.

        Parameters
        ----------
        opener : gradio.Button
            Opens the lab: the chat may have gone on since.
        """
        tried = [self._window, self._reserve, self._policy]
        rail = self._rail
        values = [self._key, self.message, *tried, *rail.components]
        moved = [self._window.change, self._reserve.change]
        gr.on(
            [
                self.message.change,
                self._policy.change,
                rail.model.change,
                rail.system.change,
                opener.click,
            ],
            self._on_change,
            values,
            [self._notice, self._view],
            queue=False,
            trigger_mode="always_last",
            js=WITH_KEY,
            **QUIET,
        )
        # The page puts a number that was typed out of range back at once, and only the event wired
        # first still sees it: the sentence comes before the redraw.
        gr.on(
            moved,
            self._on_typed,
            [*tried, *rail.components],
            self._notice,
            queue=False,
            trigger_mode="multiple",
            **QUIET,
        )
        gr.on(
            moved,
            self._on_move,
            values,
            self._view,
            queue=False,
            trigger_mode="always_last",
            js=WITH_KEY,
            **QUIET,
        )
        self._policy.change(
            lambda policy: gr.update(info=OverflowPolicy.parse(policy).explanation),
            self._policy,
            self._policy,
            queue=False,
            **QUIET,
        )
        self._use.click(
            self._on_use,
            tried,
            [self._notice, rail.overflow, rail.window, rail.max_new_tokens],
            queue=False,
            **QUIET,
        )

    def _on_change(self, key: str, text: str, *values: Any) -> View:
        try:
            return {self._notice: "", self._view: self._drawn(key, text or "", *values)}
        except PlaygroundError as error:
            return {self._notice: render_error(error)}

    def _on_move(self, key: str, text: str, *values: Any) -> Any:
        try:
            return self._drawn(key, text or "", *values)
        except PlaygroundError:  # `_on_typed` has said it
            return gr.skip()

    def _on_typed(self, *values: Any) -> Any:
        """Say when a number breaks its rule, until another one is moved to."""
        try:
            asked = _read(*values)
            if model := self._service.pool.model(asked.choice):
                window_of(asked.settings, model.engine.context_length)
        except PlaygroundError as error:
            return render_error(error)
        put_back = values[0] in WINDOWS or values[1] in RESERVES
        return gr.skip() if put_back else ""

    def _drawn(self, key: str, text: str, *values: Any) -> str:
        asked = _read(*values)
        conversation = self._service.store.load(key)
        before = conversation_messages(conversation, asked.system)
        if not conversation.turns:
            before = [*before, *EXAMPLE]
        messages = [*before, Message("user", text)]
        with self._model(asked.choice) as model:
            outlook = foresee(messages, model.engine, asked.settings)
            views = lay_out(messages, model.tokenizer, outlook)
        return render_window(views, outlook, example=not conversation.turns)

    def _model(self, choice: ModelChoice) -> AbstractContextManager[LanguageModel]:
        """Take the model as it is if it is loaded: to count, nobody else's load is waited for."""
        model = self._service.pool.model(choice)
        return nullcontext(model) if model else self._service.pool.lease(choice)

    def _on_use(self, window: Any, reserve: Any, policy: str) -> View:
        rail = self._rail
        return {
            self._notice: render_hint("The chat now has this window, reserve and policy."),
            rail.overflow: policy,
            rail.window: f"{window:g}",
            rail.max_new_tokens: reserve,
        }


def _read(window: Any, reserve: Any, policy: str, *rail: Any) -> Request:
    """Return what is tried here, over the rail's model and system prompt."""
    tried = {"context_window": window, "max_new_tokens": reserve, "overflow": policy}
    return read_request({**read_rail(rail), **tried})
