"""The buttons that ask the model: each claims the reply that it wants."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from apps.chat.conversations import Conversation
from apps.chat.runs import Run
from apps.chat.seen import state_of
from apps.chat.service import ChatService
from apps.chat.welcome import example
from apps.ui.click import Click

Claim = Callable[[ChatService, Click, str, str], Run]

# Each takes the service, the click, the conversation's key and the page.
CLAIMS: Mapping[str, Claim] = {
    "retry": lambda service, click, key, page: service.retry(key, page, click.place.turn),
    "branch": lambda service, click, key, page: service.branch(key, page, click.place),
    "continue": lambda service, click, key, page: service.resume(key, page, click.place.turn),
    "example": lambda service, click, key, page: service.ask(
        key, page, example(click.place.turn), seen=state_of(Conversation())
    ),
}
