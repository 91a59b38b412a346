"""The questions of a task, wherever they stand: a record file, a prepared set, or a data set's folder.

A prepared set and a published one give their test split; where a published one has no such split, the validation
split, and where it has none at all, everything.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from medgpt_cli.core.errors import BadRecord
from medgpt_cli.core.files import sha256_file
from medgpt_cli.core.types import Sample
from medgpt_cli.data.prepared.opening import MANIFEST, PreparedSet, is_prepared, samples_of
from medgpt_cli.data.records import read_records
from medgpt_cli.data.splits import SYNONYMS

HELD_OUT = ("test", "validation")
"""Splits whose records are asked, the first that there is."""


def read_questions(path: Path) -> tuple[list[Sample], str]:
    """The records that are asked, and the SHA-256 that names them.

    Raises:
        NotThere: There is nothing.
        BadRecord: The file cannot be read, has bad records, or the prepared set has no held-out split.
        InputError: A folder that is no prepared set and none that an adapter knows.
    """
    if is_prepared(path):
        prepared = PreparedSet.open(path)
        split = next((name for name in HELD_OUT if prepared.count(name)), None)
        if split is None:
            raise BadRecord(
                "holds no test split", where=str(path), repair="prepare it with splits.test above 0"
            )
        prepared.verify()
        return list(prepared.samples(split)), sha256_file(path / MANIFEST)
    if not path.is_dir():
        return read_records(path).samples, sha256_file(path)
    samples = list(samples_of(path))
    digest = hashlib.sha256()
    for file in sorted({sample.place.file for sample in samples}):
        digest.update(sha256_file(Path(file)).encode())
    stated = [SYNONYMS.get(sample.split.lower(), sample.split.lower()) for sample in samples]
    asked = next((name for name in HELD_OUT if name in stated), None)
    held_out = [sample for sample, split in zip(samples, stated, strict=True) if asked in (None, split)]
    return held_out, digest.hexdigest()
