"""One reply in the terminal: the model is fetched and loaded in sight, its text streams out."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator, Sequence
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

from apps.cli.interrupt import interruptible
from apps.cli.reading_in_sight import reading_in_sight
from apps.cli.terminal import console, fetch_progress, tell, write, write_json
from playground.errors import FetchCancelled, OptionError, PlaygroundError
from playground.generation.fitting.system_prompt import with_system
from playground.generation.settings import SamplingSettings
from playground.models.acquire.fetch import ensure_model
from playground.models.acquire.store import InstalledModel
from playground.models.engines.precision import Precision
from playground.models.text.tokenizer import Message
from playground.moderation.guard import explain_covered, explain_reply, house_guard
from playground.settings import Settings
from playground.sizes import spell_size

if TYPE_CHECKING:
    from playground.generation.language_model import LanguageModel
    from playground.generation.reply import Reply
    from playground.generation.row import FinishReason
    from playground.models.engines.engine import Engine
    from playground.models.engines.engine_name import EngineName


def fetch_in_sight(
    reference: str, settings: Settings, accept_terms: bool = False, any_kind: bool = False
) -> InstalledModel:
    """Fetch a model if it is not here, with progress on stderr; Ctrl-C ends it in order.

    `any_kind` takes one that writes no text too.

    Raises
    ------
    FetchCancelled
        After Ctrl-C.
    PlaygroundError
        When the model cannot be had.
    """
    with fetch_progress() as show, interruptible() as stopped:
        try:
            return ensure_model(
                reference,
                settings,
                show,
                stopped.is_set,
                accept_terms=accept_terms,
                any_kind=any_kind,
            )
        except PlaygroundError as error:
            # A download in a child process hears the same Ctrl-C, and may call it a failure.
            if stopped.is_set():
                raise FetchCancelled(
                    "Stopped; the finished parts are kept, run it again to go on."
                ) from error
            raise


@contextlib.contextmanager
def loaded_model(
    reference: str, precision: Precision, runner: EngineName, moderation: bool = False
) -> Iterator[LanguageModel]:
    """Fetch a model if need be, load it, say on stderr what was loaded, and lend it.

    With `moderation` the content filter stands before it.
    """
    from playground.models.engines.manager import ModelChoice
    from playground.serving import Pool

    settings = Settings.from_env()
    fetch_in_sight(reference, settings)
    with contextlib.ExitStack() as stack:
        with console(stderr=True).status(f"loading weights at {precision.label}"):
            choice = ModelChoice(reference, precision, runner)
            lease = Pool(settings).lease(choice, owner="terminal")
            model = stack.enter_context(lease)
        tell(describe_loaded(model.engine))
        if moderation:
            model.guard = house_guard(settings.policies_dir)
        yield model


def describe_loaded(engine: Engine) -> str:
    """Return what was really loaded.

    "SmolLM2 135M Instruct, INT8, transformers engine: 210 Linear8bitLt, 1 Embedding, 220 MB".
    """
    report = engine.report
    layers = ", ".join(f"{count} {name}" for name, count in report.layer_classes.items())
    size = spell_size(report.weight_bytes)
    what = f"{engine.model.title}, {engine.precision.label}, {engine.name} engine"
    words = [f"{what}: {layers}, {size}"]
    if engine.model.quantized_origin:
        words.append(f"weights came through a {engine.model.quantized_origin} file")
    if not engine.model.chat:
        words.append("a base model: it continues text and was not trained to chat")
    if report.engine_reason:
        words.append(report.engine_reason[:1].lower() + report.engine_reason[1:].rstrip("."))
    return "; ".join(words)


def write_reply(
    model: LanguageModel,
    messages: Sequence[Message],
    settings: SamplingSettings,
    show: Callable[[str], None] = write,
) -> Reply:
    """Generate a reply and show it as it comes; Ctrl-C ends it within one token.

    Parameters
    ----------
    model : LanguageModel
        Who answers.
    messages : sequence of Message
        The conversation, newest last.
    settings : SamplingSettings
        How the reply is generated.
    show : callable
        Takes each piece of text.
    """
    with interruptible() as stopped:
        stream = model.stream(messages, cancelled=stopped.is_set, **settings.as_dict())
        steps = iter(stream)
        with reading_in_sight(lambda: stream.reading, console(stderr=True)):
            first = list(islice(steps, 1))
        for step in chain(first, steps):
            show(step.text)
    reply = stream.reply
    if reply.watched:
        show(reply.watched.tail)
    return reply


def read_prompt(given: str) -> str:
    """Return the prompt that was given, or what stdin holds if that was ``-``.

    Raises
    ------
    OptionError
        When it is empty.
    """
    text = sys.stdin.read().strip() if given == "-" else given
    if not text.strip():
        raise OptionError("The prompt is empty; write at least one word.")
    return text


def print_reply(
    model: LanguageModel, prompt: str, system: str, settings: SamplingSettings, as_json: bool
) -> FinishReason:
    """Write one reply to stdout, streaming, or as one JSON document; return why it ended."""
    messages = with_system(system, [Message("user", prompt)])
    if as_json:
        reply = write_reply(model, messages, settings, show=lambda _text: None)
        write_json(reply_record(model, prompt, reply))
        return reply.finish_reason
    reply = write_reply(model, messages, settings)
    write("\n")
    tell_facts(reply)
    return reply.finish_reason


def tell_facts(reply: Reply) -> None:
    """Print on stderr what was cut to fit, why a filter ended it, and the footer of the reply."""
    if reply.watched and reply.finish_reason == "content_filter":
        tell(explain_reply(reply.watched.found), style="yellow")
    if reply.watched and (unread := explain_covered(reply.watched.found)):
        tell(unread, style="yellow")
    if reply.prompt.notice:
        tell(reply.prompt.notice, style="yellow")
    tell(describe_reply(reply))


def describe_reply(reply: Reply) -> str:
    """Return the footer of a reply: what was measured, why it ended, and the settings used."""
    count = len(reply.steps)
    words = ["1 token" if count == 1 else f"{count:,} tokens"]
    if reply.first_token_seconds is not None:
        words.append(f"first after {reply.first_token_seconds:.2f} s")
    if reply.tokens_per_second is not None:
        words.append(f"{reply.tokens_per_second:.1f} tok/s")
    if reply.reading.words:
        words.append(reply.reading.words)
    words.append(f"stopped: {reply.finish_reason.replace('_', ' ')}")
    words.append(describe_settings(reply.settings))
    return " · ".join(words)


def describe_settings(settings: SamplingSettings) -> str:
    """Return the settings that play a part."""
    return ", ".join(f"{name} {value}" for name, value in settings.in_effect().items())


def reply_record(model: LanguageModel, prompt: str, reply: Reply) -> dict[str, Any]:
    """Return a reply and how it came about, ready for JSON."""
    settings = reply.settings.as_dict()
    engine = model.engine
    return {
        "model": engine.model.name,
        "precision": engine.precision.value,
        "engine": engine.name,
        "engine_reason": engine.report.engine_reason or None,
        "products": engine.report.products or None,
        "origin": engine.model.origin,
        "quantized_origin": engine.model.quantized_origin,
        "prompt": prompt,
        "text": reply.text,
        "finish_reason": reply.finish_reason,
        "tokens": len(reply.steps),
        "prompt_tokens": len(reply.prompt.token_ids),
        "kept_tokens": reply.reading.kept,
        "read_tokens": reply.reading.anew,
        "first_token_seconds": reply.first_token_seconds,
        "tokens_per_second": reply.tokens_per_second,
        "seconds": reply.seconds,
        "seed": settings.pop("seed"),
        "settings": settings,
        "notice": reply.prompt.notice,
        "context": reply.prompt.fit.as_dict(),
        "moderation": reply.moderation,
    }
