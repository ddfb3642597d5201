"""The window in the context lab: every message with its tokens, and what of them would stay."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from playground.errors import OptionError
from playground.experiments.conversation import MAX_MESSAGE, ConversationSettings
from playground.experiments.run import Progress, Run
from playground.experiments.settings import field
from playground.generation.fitting.messages import find_first_turn
from playground.generation.fitting.outlook import Outlook, foresee
from playground.generation.fitting.overflow import OverflowPolicy
from playground.generation.fitting.prompt import Cut
from playground.generation.fitting.window import Reader, count_turn
from playground.generation.settings import MIN_WINDOW, OPTIONS, SamplingSettings
from playground.labs.context.example import EXAMPLE
from playground.models.acquire.store import InstalledModel
from playground.models.engines.unloaded import read_unloaded
from playground.models.text.tokenizer import Message, Tokenizer

_REPLY = OPTIONS["max_new_tokens"]


class WindowSettings(ConversationSettings):
    """The next message, the window it must fit, and what gives way."""

    message: str = field(
        "Thank you. What did I say my name was, and where do I keep my bees?",
        label="The next message",
        explanation="Stands after the conversation.",
        most=MAX_MESSAGE,
        lines=2,
        travels=True,
    )
    window: int = field(
        256,
        label="Window to try",
        explanation="Tokens of prompt and reply together.",
        ge=MIN_WINDOW,
        step=16,
        ends=(64, 8192),
    )
    reserve: int = field(
        64,
        label="Reserved for the reply",
        explanation="Tokens kept free, but no more than half of the window.",
        ge=_REPLY.minimum,
        le=_REPLY.maximum,
        step=16,
        ends=(16, 1024),
    )
    policy: OverflowPolicy = field(
        OverflowPolicy.OLDEST,
        label="What gives way",
        explanation="When the conversation no longer fits.",
        words={policy.value: policy.label for policy in OverflowPolicy},
    )

    @property
    def prompt(self) -> list[Message]:
        """The whole conversation, the next message last.

        Raises
        ------
        OptionError
            With the line of the conversation that breaks a rule.
        """
        return [*self.messages(EXAMPLE), Message("user", self.message)]

    @property
    def sampling(self) -> SamplingSettings:
        """What the conversation is fitted with."""
        return SamplingSettings(
            max_new_tokens=self.reserve, overflow=self.policy, context_window=self.window
        )


@dataclass(frozen=True)
class TurnView:
    """One message and what would become of it.

    Parameters
    ----------
    message : Message
        As given.
    tokens : int
        What it takes whole, its frame included.
    kept_tokens : int
        What it would take of the window: as many, fewer when it is cut, 0 when it is left out.
    cut : Cut or None
        What would be taken out of it.
    """

    message: Message
    tokens: int
    kept_tokens: int
    cut: Cut | None = None

    @property
    def dropped(self) -> bool:
        """Whether it would be left out."""
        return self.kept_tokens == 0


def lay_out(
    messages: Sequence[Message], tokenizer: Tokenizer, outlook: Outlook
) -> tuple[TurnView, ...]:
    """Return every message with its tokens, and what of them would stay.

    Each is counted by itself, which takes time in proportion to the whole. In a chat template with
    control tokens between the turns that is exact: with the frame they add up to the prompt.
    """
    fit = outlook.fit
    dropped = set(fit.dropped) if fit else set()
    cut = fit.cut if fit else None
    views = []
    for place, message in enumerate(messages):
        tokens, here = count_turn(tokenizer, message), None
        kept = 0 if place in dropped else tokens
        if cut and cut.message == place:
            here = cut
            kept = count_turn(tokenizer, replace(message, content=cut.apply(message.content)))
        views.append(TurnView(message, tokens, kept, here))
    return tuple(views)


def count_own(views: Sequence[TurnView], outlook: Outlook) -> int:
    """Return the tokens that are nobody's: the template's own system prompt, the reply's opening.

    Parameters
    ----------
    views : sequence of TurnView
        What `lay_out` returned.
    outlook : Outlook
        What it was made from.
    """
    has_system = find_first_turn([view.message for view in views])
    given = views[0].kept_tokens if has_system else 0
    return outlook.usage.system - given


@dataclass(frozen=True)
class Window:
    """What the next prompt would hold.

    Parameters
    ----------
    settings : WindowSettings
        What was tried.
    views : tuple of TurnView
        The messages, the next one last.
    outlook : Outlook
        What would become of them.
    """

    settings: WindowSettings
    views: tuple[TurnView, ...]
    outlook: Outlook

    @property
    def example(self) -> bool:
        """Whether the conversation is the example."""
        return not self.settings.conversation.strip()

    @property
    def progress(self) -> Progress:
        """It is there at once."""
        return Progress()

    def to_json(self) -> dict[str, Any]:
        """Return what fills the window, in the chat's own words for it, and every message."""
        fit, usage = self.outlook.fit, self.outlook.usage
        filled = {**asdict(usage), "free": usage.free, "excess": usage.excess}
        return {
            "context": {**filled, **(fit.as_dict() if fit else {})},
            "refusal": self.outlook.refusal,
            "messages": [
                {**asdict(view.message), "tokens": view.tokens, "kept_tokens": view.kept_tokens}
                for view in self.views
            ],
        }


def run_window(model: InstalledModel, settings: WindowSettings, run: Run) -> Iterator[Window]:
    """Count with the model's tokenizer; its weights are not read.

    Parameters
    ----------
    model : InstalledModel
        Whose window it is.
    settings : WindowSettings
        What is tried.
    run : Run
        Not asked: it is there at once.

    Yields
    ------
    Window
        One.

    Raises
    ------
    OptionError
        When the window is larger than the model's, or the conversation cannot be read.
    """
    del run
    yield look_ahead(read_unloaded(model.path), settings)


def look_ahead(reader: Reader, settings: WindowSettings) -> Window:
    """Return what a prompt would hold for whoever reads it; see `run_window`."""
    if settings.window > reader.context_length:
        raise OptionError(
            f"`window` must be a whole number from {MIN_WINDOW} to {reader.context_length:,}, the "
            f"window of this model, got {settings.window:,}."
        )
    messages = settings.prompt
    outlook = foresee(messages, reader, settings.sampling)
    return Window(settings, lay_out(messages, reader.tokenizer, outlook), outlook)
