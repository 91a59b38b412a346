"""What can come of a line that a person typed.  This module knows nothing of how it is shown."""

from __future__ import annotations

from dataclasses import dataclass

from medgpt_cli.core.types import Reply


@dataclass(frozen=True, slots=True)
class Told:
    """Something for the person that the model did not say."""

    text: str
    trouble: bool = False


@dataclass(frozen=True, slots=True)
class Attached:
    """An image is shown with the next message: what is told of it, and its path."""

    text: str
    path: str


@dataclass(frozen=True, slots=True)
class Answered:
    """The model answered; `interrupted` when the person stopped it."""

    reply: Reply
    interrupted: bool


@dataclass(frozen=True, slots=True)
class Compared:
    """Two models were asked.

    Attributes:
        first: What the first answered.
        second: What the second did; None where the person stopped before, or it could not.
        fault: Why it could not.
    """

    first: Answered
    second: Answered | None
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Left:
    """The person is done."""


Event = Told | Attached | Answered | Compared | Left
