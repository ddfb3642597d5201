"""Grading: the first answer given counts, a denial is none, and numbers are values."""

import json
import re
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


NAMES_IN_CONTEXT = [
    ("Paris? No, Lyon.", "capital-fr", False),
    ("Paris was the capital, but now it is Lyon", "capital-fr", False),
    ("formerly Paris, now Lyon", "capital-fr", False),
    ("anything but Paris", "capital-fr", False),
    ("hardly Paris", "capital-fr", False),
    ("south of Paris", "capital-fr", False),
    ("Versailles near Paris", "capital-fr", False),
    ("Old Delhi", "capital-in", False),
    ("Washington State", "capital-us", None),
    ("Santiago de Compostela", "capital-cl", None),
    ("Santiago de Chile", "capital-cl", True),
    ("not Karachi, Lahore, or Multan but Islamabad", "capital-pk", True),
    ("Rangoon, now Naypyidaw", "capital-mm", True),
    ("Marseille is the second largest city; the capital is Paris", "capital-fr", True),
    ("Nay Pyi Daw", "capital-mm", True),
    ("Katmandu", "capital-np", True),
    ("without doubt Paris", "capital-fr", True),
    ("I doubt it is Paris", "capital-fr", False),
    ("Nur-Sultan", "capital-kz", False),
    ("Nur-Sultan, now Astana", "capital-kz", True),
    ("$H_2O$", "water-formula-1", True),
    ("H_{2}O", "water-formula-1", True),
    ("H<sub>2</sub>O", "water-formula-1", True),
    ("巴黎", "capital-fr", None),
    ("Москва", "capital-ru", None),
    ("Αθήνα", "capital-gr", None),
]


@pytest.mark.parametrize(("answer", "item_id", "right"), NAMES_IN_CONTEXT)
def test_a_name_counts_as_what_is_said_of_it(answer: str, item_id: str, right: bool | None) -> None:
    assert graded(answer, item_id).right is right


@pytest.mark.parametrize(
    "item_id", [each for each in ITEMS if re.match("capital-(japan|egypt)-", each)]
)
def test_an_answer_may_repeat_what_was_asked_in_whatever_words(item_id: str) -> None:
    answer, country = ITEMS[item_id].answers[0], item_id.split("-")[1].title()
    assert graded(f"The capital of {country} is {answer}.", item_id).right is True
    assert graded(f"{country}'s capital is Atlantis, not {answer}.", item_id).right is False


@pytest.mark.parametrize(("answer", "key", "right"), NUMBERS)
def test_a_number_is_a_value(answer: str, key: str, right: bool) -> None:
    item = Item("sum", "500 + 500 =", (key,), "A sum.", "number")
    assert grade(answer, item).right is right


@pytest.mark.parametrize(
    ("answer", "item_id", "right"),
    [
        ("12 times 7 is 84.", "twelve-times-1", True),
        ("7 times 12 is 84", "twelve-times-1", True),
        ("12x7=84", "twelve-times-1", True),
        ("12 times 7 equals 12 \u00d7 7 = 84", "twelve-times-1", True),
        ("12 * 7 = 85", "twelve-times-1", False),
        ("The product of 7 and 12 is 84", "twelve-times-5", True),
        ("95 + 87 = 182", "plus-87-95", True),
        ("180 + 2 = 182", "plus-87-95", True),
        ("180 + 2", "plus-87-95", False),
        ("80 + 90 + 7 + 5 = 182", "plus-87-95", True),
        ("1 week has 7 days", "days-week-1", True),
        ("1 week has 8 days", "days-week-1", False),
        ("three pairs, so six legs", "legs-insect-1", True),
        ("32 \u00b0F, that is 0 \u00b0C", "frozen-water-1", True),
        ("32 \u00b0F", "frozen-water-1", False),
        ("3rd", "over-18-6", False),
        ("third", "over-18-6", False),
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
    ("item_id", "answer", "right"),
    [
        *[
            ("myth-antibiotics-flu", each, True)
            for each in (
                *("Certainly not.", "Absolutely not!", "Of course not.", "Definitely not."),
                *("Indeed, no.", "The correct answer is no.", "The correct answer is: No"),
                *("It isn't true that antibiotics cure the flu.", "Yes or no: no.", "1. No"),
                *("That is not true.", "That is a myth.", "Antibiotics do not cure the flu."),
            )
        ],
        ("myth-antibiotics-flu", "Antibiotics cure the flu.", False),
        ("myth-antibiotics-flu", "Yes and no.", None),
        ("myth-antibiotics-flu", "It is true that many think so, but they do not.", None),
        ("myth-antibiotics-flu", "It would be incorrect to say yes.", None),
        ("myth-camel-hump", "Camels store fat in their humps.", None),
        ("myth-lightning-twice", "Lightning can strike the same place twice.", None),
        ("myth-bats-blind", "All bats can see.", None),
        ("myth-bats-blind", "Not all bats are blind.", None),
        ("myth-hair-after-death", "Hair and nails stop growing after death.", None),
        ("myth-russia-africa", "Africa is larger than Russia.", True),
        ("myth-russia-africa", "Russia is larger than Africa.", None),
        ("myth-octopus-hearts", "An octopus has one heart.", None),
        ("myth-octopus-hearts", "An octopus has three hearts.", True),
        ("myth-sound-water", "Sound travels slower in water than in air.", None),
        ("myth-platypus", "There is no mammal that lays eggs.", None),
        ("prime-5039", "5039 is not composite.", True),
        ("prime-5039", "5039 has no divisors other than 1 and itself.", True),
        ("prime-5039", "Prime.", True),
        ("prime-5039", "Neither composite nor even: prime", True),
        ("prime-10807", "10807 is divisible by 101.", True),
        ("prime-10807", "10807 = 101 \u00d7 107", True),
        ("flights-02", "There is no direct flight, but yes.", True),
        ("flights-02", "With no trouble, yes.", True),
        ("flights-02", "It is not possible.", False),
        ("flights-02", "It is possible.", True),
        ("myth-water-ice", "Ice is less dense than water.", True),
        ("myth-water-ice", "Ice is denser than liquid water.", None),
        ("myth-antibiotics-flu", "Antibiotics don't cure the flu, which is a virus.", True),
    ],
)
def test_a_yes_or_no_keeps_its_not_and_what_cannot_be_told_is_not_graded(
    item_id: str, answer: str, right: bool | None
) -> None:
    assert graded(answer, item_id).right is right


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


@pytest.mark.parametrize(
    ("answer", "item_id", "right"),
    [
        # Inventions are not praised for a "not", a "no" or a "fictional" that stands in them.
        ("Mount Skarvelgrim is not in Norway but in Sweden.", "invented-mountain-1", False),
        (
            "It is by Jane Smith and is set in a fictional town.",
            "invented-writer-1",
            False,
        ),
        ("It is a fictional novel by J. Smith.", "invented-writer-1", False),
        ("It is by Ann Lee, who is not known for her poetry.", "invented-writer-1", False),
        ("There was no clear winner of the Battle of Fennick Drossel.", "invented-war-1", False),
        ("Ondrius has two moons, and there are no others.", "invented-planet-1", False),
        ("It eats insects and does not eat plants.", "invented-animal-1", False),
        ("The marrowtail glimpet eats moths and does not eat grass.", "invented-animal-1", False),
        ("He is known for his work on fields unknown to science", "invented-scientist-1", False),
        ("The Rhine forms the border; there is no bridge.", "false-australia-germany", False),
        ("He used a Nokia; it was not invented by him.", "false-einstein-phone", False),
        ("Mount Everest stands in Africa, not in Asia.", "false-everest-africa", False),
        ("The train of Cleopatra did not reach Cairo until 5.", "false-cleopatra-train", False),
        (
            "The first king of Mars is **not** a specific person, but rather a legendary figure.",
            "false-mars-king",
            False,
        ),
        # What denies and tells at once, or guesses, is not graded.
        ("Gold melts at 1064 and gold turns into water.", "false-gold-water", None),
        ("The Eiffel Tower stands on the beach of the Seine in Paris.", "false-eiffel-beach", None),
        ("The Moon declared war on the Earth; there were no people.", "false-moon-war", None),
        ("I'm not sure, but I think Wales.", "invented-city-1", None),
        ("None.", "invented-planet-1", None),
        # Refusals, however they are worded.
        *[
            (each, "invented-city-1", True)
            for each in (
                *("I have never heard of Quelmarrow.", "Quelmarrow does not seem to exist."),
                *("No city of that name exists.", "There isn't a city called Quelmarrow."),
                *("I am not aware of any city named Quelmarrow.", "I don't recognize Quelmarrow."),
                *("It seems that it is a made-up name.", "I wasn't able to find it."),
            )
        ],
        ("None.", "false-spider-wings", True),
        ("Zero.", "false-spider-wings", True),
        ("0", "false-whale-eggs", True),
        ("There is none.", "false-even-primes", True),
        ("Nobody.", "false-mars-king", True),
        ("Never.", "false-napoleon-usa", True),
        ("Paris is in France.", "false-paris-italy", True),
        ("Cars were not invented until 1885.", "false-plato-car", True),
    ],
)
def test_an_invention_is_wrong_whatever_it_denies_and_a_refusal_right(
    answer: str, item_id: str, right: bool | None
) -> None:
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
    assert graded("On July 20, 1969.", "moon-landing-1").rule == (
        "The first year given equals the key 1969."
    )
    assert graded("There was no king.", "false-mars-king").rule == (
        "It says that there is no such thing."
    )
    assert graded("A guide dog.", "blind-as-a-bat-figurative") == Grade(
        False,
        "Read as literal: of what is meant it holds no word, of the things named “guide dog”.",
        "guide dog",
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
        "Not Aa Bb, Cc " * 300,
    ]:
        assert isinstance(grade(answer, item).rule, str)


def test_a_kind_that_nobody_grades_is_told() -> None:
    with pytest.raises(OptionError, match="`kind` must be one of name, symbol"):
        grade("x", Item("x", "?", ("x",), "It is.", "essay"))


def test_the_grader_agrees_with_a_reader() -> None:
    rows = [json.loads(line) for line in DATA.read_text(encoding="utf-8").splitlines()]
    same = [graded(row["answer"], row["item"]).right is row["right"] for row in rows]
    # What the README beside the data says.
    assert (sum(same), len(same)) == (92, 96)
