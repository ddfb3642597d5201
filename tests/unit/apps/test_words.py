"""Code in a reply: coloured here, never changed, and safe while it is being written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.ui.words import render_words
from tests.support.markup import seen

CODE = "def f(a):\n    return '<b>' + str(1)  # why\n"


def test_code_is_coloured_named_and_can_be_copied() -> None:
    html = render_words(f"So:\n\n```python\n{CODE}```\n")
    for part in ('class="code-k">def<', 'class="code-f">f<', 'class="code-c"># why<', ">python<"):
        assert part in html
    assert 'data-copy="def f(a):\n    return &#39;&lt;b&gt;&#39; + str(1)  # why\n"' in html
    assert CODE in seen(html).text


def test_code_that_is_still_written_has_no_button() -> None:
    html = render_words(f"```python\n{CODE[:9]}", copied=False)
    assert "data-copy" not in html
    assert CODE[:9] in seen(html).text


@pytest.mark.parametrize("language", ["", "klingon", "<b>", "brainfuck", "../x"])
def test_a_language_that_is_not_known_is_shown_in_one_colour(language: str) -> None:
    html = render_words(f"```{language}\n{CODE}```")
    assert "code-k" not in html
    assert seen(html).tags <= {"div", "span", "button", "pre", "code"}
    assert CODE in seen(html).text


@given(
    st.sampled_from(["python", "html", "js", "json", "bash", "yaml", "c"]),
    st.text(st.sampled_from(list("<>\"'&`*#$(){}[]=\\ \nab1")), max_size=60),
)
def test_whatever_code_says_it_stays_text_and_whole(language: str, code: str) -> None:
    fence = "`" * 70
    found = seen(render_words(f"{fence}{language}\n{code}\n{fence}", copied=False))
    assert found.tags == {"div", "span", "pre", "code"}
    assert found.attributes == {"class"}
    assert code in found.text
