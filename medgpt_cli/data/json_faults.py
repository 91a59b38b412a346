"""Why a text is not JSON, in words a person can act on and without a piece of the text.

The parser that refused it says little ("invalid character"), so what people really meet is looked for first: another
encoding, NaN, half a surrogate pair, a line cut short.  This module decides nothing; it explains what was refused.
"""

from __future__ import annotations

import json
import re

FILE = "{file}"
"""Stands in a repair for the file's path; whoever knows the path puts it in."""


def iconv(encoding: str) -> str:
    """The command that turns the file into UTF-8."""
    return f"iconv -f {encoding} -t UTF-8 {FILE} > utf8.jsonl"


class _Constant(Exception):
    """NaN or Infinity, which Python writes and JSON does not have."""


def why_not_json(raw: bytes, error: Exception) -> tuple[int, str, str]:
    """Why a text is not JSON, as (lines before the fault, what, repair)."""
    if isinstance(error, RecursionError):
        return 0, "the JSON is nested too deeply", "a record is a flat object with a list of messages"
    if isinstance(error, UnicodeDecodeError) or not _is_utf8(raw):
        guess = "WINDOWS-1252" if re.search(rb"[\x80-\x9f]", raw) else "LATIN1"
        return 0, f"the text is not UTF-8, perhaps {guess}", iconv(guess)
    if b"\x00" in raw:
        return (
            _lines_to(raw, raw.index(b"\x00")),
            "holds a NUL byte",
            "the file is damaged or is not text",
        )
    if _reads_with_constants(raw):
        return 0, "holds NaN, Infinity or a number out of range", "write null, or leave the key out"
    if _holds_surrogate(raw):
        return 0, "holds a lone surrogate (half a character)", "write the file again with valid Unicode"
    message = str(error)
    if message == "Input data was truncated":
        return (
            raw.count(b"\n"),
            "truncated JSON",
            f"one whole record stands on each line; jq -c . {FILE} writes it so",
        )
    at = re.search(r"\(byte (\d+)\)$", message)
    position = int(at[1]) if at else 0
    reason = message.removeprefix("JSON is malformed: ").split(" (byte")[0]
    before = raw.rfind(b"\n", 0, position) + 1
    return (
        _lines_to(raw, position),
        f"not JSON: {reason} at column {position - before + 1}",
        "one JSON object stands on each line",
    )


def _lines_to(raw: bytes, position: int) -> int:
    return raw.count(b"\n", 0, position)


def _is_utf8(raw: bytes) -> bool:
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False
    return True


def _reads_with_constants(raw: bytes) -> bool:
    """Whether Python's own parser meets NaN, Infinity or a float that overflows."""

    def refuse(_: str) -> None:
        raise _Constant

    def number(text: str) -> float:
        if abs(float(text)) == float("inf"):
            raise _Constant
        return 0.0

    try:
        json.loads(raw, parse_constant=refuse, parse_float=number)
    except _Constant:
        return True
    except (ValueError, RecursionError):
        return False
    return False


def _holds_surrogate(raw: bytes) -> bool:
    """Whether Python's parser, which lets them through, reads half a surrogate pair."""
    try:
        json.dumps(json.loads(raw), ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return True
    except (ValueError, RecursionError):
        return False
    return False
