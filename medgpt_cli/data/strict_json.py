"""One JSON object, read strictly: what parsers silently mend is refused here, with the reason.

msgspec decodes; it already refuses NaN, lone surrogates, raw control characters and trailing commas.  Added here:
duplicate keys (every parser keeps one and drops the other), control characters written as escapes (they reach
terminals), and a reason a person understands.  This module knows nothing of records.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

import msgspec

from medgpt_cli.data.complaints import key_name, kind, unfit
from medgpt_cli.data.json_faults import why_not_json

_DECODE = msgspec.json.Decoder().decode
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


def read_object(raw: bytes) -> dict[str, Any]:
    """Decodes one JSON object.

    Raises:
        Unfit: Not JSON, not an object, duplicate keys, control characters.
    """
    try:
        value = _DECODE(raw)
        if type(value) is not dict:
            raise unfit(
                "", f"is {kind(value)} where a record belongs", "one JSON object stands on each line"
            )
        # This runs on every line, so a plain line is let through by three looks at its bytes.
        plain = b"\\" not in raw and raw.isascii()
        if (raw.count(b'"') if plain else _structural_quotes(raw)) != 2 * _strings(value):
            _refuse_duplicate_keys(raw)
        if b"\x7f" in raw if plain else _may_hold_control(raw):
            refuse_control(value, "")
    except (ValueError, RecursionError) as error:
        _, what, repair = why_not_json(raw, error)
        raise unfit("", what, repair) from None
    return value


def _structural_quotes(raw: bytes) -> int:
    """Quotes that open or close a string; -1 when that cannot be told cheaply."""
    return -1 if b'\\\\"' in raw else raw.count(b'"') - raw.count(b'\\"')


def _strings(value: dict[str, Any] | list[Any]) -> int:
    """Keys and texts in a decoded value; fewer than in its JSON when a duplicate key swallowed one."""
    inside: Iterable[Any] = value
    count = 0
    if type(value) is dict:
        inside, count = value.values(), len(value)
    for inner in inside:
        if type(inner) is str:
            count += 1
        elif type(inner) is dict or type(inner) is list:
            count += _strings(inner)
    return count


def _refuse_duplicate_keys(raw: bytes) -> None:
    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, value in pairs:
            if key in found:
                raise unfit(key_name(key), "the key stands twice in one object", "keep one of the two")
            found[key] = value
        return found

    json.loads(raw, object_pairs_hook=once)


def _may_hold_control(raw: bytes) -> bool:
    """False when no character of the decoded text can be a control character."""
    return b"\\u00" in raw or b"\\b" in raw or b"\\f" in raw or b"\x7f" in raw or b"\xc2" in raw


def refuse_control(value: Any, field: str) -> None:
    """Refuses control characters in any text of a value; tables that are no JSON are held to the same.

    Raises:
        Unfit: With the field that holds one.
    """
    if isinstance(value, str):
        if _CONTROL.search(value):
            raise unfit(
                field,
                "holds control characters",
                "remove them: terminals obey them and models learn them",
            )
    elif isinstance(value, list):
        for index, item in enumerate(value):
            refuse_control(item, f"{field}[{index}]")
    elif isinstance(value, dict):
        for key, item in value.items():
            inner = f"{field}.{key_name(key)}" if field else key_name(key)
            refuse_control(key, inner)
            refuse_control(item, inner)
