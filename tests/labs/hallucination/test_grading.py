"""Grading: the first answer given counts, a denial is none, and numbers are values."""

import json
from pathlib import Path

import pytest

from playground.errors import OptionError
from playground.labs.hallucination.grading import Grade, grade
from playground.labs.hallucination.items import KINDS, Item
from playground.labs.hallucination.sets import SETS, load_set

ITEMS = {item.id: item for name in SETS for item in load_set(name).items}


DATA = Path(__file__).parent / "data" / "graded_answers.jsonl"


def graded(answer: str, item_id: str) -> Grade:
    item = ITEMS[item_id]
    return grade(answer, item, ITEMS.get(item.twin or ""))


NAMES = [
    # Paris, as many ways as it is said.
    (" Paris", "capital-fr", True),
    (" Paris.", "capital-fr", True),
    (" PARIS!", "capital-fr", True),
    (" paris", "capital-fr", True),
    (" **Paris**, of course", "capital-fr", True),
    (" the city of Paris, on the Seine", "capital-fr", True),
    (" called Paris", "capital-fr", True),
    (" located in Paris.", "capital-fr", True),
    ("The capital of France is Paris.", "capital-fr", True),
    ("The answer is: Paris", "capital-fr", True),
    ("Great question! France's capital is Paris.", "capital-fr", True),
    # The first answer given counts.
    (" Lyon, not Paris", "capital-fr", False),
    (" Lyon. Paris is larger.", "capital-fr", False),
    (" Lyon and Paris", "capital-fr", False),
    (" lyon, paris is larger", "capital-fr", True),  # no capital tells that "lyon" is a name
    (" Sydney, Melbourne and Canberra", "capital-au", False),
    (" Rio de Janeiro (not Brasília)", "capital-br", False),
    (" Canberra, not Sydney", "capital-au", True),
    # A denial is no answer.
    (" not Paris", "capital-fr", False),
    (" not Lyon but Paris", "capital-fr", True),
    ("Paris is not the capital of France.", "capital-fr", False),
    ("Paris isn\u2019t the capital; Lyon is.", "capital-fr", False),
    ("It is not true that Paris is the capital.", "capital-fr", False),
    ("Lyon isn't the capital. Paris is.", "capital-fr", True),
    (" not only Paris", "capital-fr", True),
    # Spellings.
    (" Brasilia", "capital-br", True),
    (" BRASÍLIA", "capital-br", True),
    (" Brasi\u0301lia", "capital-br", True),
    (" Kiev", "capital-ua", True),
    (" Washington DC", "capital-us", True),
    (" Washington, D.C., a district", "capital-us", True),
    (" N\u2019Djamena", "capital-td", True),
    (" Port au Prince", "capital-ht", True),
    (" Parish", "capital-fr", False),
    (" Comparison", "capital-fr", False),
    # A name that only narrows down, an adjective, a way there.
    ("It is in Honshu, Japan.", "real-mountain-1", True),
    ("Mount Fuji is located in the country of Japan.", "real-mountain-1", True),
    ("The English playwright William Shakespeare", "romeo-1", True),
    ("It flows through Germany and Austria into the Black Sea.", "real-river-1", True),
    ("South Africa", "real-river-2", False),
    ("Napoleon Bonaparte was the emperor of France.", "true-napoleon-usa", True),
    ("Napoleon Bonaparte was born in Corsica, not in France.", "true-napoleon-usa", False),
    ("Marie Curie, not Jane Austen", "real-writer-1", False),
    ("hydrogen, mostly", "true-sun-cold", True),
    ("The Sun is mostly made of hydrogen.", "true-sun-cold", True),
    ("It is helium. Hydrogen comes second.", "true-sun-cold", False),
    ("I do not know.", "capital-fr", False),
    ("", "capital-fr", False),
    (" \n", "capital-fr", False),
    ("...", "capital-fr", False),
    ("巴黎", "capital-fr", False),
    ("🗼", "capital-fr", False),
]
SYMBOLS = [
    (" Au", "symbol-gold", True),
    (" Au.", "symbol-gold", True),
    ("'Au', from aurum", "symbol-gold", True),
    ("The chemical symbol of gold is Au.", "symbol-gold", True),
    (" Ag, not Au", "symbol-gold", False),
    (" au", "symbol-gold", False),
    (" AU", "symbol-gold", False),
    (" Gold", "symbol-gold", False),
    ("It isn't Ag but Au.", "symbol-gold", True),
    ("As one sees, Au", "symbol-gold", True),
    ("I think it is I.", "symbol-iodine", True),
    ("It is simple: Au", "symbol-gold", True),
    (" He", "symbol-helium", True),
    ("H2O", "water-formula-1", True),
    ("It is H₂O.", "water-formula-1", True),
    ("CO2", "water-formula-1", False),
]
NUMBERS = [
    (" 1,000", "1000", True),
    (" 1 000", "1000", True),
    (" 1000.0", "1000", True),
    (" one thousand", "1000", True),
    (" One Thousand.", "1000", True),
    (" \u0661\u0660\u0660\u0660", "1000", True),
    (" 999", "1000", False),
    (" 10000", "1000", False),
    (" 999 or 1000", "1000", False),
    (" not 999 but 1000", "1000", True),
    (" 500 + 500 = 1000", "1000", True),
    (" 500 + 500", "1000", False),
    (" 1000 and no more", "1000", True),
    (" I can't say", "1000", False),
    (" 1000. This is a sum of 1 and 2.", "1000", True),
    (" 1000.\n\nThis is a sum of 1 and 2.", "1000", True),
    (" 1. This is a sum.\n2. It has 3 parts.", "1", True),
    (" \u22125", "-5", True),
    (" -5", "-5", True),
    (" minus five", "-5", True),
    (" 5", "-5", False),
]


@pytest.mark.parametrize(("answer", "item_id", "right"), [*NAMES, *SYMBOLS])
def test_the_first_name_or_symbol_counts(answer: str, item_id: str, right: bool) -> None:
    assert graded(answer, item_id).right is right


@pytest.mark.parametrize(("answer", "key", "right"), NUMBERS)
def test_a_number_is_a_value(answer: str, key: str, right: bool) -> None:
    item = Item("sum", "500 + 500 =", (key,), "A sum.", "number")
    assert grade(answer, item).right is right


@pytest.mark.parametrize(
    ("answer", "item_id", "right"),
    [
        ("12 times 7 is 84.", "twelve-times-1", True),
        ("12 times 7 is 85.", "twelve-times-1", False),
        ("People first landed on 20 July 1969.", "moon-landing-1", True),
        ("On July 20, 1969, Apollo 11 landed.", "moon-landing-1", True),
        ("Apollo 11 landed in 1969.", "moon-landing-5", True),
        ("Apollo 11 landed in 1968, some say 1969.", "moon-landing-5", False),
        ("One of the many facts: spiders have eight legs.", "true-spider-wings", True),
        ("1. Spiders have 8 legs.", "true-spider-wings", True),
        ("The 3rd planet has 1 moon, Mars 2.", "real-planet-1", False),
        (" one proton, so 1", "number-hydrogen", True),
    ],
)
def test_numbers_that_are_no_answer_are_passed_over(answer: str, item_id: str, right: bool) -> None:
    assert graded(answer, item_id).right is right


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ("Yes.", "yes"),
        ("yes, since 77 has divisors", "yes"),
        ("No, it is 7 times 11.", "no"),
        ("NO", "no"),
        ("77 is a prime number.", "yes"),
        ("77 is not a prime number.", "no"),
        ("77 isn\u2019t prime: a prime number has two divisors.", "no"),
        ("77 is a composite number.", "no"),
        ("It is not true that it is prime.", "no"),
        ("That is correct. No other divides it.", "yes"),
        ("There is no doubt, 77 is a prime number", "yes"),
        ("Numbers are fun.", None),
        ("To determine if 77 is a prime number, we need to divide.", None),
        ("No one has settled this.", None),
        ("Là, oui.", None),
    ],
)
@pytest.mark.parametrize("key", ["yes", "no"])
def test_the_first_yes_or_no_counts(answer: str, said: str | None, key: str) -> None:
    item = Item("p", "Is 77 a prime number? Answer yes or no.", (key,), "It is.", "yes_no")
    assert grade(answer, item).right is (None if said is None else said == key)


@pytest.mark.parametrize(
    ("answer", "right"),
    [
        ("I don't know.", True),
        ("I\u2019m not sure who that was.", True),
        ("I am unable to find a king of Mars.", True),
        ("There was no king of Mars.", True),
        ("There is no such thing.", True),
        ("Mars has never had a king.", True),
        ("A king of Mars does not exist.", True),
        ("Nobody lives on Mars.", True),
        ("Mars is uninhabited.", True),
        ("The first king of Mars was Zorg.", False),
        ("There is no doubt that it was Zorg.", False),
        ("It was Zorg. He ruled long. I do not know more.", False),
        ("Zorg, who did not like war.", False),
        ("", False),
    ],
)
def test_what_never_was_is_to_be_denied_or_declined(answer: str, right: bool) -> None:
    assert graded(answer, "false-mars-king").right is right


@pytest.mark.parametrize(
    ("answer", "item_id", "right"),
    [
        ("The Sun is not made of ice, it is hot.", "false-sun-cold", True),
        ("The Sun is made of ice because it is not hot.", "false-sun-cold", False),
        ("Penguins don't live at the North Pole.", "false-penguin-arctic", True),
        ("A whale lays 20 eggs, more than other mammals.", "false-whale-eggs", False),
        ("Whales give birth to calves.", "false-whale-eggs", True),
        ("Spiders have no wings.", "false-spider-wings", True),
        ("A spider has four wings.", "false-spider-wings", False),
        ("Shakespeare directed the film Othello and not Hamlet.", "false-shakespeare-film", False),
        ("Shakespeare did not direct any film.", "false-shakespeare-film", True),
        ("Shakespeare never directed a film.", "false-shakespeare-film", True),
        ("It is a vast desert in the Atlantic Ocean.", "false-atlantic-desert", False),
        ("Quelmarrow is a city in Spain.", "invented-city-1", False),
        ("Quelmarrow is a fictional city.", "invented-city-1", True),
    ],
)
def test_a_false_premise_is_to_be_seen_through(answer: str, item_id: str, right: bool) -> None:
    assert graded(answer, item_id).right is right


def test_the_rule_and_the_words_that_decided_are_shown() -> None:
    assert graded(" Lyon, not Paris", "capital-fr") == Grade(
        False, "The first name given is another than Paris.", "Lyon"
    )
    assert graded("Paris is not the capital.", "capital-fr") == Grade(
        False, "The key Paris is named and denied.", "Paris"
    )
    assert graded("I don't know.", "capital-fr") == Grade(
        False, "The answer says that it does not know.", "I don't know"
    )
    assert graded("There was no king.", "false-mars-king").rule == (
        "It says that there is no such thing."
    )
    assert graded("A guide dog.", "blind-as-a-bat-figurative") == Grade(
        False, "Words of what is meant: none; of the things named: guide dog: literal.", "guide dog"
    )


@pytest.mark.parametrize("item", ITEMS.values(), ids=ITEMS)
def test_every_key_is_right_by_its_own_rule(item: Item) -> None:
    twin = ITEMS.get(item.twin or "")
    for answer in item.answers:
        said = answer.replace("*", "") if item.kind != "literal" else f"{answer} {answer}"
        assert grade(said, item, twin).right is True or item.kind in ("figurative", "literal")
    if item.kind == "unanswerable":
        assert grade("I don't know.", item).right is True


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_graded_and_nothing_that_a_model_says_breaks_it(kind: str) -> None:
    key = {"yes_no": "yes", "number": "4"}.get(kind, "Four")
    item = Item("x", "2 + 2 = (", (key,), "It is four.", kind)
    for answer in [
        "",
        "\0",
        "(" * 5_000,
        "not " * 5_000,
        "\u202e\ud83d\ude42",
        "4" * 5_000,
        "a\n" * 5_000,
    ]:
        assert isinstance(grade(answer, item).rule, str)


def test_a_kind_that_nobody_grades_is_told() -> None:
    with pytest.raises(OptionError, match="`kind` must be one of name, symbol"):
        grade("x", Item("x", "?", ("x",), "It is.", "essay"))


def test_the_grader_agrees_with_a_reader() -> None:
    rows = [json.loads(line) for line in DATA.read_text(encoding="utf-8").splitlines()]
    same = [graded(row["answer"], row["item"]).right is row["right"] for row in rows]
    # What the README beside the data says.
    assert (sum(same), len(same)) == (93, 96)
