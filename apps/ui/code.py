"""Copy as code: what reproduces what is shown, with buttons that copy it."""

from __future__ import annotations

from markupsafe import Markup

from playground.drawing.markup import tag
from playground.experiments.code import as_command, as_link, as_python
from playground.experiments.experiment import Experiment
from playground.experiments.settings import Settings
from playground.models.engines.manager import ModelChoice

# What servers and browsers take as an address, and a shell as a command; page.js knows it, too.
MAX_CHARACTERS = 8000
_TOO_LONG = (
    "These settings are too long for a link or a command; the exported JSON has all of them."
)


def render_code(experiment: Experiment, settings: Settings, choice: ModelChoice) -> str:
    """Return the Python, the command and the link, folded; or that there is too much to copy."""
    if sum(map(len, settings.spelled().values())) > MAX_CHARACTERS:
        return str(tag("p", _TOO_LONG, class_="hint"))
    texts = {
        "Python": as_python(experiment, settings, choice),
        "Command line": as_command(experiment, settings, choice),
        "Link": as_link(experiment, settings),
    }
    blocks = (_block(name, text) for name, text in texts.items())
    return str(tag("details", tag("summary", "Copy as code"), *blocks, class_="as-code"))


def _block(name: str, text: str) -> Markup:
    button = tag("button", "Copy", type="button", class_="small", data_copy=text)
    return tag("div", tag("p", name, " ", button), tag("pre", text), class_="code-block")
