"""Finished evaluations as others read them: the scores, the answers, and that they are what the manifest promises.

This module knows nothing of how they were made, or of what they are read for.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import msgspec

from medgpt_cli.core.errors import BadRecord, Complaint, InputError, NotThere
from medgpt_cli.core.manifest import verify_files
from medgpt_cli.core.rundir import read_state
from medgpt_cli.core.wording import counted
from medgpt_cli.evaluation.hashes import Hashes
from medgpt_cli.evaluation.outcomes import Outcome
from medgpt_cli.evaluation.statistics.probes import Effect
from medgpt_cli.workflows.eval_record import SAMPLES, SCORES


class Measured(msgspec.Struct, frozen=True):
    """One measure of one task; what `scores.MeasureScore` says, as far as a comparison needs it."""

    name: str
    version: int | str
    value: float
    low: float | None
    high: float | None
    n: int
    better: Literal["higher", "lower"]


class Scored(msgspec.Struct, frozen=True):
    """One task; what `scores.TaskScore` says, as far as a comparison needs it."""

    task: str
    protocol: str
    headline: str
    measures: tuple[Measured, ...]
    effect: Effect | None = None

    def measure(self, name: str) -> Measured | None:
        """The measure of this name, where the run has it."""
        return next((measure for measure in self.measures if measure.name == name), None)


class _Document(msgspec.Struct, frozen=True):
    model: str
    model_hash: str | None
    tasks: tuple[Scored, ...]
    answers_hash: str | None = None
    endpoint_hash: str | None = None


@dataclass(frozen=True, slots=True)
class EvalRun:
    """A finished evaluation.

    Attributes:
        path: Its folder, as the person named it.
        name: What it is called in a table.
        model: How the model was named.
        hashes: By what its answers are known.
        scores: By task, in the order they were asked.
        rows: By task, the answer of each item by its id.
        read_by: By report metric, who read the reports and how.
    """

    path: Path
    name: str
    model: str
    hashes: Hashes
    scores: dict[str, Scored]
    rows: dict[str, dict[str, Outcome]]
    read_by: dict[str, str]


def read_runs(paths: list[Path]) -> list[EvalRun]:
    """Reads finished evaluations; each is called by its folder's name, or by its path where two are called alike.

    Raises:
        NotThere: There is no such folder.
        InputError: It is no evaluation, or one that has not finished.
        BadRecord: Its answers cannot be read.
        HashMismatch: Its files are not those its manifest names.
    """
    names = [path.resolve().name for path in paths]
    return [
        _read_run(path, name if names.count(name) == 1 else str(path))
        for path, name in zip(paths, names, strict=True)
    ]


def _read_run(path: Path, name: str) -> EvalRun:
    if not path.is_dir():
        raise NotThere(f"there is no run folder {path}", repair="name the --out of a medgpt eval run")
    state = read_state(path)
    if state is not None and state.get("state") != "done":
        raise InputError(
            "has not finished", where=str(path), repair="go on with it: medgpt eval run … --resume"
        )
    for file in (SCORES, SAMPLES):
        if not (path / file).is_file():
            raise InputError(
                f"holds no {file}, so it is no evaluation",
                where=str(path),
                repair="name the --out of a medgpt eval run",
            )
    verify_files(path)
    try:
        document = msgspec.json.decode((path / SCORES).read_bytes(), type=_Document)
    except msgspec.DecodeError as error:
        raise InputError(
            f"is not as this version of medgpt writes it ({error})",
            where=str(path / SCORES),
            repair="evaluate again with this version",
        ) from None
    answering = _answering(path / "manifest.json")
    return EvalRun(
        path=path,
        name=name,
        model=document.model,
        hashes=Hashes(document.model_hash, document.answers_hash, document.endpoint_hash),
        scores={score.task: score for score in document.tasks},
        rows=_rows(path / SAMPLES),
        read_by={
            metric: str(words["read_by"]) for metric, words in answering.get("reports", {}).items()
        },
    )


def _answering(manifest: Path) -> dict[str, Any]:
    """Who answered, as the manifest has it."""
    told = json.loads(manifest.read_bytes()) if manifest.exists() else {}
    answering: dict[str, Any] = told.get("answering", {})
    return answering


def _rows(path: Path) -> dict[str, dict[str, Outcome]]:
    rows: dict[str, dict[str, Outcome]] = {}
    complaints: list[Complaint] = []
    for number, line in enumerate(path.read_bytes().splitlines(), 1):
        try:
            row = msgspec.json.decode(line, type=Outcome)
        except (msgspec.DecodeError, UnicodeDecodeError):
            complaints.append(Complaint("is no answer as medgpt writes it", f"{path}:{number}"))
            continue
        if row.id in rows.setdefault(row.task, {}):
            complaints.append(Complaint("answers an item a second time", f"{path}:{number}"))
        rows[row.task][row.id] = row
    if complaints:
        raise BadRecord(
            f"{counted(len(complaints), 'line')} cannot be read",
            where=str(path),
            repair="evaluate again into another --out",
            complaints=complaints,
        )
    return rows
