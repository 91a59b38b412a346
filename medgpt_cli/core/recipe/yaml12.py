"""YAML text to a plain tree, with the line of every key.

Scalars follow YAML 1.2 (`1e-4` is a number, `no` and `on` are text); duplicate keys, anchors and tags
are refused, so a file from a stranger can name no Python object and cannot grow while it is read.  This
module knows nothing of recipes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from yaml.composer import Composer
from yaml.error import MarkedYAMLError, YAMLError
from yaml.events import AliasEvent
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from yaml.parser import Parser
from yaml.reader import Reader
from yaml.resolver import BaseResolver
from yaml.scanner import Scanner

Keys = tuple[str | int, ...]
"""The place of a value in the tree, such as `("data", "mix", 0, "path")`."""

LARGEST = 1 << 20
"""Characters; a longer file is not a recipe."""

LONGEST_NUMBER = 100
"""Digits; what is longer stays text, and is refused where a number is wanted."""

_TAG = "tag:yaml.org,2002:"


@dataclass
class Parsed:
    """What a text says.

    Attributes:
        tree: Maps, lists and scalars; an empty text is an empty map.
        lines: The line (from 1) of each key and list item.
        faults: (line, path, what) of everything that must not be there.
    """

    tree: Any = field(default_factory=dict)
    lines: dict[Keys, int] = field(default_factory=dict)
    faults: list[tuple[int, Keys, str]] = field(default_factory=list)


class NotYAML(ValueError):
    """The text cannot be read at all.

    Attributes:
        line: Where reading ended, from 1.
    """

    def __init__(self, what: str, line: int) -> None:
        super().__init__(what)
        self.line = line


class _Loader(Reader, Scanner, Parser, Composer, BaseResolver):
    """PyYAML's reader with the scalars of YAML 1.2 and without anchors or constructors."""

    def __init__(self, text: str) -> None:
        Reader.__init__(self, text)
        Scanner.__init__(self)
        Parser.__init__(self)
        Composer.__init__(self)
        BaseResolver.__init__(self)

    def compose_node(self, parent: Node | None, index: Any) -> Node | None:
        event = self.peek_event()  # type: ignore[no-untyped-call]
        if isinstance(event, AliasEvent) or getattr(event, "anchor", None):
            raise MarkedYAMLError(
                problem="anchors (& and *) are not allowed", problem_mark=event.start_mark
            )
        if getattr(event, "tag", None):
            raise MarkedYAMLError(
                problem="tags (! and !!) are not allowed", problem_mark=event.start_mark
            )
        return super().compose_node(parent, index)


for _kind, _pattern in {
    "null": r"~|null|Null|NULL|",
    "bool": r"true|True|TRUE|false|False|FALSE",
    "int": r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+",
    "float": r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)",
}.items():
    _Loader.add_implicit_resolver(_TAG + _kind, re.compile(rf"^(?:{_pattern})$"), None)


def parse(text: str) -> Parsed:
    """Reads one YAML document.

    Raises:
        NotYAML: The text is not YAML, holds several documents, or is no recipe by its size.
    """
    if len(text) > LARGEST:
        raise NotYAML("too long for a recipe", 1)
    try:
        node = _Loader(text).get_single_node()
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise NotYAML(
            f"cannot be read: {str(error.problem).removeprefix('but ')}", mark.line + 1 if mark else 1
        ) from error
    except RecursionError as error:
        raise NotYAML("nested too deeply", 1) from error
    except YAMLError as error:
        raise NotYAML("cannot be read: a character that no text file holds", 1) from error
    parsed = Parsed()
    if node is not None:
        parsed.tree = _value(node, (), parsed)
    return parsed


def _value(node: Node, path: Keys, parsed: Parsed) -> Any:
    if isinstance(node, MappingNode):
        return _map(node, path, parsed)
    if isinstance(node, SequenceNode):
        items = []
        for index, item in enumerate(node.value):
            parsed.lines[(*path, index)] = item.start_mark.line + 1
            items.append(_value(item, (*path, index), parsed))
        return items
    return _scalar(node)


def _map(node: MappingNode, path: Keys, parsed: Parsed) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key_node, value_node in node.value:
        line = key_node.start_mark.line + 1
        if not isinstance(key_node, ScalarNode) or key_node.tag != _TAG + "str":
            parsed.faults.append((line, path, "a key must be a word"))
            continue
        place = (*path, key_node.value)
        if key_node.value in found:
            parsed.faults.append((line, place, f"written twice, first on line {parsed.lines[place]}"))
            continue
        parsed.lines[place] = line
        found[key_node.value] = _value(value_node, place, parsed)
    return found


def _scalar(node: Node) -> str | int | float | bool | None:
    text = str(node.value)
    match node.tag.removeprefix(_TAG):
        case "null":
            return None
        case "bool":
            return text.lower() == "true"
        case "int" if len(text) < LONGEST_NUMBER:
            return int(text, 0) if text[:2] in ("0o", "0x") else int(text)
        case "float":
            return float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))
        case _:
            return text
