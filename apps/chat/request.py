"""What a reply is asked with, and what may not be asked."""

from __future__ import annotations

from dataclasses import dataclass

from apps.chat.conversations import conversation_messages
from apps.chat.message_rules import require_text
from apps.chat.runs import Run
from apps.chat.store import ConversationStore
from playground.generation.settings import SamplingSettings
from playground.models.engines.manager import ModelChoice
from playground.moderation.guard import RailGuard, explain_question, house_guard
from playground.moderation.verdict import Action
from playground.settings import Settings


@dataclass(frozen=True)
class Request:
    """What one reply is asked with; with `moderation` the content filter stands before it."""

    choice: ModelChoice
    system: str
    settings: SamplingSettings
    moderation: bool = False

    def __post_init__(self) -> None:
        require_text("The system prompt", self.system)


def guard_for(request: Request, settings: Settings) -> RailGuard | None:
    """Return what stands before a reply: what the owner has set counts more than the page."""
    on = request.moderation if settings.moderation is None else settings.moderation
    fixed = settings.moderation is not None
    return house_guard(settings.policies_dir, fixed) if on else None


def refuse(run: Run, guard: RailGuard, store: ConversationStore) -> str | None:
    """Say why a question may not be asked, and save that; None if it may.

    The question stays where it is, to be edited or sent again; no model is given it.
    """
    verdict = guard.verdict(conversation_messages(run.conversation, ""))
    if verdict.action is not Action.BLOCK:
        return None
    found = verdict.to_json()
    why, asked = explain_question(found, guard.fixed), len(run.conversation.turns)
    store.update(run.key, lambda before: before.cut_to(asked).with_refused(found, why))
    return why
