"""Which records of a set are trained on and which are evaluation, by the split each was published in.

A set is often named as a whole: SLAKE's folder holds what one trains on and what one is scored with.  As an
evaluation set it means what is not published as train; as a training set what is not held out.  A set that publishes
one side alone (Medbullets calls its questions train) means all of it, on either side.  This module knows nothing of
how records are compared.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from medgpt_cli.core.errors import Complaint
from medgpt_cli.core.types import Sample
from medgpt_cli.data.prepared.opening import PreparedSet, is_prepared, samples_of
from medgpt_cli.data.splits import SYNONYMS

TRAIN = "train"
HELD_OUT = ("validation", "test")

OnBad = Callable[[Complaint], None]


def training_samples(
    path: Path, *, image_root: Path | None = None, on_bad: OnBad | None = None
) -> Iterator[Sample]:
    """The records of a set that are trained on; arguments and errors are those of `samples_of`."""
    return _chosen(path, image_root, on_bad, lambda split: split not in HELD_OUT)


def evaluation_samples(
    path: Path, *, image_root: Path | None = None, on_bad: OnBad | None = None
) -> Iterator[Sample]:
    """The records of a set that models are scored with; arguments and errors are those of `samples_of`."""
    return _chosen(path, image_root, on_bad, lambda split: split != TRAIN)


def _chosen(
    path: Path, image_root: Path | None, on_bad: OnBad | None, meant: Callable[[str], bool]
) -> Iterator[Sample]:
    if is_prepared(path):
        held = PreparedSet.open(path)
        names = [name for name in held.splits if meant(name)] or held.splits
        for name in names:
            yield from held.samples(name)
        return
    first = samples_of(path, image_root=image_root, on_bad=lambda complaint: None)
    one_sided = not any(meant(_split(sample)) for sample in first)
    for sample in samples_of(path, image_root=image_root, on_bad=on_bad):
        if one_sided or meant(_split(sample)):
            yield sample


def _split(sample: Sample) -> str:
    word = sample.split.strip().lower()
    return SYNONYMS.get(word, word)
