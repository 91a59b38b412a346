"""A resolved recipe as YAML with the origin of every value, and what differs between two.

What is shown is itself a recipe: origins and docstrings are comments.  This module knows nothing of terminals.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from medgpt_cli.core.recipe.fields import fields
from medgpt_cli.core.recipe.layers import DEFAULT
from medgpt_cli.core.recipe.reading import Resolved
from medgpt_cli.core.recipe.yaml12 import NotYAML, parse

INDENT = "  "
WIDEST = 44
"""Column of the origins, unless every value is shorter; a longer value pushes its own to the right."""


def as_yaml(resolved: Resolved, *, comments: bool = False) -> str:
    """The recipe as YAML, one value a line.

    Args:
        resolved: What to show.
        comments: Whether each field's docstring stands above it.
    """
    stage = resolved.recipe.stage
    docs = {field.name: field.doc for field in fields(stage)} if comments else {}
    lines = list(_lines(resolved.as_json(), "", "", resolved.origins, docs))
    column = min(max(len(text) for text, _ in lines), WIDEST)
    return "\n".join(f"{text:<{column}}  # {note}" if note else text for text, note in lines) + "\n"


def _lines(
    tree: dict[str, Any], prefix: str, margin: str, origins: Any, docs: dict[str, str]
) -> Iterator[tuple[str, str]]:
    """(text, origin) of each line."""
    for key, value in tree.items():
        name = f"{prefix}{key}"
        if doc := docs.get(re.sub(r"\.\d+(?=\.)", "[]", name)):
            yield f"{margin}# {doc}", ""
        if isinstance(value, dict):
            yield f"{margin}{key}:", ""
            yield from _lines(value, f"{name}.", margin + INDENT, origins, docs)
        elif isinstance(value, list) and value:
            yield f"{margin}{key}:", ""
            for index, item in enumerate(value):
                yield from _item(item, f"{name}.{index}", margin + INDENT, origins)
        else:
            yield f"{margin}{key}: {scalar(value)}", origins.get(name, DEFAULT.name)


def _item(item: Any, name: str, margin: str, origins: Any) -> Iterator[tuple[str, str]]:
    if not isinstance(item, dict):
        yield f"{margin}- {scalar(item)}", origins.get(name, "")
        return
    mark = "- "
    for text, note in _lines(item, f"{name}.", "", origins, {}):
        yield f"{margin}{mark}{text}", note
        mark = INDENT


def scalar(value: Any) -> str:
    """One value as it would be written in a recipe; text is quoted only where it would be read as another kind."""
    if not isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    try:
        plain = re.fullmatch(r"[\w./~-][\w ./:~+=@-]*", value) and parse(value).tree == value
    except NotYAML:
        plain = False
    return value if plain and value == value.strip() else json.dumps(value, ensure_ascii=False)


@dataclass(frozen=True)
class Difference:
    """One field whose values differ; None where a recipe of another stage has no such field."""

    field: str
    first: Any
    second: Any


def differences(first: Resolved, second: Resolved) -> list[Difference]:
    """What differs between two resolved recipes, in the order of the schema; lists are compared whole."""
    one, other = (dict(flat(resolved.as_json())) for resolved in (first, second))
    return [
        Difference(name, one.get(name), other.get(name))
        for name in dict.fromkeys([*one, *other])
        if one.get(name) != other.get(name)
    ]


def flat(tree: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Every value of a resolved recipe with its dotted name; a list is one value."""
    for key, value in tree.items():
        if isinstance(value, dict):
            yield from flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value
