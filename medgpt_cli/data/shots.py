"""Records that are asked after answered examples of their own source, for learning from context.

Which examples is a pure function of the records, their order and a seed, so a run that goes on shows the same ones.
An example never shares a patient, a study, an article, a picture or another key with the record it stands before, nor,
where there are no pictures, its wording; nor do two examples of one record.  This module knows nothing of tokens.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import msgspec
import numpy as np
import numpy.typing as npt

from medgpt_cli.core.errors import BadRecord
from medgpt_cli.core.in_context import after_examples
from medgpt_cli.core.types import Role, Sample, Turn
from medgpt_cli.data.duplicates.groups import Groups, keys_of, own_key

TRIES = 8
"""Draws a place before groups are gone through one by one."""


@dataclass(frozen=True, slots=True)
class WithExamples:
    """The records of a source after their examples.

    Attributes:
        samples: In the order of the source; plain documents stay as they are.
        own_from: For each the number of its own first turn behind the system turn; 0 without examples.
        digest: SHA-256 over which records stand before which, for the manifest.
    """

    samples: list[Sample]
    own_from: list[int]
    digest: str

    @property
    def count(self) -> int:
        """Records that have examples."""
        return sum(1 for first in self.own_from if first)


def with_examples(
    samples: Sequence[Sample], shots: int, *, seed: Sequence[int], name: str
) -> WithExamples:
    """Puts answered examples before each dialogue of a source.

    Args:
        samples: The source's records.
        shots: Examples before each.
        seed: Of the choice; numbers from 0.
        name: What messages call the source.

    Raises:
        BadRecord: The source has not as many groups as a record and its examples need.
    """
    if not shots:
        return WithExamples(list(samples), [0] * len(samples), "")
    spoken = [number for number, sample in enumerate(samples) if sample.turns]
    of = _groups([samples[number] for number in spoken])
    if spoken and len(np.unique(of)) <= shots:
        raise BadRecord(
            f"{shots} examples before each record need {shots + 1} groups of patients, studies or pictures, "
            f"and there are {len(np.unique(of))}",
            where=name,
            repair="lower shots, or leave it out",
        )
    found = WithExamples(list(samples), [0] * len(samples), "")
    digest = hashlib.sha256()
    for at, number in enumerate(spoken):
        generator = np.random.default_rng([*seed, at])
        chosen = [samples[spoken[each]] for each in _draw(of, at, shots, generator)]
        digest.update(
            f"{samples[number].place}\0{'|'.join(str(each.place) for each in chosen)}\n".encode()
        )
        found.samples[number] = _after(samples[number], chosen)
        system = samples[number].turns[0].role is Role.SYSTEM
        found.own_from[number] = (
            len(found.samples[number].turns) - len(samples[number].turns) + (1 if system else 0)
        )
    return WithExamples(found.samples, found.own_from, digest.hexdigest())


def _after(sample: Sample, chosen: Sequence[Sample]) -> Sample:
    examples = [([_said(turn) for turn in each.turns], each.images) for each in chosen]
    turns, images = after_examples(examples, (sample.turns, sample.images))
    keys = tuple(dict.fromkeys([*sample.keys, *(key for each in chosen for key in each.keys)]))
    return msgspec.structs.replace(sample, turns=turns, images=images, keys=keys)


def _said(turn: Turn) -> Turn:
    """An example's turn; models are not shown old reasoning."""
    return Turn(turn.role, turn.parts)


def _groups(samples: Sequence[Sample]) -> npt.NDArray[np.int64]:
    """The group of each record by number; one picture, or without pictures one wording, makes a group too."""
    groups = Groups()
    for sample in samples:
        pictures = [f"image:{path}" for path in sample.images]
        groups.add((*keys_of(sample), *(pictures or (own_key(sample),))), own_key(sample))
    return groups.close().labels.astype(np.int64)


def _draw(
    of: npt.NDArray[np.int64], at: int, shots: int, generator: np.random.Generator
) -> Iterator[int]:
    """Records of as many other groups."""
    taken = {int(of[at])}
    for _ in range(shots):
        drawn = (int(each) for each in generator.integers(len(of), size=TRIES))
        found = next((each for each in drawn if int(of[each]) not in taken), None)
        if found is None:  # a few groups hold most records
            free = np.flatnonzero(~np.isin(of, list(taken)))
            found = int(generator.choice(free))
        taken.add(int(of[found]))
        yield found
