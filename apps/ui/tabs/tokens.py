"""The tokens lab: one text, cut into tokens, seen in four ways."""

from __future__ import annotations

from typing import Any

import gradio as gr

from apps.chat.conversations import Conversation
from apps.chat.service import ChatService, conversation_messages
from apps.ui.events import QUIET, WITH_KEY
from apps.ui.notice import render_error
from apps.ui.rail import Rail, read_choice, read_rail
from playground.errors import ModelUnavailable, PlaygroundError
from playground.labs.tokens.chat_template import read_template
from playground.labs.tokens.chat_template_view import render_template
from playground.labs.tokens.cutting import Tokenized, tokenize, trace_merges
from playground.labs.tokens.cutting_view import EMPTY, render_tokens
from playground.labs.tokens.face_off import Contender, face_off
from playground.labs.tokens.face_off_view import render_face_off, render_learned
from playground.labs.tokens.merges_view import render_merges
from playground.models.acquire.fetch import find_installed
from playground.models.acquire.store import InstalledModel, list_models
from playground.models.text.tokenizer import Message, Tokenizer, load_tokenizer
from playground.models.text.trained_tokenizer import byte_tokenizer, learned_pairs, train_tokenizer

FIRST_TEXT = "The lighthouse keeper's naïve café: 🙂🦑 in 2026!\nThe End"
FIRST_VOCABULARY = 400
# The face-off trains on the text and cuts it several times.
FACE_OFF_CHARACTERS = 100_000
ALONE, AFTER_CHAT = "this text alone", "after the chat so far"

View = dict[Any, Any]

_READING = '<p class="hint">Reading the tokenizers…</p>'
_TOKENS_SCRIPT = """
element.addEventListener('click', (event) => {
  const button = event.target.closest('button[data-action]');
  if (button) trigger('select', {first: Number(button.dataset.first)});
});
playgroundTokens(element);
"""
_MERGES_SCRIPT = "playgroundMerges(element, watch);"


class TokensTab:
    """The text, and the four sections that show it; only the one in sight is drawn.

    Parameters
    ----------
    service : ChatService
        Knows the models and the chat so far.
    rail : Rail
        Says which model's tokenizer.
    """

    def __init__(self, service: ChatService, rail: Rail) -> None:
        self._service = service
        self._settings = service.pool.settings
        self._rail = rail
        gr.HTML(
            '<h1 class="title">Tokens</h1><p class="lead">A model reads no letters and no words. '
            "It reads tokens: numbers, each of which stands for a piece of text that is common "
            "enough to have one.</p>",
            js_on_load=None,
        )
        self.prompt = gr.Textbox(
            FIRST_TEXT,
            label="Text",
            lines=3,
            max_lines=10,
            elem_id="tokens-text",
            elem_classes="travels",
        )
        self._notice = gr.HTML("", elem_id="tokens-notice", js_on_load=None)
        self._drawers = {
            "chips": self._draw_chips,
            "merges": self._draw_merges,
            "face-off": self._draw_face_off,
            "template": self._draw_template,
        }
        with gr.Tabs(elem_id="tokens-tabs"):
            self._tabs = {}
            with gr.Tab("Tokens") as self._tabs["chips"]:
                self._chips = gr.HTML(EMPTY, elem_id="tokens", js_on_load=_TOKENS_SCRIPT)
            with gr.Tab("Step by step") as self._tabs["merges"]:
                self._merges = gr.HTML("", elem_id="merges", js_on_load=_MERGES_SCRIPT)
            with gr.Tab("Face-off") as self._tabs["face-off"]:
                self._vocabulary = gr.Number(
                    FIRST_VOCABULARY,
                    label="Vocabulary of the one trained on your text",
                    info="256 bytes and the pairs that come most often in it, up to 8,192 in all.",
                    elem_id="vocabulary",
                )
                self._face_off = gr.HTML(_READING, elem_id="face-off", js_on_load=None)
            with gr.Tab("Chat template") as self._tabs["template"]:
                self._whose = gr.Radio(
                    [ALONE, AFTER_CHAT],
                    value=ALONE,
                    label="What is sent",
                    info="With the system prompt at the right.",
                    elem_id="template-whose",
                )
                self._template = gr.HTML("", elem_id="template", js_on_load=None)
        self._section = gr.State("chips")

    def wire(self, opener: gr.Button, key: gr.Textbox) -> None:
        """Connect the components.

        Parameters
        ----------
        opener : gradio.Button
            Opens the lab.
        key : gradio.Textbox
            The hidden field with the browser's conversation key.
        """
        values = [
            key,
            self._section,
            self.prompt,
            self._vocabulary,
            self._whose,
            *self._rail.components,
        ]
        outputs = [
            self._notice,
            self._chips,
            self._merges,
            self._face_off,
            self._template,
            self._section,
        ]
        quick = {**QUIET, "queue": False, "js": WITH_KEY}
        gr.on(
            [
                self.prompt.change,
                self._vocabulary.change,
                self._whose.input,
                opener.click,
                self._rail.model.change,
            ],
            self._on_change,
            values,
            outputs,
            trigger_mode="always_last",
            **quick,
        )
        for name, tab in self._tabs.items():
            tab.select(self._on_section(name), values, outputs, **quick)
        self._chips.select(self._on_page, values, [self._notice, self._chips], **quick)

    def _on_section(self, name: str) -> Any:
        def select(key: str, _section: str, *values: Any) -> View:
            return {self._section: name, **self._on_change(key, name, *values)}

        return select

    def _on_change(self, key: str, section: str, text: str, *values: Any) -> View:
        try:
            return {self._notice: "", **self._drawers[section](key, text or "", *values)}
        except PlaygroundError as error:
            return {self._notice: render_error(error)}

    def _on_page(
        self, event: gr.EventData, _key: str, _section: str, text: str, *values: Any
    ) -> View:
        first = int((event._data or {}).get("first") or 0)  # what the page's `trigger` handed over
        try:
            tokenized = tokenize(self._tokenizer(values[2:]), text or "")
        except PlaygroundError as error:
            return {self._notice: render_error(error)}
        return {self._notice: "", self._chips: render_tokens(tokenized, max(0, first))}

    def _draw_chips(self, _key: str, text: str, _vocabulary: Any, _whose: str, *rail: Any) -> View:
        return {self._chips: render_tokens(tokenize(self._tokenizer(rail), text))}

    def _draw_merges(self, _key: str, text: str, _vocabulary: Any, _whose: str, *rail: Any) -> View:
        tokenizer = self._tokenizer(rail)
        return {self._merges: render_merges(trace_merges(tokenizer, text), tokenizer)}

    def _draw_face_off(
        self, _key: str, text: str, vocabulary: Any, _whose: str, *rail: Any
    ) -> View:
        text = text[:FACE_OFF_CHARACTERS]
        trained = train_tokenizer(text, vocabulary)
        contenders = [*self._known(rail), _bytes(), _trained(trained)]
        owns: list[Tokenized] = [tokenize(each.tokenizer, text) for each in contenders]
        drawn = render_face_off(contenders, face_off(contenders, text), owns if text else [])
        return {self._face_off: drawn + render_learned(learned_pairs(trained), trained)}

    def _draw_template(
        self, key: str, text: str, _vocabulary: Any, whose: str, *values: Any
    ) -> View:
        rail = read_rail(values)
        system = str(rail["system"] or "")
        chat = self._service.store.load(key) if whose == AFTER_CHAT else Conversation()
        messages, before = conversation_messages(chat, system), chat.turns
        template = read_template(self._tokenizer(values), [*messages, Message("user", text)])
        title = self._model(values).title
        about = f"What {title} receives: the text above as a message of yours"
        about += f", after the {len(before):,} messages of the chat." if before else "."
        return {self._template: render_template(template, about)}

    def _model(self, rail: tuple[Any, ...]) -> InstalledModel:
        reference = read_choice(read_rail(rail)).reference
        model = find_installed(reference, self._settings)
        if model is None:
            raise ModelUnavailable(
                f"{reference} is not here yet, and so its tokenizer is not; fetch it in the lab "
                "Models, or choose another at the right."
            )
        return model

    def _tokenizer(self, rail: tuple[Any, ...]) -> Tokenizer:
        return load_tokenizer(self._model(rail).path)

    def _known(self, rail: tuple[Any, ...]) -> list[Contender]:
        """Return the chosen model's tokenizer, then those of other models that are here."""
        chosen = self._model(rail)
        here = [each.installed for each in list_models(self._settings) if each.installed]
        contenders: dict[int, Contender] = {}
        for model in [chosen, *here]:
            tokenizer = load_tokenizer(model.path)
            size = tokenizer.vocab_size
            # Models of one family share a tokenizer.
            contenders.setdefault(size, Contender(model.title, f"{size:,} tokens", tokenizer))
        return list(contenders.values())


def _bytes() -> Contender:
    return Contender("Bytes", "256 tokens, no pairs", byte_tokenizer())


def _trained(tokenizer: Tokenizer) -> Contender:
    pairs = len(learned_pairs(tokenizer))
    return Contender("Trained on your text", f"256 bytes, {pairs:,} pairs learned", tokenizer)
