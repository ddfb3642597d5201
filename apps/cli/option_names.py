"""What the settings are called in the terminal: the options of the command that runs."""

from __future__ import annotations

from collections.abc import Sequence

import typer


def options_of(app: typer.Typer, words: Sequence[str]) -> dict[str, str]:
    """Return the options of a command, in backticks, by the names of their settings.

    Parameters
    ----------
    app : typer.Typer
        Has the commands.
    words : sequence of str
        The line that was typed, the command first.
    """
    if words and words[0] == "lab":
        from apps.cli.lab import settings_of  # which loads every lab

        names = settings_of(words[1:3])
    else:
        commands = getattr(typer.main.get_command(app), "commands", {})
        named = [each for word in words[:1] if word in commands for each in commands[word].params]
        names = [each.name for each in named if isinstance(each, typer.core.TyperOption)]
    return {name: f"`--{name.replace('_', '-')}`" for name in names}
