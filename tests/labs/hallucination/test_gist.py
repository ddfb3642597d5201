"""What answers say in short: equal ones come together, contradictory ones never do."""

from __future__ import annotations

import pytest

from playground.labs.hallucination.clusters import cluster
from playground.labs.hallucination.gist import gist


@pytest.mark.parametrize(
    ("kind", "prompt", "answers", "labels"),
    [
        (
            "open",
            "The first World War began in",
            ["1914.", "1914 and ended in 1918", "1914, when Franz Ferdinand was shot", "1939"],
            (0, 0, 0, 1),
        ),
        ("open", "Napoleon died in", ["1821, on Saint Helena", "1815, on Saint Helena"], (0, 1)),
        ("open", "He landed in", ["July, 1969", "July, 1971", "July 1969, they say"], (0, 1, 0)),
        ("open", "We have", ["8 planets, among them Mars", "9 planets, among them Mars"], (0, 1)),
        ("open", "The river flows", ["north of Paris.", "south of Paris."], (0, 1)),
        ("open", "It boils at", ["100 °C", "212 °F", "100 °C, at sea level"], (0, 1, 0)),
        ("open", "It costs", ["$5", "5", "5 km", "5 miles", "5%"], (0, 1, 2, 3, 4)),
        ("open", "Emma is by", ["Jane Austen in 1815", "the novelist Jane Austen"], (0, 0)),
        (
            "open",
            "He was",
            [
                "Neil A. Armstrong",
                "Neil A. Armstrong, in 1969",
                "J. R. R. Tolkien",
                "Mary R. Tolkien",
            ],
            (0, 0, 1, 2),
        ),
        ("open", "In Iceland live", ["370,000 people", "370 thousand", "370,000 sheep"], (0, 0, 1)),
        ("open", "The third is", ["one of many, Mars", "the 3rd, Mars", "Mars"], (0, 0, 0)),
        ("name", "The capital is", ["Tokyo, with 14 million people", "Tokyo", "Kyoto"], (0, 0, 1)),
        ("symbol", "It is", ["Ti.", "Ti, which is derived from titans", "Ne (N) and"], (0, 0, 1)),
        ("yes_no", "Is it?", ["Certainly", "Certainly not", "No.", "Yes, it is"], (0, 1, 1, 0)),
        ("whole", "It is", ["5", "$5", "$ 5"], (0, 1, 1)),
    ],
)
def test_answers_come_together_by_what_they_say_first(
    kind: str, prompt: str, answers: list[str], labels: tuple[int, ...]
) -> None:
    assert cluster([gist(each, prompt, kind) for each in answers]).labels == labels
