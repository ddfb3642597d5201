"""A full stop ends a sentence, but not after an initial or an abbreviation."""

import pytest

from playground.labs.hallucination.answer_text import sentences_of
from playground.labs.hallucination.sentence_ends import first_sentence_length


@pytest.mark.parametrize(
    ("text", "first"),
    [
        (" John F. Kennedy. He won.", " John F. Kennedy"),
        (" St. John's. It is", " St. John's"),
        (" J. R. R. Tolkien", " J. R. R. Tolkien"),
        (" Dr. Seuss.", " Dr. Seuss."),
        (" Washington, D. C. It is a district", " Washington, D. C"),
        (" Washington, D.C. The city", " Washington, D.C"),
        (" the U.S. Supreme Court, e.g. this one. Next", " the U.S. Supreme Court, e.g. this one"),
        (" Mt. Everest, approx. 8849 m. Next", " Mt. Everest, approx. 8849 m"),
        (" Paris. Lyon is smaller.", " Paris"),
        (" 1914. When it ended", " 1914"),
        (" H. It is a gas.", " H"),
        (" No. 5 by Chanel. More", " No. 5 by Chanel"),
        ("No. Antibiotics do not", "No"),
        ("\n\nParis\nLyon", "\n\nParis"),
        ("... Paris! Lyon", "... Paris"),
        ("", ""),
    ],
)
def test_the_first_sentence_is_whole(text: str, first: str) -> None:
    assert text[: first_sentence_length(text)] == first


def test_sentences_are_cut_by_the_same_rule() -> None:
    assert sentences_of("J. R. R. Tolkien wrote it. Dr. Seuss did not.") == [
        "J. R. R. Tolkien wrote it.",
        "Dr. Seuss did not.",
    ]
