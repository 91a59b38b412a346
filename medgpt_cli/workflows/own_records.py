"""One's own records as they are asked: a record file, a prepared set, or the folder of a data set.

A prepared set and a published one give their test split; where a published one has no such split, the validation
split, and where it has none at all, everything.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

from medgpt_cli.core.errors import BadRecord
from medgpt_cli.core.files import sha256_file
from medgpt_cli.core.types import Sample
from medgpt_cli.data.prepared.opening import MANIFEST, PreparedSet, is_prepared, samples_of
from medgpt_cli.data.records import read_records
from medgpt_cli.data.splits import SYNONYMS
from medgpt_cli.workflows.picture_files import PictureFiles, refuse_changed_pictures
from medgpt_cli.workflows.task_records import POOL

HELD_OUT = ("test", "validation")
"""Splits whose records are asked, the first that there is."""


def read_questions(path: Path) -> tuple[list[Sample], str]:
    """The records of one's own data that are asked, and the SHA-256 that names them and their pictures.

    Without pictures it is that of the record file, or of the manifest of a prepared set.

    Raises:
        NotThere: There is nothing.
        BadRecord: The file cannot be read, has bad records, or the prepared set has no held-out split.
        InputError: A folder that is no prepared set and none that an adapter knows.
        HashMismatch: A shard or a picture of a prepared set is not the one its manifest names.
    """
    samples, digest = _asked(path)
    pictures = PictureFiles.of(samples).hashes
    if pictures:
        digest = hashlib.sha256(bytes.fromhex(digest) + b"".join(pictures)).hexdigest()
    return samples, digest


def _asked(path: Path) -> tuple[list[Sample], str]:
    if is_prepared(path):
        prepared = PreparedSet.open(path)
        split = next((name for name in HELD_OUT if prepared.count(name)), None)
        if split is None:
            raise BadRecord(
                "holds no test split", where=str(path), repair="prepare it with splits.test above 0"
            )
        prepared.verify()
        refuse_changed_pictures(prepared, split)
        return list(prepared.samples(split)), sha256_file(path / MANIFEST)
    if not path.is_dir():
        return _all_records(path), sha256_file(path)
    samples = list(samples_of(path))
    digest = hashlib.sha256()
    for file in sorted({sample.place.file for sample in samples}):
        digest.update(sha256_file(Path(file)).encode())
    stated = [SYNONYMS.get(sample.split.lower(), sample.split.lower()) for sample in samples]
    asked = next((name for name in HELD_OUT if name in stated), None)
    held_out = [sample for sample, split in zip(samples, stated, strict=True) if asked in (None, split)]
    return held_out, digest.hexdigest()


def _all_records(path: Path) -> list[Sample]:
    """Every record of a file: none is left out of a score, so nothing is said of leaving some out."""
    try:
        return read_records(path).samples
    except BadRecord as error:
        if error.complaints:
            error.repair = "mend them; a question that is left out would change the score unseen"
        raise


def other_samples(path: Path, asked: Sequence[Sample]) -> list[Sample]:
    """Training and validation records of a folder that are not asked; a record file is asked whole."""
    if not path.is_dir():
        return []
    own = {str(sample.place) for sample in asked}
    samples = (
        sample
        for sample in samples_of(path)
        if SYNONYMS.get(sample.split.lower(), sample.split.lower()) in ("train", "validation")
        and str(sample.place) not in own
    )
    return list(islice(samples, POOL))
