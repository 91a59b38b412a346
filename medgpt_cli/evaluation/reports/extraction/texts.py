"""The reports of JSONL files: every text to be read, each once, and the pairs to be judged.

| field | is |
|---|---|
| `candidate`, `prediction` | what a model wrote |
| `reference` | what the radiologist wrote |
| `report`, `text`, `answer` | a report by itself |
| `texts.answer`, `texts.gold` | both, in the log of `medgpt eval run --keep-text` |

No message quotes a report.  This module knows nothing of models.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from medgpt_cli.core.errors import BadRecord, Complaint, NotThere
from medgpt_cli.core.wording import counted
from medgpt_cli.evaluation.reports.keys import report_key

CANDIDATE = ("candidate", "prediction")
ALONE = ("report", "text", "answer")
FIELDS = (*CANDIDATE, "reference", *ALONE, "gold")
"""Fields that hold a report; `gold` stands in a log only."""


@dataclass(frozen=True, slots=True)
class Reports:
    """What the files hold.

    Attributes:
        texts: Every report that says something, once, by its key.
        pairs: (candidate, reference), once each, in order.
    """

    texts: dict[str, str]
    pairs: tuple[tuple[str, str], ...]


def read_reports(paths: Sequence[Path]) -> Reports:
    """Reads files of reports.

    Raises:
        NotThere: A file does not exist.
        BadRecord: Lines hold no report; all of them are named.
    """
    texts: dict[str, str] = {}
    pairs: dict[tuple[str, str], None] = {}
    complaints: list[Complaint] = []
    for path in paths:
        for number, line in _lines(path):
            try:
                found = dict(_fields(line))
            except _Fault as fault:
                complaints.append(Complaint(fault.what, f"{path}:{number}{fault.field}"))
                continue
            texts |= {report_key(text): text for text in found.values() if text.strip()}
            if (candidate := found.get("candidate")) is not None and "reference" in found:
                pairs[candidate, found["reference"]] = None
    if complaints:
        names = ", ".join(str(path) for path in paths)
        raise BadRecord(
            f"{counted(len(complaints), 'line')} without a report",
            where=names,
            repair=f"one JSON object a line, with a text in one of {', '.join(FIELDS)}",
            complaints=complaints,
        )
    return Reports(texts, tuple(pairs))


class _Fault(Exception):
    def __init__(self, what: str, field: str = "") -> None:
        super().__init__(what)
        self.what, self.field = what, f" {field}" if field else ""


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, 1):
                if line.strip():
                    yield number, line.removeprefix(b"\xef\xbb\xbf")
    except FileNotFoundError:
        raise NotThere("there is no such file", where=str(path)) from None
    except OSError as error:
        raise BadRecord(f"cannot be read: {os.strerror(error.errno or 0)}", where=str(path)) from None


def _fields(line: bytes) -> Iterator[tuple[str, str]]:
    """The reports of one line; both sides of a pair as `candidate` and `reference`."""
    try:
        record = msgspec.json.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise _Fault("is not a line of JSON in UTF-8") from None
    if not isinstance(record, dict):
        raise _Fault("is not an object")
    logged = record.get("texts")
    if isinstance(logged, dict):
        found = _named(logged, {"answer": "candidate", "gold": "reference"}, "texts.")
    else:
        names = dict.fromkeys(CANDIDATE, "candidate") | {"reference": "reference"}
        found = _named(record, names | {name: name for name in ALONE}, "")
    if not found:
        raise _Fault("holds none of the fields of a report")
    yield from found.items()


def _named(record: dict[str, Any], names: dict[str, str], inside: str) -> dict[str, str]:
    found = {}
    for name, role in names.items():
        if name not in record:
            continue
        if not isinstance(record[name], str):
            raise _Fault("is not a text", inside + name)
        found[role] = record[name]
    return found
