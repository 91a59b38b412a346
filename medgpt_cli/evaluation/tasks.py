"""A task: a named set of questions, and the protocol by which its score may be compared with another.

A score without its protocol is noise: the same model differs by more than fifteen points between
protocols. This module knows nothing of files, models or answers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from medgpt_cli.evaluation.items import Item
from medgpt_cli.evaluation.scoring import profile

PROMPT = "as-written"
"""The prompt profile: the record's question and nothing around it."""


@dataclass(frozen=True, slots=True)
class Task:
    """One set of questions.

    Attributes:
        name: What the task is called in tables and logs.
        data_hash: SHA-256 of the file the questions come from.
        items: What is asked.
        limit: The number of items kept from the front of the file, or None for all.
        max_new_tokens: Tokens an answer may take; the model's own limit when None.
    """

    name: str
    data_hash: str
    items: Sequence[Item]
    limit: int | None = None
    max_new_tokens: int | None = None

    @property
    def protocol(self) -> str:
        """`set#hash / prompt profile / shots / decoding / scorer version`, in one line."""
        part = f"[:{self.limit}]" if self.limit is not None else ""
        question_set = f"{self.name}{part}#{self.data_hash[:12]}"
        decoding = "greedy" if self.max_new_tokens is None else f"greedy, {self.max_new_tokens} tokens"
        return f"{question_set} / {PROMPT} / shots 0 / {decoding} / {profile(self.items)}"


def task_names(paths: Sequence[str]) -> list[str]:
    """Short names for files: the stem, or the path as typed where two stems are equal."""
    stems = [path.rsplit("/", 1)[-1].removesuffix(".jsonl") for path in paths]
    return [stem if stems.count(stem) == 1 else path for path, stem in zip(paths, stems, strict=True)]
