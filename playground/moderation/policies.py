"""The policies in force: those that are shipped, and a person's own folder, read again on change.

An invalid file is refused, its sentence is kept for whoever asks, and what was in force before
stays. Whoever holds the stages of a moment, such as a reply that streams, keeps them.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from stat import S_ISREG

from playground.errors import PolicyRefused
from playground.moderation.gazetteer import gazetteer, known_groups
from playground.moderation.policy import Loaded, read_policy
from playground.moderation.rules import PolicyStage
from playground.moderation.verdict import Action
from playground.moderation.view import AS_WRITTEN, View
from playground.moderation.yaml_lines import LARGEST
from playground.sentences import quoted

ENDINGS = (".yaml", ".yml")


@dataclass(frozen=True)
class _File:
    """A file of the folder as it was read last."""

    stamp: tuple[int, int]
    stage: PolicyStage | None
    refused: str | None
    clash: bool = False
    """Whether it is refused for its name alone, which another file may give up any time."""


@dataclass(frozen=True)
class Failed:
    """An example that a rule does not treat as it says."""

    rule: str
    example: str
    should_match: bool


class Policies:
    """The shipped policies and those of a folder.

    Parameters
    ----------
    folder : Path, optional
        Where a person's own policies lie. A file whose `policy` is that of a shipped one takes
        its place.
    shipped : bool
        Whether the shipped ones are in force.
    """

    def __init__(self, folder: Path | None = None, *, shipped: bool = True) -> None:
        self._folder = folder
        self._shipped = shipped
        self._files: dict[str, _File] = {}
        self._closed: str | None = None
        self._lock = threading.Lock()

    def stages(self) -> tuple[PolicyStage, ...]:
        """Return a stage for each policy in force now."""
        with self._lock:
            self._look()
            own = [each.stage for _, each in sorted(self._files.items()) if each.stage]
        names = {each.loaded.policy.policy for each in own}
        shipped = shipped_policies() if self._shipped else ()
        kept = [each for each in shipped if each.loaded.policy.policy not in names]
        return (*kept, *own)

    def refused(self) -> tuple[str, ...]:
        """Return a sentence for each file of the folder that is not in force as it stands."""
        with self._lock:
            self._look()
            closed = (self._closed,) if self._closed else ()
            files = (each.refused for _, each in sorted(self._files.items()) if each.refused)
            return (*closed, *files)

    def _look(self) -> None:
        """Read what has changed since the last time."""
        try:
            found, self._closed = _policy_files(self._folder), None
        except OSError as error:
            self._closed = (
                f"The folder of policies {self._folder} cannot be read "
                f"({error.strerror or error}): give leave to read it. What was in force stays."
            )
            return
        self._files = {name: each for name, each in self._files.items() if name in found}
        for name, (path, stamp) in sorted(found.items()):
            before = self._files.get(name)
            if before is None or before.stamp != stamp or before.clash:
                stage = before.stage if before else None
                self._files[name] = self._read(path, stamp, stage)

    def _read(self, path: Path, stamp: tuple[int, int], before: PolicyStage | None) -> _File:
        try:
            stage = policy_stage(_text(path), path.name)
            clash = self._standing_already(stage.loaded, path.name)
        except PolicyRefused as error:
            stays = " What was in force before stays." if before else ""
            return _File(stamp, before, f"{error}{stays}")
        return _File(stamp, before, clash, clash=True) if clash else _File(stamp, stage, None)

    def _standing_already(self, loaded: Loaded, name: str) -> str | None:
        """Return what is wrong when another file has a policy of this name."""
        for other, each in self._files.items():
            same = each.stage and each.stage.loaded.policy.policy == loaded.policy.policy
            if other != name and same:
                return (
                    f"{name}, line {loaded.lines.get(('policy',), 1)}: the policy "
                    f"{quoted(loaded.policy.policy)} stands already in {other}: "
                    "give it another name."
                )
        return None


def policy_stage(text: str, name: str) -> PolicyStage:
    """Return the stage of a policy that is given as YAML; `PolicyRefused` says what is wrong."""
    return PolicyStage(read_policy(text, name, known_groups()), gazetteer())


@cache
def shipped_policies() -> tuple[PolicyStage, ...]:
    """Return a stage for each policy that is shipped."""
    folder = files("playground.data").joinpath("moderation").joinpath("policies")
    return tuple(
        policy_stage(each.read_text(encoding="utf-8"), each.name)
        for each in sorted(folder.iterdir(), key=lambda each: each.name)
        if each.name.endswith(ENDINGS)
    )


def failed_examples(stage: PolicyStage) -> list[Failed]:
    """Return the examples of a policy's rules that its rules do not treat as they say.

    A rule's example counts as found when any rule of the same category finds it.
    """
    failed = []
    for rule in stage.loaded.policy.rules:
        examples = [(each, True) for each in rule.examples.match]
        examples += [(each, False) for each in rule.examples.let_pass]
        for text, should in examples:
            if matches_category(stage, text, rule.category) != should:
                failed.append(Failed(rule.id, text, should))
    return failed


def matches_category(stage: PolicyStage, text: str, category: str) -> bool:
    """Return whether a rule of a category finds something in a text as it is written."""
    view = View(AS_WRITTEN, text, range(len(text)), range(1, len(text) + 1))
    return any(
        each.category == category and each.action is not Action.ALLOW
        for each in stage.find(text, [view])
    )


def _policy_files(folder: Path | None) -> dict[str, tuple[Path, tuple[int, int]]]:
    """Return the policies of a folder, each with what tells that it was changed."""
    found: dict[str, tuple[Path, tuple[int, int]]] = {}
    if folder is None:
        return found
    try:
        paths = list(folder.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return found
    for path in paths:
        if path.suffix.lower() not in ENDINGS:
            continue
        try:
            state = path.stat()
        except FileNotFoundError:  # gone since the folder was listed
            continue
        if S_ISREG(state.st_mode):
            found[path.name] = (path, (state.st_mtime_ns, state.st_size))
    return found


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            # One more than may be: the reader says that it is too long.
            return file.read(4 * LARGEST).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise PolicyRefused(
            f"{path.name}: its bytes are not UTF-8 from byte {error.start} on: save it as UTF-8."
        ) from error
    except OSError as error:
        raise PolicyRefused(f"{path.name} cannot be read: {error.strerror or error}.") from error
