"""What a preparation would do, without doing it: the front of each source judged, the rest counted."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from typing import Any

from medgpt_cli.core import console, tables
from medgpt_cli.data.prepared.judging import Judge
from medgpt_cli.data.prepared.parts import Notes
from medgpt_cli.data.prepared.raw import Item, Source
from medgpt_cli.workflows.prep.asking import Asked

FRONT = 512
"""Records of each source that are judged."""
COUNTING = 20.0
"""Seconds after which the rest of a source is no longer counted."""
OVERHEAD = 400
"""Bytes a row takes beside its text, before packing."""


def tell(asked: Asked, workers: int, *, as_json: bool) -> None:
    """Prints the outlook of a preparation; writes nothing.

    Args:
        asked: What was asked for.
        workers: Processes it would use.
        as_json: Print one JSON document.
    """
    judge = Judge(asked.work.settings, asked.sources)
    found = [_of(source, judge, embed=asked.work.settings.embed) for source in asked.sources]
    seconds = sum(each["records"] * each["seconds_a_record"] for each in found) / max(workers, 1)
    document = {
        "sources": found,
        "workers": workers,
        "seconds_roughly": round(seconds, 1),
        "bytes_roughly": sum(round(each["records"] * each["bytes_a_record"]) for each in found),
        "recipe": asked.resolved.as_json(),
    }
    if as_json:
        console.print_json(document)
        return
    rows = [
        (
            each["path"],
            each["adapter"],
            f"{'' if each['counted'] else 'over '}{each['records']:,}",
            f"{each['looked_at'] - each['kept']:,} of {each['looked_at']:,}",
        )
        for each in found
    ]
    console.result().print(
        tables.aligned(("source", "read as", "records", "left out at its front"), rows)
    )
    for each in found:
        for reason, count in each["left_out"].items():
            console.result().print(f"  {count:,} x {reason}")
    console.result().print(
        f"roughly {document['seconds_roughly']:,} s with {workers} workers, "
        f"{document['bytes_roughly'] / 2**20:,.0f} MiB before packing; nothing was written"
    )


def _of(source: Source, judge: Judge, *, embed: bool) -> dict[str, Any]:
    items = iter(islice(source.items(), source.cap))
    front = list(islice(items, FRONT))
    notes = Notes(0)
    began = time.perf_counter()
    rows = list(judge.rows(source, front, notes))
    spent = time.perf_counter() - began
    size = sum(row["characters"] + OVERHEAD for row in rows)
    if embed:
        size += sum(len(image["bytes"]) for row in rows for image in row["images"])
    rest, counted = _counted(items)
    reasons = Counter(f"{reject.stage}: {reject.reason}" for reject in notes.rejects)
    return {
        "path": str(source.path),
        "adapter": source.name,
        "records": len(front) + rest,
        "counted": counted,
        "looked_at": len(front),
        "kept": len(rows),
        "left_out": dict(reasons.most_common(5)),
        "seconds_a_record": spent / max(len(front), 1),
        "bytes_a_record": size / max(len(front), 1),
    }


def _counted(items: Iterator[Item]) -> tuple[int, bool]:
    """(records left, whether that is all of them)."""
    ends = time.monotonic() + COUNTING
    count = 0
    for count, _ in enumerate(items, start=1):
        if count % 4096 == 0 and time.monotonic() > ends:
            return count, False
    return count, True
