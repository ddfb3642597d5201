"""``playground lab LAB EXPERIMENT``: every experiment as a command, made from its declaration."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from textwrap import shorten
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
from rich.progress import Progress as Bars
from rich.table import Table

from apps.cli import options
from apps.cli.interrupt import interruptible
from apps.cli.terminal import console, plain, tell, write, write_json
from playground.drawing.as_text import as_text
from playground.errors import PlaygroundError
from playground.experiments.experiment import Experiment, Lab, Needs
from playground.experiments.performing import perform
from playground.experiments.result import Result
from playground.experiments.run import NOTHING_DONE, Progress, Stopped
from playground.experiments.settings import Setting, Settings
from playground.labs import experiments, labs
from playground.models.engines.engine_name import EngineName
from playground.models.engines.manager import ModelChoice
from playground.models.engines.precision import Precision
from playground.sentences import quoted
from playground.serving import shared_pool

INTERRUPTED = 130
_OF_ALL = ("model", "precision", "engine", "as_json", "as_html")


def lab_app() -> typer.Typer:
    """Return the command with a command for each lab, and in it one for each experiment."""
    app = typer.Typer(
        help="Run any experiment of any lab; without a name, list them.",
        invoke_without_command=True,
        context_settings={"help_option_names": ["--help", "-h"]},
    )

    @app.callback()
    def listed(context: typer.Context) -> None:
        if context.invoked_subcommand is None:
            console().print(_list())

    for lab in labs().values():
        app.add_typer(_of_lab(lab), name=lab.name)
    return app


def settings_of(named: Sequence[str]) -> list[str]:
    """Return the settings that an experiment takes as options; none where there is none."""
    experiment = experiments().get("/".join(named))
    return [*experiment.settings.declared(), *experiment.chosen] if experiment else []


def _list() -> Table:
    table = Table(box=None, show_header=False, pad_edge=False)
    for lab in labs().values():
        for each in lab.experiments:
            table.add_row(f"{lab.name} {each.name}", each.idea)
    return table


def _of_lab(lab: Lab) -> typer.Typer:
    app = typer.Typer(
        help=lab.idea,
        no_args_is_help=True,
        context_settings={"help_option_names": ["--help", "-h"]},
    )

    @app.callback()
    def named() -> None:
        """Keep a lab of one experiment a group of commands."""

    for each in lab.experiments:
        app.command(each.name, help=each.idea)(_command(each))
    app.callback(help=lab.idea)(named)
    return app


def _command(experiment: Experiment) -> Callable[..., None]:
    """Return a function whose parameters are the experiment's settings."""

    def command(**given: Any) -> None:
        common = {name: given.pop(name, None) for name in _OF_ALL}
        said = {name: value for name, value in given.items() if value is not None}
        settings = experiment.settings(**said)
        _perform(experiment, settings, _choice(common), common["as_json"], common["as_html"])

    parameters = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=kind)
        for name, (kind, default) in _parameters(experiment).items()
    ]
    command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined] # read by typer
    command.__annotations__ = {each.name: each.annotation for each in parameters}
    return command


def _parameters(experiment: Experiment) -> dict[str, tuple[Any, Any]]:
    declared = experiment.settings.declared()
    own = {name: (Annotated[str | None, _option(each)], None) for name, each in declared.items()}
    shared: dict[str, tuple[Any, Any]] = {
        "as_json": (options.AsJson, False),
        "as_html": (Annotated[str, typer.Option("--html", help=_HTML, metavar="FILE")], ""),
    }
    if experiment.needs is Needs.NOTHING:
        return {**own, **shared}
    model: dict[str, tuple[Any, Any]] = {"model": (options.Model, options.DEFAULT_MODEL)}
    if experiment.needs is not Needs.FOLDER:
        model["precision"] = (options.PrecisionName, options.DEFAULT_PRECISION)
        model["engine"] = (options.Engine, options.DEFAULT_ENGINE)
    return {**own, **model, **shared}


_HTML = "Write a page of its own that opens without the playground."


def _option(setting: Setting) -> Any:
    rule = setting.rule[0].upper() + setting.rule[1:]
    first = setting.kind.spell(setting.default)
    quoted = repr(first) if " " in first or not first.isascii() else first
    usual = f"; default {shorten(quoted, 60, placeholder=' …')}" if first else ""
    words = f"{setting.label}. {setting.explanation} {rule}{usual}."
    return typer.Option(f"--{setting.name.replace('_', '-')}", help=words, metavar="VALUE")


def _choice(common: dict[str, Any]) -> ModelChoice:
    return ModelChoice(
        common["model"] or options.DEFAULT_MODEL,
        Precision.parse(common["precision"] or options.DEFAULT_PRECISION),
        EngineName.parse(common["engine"] or options.DEFAULT_ENGINE),
    )


def _perform(
    experiment: Experiment, settings: Settings, choice: ModelChoice, as_json: bool, as_html: str
) -> None:
    """Run an experiment in sight, and print what it found, also when it was stopped."""
    last, stopped = perform_in_sight(experiment, settings, choice)
    if last:
        _print(last, as_json, as_html)
    if stopped:
        raise typer.Exit(INTERRUPTED)


def perform_in_sight(
    experiment: Experiment, settings: Settings, choice: ModelChoice
) -> tuple[Result | None, bool]:
    """Run an experiment, its progress on stderr; return what it found, and whether Ctrl-C came."""
    last: Result | None = None
    with interruptible() as stopped, _progress() as show:
        try:
            for last in perform(experiment, settings, shared_pool(), choice, stopped.is_set):
                show(last.snapshot.progress)
        except Stopped as reason:
            begun = last is not None and last.snapshot.progress.begun
            tell(str(reason) if begun else NOTHING_DONE, style="yellow")
    return last, stopped.is_set()


def _print(result: Result, as_json: bool, as_html: str) -> None:
    if as_html:
        _write_page(as_html, result)
    if as_json:
        write_json(result.to_json())
    else:
        said = as_text(result.experiment.view(result.snapshot))
        write(f"{plain(said)}\n")


def _write_page(path: str, result: Result) -> None:
    try:
        with open(path, "w", encoding="utf-8") as file:  # noqa: PTH123 - "-" and /dev/stdout serve too
            file.write(result.to_html())
    except OSError as error:
        raise PlaygroundError(
            f"The page cannot be written to {quoted(path)} ({error.strerror}); give another file."
        ) from error


@contextmanager
def _progress() -> Iterator[Callable[[Progress], None]]:
    """Show a run on stderr: a bar on a terminal, nothing elsewhere."""
    screen = console(stderr=True)
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn())
    with Bars(*columns, console=screen, transient=True, disable=not screen.is_terminal) as bars:
        task = bars.add_task("taking the model", total=None)

        def show(progress: Progress) -> None:
            bars.update(
                task,
                description=plain(progress.words),
                completed=progress.done,
                total=progress.total or None,
            )

        yield show
