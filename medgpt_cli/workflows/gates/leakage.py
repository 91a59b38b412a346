"""The gate before training: what a model will be evaluated on is not learnt.

Records that meet an evaluation record are left out and counted by the surest reason; a training set is not refused
for them.  `medgpt data leakage` lists them one by one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from medgpt_cli.core import console
from medgpt_cli.core.errors import BadImage
from medgpt_cli.core.files import sha256_file
from medgpt_cli.core.types import Sample
from medgpt_cli.data.leakage.against import Against
from medgpt_cli.data.leakage.roles import evaluation_samples


def leakage_gate(
    samples: Sequence[Sample], against: Sequence[Path], *, image_root: Path | None = None
) -> tuple[list[Sample], dict[str, int]]:
    """Leaves out what meets an evaluation record.

    Args:
        samples: Training records whose images open.
        against: Evaluation sets: record files, prepared sets, or folders that an adapter knows; what they publish
            as train is passed over.
        image_root: The folder that image paths of record files are relative to; each file's own when None.

    Returns:
        The records that are kept, in order, and how many were left out for each reason.

    Raises:
        BadImage: Images of an evaluation set cannot be opened, so nobody can tell whether they are in the data.
        BadRecord, NotThere, InputError: An evaluation set cannot be read.
    """

    def evaluation() -> Iterator[Sample]:
        for path in against:
            yield from evaluation_samples(path, image_root=image_root)

    held = Against.build(evaluation())
    if held.unread:
        raise BadImage(
            f"{len(held.unread):,} evaluation images cannot be opened, so they cannot be kept out of training",
            repair="mend the evaluation set, or take it out of data.against",
            complaints=held.unread,
        )
    held.learn(samples)
    kept: list[Sample] = []
    dropped: Counter[str] = Counter()
    for sample in samples:
        if matches := held.matches(sample):
            dropped[matches[0].reason.value] += 1
        else:
            kept.append(sample)
    if dropped:
        reasons = ", ".join(f"{reason} {count:,}" for reason, count in dropped.items())
        console.warn(
            f"left out: {dropped.total():,} records that meet evaluation records ({reasons}); "
            "medgpt data leakage lists them"
        )
    return kept, dict(dropped)


def against_hashes(against: Sequence[Path]) -> dict[str, str]:
    """The SHA-256 of each evaluation set by its path: of the file, or of a prepared set's manifest.

    A raw folder has none: its files are many, and only their records count.
    """
    files = {path: path / "manifest.json" if path.is_dir() else path for path in against}
    return {str(path): sha256_file(file) for path, file in files.items() if file.is_file()}
