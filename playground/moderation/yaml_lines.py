"""YAML read with the line of everything in it, and without YAML's surprises.

Every scalar stays the text it was written as: ``no`` is a word, not a falsehood.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import yaml

from playground.errors import PolicyRefused
from playground.sentences import quoted

Path: TypeAlias = tuple[str | int, ...]

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The same reading in C, where it is installed: ten times as fast."""

LARGEST = 1_000_000
"""Characters of a file. A policy of a thousand rules has fewer."""

UNREADABLE = yaml.reader.Reader.NON_PRINTABLE
"""Characters that YAML may not hold, such as NUL."""

DEEPEST = 12
"""Lists and mappings within each other. A policy has five."""


def read_yaml(text: str, name: str) -> tuple[Any, dict[Path, int]]:
    """Return what a YAML text holds, and the line of each key and item by its path.

    Parameters
    ----------
    text : str
        The file's text.
    name : str
        What the file is called in an error's sentence.
    """
    if len(text) > LARGEST:
        raise PolicyRefused(
            f"{name} has {len(text):,} characters, and a policy may have {LARGEST:,}: split it."
        )
    odd = UNREADABLE.search(text)
    if odd:
        line = text.count("\n", 0, odd.start()) + 1
        raise PolicyRefused(
            f"{name}, line {line}: the character U+{ord(odd.group()):04X} is none of a text: "
            "take it out."
        )
    try:
        _refuse_references(text, name)
        node = yaml.compose(text, Loader=LOADER)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        raise PolicyRefused(
            f"{name}, line {line}: this is not YAML: {error.problem or error.context}."
        ) from error
    except yaml.YAMLError as error:
        raise PolicyRefused(f"{name}: this is not YAML: {error}.") from error
    lines: dict[Path, int] = {}
    return (None if node is None else _value(node, (), lines, name)), lines


def line_of(path: Path, lines: dict[Path, int]) -> int:
    """Return the line of a path, or of the nearest thing around it that has one."""
    while path and path not in lines:
        path = path[:-1]
    return lines.get(path, 1)


def _refuse_references(text: str, name: str) -> None:
    """Refuse what lets a small file unfold into a huge one, tags, and depth that ends the stack."""
    depth = 0
    for event in yaml.parse(text, Loader=LOADER):
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        where = f"{name}, line {event.start_mark.line + 1 if event.start_mark else 1}"
        if isinstance(event, yaml.AliasEvent):
            raise PolicyRefused(f"{where}: *{event.anchor} refers to another place: write it out.")
        tag = getattr(event, "tag", None)
        if tag:
            raise PolicyRefused(f"{where}: {tag} is read as a tag: put the text in quotes.")
        if depth > DEEPEST:
            raise PolicyRefused(f"{where}: lists lie more than {DEEPEST} deep: a policy's do not.")


def _value(node: yaml.Node, path: Path, lines: dict[Path, int], name: str) -> Any:
    lines.setdefault(path, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        return _mapping(node, path, lines, name)
    if isinstance(node, yaml.SequenceNode):
        return [_value(each, (*path, at), lines, name) for at, each in enumerate(node.value)]
    # A key with nothing behind it, or with YAML's ~, is a value left out, not a text.
    left_out = node.tag.endswith(":null") and node.value in ("", "~")
    return None if left_out else str(node.value)


def _mapping(
    node: yaml.MappingNode, path: Path, lines: dict[Path, int], name: str
) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in node.value:
        line = key.start_mark.line + 1
        if not isinstance(key, yaml.ScalarNode):
            raise PolicyRefused(f"{name}, line {line}: a key must be a word.")
        if key.value in found:
            first = lines[(*path, key.value)]
            raise PolicyRefused(
                f"{name}, line {line}: {quoted(key.value)} stands here and in line "
                f"{first}: keep one."
            )
        lines[(*path, key.value)] = line
        found[key.value] = _value(value, (*path, key.value), lines, name)
    return found
