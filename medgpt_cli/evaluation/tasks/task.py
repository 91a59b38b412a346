"""A task: a named set of questions, and the protocol by which its score may be compared with another.

A score without its protocol is noise: the same model differs by more than fifteen points between
protocols. This module knows nothing of files, models or answers.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from medgpt_cli.evaluation.items import Item, Kind
from medgpt_cli.evaluation.scoring import profile

AS_WRITTEN = "as-written"
"""The prompt profile of the person's own records: the question as it stands and nothing around it."""

LikelihoodOf = Literal["letter", "text"]
"""What of an option the likelihood is taken of: its letter, or its whole text."""

_ENDING = re.compile(r"\.(jsonl|ya?ml)$")

ChoicesBy = Literal["text", "likelihood", "none"]
"""How an option is chosen: read out of the answer's text, by likelihood of the options, or not at all."""


@dataclass(frozen=True, slots=True)
class Task:
    """One set of questions.

    Attributes:
        name: What the task is called in tables and logs.
        data_hash: SHA-256 of the files the questions come from.
        items: What is asked, under the prompt profile, shots included.
        limit: The number of items kept from the front of the set, or None for all.
        max_new_tokens: Tokens an answer may take; the model's own limit when None.
        version: Of the task's declaration; 0 for a person's own file without one.
        title: In words.
        kind: What sort of answer is wanted of most items; each item has its own.
        profile: Name of the prompt profile.
        shots: Answered examples before each question.
        shots_hash: SHA-256 over all examples shown; empty without any.
        measures: Names in the registry of measures; the first is the headline.
        choices_by: How an option is chosen.
        likelihood_of: What the likelihood is taken of where options are chosen by it.
        licence: Of the data, as far as known.
        access: Who may hold the data: `open`, `research`, `restricted`, `credentialed`, `local`; empty where unknown.
        sources: Names of the sources whose training splits make the task in distribution.
        cluster: What items share that are not independent: `patient`, `image`, …; empty where each stands alone.
        max_tiles: Tiles that the model is shown a large picture in; 1 where it is shown whole, or nobody knows.
    """

    name: str
    data_hash: str
    items: Sequence[Item]
    limit: int | None = None
    max_new_tokens: int | None = None
    version: int = 0
    title: str = ""
    kind: Kind = Kind.SHORT
    profile: str = AS_WRITTEN
    shots: int = 0
    shots_hash: str = ""
    measures: tuple[str, ...] = ("exact",)
    choices_by: ChoicesBy = "text"
    likelihood_of: LikelihoodOf = "letter"
    licence: str = ""
    access: str = ""
    sources: tuple[str, ...] = ()
    cluster: str = ""
    max_tiles: int = 1

    @property
    def protocol(self) -> str:
        """`set@version#hash / prompt profile / shots / decoding / scorer version`, in one line."""
        version = f"@{self.version}" if self.version else ""
        part = f"[:{self.limit}]" if self.limit is not None else ""
        question_set = f"{self.name}{version}{part}#{self.data_hash[:12]}"
        prompt = self.profile + (f", max_tiles {self.max_tiles}" if self.max_tiles > 1 else "")
        shots = f"shots {self.shots}" + (f"#{self.shots_hash[:12]}" if self.shots else "")
        decoding = "greedy" if self.max_new_tokens is None else f"greedy, {self.max_new_tokens} tokens"
        scorer = profile(self.items)
        if self.choices_by == "likelihood":
            decoding, scorer = f"likelihood of the option's {self.likelihood_of}", self.measures[0]
        elif self.kind is Kind.REPORT:  # nothing is matched: the measure is all there is
            scorer = self.measures[0]
        return f"{question_set} / {prompt} / {shots} / {decoding} / {scorer}"


def task_names(paths: Sequence[str]) -> list[str]:
    """Short names for files: the stem, or the path as typed where two stems are equal."""
    stems = [_ENDING.sub("", path.rsplit("/", 1)[-1]) for path in paths]
    return [stem if stems.count(stem) == 1 else path for path, stem in zip(paths, stems, strict=True)]
