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
_NO_LINK = "These settings are too long for a link; Python and the command say all of them."


# Puts the page's host before the link, and copies.
COPYING = """
const host = () => element.querySelectorAll('a.own-host').forEach((link) => {
  link.textContent = link.href;
  link.closest('.code-block').querySelector('button').dataset.copy = link.href;
});
watch('value', host);
element.addEventListener('click', (event) => {
  const button = event.target.closest('button[data-copy]');
  if (button) playgroundCopy(button);
});
"""


def render_code(experiment: Experiment, settings: Settings, choice: ModelChoice) -> str:
    """Return the Python, the command and the link, folded; or that there is too much to copy."""
    if sum(map(len, settings.spelled().values())) > MAX_CHARACTERS:
        return str(tag("p", _TOO_LONG, class_="hint"))
    texts = {
        "Python": as_python(experiment, settings, choice),
        "Command line": as_command(experiment, settings, choice),
    }
    blocks = [_block(name, text) for name, text in texts.items()]
    blocks.append(_link(as_link(experiment, settings, choice)))
    return str(tag("details", tag("summary", "Copy as code"), *blocks, class_="as-code"))


def _link(address: str) -> Markup:
    """Return the link; the page puts its own host before it, which the server does not know."""
    if len(address) > MAX_CHARACTERS:  # written as an address, a letter may take nine characters
        return tag("p", _NO_LINK, class_="hint")
    button = tag("button", "Copy", type="button", class_="small", data_copy=address)
    opened = tag("a", address, href=address, class_="own-host")
    return tag("div", tag("p", "Link ", button), tag("pre", opened), class_="code-block")


def _block(name: str, text: str) -> Markup:
    button = tag("button", "Copy", type="button", class_="small", data_copy=text)
    return tag("div", tag("p", name, " ", button), tag("pre", text), class_="code-block")
