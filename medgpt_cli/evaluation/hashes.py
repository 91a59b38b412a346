"""By what the answers of an evaluation are known: a model's weights, a file they came from, an endpoint's own account.

An endpoint does not show its weights, and a file of answers has none, so neither is ever called a model's hash.  This
module hashes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

SHORT = 12
"""Digits of a hash in a line."""


class Hashes(NamedTuple):
    """SHA-256 values, each None where there is none.

    Attributes:
        model: Of the model's files.
        answers: Of the file that the answers came from.
        endpoint: Of what an endpoint says of itself: its address, its model's name, how it is asked.
    """

    model: str | None = None
    answers: str | None = None
    endpoint: str | None = None

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> Hashes:
        """Out of a file that `document` was written into."""
        return cls(*(document.get(f"{name}_hash") for name in cls._fields))

    @property
    def document(self) -> dict[str, str | None]:
        """By their names in files; that of the model always stands there, the others where there are any."""
        named = {f"{name}_hash": value for name, value in self._asdict().items()}
        return {name: value for name, value in named.items() if value or name == "model_hash"}

    @property
    def told(self) -> str:
        """In words, behind a model's name."""
        words = f"SHA-256 {self.model[:SHORT]}" if self.model else "weights not told"
        words += f", answers' SHA-256 {self.answers[:SHORT]}" if self.answers else ""
        return words + (f", endpoint's account {self.endpoint[:SHORT]}" if self.endpoint else "")

    @property
    def parts(self) -> list[str]:
        """As parts of the line of a score."""
        parts = [f"model {self.model[:SHORT] if self.model else 'not told'}"]
        parts += [f"answers {self.answers[:SHORT]}"] if self.answers else []
        return parts + ([f"endpoint {self.endpoint[:SHORT]}"] if self.endpoint else [])

    @property
    def identity(self) -> tuple[Literal["answers", "endpoint", "weights"], str]:
        """What tells these answers from others', and its hash."""
        if self.answers:
            return "answers", self.answers
        return ("endpoint", self.endpoint) if self.endpoint else ("weights", self.model or "")
