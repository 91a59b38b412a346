"""Every field of a stage by its dotted name, with its kind and docstring, read from the schema itself.

This module knows nothing of values.
"""

from __future__ import annotations

import types
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from medgpt_cli.core.recipe.sections import Section
from medgpt_cli.core.recipe.stages import STAGES

KINDS = {str: "text", int: "whole number", float: "number", bool: "true or false"}


@dataclass(frozen=True)
class Field:
    """One row of `recipe fields`.

    Attributes:
        name: Dotted, with `[]` behind a list, such as `data.mix[].path`.
        kind: What may stand there, in words.
        doc: The docstring, with its unit.
        section: Whether it holds other fields.
    """

    name: str
    kind: str
    doc: str
    section: bool


@cache
def fields(stage: str) -> tuple[Field, ...]:
    """All fields of a stage in the order of the schema, sections before what they hold."""
    return tuple(_fields(STAGES[stage], ""))


def _fields(section: type[Section], prefix: str) -> Iterator[Field]:
    for name, info in section.model_fields.items():
        inner = _section_in(info.annotation)
        listed = _plain(info.annotation)[1]
        mark = "[]" if listed and inner else ""
        yield Field(prefix + name, _kind(info.annotation), info.description or "", inner is not None)
        if inner:
            yield from _fields(inner, f"{prefix}{name}{mark}.")


def _plain(annotation: Any) -> tuple[Any, bool]:
    """The type without `Annotated`, `| None` and `tuple[..., ...]`, and whether it was such a tuple."""
    if get_origin(annotation) is Annotated:
        return _plain(get_args(annotation)[0])
    if get_origin(annotation) in (Union, types.UnionType):
        return _plain(next(arg for arg in get_args(annotation) if arg is not type(None)))
    if get_origin(annotation) is tuple:
        return _plain(get_args(annotation)[0])[0], True
    return annotation, False


def _section_in(annotation: Any) -> type[Section] | None:
    plain, _ = _plain(annotation)
    return plain if isinstance(plain, type) and issubclass(plain, Section) else None


def _kind(annotation: Any) -> str:
    plain, listed = _plain(annotation)
    if get_origin(plain) is Literal:
        words = " | ".join(map(str, get_args(plain)))
    elif get_origin(plain) is dict:
        words = "map of texts"
    else:
        words = "section" if _section_in(plain) else KINDS[plain]
    optional = " or empty" if type(None) in get_args(annotation) else ""
    return f"list of {words}{'s' if words == 'section' else ''}" if listed else words + optional
