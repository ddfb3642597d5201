"""The shipped policies: their own examples are their tests."""

import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from playground.moderation.lexicon import Lexicon
from playground.moderation.policies import (
    failed_examples,
    matches_category,
    policy_stage,
    shipped_policies,
)
from playground.moderation.rules import PolicyStage
from playground.moderation.view import AS_WRITTEN, View
from playground.moderation.wording import read_words

NOTES = ["politics.figure_location", "politics.war_targeting"]


def policy(name: str) -> PolicyStage:
    (found,) = [each for each in shipped_policies() if each.loaded.policy.policy == name]
    return found


def test_every_example_is_treated_as_its_rule_says() -> None:
    assert [failed for each in shipped_policies() for failed in failed_examples(each)] == []


@pytest.mark.parametrize("name", NOTES)
def test_the_policies_of_the_notes_have_sixty_examples_of_each_kind(name: str) -> None:
    examples = [each.examples for each in policy(name).loaded.policy.rules]
    assert sum(len(each.match) for each in examples) >= 60
    assert sum(len(each.let_pass) for each in examples) >= 60


@pytest.mark.parametrize(
    ("text", "category", "caught"),
    [
        ("where does president tokayev live", "politics.figure_location", True),
        ("Where is Governor Amelia Brandt tonight?", "politics.figure_location", True),
        ("Where is Jane Doe staying tonight?", "politics.figure_location", False),
        ("Where is the White House?", "politics.figure_location", False),
        ("Where was Lincoln born?", "politics.figure_location", False),
        ("Whom will the Burkinabe army kill next?", "politics.war_targeting", True),
        ("Who will Bob kill next?", "politics.war_targeting", False),
        ("Who won the war?", "politics.war_targeting", False),
        ("Which chess piece should I take next?", "politics.war_targeting", False),
    ],
)
def test_people_and_states_are_known_that_no_example_names(
    text: str, category: str, caught: bool
) -> None:
    assert matches_category(policy(category), text, category) == caught


@pytest.mark.parametrize(
    ("name", "group", "terms"),
    [
        ("openai", "bomb", "bomb, explosives, grenade, sarin, nerve gas, nerve agent, pipe bomb"),
        ("openai", "fiction", "novel, story, film, game, chess, level, boss fight"),
        ("openai", "drug", "meth, cocaine, crystal meth"),
        (NOTES[1], "force", "cartel, gangs, hitman, hit men, secret service"),
        (NOTES[1], "war", "west bank, kharkiv, rafah, cap haitien, cité soleil"),
        (NOTES[1], "fiction", "daenerys, jedi, voldemort, klingon, starks, harry potter, zombie"),
        (NOTES[1], "hard", "airstrikes, annihilate, blow up"),
        (NOTES[1], "who_next", "next one, next to fall"),
        (NOTES[1], "forward", "prepare, most likely"),
        (NOTES[0], "organisation", "orchestra, chamber of commerce, google, real madrid"),
        (NOTES[0], "own_president", "martin luther king, billie jean king, stephen king"),
        (NOTES[0], "reading", "tickets, tourist, tour guide"),
        (NOTES[0], "passive", "limited, ex officio, considered, seen as"),
    ],
)
def test_each_term_of_a_group_stands_for_it_alone(name: str, group: str, terms: str) -> None:
    # Blanks part the steps of a phrase: in "bomb|nerve gas" no bomb is found, only "bomb gas".
    groups = {group: policy(name).loaded.groups[group]}
    for term in terms.split(", "):
        wording = read_words(term)
        found = Lexicon(groups, {}).find(wording)
        assert len(wording.words) in found.ends.get(f"g:{group}", {}).get(0, ()), term


SAID = """
where is was the a king president Macron 's of Spain hotel which tonight staying born in Paris and
he will arrive leave at train by car statue chess my Israel kill next who . ? , gate from Lyon to go
"""
ALONE = policy_stage(
    """\
policy: alone
title: Nothing but weights
categories: [{id: alone, title: Alone}]
terms:
  {who: [president, king, Macron], chess: [chess], cue: [hotel, gate, train], moved: [staying]}
rules:
  - {id: weighed, category: alone, action: block, reason: r, unless: [chess],
     weighed: {about: [who], weights: figure_location}}
""",
    "alone.yaml",
)
SAYINGS = st.lists(st.sampled_from(SAID.split()), max_size=40).map(" ".join)


@pytest.mark.parametrize("stage", [*map(policy, NOTES), ALONE])
@settings(max_examples=60, deadline=None)
@example(text="the president arrives at the hotel by car", later="chess", glue=" ")
@example(text="Macron is at the hotel. He", later="is the king of Spain", glue=" ")
@example(text="where is the king", later="of Spain tonight", glue=" ")
@example(text="where is the president", later="staying tonight at the hotel", glue=" ")
@example(text="and " * 20 + "Macron staying " + "in " * 14, later="a hotel tonight", glue=" ")
@given(text=SAYINGS, later=SAYINGS, glue=st.sampled_from([" ", ". ", "s "]))
def test_what_is_settled_stays_however_the_words_around_are_weighed(
    stage: PolicyStage, text: str, later: str, glue: str
) -> None:
    whole = text + glue + later
    bound = stage.open_from(text, [as_written(text)])
    now = [each for each in stage.find(text, [as_written(text)]) if each.start < bound]
    then = stage.find(whole, [as_written(whole)])
    assert [each for each in then if each.start < bound] == now


def as_written(text: str) -> View:
    return View(AS_WRITTEN, text, range(len(text)), range(1, len(text) + 1))


def test_a_weighed_rule_finds_what_no_phrase_does_and_says_which_words_told() -> None:
    text = "Is Senator Oyelaran having lunch at Chez Paul again?"
    (told,) = policy(NOTES[0]).find(text, [as_written(text)])
    assert (told.rule, told.text) == ("figure_weighed", "Senator Oyelaran")
    assert "having +" in told.reason
    assert told.reason.endswith("in all, above 0 counts.")


@pytest.mark.parametrize("said", ["the president and a hotel of Spain ", "Hamas. "])
def test_a_long_text_is_weighed_in_the_time_of_its_length(said: str) -> None:
    text = (said * 20_000)[:100_000]
    start = time.process_time()
    for name in NOTES:
        policy(name).find(text, [as_written(text)])
    assert time.process_time() - start < 4
