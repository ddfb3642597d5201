"""A picture in words, for the terminal."""

from __future__ import annotations

from markupsafe import Markup

from playground.drawing.as_text import as_text


def test_tables_stand_in_columns_whatever_the_width_of_their_letters() -> None:
    picture = Markup(
        "<table><thead><tr><th>a<th>b</thead><tr><th>\uff37\uff48</th><td>1</td></tr>"
        "<tr><td>x<br>y</td><td><b>2</b><span>3</span></td></tr></table>"
    )
    assert as_text(picture) == "a     b\n\uff37\uff48  1\nx y   2 3"


def test_what_only_a_page_can_do_is_left_out() -> None:
    picture = Markup(
        '<p>seen <button class="small on-page">press</button>it</p><svg aria-label="A curve">'
        "<text>7<circle/></text></svg><div hidden><p>later<br></p></div><style>p {}</style>"
    )
    assert as_text(picture) == "seen it\n[A curve]"


def test_heads_lists_and_markup_that_was_escaped() -> None:
    picture = Markup(
        "<h2>One</h2><ul><li>a<li>b</ul><h2>Two</h2><details><summary>c</summary>hidden</details>&lt;b"
    )
    assert as_text(picture) == "One\n- a\n- b\n\nTwo\nc\n<b"


def test_what_is_folded_stays_folded() -> None:
    inner = "<details open><summary>c</summary>d</details>"
    shut = f"<details><summary>a</summary><p>b</p>{inner}</details>"
    assert as_text(Markup(f"{shut}<p>e")) == "a\ne"
    opened = Markup("<details open><summary>a</summary><p>b</p></details><p>c")
    assert as_text(opened) == "a\nb\nc"


def test_a_table_without_a_row_and_a_long_cell() -> None:
    assert as_text(Markup("<table></table><p>x")) == "x"
    said = as_text(Markup("<table><tr><td>{}</td></tr></table>").format("w" * 99))
    assert said == "w" * 59 + "\u2026"
