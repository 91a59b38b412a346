"""Gathers what a sample set is made of, source by source: pictures, questions about them, texts.

Each source draws from random streams of its own, so that a change in one does not move the others, and is imported
only when it is wanted, so that its package need not be there otherwise.  Knows nothing of files.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field

from medgpt_cli.data.sample import forms
from medgpt_cli.data.sample.forms import Record
from medgpt_cli.data.sample.material import HELD_OUT, TRAIN, Picture, Question

CAPTIONS, DOCUMENTS = 80, 20
ICD_QUESTIONS, ICD_DOCUMENTS, HPO_QUESTIONS, HPO_DOCUMENTS = 60, 20, 40, 20
"""Training records of each, in the whole set."""


@dataclass(slots=True)
class Contents:
    """What will be written.

    Attributes:
        pictures: Of both splits.
        questions: By split.
        extra: Training records that are not one question: (record, source, licence).
        release: The HPO release, or empty.
    """

    pictures: list[Picture] = field(default_factory=list)
    questions: dict[str, list[Question]] = field(default_factory=lambda: {TRAIN: [], HELD_OUT: []})
    extra: list[tuple[Record, str, str]] = field(default_factory=list)
    release: str = ""

    def of(self, split: str) -> list[Picture]:
        """The pictures of one split."""
        return [picture for picture in self.pictures if picture.split == split]


def stream(seed: int, part: str) -> random.Random:
    """The random stream of one part of the set."""
    return random.Random(f"{seed} {part}")


def gather(sources: Sequence[str], seed: int, share: float) -> Contents:
    """Everything that the wanted sources give.

    Args:
        sources: Some of `mni152`, `pictures`, `icd10cm`, `hpo`.
        seed: Seed of all random streams.
        share: Part of everything to make, above 0 and at most 1.

    Raises:
        Missing: A package, or a file in it, is not there.
    """
    contents = Contents()
    for name, add in {"mni152": _brain, "pictures": _single, "icd10cm": _icd, "hpo": _hpo}.items():
        if name in sources:
            add(contents, seed, share)
    return contents


def _scaled(count: int, share: float) -> int:
    return max(2, round(count * share))


def _brain(contents: Contents, seed: int, share: float) -> None:
    from medgpt_cli.data.sample.brain import brain_pictures
    from medgpt_cli.data.sample.questions import brain_questions, pair_questions
    from medgpt_cli.data.sample.volumes import mni152

    contents.pictures += brain_pictures(mni152(), stream(seed, "brain"), share)
    for split, questions in contents.questions.items():
        questions += brain_questions(contents.of(split), stream(seed, f"brain questions {split}"))
    _brain_records(contents, stream(seed, "brain records"), share)
    contents.questions[TRAIN] += pair_questions(contents.of(TRAIN), stream(seed, "pairs"), share)


def _brain_records(contents: Contents, rng: random.Random, share: float) -> None:
    """Captions and short documents about the slices that are trained on."""
    sayable = [picture for picture in contents.of(TRAIN) if forms.can_describe(picture)]
    made = []
    for picture in rng.sample(sayable, min(len(sayable), _scaled(CAPTIONS, share))):
        made.append((forms.caption(picture, rng), "mni152/caption"))
    for _ in range(_scaled(DOCUMENTS, share)):
        made.append((forms.document(rng.sample(sayable, 2), rng), "mni152/document"))
    contents.extra += [(record, source, sayable[0].licence) for record, source in made]


def _single(contents: Contents, seed: int, share: float) -> None:
    from medgpt_cli.data.sample.pictures import single_pictures
    from medgpt_cli.data.sample.questions import single_questions

    single = single_pictures(stream(seed, "single"), share)
    for split, questions in contents.questions.items():
        own = [picture for picture in single if picture.split == split]
        questions += single_questions(own, contents.of(split), stream(seed, f"single questions {split}"))
    contents.pictures += single


def _icd(contents: Contents, seed: int, share: float) -> None:
    from medgpt_cli.data.sample import texts

    rng = stream(seed, "icd10cm")
    contents.questions[TRAIN] += texts.icd_questions(rng, _scaled(ICD_QUESTIONS, share))
    for record in texts.icd_documents(rng, _scaled(ICD_DOCUMENTS, share)):
        contents.extra.append((record, "icd10cm/document", texts.PUBLIC_DOMAIN))


def _hpo(contents: Contents, seed: int, share: float) -> None:
    from medgpt_cli.data.sample import texts

    rng = stream(seed, "hpo")
    asked = _scaled(HPO_QUESTIONS, share)
    terms, release = texts.hpo_terms(rng, asked + _scaled(HPO_DOCUMENTS, share))
    contents.release = release
    contents.questions[TRAIN] += texts.hpo_questions(terms[:asked], release, rng)
    for record in texts.hpo_documents(terms[asked:]):
        contents.extra.append((record, "hpo/document", texts.hpo_licence(release)))
