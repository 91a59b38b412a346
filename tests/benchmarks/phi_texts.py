"""Texts whose identifiers are known: the held-out notes, openmed's golden fixtures, radlabels' reports.

The two packages are read where they are installed, without importing them; their texts stay there.
"""

from __future__ import annotations

import importlib.metadata
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.data.privacy.notes import generate


@dataclass(frozen=True)
class Known:
    """A text and what identifies in it.

    Attributes:
        text: The text.
        spans: (start, end, class, kind) of each identifier.
        ignored: (start, end) of what is neither right nor wrong to find, such as the name of a company.
        lookalikes: (start, end, kind) of sentences made to tempt.
    """

    text: str
    spans: tuple[tuple[int, int, str, str], ...] = ()
    ignored: tuple[tuple[int, int], ...] = ()
    lookalikes: tuple[tuple[int, int, str], ...] = ()


def generated(part: str, each: int, seed: int = 0) -> list[Known]:
    """Notes of `development` or `heldout`, `each` of every template."""
    return [
        Known(
            note.text,
            tuple((s.start, s.end, s.identifier, s.kind) for s in note.spans),
            lookalikes=tuple((s.start, s.end, s.kind) for s in note.lookalikes),
        )
        for note in generate.notes(part, each, seed)
    ]


CLASSES = {
    "PERSON": "name", "FIRST_NAME": "name", "LAST_NAME": "name", "DATE": "date", "DATE_OF_BIRTH": "date",
    "PHONE": "phone", "EMAIL": "email", "SSN": "ssn", "ZIPCODE": "place", "STREET_ADDRESS": "place",
    "LOCATION": "place", "ACCOUNT_NUMBER": "account", "CREDIT_CARD": "account", "IBAN": "account", "BIC": "account",
    "VIN": "vehicle", "IMEI": "device", "URL": "url", "IP_ADDRESS": "ip", "ID_NUM": "other", "API_KEY": "other",
}  # fmt: skip
"""openmed's labels that are Safe Harbor identifiers, as our classes; ages, organisations and amounts are ignored,
conditions, drugs, tests, body sites and procedures are clean."""
IGNORED = {"AGE", "ORGANIZATION", "CREDIT_CARD_ISSUER", "AMOUNT", "CURRENCY", "GENDER"}


def openmed() -> list[Known] | None:
    """English texts of openmed's golden fixtures; None where the package is not installed."""
    files = _files("openmed", "eval/golden/")
    if files is None:
        return None
    found = []
    for record in _records(files):
        if record.get("language") != "en" or "gold_spans" not in record or "text" not in record:
            continue
        spans = [(s["start"], s["end"], s["label"]) for s in record["gold_spans"]]
        found.append(
            Known(
                record["text"],
                tuple((a, b, CLASSES[label], label) for a, b, label in spans if label in CLASSES),
                tuple((a, b) for a, b, label in spans if label in IGNORED),
            )
        )
    return found


def _records(files: list[Path]) -> Iterator[dict[str, object]]:  # type: ignore[type-arg]
    for path in files:
        if path.suffix not in {".json", ".jsonl"}:
            continue
        raw = path.read_text("utf-8")
        rows = (
            [json.loads(line) for line in raw.splitlines() if line.strip()]
            if path.suffix == ".jsonl"
            else json.loads(raw)
        )
        rows = rows.get("fixtures", []) if isinstance(rows, dict) else rows
        yield from (row for row in rows if isinstance(row, dict))


def radlabels() -> list[Known] | None:
    """Chest reports without identifiers; None where the package is not installed."""
    files = _files("radlabels", "samples/synthetic_reports/")
    return (
        files and [Known(path.read_text("utf-8")) for path in files if path.suffix == ".txt"]
        if files is not None
        else None
    )


def _files(package: str, folder: str) -> list[Path] | None:
    try:
        listed = importlib.metadata.files(package) or []
    except importlib.metadata.PackageNotFoundError:
        return None
    paths = [Path(str(each.locate())) for each in listed if str(each).startswith(f"{package}/{folder}")]
    return sorted(path for path in paths if path.is_file())
