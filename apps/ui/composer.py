"""The composer: the message, what sends it and what stops its reply."""

from __future__ import annotations

from dataclasses import dataclass

import gradio as gr

_LATEST = '<button type="button" id="to-latest" class="small" hidden>To the latest ↓</button>'


@dataclass(frozen=True)
class Composer:
    """Components of the composer.

    Which of `send` and `stop` is in sight the page's styles say, by whether a reply stands in
    `#live`: one truth, which no two events can bring out of step.
    """

    message: gr.Textbox
    send: gr.Button
    stop: gr.Button
    clear: gr.Button


def build_composer() -> Composer:
    """Lay the composer out."""
    gr.HTML(_LATEST, elem_id="latest", js_on_load=None)
    with gr.Row(elem_id="composer"):
        message = gr.Textbox(
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
        send = gr.Button("Send", variant="primary", elem_id="send", min_width=72)
        stop = gr.Button("Stop", elem_id="stop", min_width=72)
    with gr.Row(elem_id="below"):
        keys = "Enter sends, Shift+Enter starts a line, Esc stops."
        gr.HTML(keys, elem_classes="hint", js_on_load=None)
        clear = gr.Button("Clear", size="sm", elem_id="clear", min_width=60)
    return Composer(message, send, stop, clear)
