"""An answer against its source: what is marked stands where the source has nothing of it."""

from __future__ import annotations

import pytest

import playground
from playground.errors import OptionError


def test_what_the_source_lacks_is_marked_where_it_stands() -> None:
    result = playground.experiment("hallucination/source")()
    first, second, third = result.to_json()["sentences"]
    assert [each["verdict"] for each in (first, second, third)] == [
        "unsupported",
        "supported",
        "unsupported",
    ]
    page = result._repr_html_()
    assert ">1776</mark>" in page
    assert ">Cassandra</mark>" in page


def test_markup_of_the_texts_is_text() -> None:
    page = playground.experiment("hallucination/source")(
        source="<b>One</b> thing.", answer="<script>x</script> in 1999."
    )._repr_html_()
    assert "<script>x" not in page
    assert "&lt;script&gt;x" in page


@pytest.mark.parametrize("name", ["source", "answer"])
def test_an_empty_text_is_told_by_name(name: str) -> None:
    with pytest.raises(OptionError, match=f"`{name}` is empty"):
        playground.experiment("hallucination/source")(**{name: "  "})
