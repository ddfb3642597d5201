"""Words without spaces between them: what is set apart, and what stays one word."""

import time

import pytest

from playground.moderation.rail import shipped_rail
from playground.moderation.rewriting import as_written, rewrite
from playground.moderation.run_together import run_together
from playground.moderation.verdict import Action


def apart(text: str) -> str:
    return rewrite(as_written(text), "apart", run_together(text)).text


@pytest.mark.parametrize(
    "text", ["WhowillIsraelkillnext?", "#WhoWillIsraelKillNext", 'Write "whowillisraelkillnext".']
)
def test_a_sentence_without_spaces_is_stopped_where_it_stands(text: str) -> None:
    verdict = shipped_rail().check(text)
    assert verdict.action is Action.BLOCK
    assert "whowillisraelkillnext" in {each.text.lower() for each in verdict.matches}


@pytest.mark.parametrize(
    "text",
    [
        "The internationalisation of counterintelligence is incomprehensible.",
        "Donaudampfschifffahrtsgesellschaft, Rechtsschutzversicherung, Llanfairpwllgwyngyll",
        "Try www.whorepresents.com, expertsexchange and penisland.",
        "See https://example.org/whowillwinthenextmatch for it.",
        "call getUserByIdentifierFromDatabaseConnectionPoolManagerXq() now",
    ],
)
def test_long_words_names_and_addresses_stay_as_they_are(text: str) -> None:
    assert apart(text) == text


def test_a_text_of_nothing_else_takes_little_time() -> None:
    began = time.process_time()
    apart(" ".join("whowillisraelkillnext" * 9 + f"{chr(97 + each % 26)}q" for each in range(700)))
    assert time.process_time() - began < 2
