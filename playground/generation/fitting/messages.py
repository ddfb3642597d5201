"""From a conversation to a prompt that fits the context window.

What gives way is the policy's to say (`playground.generation.fitting.overflow`). Messages go
whole; only one at the edge of what fits is ever cut, and marked. Whatever goes is reported
(`playground.generation.fitting.prompt`).
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import chain

from playground.errors import ContextOverflow, OptionError
from playground.generation.fitting.overflow import OverflowPolicy
from playground.generation.fitting.prompt import Cut, Fit, Prompt
from playground.generation.fitting.window import Reader, count_usage, reserve_of
from playground.models.text.tokenizer import Message, Tokenizer


def fit_messages(
    messages: Sequence[Message],
    reader: Reader,
    max_new_tokens: int,
    policy: OverflowPolicy = OverflowPolicy.OLDEST,
    window: int | None = None,
) -> Prompt:
    """Apply the chat template and let go what does not fit.

    Parameters
    ----------
    messages : sequence of Message
        The conversation, newest last; a first message may be the system's.
    reader : Reader
        Gives the tokenizer and the window.
    max_new_tokens : int
        Room kept for the reply, at most half of the window.
    policy : OverflowPolicy
        What gives way.
    window : int, optional
        Tokens of prompt and reply together; left out, the model's own.

    Raises
    ------
    ContextOverflow
        When nothing may be cut and it does not fit, or what must stay fills the window.
    OptionError
        When there is no message.
    """
    if not messages:
        raise OptionError("The conversation is empty; give at least one message.")
    size = reader.context_length if window is None else window
    return _Fitting(
        tuple(messages), reader.tokenizer, policy, size, reserve_of(max_new_tokens, size)
    ).prompt()


def find_first_turn(messages: Sequence[Message]) -> int:
    """Return the place of the first turn: 1 after a system message, which alone is one itself."""
    return 1 if messages[0].role == "system" and len(messages) > 1 else 0


@dataclass(frozen=True)
class _Fitting:
    """One conversation on its way into one window."""

    messages: tuple[Message, ...]
    tokenizer: Tokenizer
    policy: OverflowPolicy
    window: int
    reserved: int

    @property
    def room(self) -> int:
        """Tokens that the prompt may take."""
        return self.window - self.reserved

    @property
    def first_turn(self) -> int:
        """Place of the first turn."""
        return find_first_turn(self.messages)

    def prompt(self) -> Prompt:
        """Keep as much as fits, in the policy's order; cut a message only where the order ends."""
        choices = self._choices()
        least, whole = len(choices) - 1, self._encode(choices[0])
        if len(whole) <= self.room:
            return self._kept(choices[0], whole)
        if self.policy is OverflowPolicy.STOP:
            raise self._refusal(len(whole))
        if not self._fits(choices[least]):
            return self._cut(choices[least], self.policy is not OverflowPolicy.SLIDING)
        fits = bisect_left(range(least), True, key=lambda place: self._fits(choices[place]))
        if self.policy is OverflowPolicy.SLIDING:
            return self._with_edge(choices[fits])
        return self._kept(choices[fits], self._encode(choices[fits]))

    def _choices(self) -> Choices:
        """Return what may be kept; some templates let no conversation begin with a reply."""
        choices = _CHOICES[self.policy](self.messages, self.first_turn)
        replies = [kept for kept in choices if self._begins_with_a_reply(kept)]
        if self.policy is OverflowPolicy.SLIDING and replies and self._is_refused(replies[-1]):
            return [kept for kept in choices if not self._begins_with_a_reply(kept)]
        return choices

    def _begins_with_a_reply(self, kept: Sequence[int]) -> bool:
        return self.messages[kept[0]].role == "assistant"

    def _is_refused(self, kept: Sequence[int]) -> bool:
        try:
            self._encode(kept)
        except OptionError:
            return True
        return False

    def _encode(self, kept: Sequence[int], cut: Cut | None = None) -> list[int]:
        return self.tokenizer.encode_chat(self._shown(kept, cut))

    def _shown(self, kept: Sequence[int], cut: Cut | None) -> list[Message]:
        """Return the messages that are kept, as the model receives them."""
        return [
            replace(self.messages[place], content=cut.apply(self.messages[place].content))
            if cut and place == cut.message
            else self.messages[place]
            for place in kept
        ]

    def _fits(self, kept: Sequence[int]) -> bool:
        return len(self._encode(kept)) <= self.room

    def _kept(
        self, kept: Sequence[int], token_ids: Sequence[int], cut: Cut | None = None
    ) -> Prompt:
        shown, newest = self._shown(kept, cut), len(self.messages) - 1
        usage = count_usage(self.tokenizer, shown, len(token_ids), self.window, self.reserved)
        dropped = tuple(sorted(set(range(len(self.messages))) - set(kept)))
        fit = Fit(self.policy, usage, dropped, cut, self.first_turn, newest)
        return Prompt(tuple(token_ids), fit)

    def _with_edge(self, kept: Sequence[int]) -> Prompt:
        """Keep the end of the message before those that are whole, if any of it fits."""
        wider = [kept[0] - 1, *kept]
        if self._begins_with_a_reply(wider) and self._is_refused(wider):
            return self._kept(kept, self._encode(kept))
        cut = self._find_cut(wider, wider[0], both_ends=False)
        if cut is None:
            return self._kept(kept, self._encode(kept))
        return self._kept(wider, self._encode(wider, cut), cut)

    def _cut(self, kept: Sequence[int], both_ends: bool) -> Prompt:
        """Cut the newest message, which does not fit even by itself."""
        cut = self._find_cut(kept, kept[-1], both_ends)
        if cut is None:
            raise self._no_room(kept)
        return self._kept(kept, self._encode(kept, cut), cut)

    def _find_cut(self, kept: Sequence[int], place: int, both_ends: bool) -> Cut | None:
        """Return how to cut a message so that it fits beside the others, or None if it cannot."""
        content = self.messages[place].content
        spans = self.tokenizer.spans(content)
        keep = min(self.room - len(self._encode(kept, Cut(place, 0, 0, 0))), len(spans) - 1)
        while keep > 0:
            head_tokens = keep - keep // 2 if both_ends else 0
            head = spans.whole_before(head_tokens)
            end = spans.whole_from(len(spans) - keep + head_tokens)
            cut = Cut(place, head, len(content) - end, 0)
            excess = len(self._encode(kept, cut)) - self.room
            if excess <= 0 and cut.head + cut.tail:
                return replace(cut, tokens=len(self.tokenizer.encode(content[head:end])))
            # Text joined anew can need a few tokens more than its parts had.
            keep -= max(excess, 1)
        return None

    def _refusal(self, tokens: int) -> ContextOverflow:
        return ContextOverflow(
            f"The conversation does not fit: {tokens:,} tokens and {self.reserved:,} reserved for "
            f"the reply are more than the window of {self.window:,}, and the overflow policy is "
            f"“stop”. Shorten the message, choose another policy, or widen the window."
        )

    def _no_room(self, kept: Sequence[int]) -> ContextOverflow:
        frame = len(self._encode(kept, Cut(kept[-1], 0, 0, 0)))
        own = self.first_turn and 0 in kept
        what, remedy = (
            ("system prompt", "Shorten the system prompt or widen the window.")
            if own
            else ("chat template", "Widen the window.")
        )
        return ContextOverflow(
            f"The {what} leaves no room for a message: the window has room for {self.room:,} "
            f"tokens of prompt, and {frame:,} are taken. {remedy}"
        )


def _exchanges(messages: Sequence[Message], first_turn: int) -> list[list[int]]:
    """Return the places before the newest message, grouped: a question and what answers it."""
    groups: list[list[int]] = []
    for place in range(first_turn, len(messages) - 1):
        if messages[place].role == "user" or not groups:
            groups.append([])
        groups[-1].append(place)
    return groups


# What may be kept, as places of messages, from everything to the least that a policy goes to.
Choices = list[list[int]]


def _all_or_nothing(messages: Sequence[Message], _first_turn: int) -> Choices:
    return [list(range(len(messages)))]


def _without_oldest(messages: Sequence[Message], first_turn: int) -> Choices:
    head, newest = list(range(first_turn)), len(messages) - 1
    groups = _exchanges(messages, first_turn)
    return [[*head, *chain(*groups[gone:]), newest] for gone in range(len(groups) + 1)]


def _without_middle(messages: Sequence[Message], first_turn: int) -> Choices:
    groups = _exchanges(messages, first_turn)
    if not groups:
        return _without_oldest(messages, first_turn)
    first, *middle = groups
    head, newest = [*range(first_turn), *first], len(messages) - 1
    kept = [[*head, *chain(*middle[gone:]), newest] for gone in range(len(middle) + 1)]
    return [*kept, [*range(first_turn), newest]]


def _from_each_on(messages: Sequence[Message], _first_turn: int) -> Choices:
    return [list(range(start, len(messages))) for start in range(len(messages))]


_CHOICES: dict[OverflowPolicy, Callable[[Sequence[Message], int], Choices]] = {
    OverflowPolicy.STOP: _all_or_nothing,
    OverflowPolicy.OLDEST: _without_oldest,
    OverflowPolicy.MIDDLE: _without_middle,
    OverflowPolicy.SLIDING: _from_each_on,
}
