"""The window in the context lab: every message with its tokens, and what of them would stay."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from playground.generation.fitting.outlook import Outlook
from playground.generation.fitting.prompt import Cut
from playground.generation.fitting.window import count_turn
from playground.models.text.tokenizer import Message, Tokenizer


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
    given = views[0].kept_tokens if len(views) > 1 and views[0].message.role == "system" else 0
    return outlook.usage.system - given


# Shown while there is no conversation; long enough that a small window overflows.
EXAMPLE = (
    Message("user", "Hello! My name is Ada, and I keep bees on the roof of a school."),
    Message("assistant", "Hello Ada! Bees on a school roof: do the pupils help you?"),
    Message(
        "user",
        "They do. On Mondays they weigh the hives, and on Fridays they write down which flowers "
        "are out. In May it is mostly lime trees.",
    ),
    Message(
        "assistant",
        "Weighing the hives is a good habit: the weight shows how much honey comes in, and when a "
        "swarm has left. Lime honey is pale and tastes a little of mint.",
    ),
    Message("user", "How much honey does one hive give in a year?"),
    Message(
        "assistant",
        "That depends on the place and the weather. Ten to thirty kilograms that can be taken is "
        "common; the bees need about as much for themselves to live through the winter.",
    ),
    Message("user", "And what should I do before the winter comes?"),
    Message(
        "assistant",
        "Feed them sugar syrup in August, treat them against mites, make the entrance narrow so "
        "that mice stay out, and then leave them alone. A hive that is opened in the cold loses "
        "the warmth the bees have made.",
    ),
)
