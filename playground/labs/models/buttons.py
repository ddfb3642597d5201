"""Buttons that do something on the page: fetch a model, free one, look again."""

from __future__ import annotations

import json

from markupsafe import Markup

from playground.drawing.markup import tag


def action_button(label: str, action: str, name: str = "") -> Markup:
    """Return a button.

    Parameters
    ----------
    label : str
        The words on it.
    action, name : str
        What the page is told when it is pressed: what to do, and to which model.
    """
    what = json.dumps({"action": action, "name": name})
    return tag("button", label, type="button", class_="small on-page", data_do=what)
