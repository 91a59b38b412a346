"""What a prepared set says of itself: the list of what was left out, and the manifest.

Nothing here quotes a record; two runs over the same sources write the same bytes.  This module knows nothing of how
anything was decided.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from medgpt_cli.core.files import mode_beside, sha256_file
from medgpt_cli.core.manifest import environment, versions
from medgpt_cli.data.prepared.opening import FORMAT
from medgpt_cli.data.prepared.parts import Notes, Reject, read_notes
from medgpt_cli.data.prepared.planning import STAGES, Fate, Plan
from medgpt_cli.data.prepared.raw import Source

REJECTS = "rejects.jsonl"
BAD = ("file", "record", "image")
"""Stages whose rejects count against `max_bad`; the others are what was asked for."""
PACKAGES = (
    "pyarrow",
    "msgspec",
    "pillow",
    "pydicom",
    "nibabel",
    "imagecodecs",
    "rensa",
    "xxhash",
    "numpy",
)


def all_notes(parts: Sequence[Path]) -> Notes:
    """The notes of all parts added up, their rejects left out."""
    whole = Notes(0)
    for path in parts:
        notes = read_notes(path)
        whole.read += notes.read
        whole.files.update(notes.files)
        whole.met |= notes.met
        whole.unread = max(whole.unread, notes.unread)
        whole.compared = whole.compared or notes.compared
        whole.unopened = max(whole.unopened, notes.unopened)
        for name in ("sure", "doubtful", "flags"):
            getattr(whole, name).update(getattr(notes, name))
    return whole


def rejects(parts: Sequence[Path], plan: Plan | None = None) -> Iterator[Reject]:
    """Everything that was left out, in the order of the sources: block by block, and in a block by file and line.

    Args:
        parts: In order.
        plan: What becomes of the rows; without it, only what was left out before.
    """
    at = 0
    for path in parts:
        notes = read_notes(path)
        found = list(notes.rejects)
        rows = pq.read_metadata(path).num_rows
        if plan is not None:
            leaks = pq.read_table(path, columns=["leak"])["leak"].to_pylist()
            for row in (np.flatnonzero(plan.fate[at : at + rows] != Fate.KEPT) + at).tolist():
                stage, reason = STAGES[Fate(int(plan.fate[row]))]
                why = leaks[row - at] if stage == "leakage" else reason
                found.append(Reject.at(plan.table.place(row), stage, why))
        at += rows
        read = {file: number for number, file in enumerate(notes.files)}
        yield from sorted(found, key=lambda each: (read[each.file], each.line, each.element or 0))


def write_rejects(folder: Path, found: Iterator[Reject]) -> Counter[tuple[str, str]]:
    """Writes `rejects.jsonl`, one line each, and counts them by stage and reason."""
    counts: Counter[tuple[str, str]] = Counter()
    handle, name = tempfile.mkstemp(dir=folder, prefix=f".{REJECTS}.")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        for reject in found:
            counts[reject.stage, _general(reject)] += 1
            told = {name: value for name, value in reject._asdict().items() if value is not None}
            file.write(json.dumps(told, ensure_ascii=False) + "\n")
        file.flush()
        os.fsync(file.fileno())
    os.chmod(name, mode_beside(folder, folder=False))
    os.replace(name, folder / REJECTS)
    return counts


def manifest(
    *,
    sources: Sequence[Source],
    stated: Sequence[Mapping[str, Any]],
    parts: Sequence[Path],
    plan: Plan,
    dropped: Counter[tuple[str, str]],
    splits: dict[str, Any],
    recipe: dict[str, Any],
    tokens: dict[str, str] | None = None,
    hashed: Mapping[str, Mapping[str, str]] | None = None,
    pictures: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The manifest of a prepared set.

    Args:
        sources: What was read.
        stated: Their licence and access class where the recipe says other than the adapter.
        parts: In order.
        plan: What became of the rows.
        dropped: What was left out, by stage and reason.
        splits: Rows and shards by split.
        recipe: Every value.
        tokens: Whose tokens the index counts, where it counts any.
        hashed: SHA-256 of the files of each evaluation set.
        pictures: How many images the rows reference and the hash over all their files; None where they are embedded.
    """
    hashed = hashed or {}
    notes = all_notes(parts)
    read, kept, files = _by_source(parts, plan, len(sources))
    stages: dict[str, dict[str, int]] = {}
    for (stage, reason), count in sorted(dropped.items()):
        stages.setdefault(stage, {})[reason] = count
    return {
        "format": FORMAT,
        "kind": "prepared set",
        "rows": int((plan.split >= 0).sum()),
        "read": notes.read,
        "sources": [
            {
                "path": str(source.path),
                "adapter": source.name,
                "licence": said.get("licence") or source.licence,
                "access": said.get("access") or source.access,
                "read": read[index],
                "kept": kept[index],
                "files": {
                    name: sha256_file(Path(name)) for name in files[index] if Path(name).is_file()
                },
            }
            for index, (source, said) in enumerate(zip(sources, stated, strict=True))
        ],
        "dropped": stages,
        "splits": splits,
        "apart": {"groups": plan.groups, "keys_compared": plan.keys, "keys_in_two_splits": 0},
        "duplicates": plan.duplicates.as_dict(),
        "against": {
            "sets": list(recipe["data"]["against"]),
            "read": [
                {
                    "path": path,
                    "records": read,
                    "records_not_read": unread,
                    "sha256": hashed.get(path, {}),
                }
                for path, (read, unread, _) in zip(
                    recipe["data"]["against"], notes.compared, strict=False
                )
            ],
            "records_met": len(notes.met),
            "records_not_read": notes.unread,
            "images_not_opened": notes.unopened,
        },
        "phi": {
            **recipe["gates"]["phi"],
            "sure": _sorted(notes.sure),
            "doubtful": _sorted(notes.doubtful),
            "looked_at": "texts and fields by rules, headers and metadata of referenced images; not burned-in text",
        },
        "image_flags": _sorted(notes.flags),
        "images": recipe["output"]["images"],
        "pictures": pictures,
        "tokens": tokens,
        "recipe": recipe,
        "environment": environment() | {"tools": versions(PACKAGES)},
    }


def _by_source(
    parts: Sequence[Path], plan: Plan, sources: int
) -> tuple[list[int], list[int], list[list[str]]]:
    """(records read, rows kept, record files) of each source."""
    read, kept = [0] * sources, [0] * sources
    files: list[dict[str, None]] = [{} for _ in range(sources)]
    at = 0
    for path in parts:
        notes = read_notes(path)
        rows = pq.read_metadata(path).num_rows
        read[notes.source] += notes.read
        kept[notes.source] += int((plan.split[at : at + rows] >= 0).sum())
        files[notes.source].update(dict.fromkeys(notes.files))
        at += rows
    return read, kept, [sorted(found) for found in files]


def _general(reject: Reject) -> str:
    """A reason without what only one record has: which of its images, which of its turns, how many, where."""
    if reject.stage == "leakage":
        return reject.reason.partition(" by ")[2].partition(" (")[0]
    return re.sub(r"(?<![A-Za-z])\d[\d,.]*", "N", re.sub(r"\[\d+\]", "[]", reject.reason))


def _sorted(counts: Counter[str]) -> dict[str, int]:
    return dict(sorted(counts.items()))
