"""The form of an experiment: a component for each setting, made from its declaration."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext
from itertools import groupby
from typing import Any

import gradio as gr

from apps.ui.notice import render_outcome
from apps.ui.rail_labels import LABELS
from apps.ui.sliders import UncheckedSlider
from playground.errors import PlaygroundError
from playground.experiments.experiment import Experiment
from playground.experiments.kinds import Choice, Flag, Kind, Maybe, Number, Several, Text, Whole
from playground.experiments.settings import Look, Setting, Settings

Component = Any  # Gradio's components have no base that names `value` and `change`
FEW, MAX_RADIO = 3, 6


class Form:
    """Components by the names of the settings; laid out where it is made.

    Parameters
    ----------
    experiment : Experiment
        Whose settings.
    """

    def __init__(self, experiment: Experiment) -> None:
        self._experiment = experiment
        self.path = experiment.path
        self.settings = experiment.settings
        declared = experiment.settings.declared()
        self.fields: dict[str, Component] = {}
        own = {name: each for name, each in declared.items() if not each.look.shared}
        self._lay_out({name: each for name, each in own.items() if not each.look.seldom})
        if seldom := {name: each for name, each in own.items() if each.look.seldom}:
            with gr.Accordion("More settings", open=False, elem_classes="more"):
                self._lay_out(seldom)
        self.shared = tuple(name for name, each in declared.items() if each.look.shared)

    @property
    def prompt(self) -> Component | None:
        """The field whose text travels between labs, if there is one."""
        declared = self._experiment.settings.declared()
        travels = (name for name, each in declared.items() if each.look.travels)
        return next((self.fields[name] for name in travels), None)

    @property
    def restarts(self) -> dict[Component, str]:
        """The fields that go back with another text in `prompt`, and what they then show."""
        declared = self._experiment.settings.declared()
        restarting = ((name, each) for name, each in declared.items() if each.look.restarts)
        return {self.fields[name]: shown_value(each, each.default) for name, each in restarting}

    @property
    def goes_along(self) -> dict[Component, str]:
        """The fields that change when another text travels here, and what they then show."""
        declared = self._experiment.settings.declared()
        belonging = (name for name, each in declared.items() if each.look.belongs)
        return {**self.restarts, **{self.fields[name]: "" for name in belonging}}

    @property
    def examples(self) -> list[str | None]:
        """Of those fields: what belongs to the example's text alone, and goes where that stands."""
        declared = self._experiment.settings.declared().values()
        return [*[None for _ in self.restarts], *(d.default for d in declared if d.look.belongs)]

    @property
    def asks(self) -> list[Component]:
        """The field that says whether the text that travels is a chat message, if there is one."""
        declared = self._experiment.settings.declared()
        return [self.fields[name] for name, each in declared.items() if each.look.from_chat]

    def told(self, error: PlaygroundError | None) -> str:
        """Return what a run came to, an error's settings called by the labels of their fields."""
        return render_outcome(error, labels=self.labels)

    @property
    def labels(self) -> dict[str, str]:
        """What each setting is called, and each run setting beside it."""
        return labels_of(self._experiment)

    @property
    def sliders(self) -> dict[str, gr.Slider]:
        """The fields that are sliders."""
        return {name: each for name, each in self.fields.items() if isinstance(each, gr.Slider)}

    @property
    def entered(self) -> list[Any]:
        """The events of a person who presses Enter in a field of one line."""
        return [each.submit for each in self.fields.values() if isinstance(each, gr.Textbox)]

    def read(self, data: Mapping[Component, Any], shared: Mapping[str, Any]) -> Settings:
        """Return the settings that the form and the run settings say.

        Raises
        ------
        OptionError
            When one breaks its rule.
        """
        own = {name: data[field] for name, field in self.fields.items()}
        return self._experiment.settings(**own, **{name: shared[name] for name in self.shared})

    def same(self, one: Settings, other: Settings) -> bool:
        """Tell whether two settings agree in all fields, but for a text that travels."""
        looks = {name: each.look for name, each in one.declared().items()}
        fields = [name for name in self.fields if not (looks[name].travels or looks[name].belongs)]
        return all(getattr(one, name) == getattr(other, name) for name in fields)

    def values(self, settings: Settings) -> dict[Component, Any]:
        """Return what the components show for these settings."""
        declared = settings.declared()
        return {
            field: shown_value(declared[name], getattr(settings, name))
            for name, field in self.fields.items()
        }

    def _lay_out(self, settings: Mapping[str, Setting]) -> None:
        """Make the fields in the order of their declaration; narrow neighbours share a row."""
        for narrow, group in groupby(settings.items(), key=lambda item: _narrow(item[1])):
            with gr.Row(elem_classes="lab-fields") if narrow else nullcontext():
                for name, each in group:
                    self.fields[name] = self._component(each)

    def _component(self, setting: Setting) -> Component:
        return _component(setting, f"{self._experiment.path.replace('/', '-')}-{setting.name}")


def labels_of(experiment: Experiment) -> dict[str, str]:
    """Return what each setting of an experiment is called on the page, and each run setting."""
    own = {name: each.label for name, each in experiment.settings.declared().items()}
    return {**LABELS, **own}


def _narrow(setting: Setting) -> bool:
    look = setting.look
    text = isinstance(setting.kind, Text) and not look.narrow
    return not (look.hidden or text or _many(setting.kind))


def _many(kind: Kind) -> bool:
    """Tell of buttons or boxes that would stand one below the other in a row with neighbours."""
    if isinstance(kind, Several):
        return isinstance(kind.member, Choice) and len(kind.member.names) > FEW
    return isinstance(kind, Choice) and FEW < len(kind.names) <= MAX_RADIO


def shown_value(setting: Setting, value: Any) -> Any:
    """Return a value as the setting's component takes it."""
    kind = setting.kind
    if isinstance(kind, Several) and not isinstance(kind.member, Choice):
        return kind.spell(value).replace(",", ", ")
    if setting.look.hidden or isinstance(kind, Maybe):
        return kind.spell(value)
    if isinstance(kind, Several):
        return [kind.member.spell(each) for each in value]
    return kind.spell(value) if isinstance(kind, Choice) else value


def _component(setting: Setting, elem_id: str) -> Component:
    kind, look = setting.kind, setting.look
    shared: dict[str, Any] = {
        "value": shown_value(setting, setting.default),
        "label": setting.label,
        "elem_id": elem_id,
    }
    if look.hidden:
        return gr.Textbox(**shared, visible="hidden")
    shared["info"] = setting.explanation or None
    if isinstance(kind, Flag):
        return gr.Checkbox(**shared, min_width=160)
    if isinstance(kind, Choice):
        return _choice(setting, kind, shared)
    if isinstance(kind, Several) and isinstance(kind.member, Choice):
        choices = [(setting.words.get(name, name), name) for name in kind.member.names]
        return gr.CheckboxGroup(choices, **shared, min_width=240)
    if isinstance(kind, Whole | Number):
        return _number(kind, look, shared)
    wide = look.lines if isinstance(kind, Text) else 1
    classes = "travels" if look.travels else None
    highest = 10 if wide > 1 else 4
    return gr.Textbox(**shared, lines=wide, max_lines=highest, elem_classes=classes, min_width=160)


def _choice(setting: Setting, kind: Choice, shared: dict[str, Any]) -> Component:
    offered = kind.names if setting.look.offered is None else setting.look.offered()
    choices = [(setting.words.get(name, name), name) for name in kind.names if name in offered]
    if len(choices) <= MAX_RADIO:
        return gr.Radio(choices, **shared, min_width=200)
    return gr.Dropdown(choices, **shared, filterable=False, min_width=200)


def _number(kind: Whole | Number, look: Look, shared: dict[str, Any]) -> Component:
    ends = look.ends or _ends(kind, look.step)
    if look.step is None or ends is None:
        return gr.Number(**shared, min_width=110)
    return UncheckedSlider(*ends, step=look.step, **shared, min_width=160, buttons=["reset"])


def _ends(kind: Whole | Number, step: float | None) -> tuple[float, float] | None:
    """Return the ends of a slider that shows all that is allowed, if there are any."""
    limits = kind.limits
    if step is None or limits.le is None:
        return None
    # A slider cannot stop just above its minimum, so it begins one step further.
    return limits.ge if limits.ge is not None else (limits.gt or 0) + step, limits.le
