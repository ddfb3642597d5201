"""The commands about models on this machine: list, fetch, delete."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from apps.cli import options as options
from apps.cli.terminal import console, plain, tell, write, write_json
from playground.errors import ModelNotFound, OptionError, TermsNotAccepted
from playground.settings import Settings
from playground.sizes import spell_size

if TYPE_CHECKING:
    from playground.models.acquire.own import OwnModel


def models(as_json: options.AsJson = False) -> None:
    """List the models known by name, and which are on this machine."""
    from apps.cli.model_list import models_table
    from playground.models.acquire.own import own_models
    from playground.models.acquire.records import listed_record, own_record
    from playground.models.acquire.store import list_models

    settings = Settings.from_env()
    listed = list_models(settings)
    own = [own_record(each, settings) for each in own_models(settings)]
    records = [*map(listed_record, listed), *own]
    if as_json:
        write_json({"models": records})
        return
    screen = console()
    if not screen.is_terminal:
        screen.width = 200  # a pipe has no width: nothing is to be wrapped or cut there
    screen.print(models_table(records))
    for each in records:
        if each["problem"]:
            tell(f"{each['name']}: {each['problem']}", style="yellow")


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
        write(f"{model.name} is in {model.path} ({spell_size(model.size_bytes)}).\n")


def _show_terms(name: str, settings: Settings) -> None:
    from playground.models.acquire.catalog import find_entry
    from playground.models.acquire.terms import read_terms

    if terms := read_terms(find_entry(name), settings):
        console(stderr=True).print(plain(terms), soft_wrap=True)


def add(
    path: Annotated[
        str, typer.Argument(help="A folder with safetensors, or a GGUF file.", metavar="PATH")
    ],
    as_json: options.AsJson = False,
) -> None:
    """Check a model of your own and list it, for the page too; its files stay where they are."""
    from apps.cli.check import check_own
    from playground.labs.models.own import accept, added_words
    from playground.models.acquire.catalog import load_catalog
    from playground.models.acquire.records import own_record

    settings = Settings.from_env()
    place = Path(os.path.abspath(Path(path).expanduser()))  # noqa: PTH100 - no `..` in the list
    if any(entry.name == path for entry in load_catalog()) and not _is_a_place(path):
        raise OptionError(
            f"`path` must lead to a folder or file of your own, and {path} is a name of the "
            f"catalog: `playground pull {path}` fetches it."
        )
    found = check_own(str(place))
    own = accept(place, found, settings)
    if as_json:
        write_json(own_record(own, settings) | {"verdict": found.verdict})
    else:
        write(f"{plain(added_words(found))}\n")


def remove(
    name: Annotated[
        str, typer.Argument(help="A name of the catalog, or the path of a listed model.")
    ],
    yes: Annotated[
        bool, typer.Option("--yes", help="Delete it; without this it is told. Your own needs none.")
    ] = False,
    as_json: options.AsJson = False,
) -> None:
    """Delete a fetched model and say how many bytes that frees.

    A model of your own only goes off the list: its files stay, so no --yes is asked for.
    """
    from playground.models.acquire.catalog import find_entry, load_catalog
    from playground.models.acquire.own import find_own
    from playground.models.acquire.removal import delete_model, plan_removal

    settings = Settings.from_env()
    if own := find_own(name, settings):
        _take_off(own, settings, as_json)
        return
    if any(separator in name for separator in ("/", os.sep)) or (
        _is_a_place(name) and not any(entry.name == name for entry in load_catalog())
    ):
        raise ModelNotFound(
            f"{name} is not on the list of your own models; `playground models` shows the list."
        )
    entry = find_entry(name)
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


def _is_a_place(name: str) -> bool:
    """Tell whether a folder or file is there, which may be named without a separator."""
    return os.path.exists(name)  # noqa: PTH110 - raises for no name


def _take_off(own: OwnModel, settings: Settings, as_json: bool) -> None:
    from playground.labs.models.own import taken_off_words
    from playground.models.acquire.own import take_off

    freed = take_off(own, settings)
    if as_json:
        write_json({"model": own.path, "freed_bytes": freed, "shared_bytes": 0})
    else:
        write(f"{plain(taken_off_words(own, freed))}\n")
