"""What an experiment can be asked with: types, limits, labels and explanations, declared once.

A form, a command line, a link, a JSON body and a call from Python hand over the same names; all are
read here, and what breaks a rule gets one sentence that names option, rule and value.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from playground.errors import OptionError, PlaygroundError
from playground.experiments.kinds import Kind, kind_of
from playground.experiments.limits import Limits
from playground.number_rules import shown
from playground.sentences import quoted


@dataclass(frozen=True)
class Look:
    """How a setting is shown where there is room for a form.

    Parameters
    ----------
    lines : int
        Height of a text field; 1 takes no line ends.
    step : float or None
        Grain of a slider; None is a plain field.
    ends : pair of float or None
        Of a slider that shows less than what is allowed; None shows all.
    shared : bool
        Taken from the run settings beside every lab, under the same name; no field of its own.
    hidden : bool
        Set by clicks in the picture and by links; no field of its own.
    travels : bool
        A prompt that goes with a person from lab to lab.
    narrow : bool
        A short text that stands in a row with its neighbours.
    restarts : bool
        A place in what is shown, such as a page: back at its default when the text that travels
        is another.
    belongs : bool
        A text that belongs to the one that travels, such as the beginning of its answer: emptied
        when another travels here, or, as long as it is the example's, when another is written.
    from_chat : bool
        Whether the text that travels is a chat message: it is one when it comes from the chat.
    offered : callable or None
        Names of the values of a choice that can be had on this machine; None for all. A form shows
        these, whoever names another gets a sentence.
    seldom : bool
        Few people change it: it stands behind "More settings", after all others.
    """

    lines: int = 1
    step: float | None = None
    ends: tuple[float, float] | None = None
    shared: bool = False
    hidden: bool = False
    travels: bool = False
    narrow: bool = False
    restarts: bool = False
    belongs: bool = False
    from_chat: bool = False
    offered: Callable[[], Collection[str]] | None = None
    seldom: bool = False


def field(
    default: Any,
    *,
    label: str,
    explanation: str = "",
    ge: float | None = None,
    gt: float | None = None,
    le: float | None = None,
    most: int | None = None,
    words: Mapping[str, str] | None = None,
    **look: Any,
) -> Any:
    """Declare a setting.

    Parameters
    ----------
    default : object
        What it is when nobody says anything.
    label : str
        Its name on the page.
    explanation : str
        One line for the learner.
    ge, gt, le : float, optional
        Limits of a number, or of each number of a list.
    most : int, optional
        Characters of a text, members of a list.
    words : mapping of str to str, optional
        Of a choice: what each value is called on the page.
    **look
        Fields of `Look`.
    """
    extra: Any = {
        "limits": Limits(ge=ge, gt=gt, le=le, most=most),
        "look": Look(**look),
        "words": dict(words or {}),
    }
    # pydantic keeps it beside the field; the schema is made by `Kind.schema`.
    return Field(default, title=label, description=explanation, json_schema_extra=extra)


@dataclass(frozen=True)
class Setting:
    """One setting as declared: everything that a form, a command or a link needs.

    Parameters
    ----------
    name, label, explanation : str
        For the code, for the page, and one line for the learner.
    default : object
        Its value when nobody says anything.
    kind : Kind
        How it is read, written and said in words.
    look : Look
        How it is shown.
    words : mapping of str to str
        What each value of a choice is called on the page.
    """

    name: str
    label: str
    explanation: str
    default: Any
    kind: Kind
    look: Look
    words: Mapping[str, str]

    @property
    def rule(self) -> str:
        """The values allowed, in words."""
        return self.kind.rule

    def read(self, value: object) -> Any:
        """Return a value as the experiment takes it.

        Raises
        ------
        OptionError
            When it breaks the rule.
        """
        try:
            return self.kind.read(value)
        except ValueError as error:
            got = shown(error.args[0] if error.args else value)
            raise OptionError(f"`{self.name}` must be {self.rule}, got {got}.") from None


class Settings(BaseModel):
    """Base of every experiment's settings; frozen, and unknown names are refused.

    Raises
    ------
    OptionError
        When a name is unknown or a value breaks its rule.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    def __init__(self, **given: Any) -> None:
        known = {name: self._setting(name) for name in given}  # before any value is read
        values = {name: known[name].read(value) for name, value in given.items()}
        try:
            super().__init__(**values)
        except ValidationError as error:
            raise _reason(error) from None

    @classmethod
    def declared(cls) -> dict[str, Setting]:
        """Return the settings by name, in the order in which they are declared."""
        return _declared(cls)

    @classmethod
    def read_each(cls, given: Mapping[str, Any]) -> tuple[Self, tuple[str, ...]]:
        """Return settings with all that can be read, and a sentence for each value that cannot.

        What cannot stands at its default. Values that are good alone and do not go together all
        stand, with the sentence that says so: a form can show them, a run refuses them.
        """
        good, told = {}, []
        for name, value in given.items():
            try:
                good[name] = cls._setting(name).read(value)
            except OptionError as error:
                told.append(str(error))
        try:
            return cls(**good), tuple(told)
        except PlaygroundError as error:
            return cls.model_construct(**good), (*told, str(error))

    @classmethod
    def _setting(cls, name: str) -> Setting:
        declared = cls.declared()
        if name not in declared:
            known = ", ".join(f"`{each}`" for each in declared) or "none"
            raise OptionError(f"There is no setting {quoted(name)}; known are {known}.")
        return declared[name]

    @classmethod
    def __get_pydantic_json_schema__(cls, _schema: Any, _handler: Any) -> dict[str, Any]:
        return cls.json_schema()

    @classmethod
    def json_schema(cls) -> dict[str, Any]:
        """Return the JSON schema: types, limits, defaults, titles and explanations."""
        properties = {
            name: {
                "title": each.label,
                "description": each.explanation,
                "default": each.kind.plain(each.default),
                **each.kind.schema(),
            }
            for name, each in cls.declared().items()
        }
        return {"type": "object", "properties": properties, "additionalProperties": False}

    def to_json(self) -> dict[str, Any]:
        """Return the values as JSON can hold them."""
        return {
            name: each.kind.plain(getattr(self, name)) for name, each in self.declared().items()
        }

    def changed(self) -> dict[str, Any]:
        """Return what is not at its default: what a link or a line of code must say."""
        return {
            name: getattr(self, name)
            for name, each in self.declared().items()
            if getattr(self, name) != each.default
        }

    def spelled(self) -> dict[str, str]:
        """Return what is not at its default, each as the text that reads back to it."""
        declared = self.declared()
        return {name: declared[name].kind.spell(value) for name, value in self.changed().items()}


@cache
def _declared(settings: type[Settings]) -> dict[str, Setting]:
    return {name: _setting(name, info) for name, info in settings.model_fields.items()}


def _setting(name: str, info: Any) -> Setting:
    extra = info.json_schema_extra
    return Setting(
        name,
        info.title,
        info.description or "",
        info.default,
        kind_of(info.annotation, extra["limits"]),
        extra["look"],
        extra["words"],
    )


def _reason(error: ValidationError) -> OptionError:
    """Return what a validator of the experiment's own raised, or pydantic's words for it."""
    first = error.errors()[0]
    reason = first.get("ctx", {}).get("error")
    if isinstance(reason, OptionError):
        return reason
    return OptionError(f"The settings do not go together: {first['msg']}.")
