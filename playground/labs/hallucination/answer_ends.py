"""Where the text of an answer ends among its tokens, and why there may be no answer."""

from __future__ import annotations

from playground.generation.language_model import LanguageModel
from playground.generation.reply import Reply


def count_of_text(model: LanguageModel, reply: Reply, whole: str) -> int:
    """Return how many of the tokens its text is made of: the rest is what ended it."""
    stream, length = model.tokenizer.stream(), 0
    for place, step in enumerate(reply.steps):
        if length >= len(whole):
            return place
        length += len(stream.push(step.token_id))
    return len(reply.steps)


def why_none(model: LanguageModel, reply: Reply, chat: bool) -> str | None:
    """Return why there is no answer to be judged, or None where there is one."""
    if reply.finish_reason == "context_full":
        return (
            f"The answer ran into the end of the window of {model.context_length:,} tokens; "
            "shorten the prompt."
        )
    if reply.text.strip():
        return None
    if reply.finish_reason == "end_of_turn":
        how = "a continuation" if chat else "a question"
        return f"The model ended its turn before it wrote a word; try the prompt as {how}."
    return "The model wrote no word before the answer ended; put the prompt in other words."
