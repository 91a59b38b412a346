"""The per-sample log: one line for each question that was asked, written as soon as it is answered.

The log is what makes a killed evaluation cheap to go on with.  It holds counts, verdicts and places;
the texts themselves only where they were asked for.  This module knows nothing of models or scores.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path

import msgspec

from medgpt_cli.core import files


class Status(StrEnum):
    """How the asking ended; only `ok` can be right."""

    OK = "ok"
    TRUNCATED = "truncated"
    ERROR = "error"


class Texts(msgspec.Struct, frozen=True):
    """What was asked, wanted and said: clinical text, kept only on request."""

    question: str
    gold: str
    answer: str


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """One line of `samples.jsonl`.

    Attributes:
        task: The task's name.
        id: The item's id within the task.
        place: `file:line` of the record.
        group: The item's group.
        cluster: Hash shared by items of one patient, study or image.
        status: How the asking ended.
        correct: Whether the answer counts as right.
        parsed: Whether an answer could be read.
        rule: The parsing rule that read it.
        letter: The chosen letter, for multiple choice.
        error: The name of the error, where there was one; never its text.
        prompt_tokens: Tokens read.
        tokens: Tokens written.
        seconds: Wall time of the reply.
        kind: What form of answer was asked for: choice, short or report.
        prompt_hash: SHA-256 of what was asked, in words and marks of images.
        measures: Per-item values by the measure's name; one that needs a missing part is absent, never 0.
        likelihoods: For each option the sum of its tokens' log-probabilities, where asked for.
        options: Number of options; 0 where there are none.
        facets: What tables are split by: modality, anatomy, question type, site, sex, age band.
        seen: How the item overlaps with the model's recorded training data: empty for not at all, else the surest
            reason (key, pixels, picture, question, text, ngrams), or `unknown` where that data is not at hand.
        attempt: How often it was asked until this outcome, from 1; an item is asked again after an error only.
        texts: Question, gold and answer, with `--keep-text` only.
    """

    task: str
    id: str
    place: str
    group: str
    cluster: str
    status: Status
    correct: bool
    parsed: bool
    rule: str
    letter: str
    error: str
    prompt_tokens: int
    tokens: int
    seconds: float
    kind: str = ""
    prompt_hash: str = ""
    measures: dict[str, float] = {}
    likelihoods: tuple[float, ...] = ()
    options: int = 0
    facets: dict[str, str] = {}
    seen: str = ""
    attempt: int = 1
    texts: Texts | msgspec.UnsetType = msgspec.UNSET


class SampleLog:
    """The log of one evaluation, which may hold several tasks.

    Args:
        path: The file that is written.
        others: Logs of other processes, or of an earlier run by more of them, which are only read.

    Attributes:
        path: The file, `samples.jsonl`.
    """

    def __init__(self, path: Path, others: Iterable[Path] = ()) -> None:
        self.path = path
        self._rows: dict[tuple[str, str], Outcome] = {}
        for other in others:
            self._rows |= _read(other)[0]
        own, lines = _read(path)
        for name, row in own.items():
            known = self._rows.get(name)
            if known is None or row.attempt >= known.attempt:
                self._rows[name] = row
        if len(own) != lines:
            self._write(own.values())

    def get(self, task: str, item_id: str) -> Outcome | None:
        """The outcome of an item that was asked before, or None."""
        return self._rows.get((task, item_id))

    def add(self, outcome: Outcome) -> None:
        """Appends one outcome to the file at once."""
        files.append_line(self.path, msgspec.json.encode(outcome).decode())
        self._rows[outcome.task, outcome.id] = outcome

    def settle(self, order: Iterable[Outcome]) -> None:
        """Rewrites the file whole, with the outcomes to keep, in order, each item once."""
        self._write(order)

    def _write(self, rows: Iterable[Outcome]) -> None:
        files.write_bytes(self.path, b"".join(msgspec.json.encode(row) + b"\n" for row in rows))


def _read(path: Path) -> tuple[dict[tuple[str, str], Outcome], int]:
    """The newest row of each item, and the number of lines."""
    rows: dict[tuple[str, str], Outcome] = {}
    lines = path.read_bytes().splitlines() if path.exists() else []
    for line in lines:
        try:
            row = msgspec.json.decode(line, type=Outcome)
        except msgspec.DecodeError:  # torn by a kill; its question is asked again
            continue
        rows[row.task, row.id] = row
    return rows, len(lines)
