"""The commands about models on this machine: list, fetch, delete."""

from __future__ import annotations

from typing import Annotated

import typer

from apps.cli import options as options
from apps.cli.terminal import console, plain, tell, write, write_json
from playground.errors import OptionError, TermsNotAccepted
from playground.settings import Settings


def models(as_json: options.AsJson = False) -> None:
    """List the models known by name, and which are on this machine."""
    from apps.cli.model_list import models_table
    from playground.models.acquire.records import listed_record
    from playground.models.acquire.store import list_models

    listed = list_models(Settings.from_env())
    if as_json:
        write_json({"models": [listed_record(model) for model in listed]})
        return
    screen = console()
    # A pipe has no width: nothing is to be wrapped or cut there.
    screen.print(models_table(listed), width=None if screen.is_terminal else 200)
    for model in listed:
        if model.problem:
            tell(f"{model.entry.name}: {model.problem}", style="yellow")


def pull(
    name: Annotated[str, typer.Argument(help="As for --model.")] = options.DEFAULT_MODEL,
    accept_terms: Annotated[
        bool, typer.Option("--accept-terms", help="You have read and accept the model's terms.")
    ] = False,
    as_json: options.AsJson = False,
) -> None:
    """Fetch a model, and say where it lies; what is here already is only checked."""
    from apps.cli.terminal_reply import fetch_in_sight
    from playground.models.acquire.records import installed_record

    settings = Settings.from_env()
    try:
        model = fetch_in_sight(name, settings, accept_terms, any_kind=True)
    except TermsNotAccepted as error:
        _show_terms(name, settings)
        raise TermsNotAccepted(
            f"{name} comes under the terms above; to accept them: "
            f"`playground pull {name} --accept-terms`."
        ) from error
    if as_json:
        write_json(installed_record(model))
    else:
        write(f"{model.name} is in {model.path} ({model.size_bytes / 1e6:,.0f} MB).\n")


def _show_terms(name: str, settings: Settings) -> None:
    from playground.models.acquire.catalog import find_entry
    from playground.models.acquire.terms import read_terms

    if terms := read_terms(find_entry(name), settings):
        console(stderr=True).print(plain(terms), soft_wrap=True)


def remove(
    name: Annotated[str, typer.Argument(help="A name of the catalog.", metavar="MODEL")],
    yes: Annotated[bool, typer.Option("--yes", help="Delete it; without this it is told.")] = False,
    as_json: options.AsJson = False,
) -> None:
    """Delete a model that was fetched, and say how many bytes that frees."""
    from playground.models.acquire.catalog import find_entry
    from playground.models.acquire.removal import delete_model, plan_removal

    settings, entry = Settings.from_env(), find_entry(name)
    planned = plan_removal(entry, settings)
    if not yes:
        raise OptionError(
            f"Deleting {planned.title} frees {planned.size}. Run it again with `--yes` to delete."
        )
    removed = delete_model(entry, settings)
    if as_json:
        write_json(removed.to_json())
    else:
        write(f"{removed.title} was deleted, which freed {removed.size}.\n")
