"""The command ``playground``."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Annotated, Any, NoReturn

import typer

import playground
from apps.cli import options as options
from apps.cli.failures import FAILED, INTERRUPTED, fail
from apps.cli.model_commands import add, models, pull, remove
from apps.cli.option_names import options_of
from apps.cli.terminal import (
    discard_stdout,
    open_closed_streams,
    require_folder,
    tolerate_odd_text,
    well_formed,
    write,
)
from playground.errors import OptionError
from playground.models.engines.engine_name import EngineName
from playground.models.engines.precision import Precision
from playground.settings import Settings

app = typer.Typer(
    help="A real small language model in your hands.",
    epilog="Exit codes: 0 done, 1 failed, 2 wrong usage, 130 stopped by Ctrl-C.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["--help", "-h"]},
)


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and exit.

    Parameters
    ----------
    arguments : sequence of str, optional
        What follows the program's name; by default what the shell gave.
    """
    open_closed_streams()
    tolerate_odd_text()
    words = [well_formed(word) for word in (sys.argv[1:] if arguments is None else arguments)]
    try:
        require_folder()
        code = app(words, prog_name="playground", standalone_mode=False) or 0
        sys.stdout.flush()
    except KeyboardInterrupt:
        code = INTERRUPTED
    except BrokenPipeError:  # nobody reads any more, which is no news to anybody
        discard_stdout()
        code = FAILED
    except Exception as error:
        code = fail(error, "--json" in words, options_of(app, words))
    sys.exit(code)


def _show_version(wanted: bool) -> None:
    if wanted:
        write(f"playground {playground.__version__}\n")
        raise typer.Exit


@app.callback()
def common(
    version: Annotated[
        bool,
        typer.Option("--version", help="Show the version.", callback=_show_version, is_eager=True),
    ] = False,
) -> None:
    """Take the options that come before a command."""


@app.command()
def ui(
    host: Annotated[
        str,
        typer.Option(
            envvar="PLAYGROUND_HOST", help="0.0.0.0 lets other machines in.", metavar="ADDRESS"
        ),
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(envvar="PLAYGROUND_PORT", min=1, max=65535)] = 7860,
    model: options.Model = options.DEFAULT_MODEL,
    precision: options.PrecisionName = options.DEFAULT_PRECISION,
    engine: options.Engine = options.DEFAULT_ENGINE,
    moderation: options.OwnersModeration = "",
) -> None:
    """Serve the page, until Ctrl-C."""
    from apps.address import require_free_address, require_proxies
    from playground.models.acquire.fetch import resolve
    from playground.models.engines.manager import ModelChoice

    chosen = ModelChoice(model, Precision.parse(precision), EngineName.parse(engine))
    settings = options.with_owners_filter(Settings.from_env(), moderation, host)
    resolve(model)  # refuses a name that leads nowhere
    require_proxies()
    require_free_address(host, port)

    from apps.server import serve

    serve(host, port, chosen, settings)


for _command in (models, pull, add, remove):
    app.command()(_command)


@app.command()
def chat(
    prompt: Annotated[
        str | None,
        typer.Option(
            help="Write one reply to this and end; - reads it from stdin.", metavar="TEXT"
        ),
    ] = None,
    system: Annotated[str, typer.Option(help="The system prompt.", metavar="TEXT")] = "",
    model: options.Model = options.DEFAULT_MODEL,
    precision: options.PrecisionName = options.DEFAULT_PRECISION,
    engine: options.Engine = options.DEFAULT_ENGINE,
    temperature: options.ChatTemperature = None,
    top_k: options.ChatTopK = None,
    top_p: options.ChatTopP = None,
    min_p: options.ChatMinP = None,
    repetition_penalty: options.ChatRepetitionPenalty = None,
    frequency_penalty: options.ChatFrequencyPenalty = None,
    max_new_tokens: options.MaxNewTokens = None,
    seed: options.Seed = None,
    stop: options.Stop = None,
    overflow: options.Overflow = None,
    context_window: options.ContextWindow = None,
    moderation: options.Moderation = "on",
    as_json: options.AsJson = False,
) -> None:
    """Chat with a model in the terminal; with --prompt, get one reply."""
    settings = options.chat_settings(
        {
            "temperature": temperature,
            "top_k": top_k,
            "top_p": top_p,
            "min_p": min_p,
            "repetition_penalty": repetition_penalty,
            "frequency_penalty": frequency_penalty,
            "max_new_tokens": max_new_tokens,
            "seed": seed,
            "stop": stop,
            "overflow": overflow,
            "context_window": context_window,
        }
    )
    runner = EngineName.parse(engine)
    chosen, guarded = Precision.parse(precision), options.switch("moderation", moderation)
    if prompt is None and as_json:
        raise OptionError("`--json` prints one reply, so it needs `--prompt`.")

    from apps.cli.terminal_chat import TerminalChat
    from apps.cli.terminal_reply import loaded_model, print_reply, read_prompt

    text = None if prompt is None else read_prompt(prompt)
    with loaded_model(model, chosen, runner, guarded) as language_model:
        if text is None:
            TerminalChat(language_model, settings, system).run()
        elif print_reply(language_model, text, system, settings, as_json) == "cancelled":
            raise typer.Exit(INTERRUPTED)


@app.command()
def precision(
    prompt: Annotated[
        str, typer.Argument(help="The text to continue; - reads it from stdin.")
    ] = "",
    precisions: Annotated[
        str, typer.Option(help=f"Of {', '.join(Precision)}; commas between.", metavar="NAMES")
    ] = "fp32,fp16,bf16,int8,nf4",
    engines: Annotated[
        str,
        typer.Option(help=f"Of {', '.join(EngineName)}; commas between.", metavar="NAMES"),
    ] = EngineName.AUTO.value,
    text_file: Annotated[
        str, typer.Option(help="Your own text for perplexity, besides the shipped one.")
    ] = "",
    model: options.Model = options.DEFAULT_MODEL,
    max_new_tokens: options.RunTokens = "64",
    runs: options.Runs = "3",
    score_tokens: options.ScoreTokens = "1024",
    as_json: options.AsJson = False,
) -> None:
    """Measure one model at several precisions, each in a process of its own."""
    from apps.cli import precision as bench
    from apps.cli.terminal_reply import fetch_in_sight, read_prompt
    from playground.models.engines.manager import ModelChoice

    asked = bench.read_settings(
        read_prompt(prompt) if prompt else "",
        text_file,
        precisions=precisions,
        engines=engines,
        max_new_tokens=max_new_tokens,
        runs=runs,
        score_tokens=score_tokens,
    )
    fetch_in_sight(model, Settings.from_env())
    bench.measure(ModelChoice(model, Precision.FP32), asked, as_json)


@app.command()
def compare(
    prompt: Annotated[str, typer.Argument(help="The text to continue; - reads it from stdin.")],
    temperatures: Annotated[
        str, typer.Option(help="From 0 to 2, with commas between.", metavar="NUMBERS")
    ] = "0,0.7,1.5",
    samples: Annotated[
        int, typer.Option(help="Columns for each temperature.", min=1, metavar="NUMBER")
    ] = 1,
    coupled: Annotated[
        bool, typer.Option(help="Throw the same dice in every column, or each its own.")
    ] = True,
    model: options.Model = options.DEFAULT_MODEL,
    precision: options.PrecisionName = options.DEFAULT_PRECISION,
    engine: options.Engine = options.DEFAULT_ENGINE,
    top_k: options.TopK = None,
    top_p: options.TopP = None,
    min_p: options.MinP = None,
    repetition_penalty: options.RepetitionPenalty = None,
    max_new_tokens: options.ColumnTokens = "64",
    seed: options.Seed = None,
    stop: options.Stop = None,
    as_json: options.AsJson = False,
) -> None:
    """Continue one prompt at several temperatures, all from one batch."""
    from apps.cli import compare as strip
    from apps.cli.terminal_reply import loaded_model, read_prompt
    from playground.generation.settings import SamplingSettings
    from playground.labs.temperature.strip import StripSettings
    from playground.models.engines.manager import ModelChoice

    given: dict[str, Any] = {
        "temperatures": temperatures,
        "samples": samples,
        "coupled": coupled,
        "top_k": top_k,
        "top_p": SamplingSettings().top_p if top_p is None else top_p,
        "min_p": min_p,
        "repetition_penalty": repetition_penalty,
        "max_new_tokens": max_new_tokens,
        "seed": seed,
        "stop": stop or None,
    }
    said = {name: value for name, value in given.items() if value is not None}
    settings = StripSettings(prompt=read_prompt(prompt), **said)
    choice = ModelChoice(model, Precision.parse(precision), EngineName.parse(engine))
    with loaded_model(model, choice.precision, choice.engine) as language_model:
        if not strip.compare(language_model, settings, choice, as_json):
            raise typer.Exit(INTERRUPTED)


@app.command()
def check(
    model: Annotated[str, typer.Argument(help="As for --model.")] = options.DEFAULT_MODEL,
    as_json: options.AsJson = False,
) -> None:
    """Check that a model runs right here; exit code 1 says that it does not."""
    from apps.cli.check import check_model

    check_model(model, as_json)


@app.command()
def probe(
    suite: Annotated[
        str, typer.Option(help="A set of questions, or your own .csv or .jsonl.", metavar="NAME")
    ] = "capitals",
    items: Annotated[
        str, typer.Option(help="The first so many questions.", metavar="NUMBER")
    ] = "80",
    samples: Annotated[
        str, typer.Option(help="Further answers to each; 0 leaves them out.", metavar="NUMBER")
    ] = "5",
    model: options.Model = options.DEFAULT_MODEL,
    precision: options.PrecisionName = options.DEFAULT_PRECISION,
    engine: options.Engine = options.DEFAULT_ENGINE,
    temperature: options.ProbeTemperature = "0.7",
    seed: options.ProbeSeed = "0",
    as_json: options.AsJson = False,
) -> None:
    """Ask a model what is known, and see which score tells right from invented."""
    from apps.cli.probe import probe as ask_all
    from playground.models.engines.manager import ModelChoice

    choice = ModelChoice(model, Precision.parse(precision), EngineName.parse(engine))
    given = {"items": items, "samples": samples, "temperature": temperature, "seed": seed}
    ask_all(suite, choice, as_json, given)


@app.command()
def tokens(
    text: Annotated[str, typer.Argument(help="The text; - reads it from stdin.")],
    model: options.Model = options.DEFAULT_MODEL,
    as_json: options.AsJson = False,
) -> None:
    """Show how a model's tokenizer cuts a text: ids, pieces, bytes, places."""
    from apps.cli.tokens import show_tokens

    # White space counts here: nothing is trimmed.
    show_tokens(model, sys.stdin.read() if text == "-" else text, as_json)


@app.command()
def moderate(
    text: Annotated[str, typer.Argument(help="The text; - reads it from stdin.")],
    policies: Annotated[
        str,
        typer.Option(help="A folder with your own policies, as YAML.", metavar="FOLDER"),
    ] = "",
    classifier: Annotated[
        bool, typer.Option("--classifier", help="Ask the learned stage too; it loads an encoder.")
    ] = False,
    as_json: options.AsJson = False,
) -> None:
    """Say what is banned in a text, by which rule and where."""
    from apps.cli.moderate import moderate as judge

    judge(sys.stdin.read() if text == "-" else text, policies, classifier, as_json)


@app.command(
    context_settings={
        "allow_extra_args": True,
        "ignore_unknown_options": True,
        "help_option_names": [],
    }
)
def lab(context: typer.Context) -> None:
    """Run any experiment of any lab; `playground lab` lists them."""
    # The labs are read only when one is asked for, so that all other commands stay instant.
    from apps.cli.lab import lab_app

    code = lab_app()(context.args, prog_name="playground lab", standalone_mode=False)
    if code:
        raise typer.Exit(code)


if __name__ == "__main__":
    main()
