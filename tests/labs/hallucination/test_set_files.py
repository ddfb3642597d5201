"""A set of one's own: every way in which a file can be wrong has its line and its sentence."""

import json
import time

import pytest

from playground.errors import OptionError, PlaygroundError
from playground.experiments.row_files import pasted_name
from playground.labs.hallucination import set_files
from playground.labs.hallucination.idioms import read_idiom
from playground.labs.hallucination.sets import Item, SetUnreadable, read_own

UA = Item("ua", "The capital of Ukraine is", ("Kyiv", "Kiev"), "Kyiv is its capital.")
HEADER = "id,prompt,answers,reason"
LINE = "ua,The capital of Ukraine is,Kyiv|Kiev,Kyiv is its capital."
ROW = {
    "id": "ua",
    "prompt": "The capital of Ukraine is",
    "answers": ["Kyiv", "Kiev"],
    "reason": "Kyiv is its capital.",
}


def jsonl(**changes: object) -> str:
    return json.dumps(ROW | changes)


@pytest.mark.parametrize(
    "text",
    [
        f"{HEADER}\n{LINE}\n",
        f"\ufeff{HEADER}\r\n{LINE}\r\n",
        f"{HEADER}\r{LINE}",
        f"\n\n{HEADER}\n\n{LINE}\n,,,\n",
        f"{HEADER.replace(',', ';')}\n{LINE.replace(',', ';')}\n",
        f"{HEADER},kind,twin,group\n{LINE},,,\n",
        f" ID , Prompt,ANSWERS,reason\n{LINE}\n",
        f"\ufeff{HEADER}\r\n{LINE}".encode(),
    ],
    ids=["plain", "mark", "mac", "blanks", "semicolons", "optional", "case", "bytes"],
)
def test_a_csv_file_is_read_as_spreadsheets_and_editors_leave_it(text: str | bytes) -> None:
    own = read_own(text, "my capitals.csv")
    assert own.items == (UA,)
    assert own.name == "my capitals"


@pytest.mark.parametrize(
    "text",
    [
        jsonl(),
        f"\ufeff{jsonl()}\r\n\r\n",
        jsonl(answers="Kyiv | Kiev|"),
        jsonl(kind="name", twin=None, group=""),
        jsonl(prompt=" The capital of Ukraine is "),
    ],
    ids=["plain", "windows", "bars", "optional", "spaces"],
)
def test_a_jsonl_file_is_read(text: str) -> None:
    assert read_own(text, "mine.jsonl").items == (UA,)


def test_a_text_in_quotes_may_hold_commas_quotes_and_line_ends() -> None:
    text = f'{HEADER}\na,"One, ""two""\nthree?",x,Because.\nb,Next?,y,Because.\n,Empty?,z,No.\n'
    with pytest.raises(SetUnreadable, match="Line 5: `id` is empty"):
        read_own(text, "mine.csv")
    own = read_own(text.replace(",Empty", "c,Empty"), "mine.csv")
    assert own.items[0].prompt == 'One, "two"\nthree?'


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ('{"id": "a", "prompt": "b"}', "`answers` and `reason` are missing; an item needs"),
        ('{"id": "a", "prompt": "b", "answers": "c"}', "`reason` is missing"),
        ("{}", "`id`, `prompt`, `answers` and `reason` are missing"),
        (jsonl(colour="red"), "'colour' is no key of an item; known are id, prompt"),
        (jsonl(id=7), "`id` must be text in quotes, got 7."),
        (jsonl(prompt=None), "`prompt` must be text in quotes, got nothing."),
        (jsonl(prompt="  "), "`prompt` is empty"),
        (jsonl(prompt="x" * 4001), "`prompt` has 4,001 characters; at most 4,000"),
        (jsonl(prompt="\ud800"), "half of one"),
        (jsonl(answers=["\udc00"]), "half of one"),
        (jsonl(answers=7), '`answers` must be texts such as ["Kyiv", "Kiev"]'),
        (jsonl(answers={"a": "b"}), "`answers` must be texts"),
        (jsonl(answers=["Kyiv", 1]), "`answers` must be texts"),
        (jsonl(answers=[]), "`answers` is empty; give at least one"),
        (jsonl(answers=" | "), "`answers` is empty"),
        (jsonl(answers=list(map(str, range(51)))), "holds 51 texts; at most 50"),
        (jsonl(answers="x" * 201), "a text of 201 characters; at most 200"),
        (jsonl(kind="essay"), "`kind` must be one of name, symbol, number"),
        (jsonl(kind=0), "`kind` must be one of"),
        (jsonl(kind=["name"]), "`kind` must be one of"),
        (jsonl(kind="yes_no"), "must be yes or no, got 'Kyiv|Kiev'"),
        (jsonl(kind="number"), "must be one number each, got 'Kyiv'"),
        (jsonl(twin="ru"), "`twin` must be the id of another item that names this one, got 'ru'"),
        (jsonl(twin="ua"), "`twin` must be the id of another item"),
        ("Kyiv", "must be a JSON object such as"),
        ('["ua"]', "must be a JSON object such as"),
        ("[" * 100_000, "must be a JSON object such as"),
        ('{"id": "a", "id": "b"}', "must be a JSON object"),
        ('{"id": ' + "9" * 5_000 + "}", "must be a JSON object"),
    ],
)
def test_a_line_that_breaks_a_rule_has_its_number_and_a_sentence(line: str, sentence: str) -> None:
    good = json.dumps(ROW | {"id": "good"})
    with pytest.raises(SetUnreadable) as caught:
        read_own(f"{good}\n\n{line}\n", "mine.jsonl")
    (fault,) = caught.value.faults
    assert fault.line == 3
    assert sentence in fault.sentence
    assert str(caught.value).startswith("The set 'mine.jsonl' cannot be read. Line 3: ")
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize(
    ("text", "line", "sentence"),
    [
        (f"{HEADER}\n{LINE},more\n", 2, "has 5 fields, and the first line has 4 names"),
        (f"{HEADER}\n{LINE}\nru,Russia?\n", 3, "has 2 fields, and the first line has 4"),
        (f'{HEADER}\n{LINE}\n"ru,no end', 3, "cannot be read as CSV"),
        (f'{HEADER}\n"ru"x,a,b,c', 2, "cannot be read as CSV"),
        ("id,prompt,answers\na,b,c\n", 1, "`reason` is missing"),
        ("id,prompt,prompt,answers,reason\n", 1, "two columns are named 'prompt'"),
        (f"\n{HEADER},note\n", 2, "'note' is no key of an item"),
    ],
)
def test_csv_that_does_not_fit_its_names_is_told_by_line(
    text: str, line: int, sentence: str
) -> None:
    with pytest.raises(SetUnreadable) as caught:
        read_own(text, "mine.csv")
    assert [each.line for each in caught.value.faults] == [line]
    assert sentence in caught.value.faults[0].sentence


def test_a_doubled_id_names_both_lines_and_all_faults_are_kept() -> None:
    lines = [jsonl(), jsonl(), *[jsonl(id=str(at), kind="?") for at in range(9)]]
    with pytest.raises(SetUnreadable, match=r"Line 2: `id` 'ua' stands in line 1 already") as error:
        read_own("\n".join(lines), "mine.jsonl")
    assert [each.line for each in error.value.faults] == list(range(2, 12))
    assert str(error.value).endswith("And 5 more.")


@pytest.mark.parametrize("text", ["", " \r\n\n", "\ufeff", b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("ending", ["csv", "jsonl"])
def test_an_empty_file_is_told(text: str | bytes, ending: str) -> None:
    with pytest.raises(OptionError, match=r"is empty; write one item a line"):
        read_own(text, f"mine.{ending}")


def test_a_file_as_a_whole_is_refused_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(OptionError, match="holds no item"):
        read_own(HEADER, "mine.csv")
    with pytest.raises(OptionError, match=r"must end in .csv or .jsonl, got '.xlsx'"):
        read_own(LINE, "mine.xlsx")
    with pytest.raises(OptionError, match=r"must end in .csv or .jsonl, got nothing"):
        read_own(LINE, "mine")
    with pytest.raises(OptionError, match="must be UTF-8, and byte 5 is not"):
        read_own("é Kiév".encode("latin-1").replace(b"\xe9", b"abcd\xe9", 1), "mine.csv")
    with pytest.raises(OptionError, match="too large: 2,000,001 characters"):
        read_own("x" * 2_000_001, "mine.csv")
    monkeypatch.setattr(set_files, "MOST_ITEMS", 1)
    with pytest.raises(OptionError, match="holds 2 items; at most 1 are allowed"):
        read_own(f"{jsonl()}\n{jsonl(id='ru')}", "mine.jsonl")


def test_every_refusal_is_one_of_the_house() -> None:
    with pytest.raises(PlaygroundError):
        read_own("nonsense", "mine.csv")


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_are_counted_as_editors_count_them(end: str) -> None:
    for name, lines in [("a.jsonl", [jsonl(), "", "x"]), ("a.csv", [HEADER, LINE, "x"])]:
        with pytest.raises(SetUnreadable) as caught:
            read_own(end.join(lines), name)
        assert [each.line for each in caught.value.faults] == [3]


HEADS = "id,prompt,answers,reason,kind,group\n"


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ('"a,b",Who?,x,So.,,', "no comma"),
        ('"a\nb",Who?,x,So.,,', "no comma and no line end"),
        ("a,Who?,???,So.,,", "must hold words"),
        ("a,Who?,-,So.,symbol,", "must hold words"),
        ("a,Who?,************q,So.,unanswerable,", "must end a word"),
        ("a,Who?," + "a*" * 12 + "b,So.,unanswerable,", "must end a word"),
        ("a,Who?,x,So.,figurative," + "my " * 20 + "zz", "at most 10 words, got 21"),
    ],
)
def test_what_could_never_be_told_or_read_is_refused(row: str, words: str) -> None:
    with pytest.raises(OptionError, match=words):
        read_own(HEADS + row + "\n", "mine.csv")


@pytest.mark.parametrize(
    ("text", "filename"),
    [
        ("x\n" * 900_000, "mine.jsonl"),
        (",".join(f"c{place}" for place in range(150_000)) + "\n", "mine.csv"),
        ("id,prompt,answers,reason\n" + "x\n" * 900_000, "mine.csv"),
    ],
)
def test_a_broken_file_of_any_size_is_refused_at_once(text: str, filename: str) -> None:
    start = time.perf_counter()
    with pytest.raises(OptionError, match="cannot be read"):
        read_own(text, filename)
    assert time.perf_counter() - start < 5


def test_a_figure_as_long_as_may_be_is_looked_for_in_no_time() -> None:
    item = Item("f", "?", ("x",), "", "figurative", group="my " * 9 + "zz")
    start = time.perf_counter()
    read_idiom("word " * 300, item, None)
    assert time.perf_counter() - start < 2


def test_pasted_jsonl_is_known_though_its_first_line_is_broken() -> None:
    assert pasted_name('"id": "a"}\n{"id": "b"}\n').endswith(".jsonl")
    assert pasted_name('\ufeff\n{"id": "b"}').endswith(".jsonl")
    assert pasted_name("id,prompt\na,b").endswith(".csv")
