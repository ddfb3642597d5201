"""``playground moderate``: what is banned in a text, by which rule and where."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rich.table import Table

from apps.cli.terminal import console, plain, tell, write, write_json
from playground.errors import OptionError
from playground.moderation.rail import Rail
from playground.moderation.rails import Rails
from playground.moderation.verdict import Action, Verdict
from playground.number_rules import shown
from playground.settings import Settings


def moderate(text: str, folder: str, learned: bool, as_json: bool) -> None:
    """Print the verdict on a text.

    Parameters
    ----------
    text : str
        What is looked at.
    folder : str
        A folder with policies; empty for the person's own.
    learned : bool
        Whether the learned stage is asked too; its encoder is fetched if it is not here.
    as_json : bool
        One document in place of a table.

    Raises
    ------
    OptionError
        When the text is empty, or there is no such folder.
    """
    if not text:
        raise OptionError("The text is empty; give at least one character.")
    verdict = _rail(folder, learned).check(text)
    if as_json:
        write_json(verdict_record(verdict))
        return
    write(f"{verdict.action}\n")
    if verdict.matches:
        console().print(_table(verdict), width=None if console().is_terminal else 120)


def verdict_record(verdict: Verdict) -> dict[str, Any]:
    """Return a verdict as the command's JSON: what is only to be reviewed is allowed meanwhile."""
    record = verdict.to_json()
    review = verdict.action is Action.REVIEW
    return {**record, "action": "allow" if review else record["action"], "review": review}


def _rail(folder: str, learned: bool) -> Rail:
    settings = Settings.from_env()
    if folder and not Path(folder).is_dir():
        raise OptionError(f"`--policies` must be a folder with YAML files, got {shown(folder)}.")
    rails = Rails(Path(folder) if folder else settings.policies_dir)
    for sentence in rails.policies.refused():
        tell(sentence, style="yellow")
    if not learned:
        return rails.now()
    from playground.moderation.learned import shipped_classifier

    return rails.now().asking(shipped_classifier(settings))


def _table(verdict: Verdict) -> Table:
    table = Table(box=None, header_style="bold")
    for name in ("action", "stage", "rule", "text", "characters", "why"):
        table.add_column(name, justify="left", overflow="fold")
    for each in verdict.matches:
        said = (each.action, each.stage, each.rule, repr(each.text)[1:-1])
        span = f"{each.start:,} to {each.end:,}"
        table.add_row(*map(plain, said), span, plain(each.reason))
    return table
