"""HTML as `Markup`, so that a type checker tells what is escaped from what is not."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import repeat

from markupsafe import Markup, escape

_VOID = frozenset({"br", "hr", "img", "input"})


def tag(name: str, /, *children: object, **attributes: object) -> Markup:
    """Return an element; whatever is not `Markup` is escaped.

    Parameters
    ----------
    name : str
        Of the element.
    *children : object
        What stands in it, in order; None is left out.
    **attributes : object
        `class_` is class, `data_length` is data-length; None and False are left out, True is the
        bare name.

    Examples
    --------
    >>> tag("td", "a < b", class_="text", data_row=3, hidden=True)
    Markup('<td class="text" data-row="3" hidden>a &lt; b</td>')
    """
    opened = f"<{name}{''.join(_attributes(attributes))}>"
    whole = opened if name in _VOID else f"{opened}{join(children)}</{name}>"
    return Markup(whole)  # noqa: S704 - names are the code's, all else has been escaped


def _attributes(given: dict[str, object]) -> Iterator[str]:
    # Joined as text: `Markup.format` takes five times as long, and a page of tokens has thousands.
    for name, value in given.items():
        if value is True:
            yield f" {_dashed(name)}"
        elif value is not None and value is not False:
            yield f' {_dashed(name)}="{escape(value)}"'


def _dashed(name: str) -> str:
    return name.rstrip("_").replace("_", "-")


def join(parts: Iterable[object], between: str = "") -> Markup:
    """Return parts one after another; whatever is not `Markup` is escaped, None is left out.

    Examples
    --------
    >>> join([tag("b", 1), None, "&"])
    Markup('<b>1</b>&amp;')
    """
    return escape(between).join(escape(part) for part in parts if part is not None)


_QUOTED = re.compile(r"`([^`\n]+)`")


def prose(text: str) -> Markup:
    """Return a sentence whose names and commands, in backticks, are set as code; all is escaped.

    Examples
    --------
    >>> prose("`seed` must be < 3")
    Markup('<code>seed</code> must be &lt; 3')
    """
    # What a person typed may hold a sign that was replaced: it is escaped first.
    return Markup(_QUOTED.sub(r"<code>\1</code>", str(escape(text))))  # noqa: S704 - escaped


def table(
    heads: Iterable[object],
    rows: Iterable[Iterable[object]],
    *,
    stacks: bool = False,
    **attributes: object,
) -> Markup:
    """Return a table whose rows begin with their name; attributes are the table's.

    Parameters
    ----------
    heads : iterable
        Names of the columns.
    rows : iterable of iterable
        Cells of each row, its name first.
    stacks : bool
        Whether a narrow page shows each row as a card, its cells under the names of their columns.
    **attributes : object
        As for `tag`.
    """
    heads = list(heads)
    # What names nothing is no heading to a screen reader.
    names = (tag("th", each, scope="col") if each else tag("td") for each in heads)
    head = tag("tr", *names)
    named = [escape(each).striptags() for each in heads[1:]] if stacks else repeat(None)
    if stacks:
        attributes["class_"] = f"{attributes.get('class_', '')} stacks".strip()
    body = (_row(cells, named) for cells in rows)
    whole = tag("table", tag("thead", head), tag("tbody", *body), **attributes)
    return scrolled(whole)


def scrolled(wide: Markup) -> Markup:
    """Return what may be wider than its place in a box that goes on at a side, by keys as well."""
    return tag("div", wide, class_="scroll", tabindex=0)


def _row(cells: Iterable[object], heads: Iterable[str | None]) -> Markup:
    name, *others = cells
    told = (tag("td", cell, data_head=head) for cell, head in zip(others, heads, strict=False))
    return tag("tr", tag("th", name, scope="row"), *told)
