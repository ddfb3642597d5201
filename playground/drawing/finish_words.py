"""Why a reply ended, in words."""

from __future__ import annotations

FINISH_WORDS = {
    "end_of_turn": "end of turn",
    "loop": "it went round in circles",
    "max_new_tokens": "max new tokens reached",
    "stop_string": "stop string",
    "context_full": "context window full",
    "cancelled": "stopped by you",
    "failed": "an error",
    "content_filter": "stopped by the content filter",
}
