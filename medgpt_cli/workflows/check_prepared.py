"""A prepared set read from end to end: its hashes, its images, and that no group is in two splits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from medgpt_cli.core.errors import Complaint
from medgpt_cli.core.types import Place, Sample
from medgpt_cli.data.duplicates.groups import keys_of
from medgpt_cli.data.images.check import check_images
from medgpt_cli.data.prepared.opening import PreparedSet
from medgpt_cli.data.splits import prove_apart
from medgpt_cli.workflows.picture_files import refuse_changed_pictures

TOGETHER = 4096
"""Rows held at a time."""


def check_prepared(
    path: Path, progress: Callable[[int, int], None] | None = None
) -> tuple[dict[str, Any], list[Complaint]]:
    """Counts a prepared set and finds what is wrong with it.

    Args:
        path: The prepared set.
        progress: Called with (rows looked at, all rows).

    Returns:
        The counts, and what is wrong with images.

    Raises:
        InputError: It is not finished, or of another layout.
        HashMismatch: A shard or a referenced picture is not the one its manifest names.
        GateRefusal: A patient, study or key is in two splits.
    """
    prepared = PreparedSet.open(path)
    prepared.verify()
    refuse_changed_pictures(prepared)
    complaints: list[Complaint] = []
    forms: Counter[str] = Counter()
    roles: Counter[str] = Counter()
    files: set[int] = set()
    patients: set[tuple[str, str]] = set()
    images = options = done = 0
    rows = prepared.samples()
    while some := list(islice(rows, TOGETHER)):
        complaints += check_images(some, decode=True)
        for sample in some:
            forms["document" if sample.document else "dialogue"] += 1
            roles.update(turn.role.value for turn in sample.turns)
            images += len(sample.images)
            files.update(map(hash, sample.images))  # a number each, since there may be millions
            options += bool(sample.options)
            if sample.patient_id:
                patients.add((sample.source, sample.patient_id))
        done += len(some)
        if progress:
            progress(done, prepared.count())
    keys = prove_apart(_ties(prepared.samples()))
    counts = {
        "records": done,
        "unreadable": 0,
        "forms": dict(forms),
        "splits": {name: prepared.count(name) for name in prepared.splits},
        "roles": dict(roles),
        "images": images,
        "image_files": len(files),
        "with_options": options,
        "patients": len(patients),
        "keys_apart": keys,
    }
    return counts, complaints


def _ties(samples: Iterator[Sample]) -> Iterator[tuple[str, tuple[str, ...], Place]]:
    for sample in samples:
        yield sample.split, keys_of(sample), sample.place
