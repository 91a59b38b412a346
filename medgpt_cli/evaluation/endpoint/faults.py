"""What can go wrong with one question to an endpoint, by stable names, and what may be tried again.

A server's own words about a fault can quote the question, so they are never repeated: a fault has a name of ours, the
status of HTTP and, where the server gives one that looks like a name, its code.  This module knows nothing of HTTP
clients.
"""

from __future__ import annotations

import re
from enum import StrEnum

import msgspec


class Fault(StrEnum):
    """Why a question has no answer, as `Reply.error` says it."""

    UNREACHABLE = "ENDPOINT_UNREACHABLE"
    TIMEOUT = "ENDPOINT_TIMEOUT"
    DROPPED = "ENDPOINT_DROPPED"
    GARBAGE = "ENDPOINT_GARBAGE"
    BUSY = "ENDPOINT_BUSY"
    FAILED = "ENDPOINT_FAILED"
    TOO_LARGE = "ENDPOINT_TOO_LARGE"
    REFUSED = "ENDPOINT_REFUSED"
    FILTERED = "ENDPOINT_FILTERED"


PASSING = frozenset(
    {Fault.UNREACHABLE, Fault.TIMEOUT, Fault.DROPPED, Fault.GARBAGE, Fault.BUSY, Fault.FAILED}
)
"""Faults that the next attempt may not meet.  A question has no effect on the server but its answer, so asking twice
is harmless.  What is refused, filtered or too large stays so."""

WORDS = {
    Fault.UNREACHABLE: "could not be reached",
    Fault.TIMEOUT: "did not answer in time",
    Fault.DROPPED: "broke the connection off before its answer was whole",
    Fault.GARBAGE: "answered with what is no answer of a chat endpoint",
    Fault.BUSY: "said that it has too much to do",
    Fault.FAILED: "said that it failed",
    Fault.TOO_LARGE: "sent more than an answer can be",
    Fault.REFUSED: "refused the question",
    Fault.FILTERED: "withheld its answer by a content filter",
}
"""What an endpoint did, as the end of a sentence."""

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,63}")


class Failed(Exception):
    """One attempt that brought no answer.

    Args:
        fault: Its name.
        detail: What is known beside it, in words of ours.
        status: The status of HTTP, where there was one.
        wait: Seconds the server asks to be left alone.
    """

    def __init__(self, fault: Fault, detail: str = "", *, status: int = 0, wait: float = 0.0) -> None:
        self.fault = fault
        self.detail = detail
        self.status = status
        self.wait = wait
        super().__init__(f"{fault} {detail}".strip())


class _Error(msgspec.Struct, frozen=True):
    code: str | int | None = None
    type: str | None = None


class _Body(msgspec.Struct, frozen=True):
    error: _Error | None = None
    code: str | int | None = None
    type: str | None = None


def error_code(body: bytes) -> str:
    """The server's name for its error, such as `context_length_exceeded`; empty where it gives none.

    A phrase is no name and is not passed on.
    """
    try:
        read = msgspec.json.decode(body, type=_Body)
    except (ValueError, RecursionError):
        return ""
    told = read.error or read
    names = [name for name in (told.code, told.type) if isinstance(name, str) and _NAME.fullmatch(name)]
    return names[0] if names else ""
