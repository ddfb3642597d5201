"""What a scheme did to a copy of the whole model: measures, and both texts."""

from __future__ import annotations

from markupsafe import Markup

from playground.drawing.markup import tag
from playground.experiments.experiment import Experiment, Needs
from playground.generation.scoring import Quality
from playground.labs.precision.microscope import Scheme
from playground.labs.precision.trial import Trial, TrialSettings, run_trial


def draw(trial: Trial) -> Markup:
    """Return what is known so far: FP32 first, then what the scheme made of it."""
    if trial.full_perplexity is None:
        return Markup()
    changed = f"{trial.done:,} {'matrix' if trial.done == 1 else 'matrices'} changed"
    beside = tag("span", f"{_words(trial.settings.scheme)}, {changed}", class_="muted")
    rows = [("perplexity, FP32", f"{trial.full_perplexity:.2f}"), *_found(trial.quality)]
    cells = (tag("tr", tag("th", name), tag("td", value)) for name, value in rows)
    texts = [("FP32", trial.full_text), *([("changed", trial.text)] if trial.quality else [])]
    return tag(
        "div",
        tag("h2", "In the model ", beside),
        tag("table", *cells, class_="scope-table"),
        _measured(trial.quality) if trial.quality else None,
        tag("div", *(_text(*each) for each in texts), class_="texts"),
        class_="card scope",
    )


def _words(scheme: Scheme) -> str:
    return scheme.method if scheme.method == "nf4" else f"{scheme.method}, {scheme.bits} bits"


def _found(quality: Quality | None) -> list[tuple[str, str]]:
    if quality is None:
        return []
    return [
        ("perplexity now", f"{quality.perplexity:,.2f}"),
        ("KL to FP32", f"{quality.kl_to_reference_nats:.5f} nats"),
        ("same likeliest token", f"{100 * quality.top1_agreement:.1f} %"),
    ]


def _measured(quality: Quality) -> Markup:
    words = (
        f"Measured over {quality.tokens:,} tokens of the shipped text, in a copy; the chat's model "
        "stays as it is."
    )
    return tag("p", words, class_="hint")


def _text(name: str, text: str) -> Markup:
    written = tag("p", text.strip(), class_="written")
    return tag("section", tag("h3", name), written, class_="strip-column")


TRIAL = Experiment(
    path="precision/trial",
    title="In the model",
    idea=(
        "Put a way of quantizing into a copy of the model, one matrix or all, and read what that "
        "one says beside the original."
    ),
    settings=TrialSettings,
    function=run_trial,
    view=draw,
    needs=Needs.CHOICE,
    action="Put it into a copy",
    empty="Both texts come here, and how far they are apart.",
    small={"method": "absmax", "bits": 2, "where": "one"},
)
