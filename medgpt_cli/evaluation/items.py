"""From records to evaluation items: the question that is asked and the answer that would be right.

Only a record with one question and one short answer can be scored by matching: the pair form, or a
dialogue of one question and one answer.  What cannot be scored is complained about by file and line,
never left out silently.  This module knows nothing of files, of models or of how answers are compared.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

import msgspec

from medgpt_cli.core.errors import Complaint
from medgpt_cli.core.types import Place, Role, Sample, Turn
from medgpt_cli.evaluation.exact_match import normalise

LONGEST = 200
"""Characters of a gold answer that can still be asked for word by word."""

NO_SOURCE = "no source"
"""The group of records that name no source."""


class Kind(StrEnum):
    """What sort of answer is wanted."""

    CHOICE = "choice"
    SHORT = "short"
    REPORT = "report"


@dataclass(frozen=True, slots=True)
class Item:
    """One question with its right answer.

    Attributes:
        id: The record's own id, else its line; unique within a task.
        place: Where the record stands.
        turns: What the model is asked; ends with a user turn.
        images: Paths the turns' image parts index into.
        gold: The right answer as written; for multiple choice the right letter.
        letters: For multiple choice all right letters (several where option texts are equal); else
            empty.
        options: Multiple-choice options as (letter, text), or empty.
        group: The source, for scores per group.
        cluster: A hash that is equal for items of one patient, study or image: these are not
            independent.
        kind: What sort of answer is wanted.
        facets: What a table may be split by, as (name, value).
        keys: What ties the item to training records, as `kind:value`.
        split: The split of its set it comes from, as the set names it.
        golds: All right answers, `gold` first; for multiple choice all right letters.
    """

    id: str
    place: Place
    turns: tuple[Turn, ...]
    images: tuple[str, ...]
    gold: str
    letters: tuple[str, ...]
    options: tuple[tuple[str, str], ...]
    group: str
    cluster: str
    kind: Kind = Kind.SHORT
    facets: tuple[tuple[str, str], ...] = ()
    keys: tuple[str, ...] = ()
    split: str = ""
    golds: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Whoever names no further right answers means the one."""
        if not self.golds:
            object.__setattr__(self, "golds", self.letters or (self.gold,))

    @property
    def question(self) -> str:
        """The text of the last user turn.  Clinical: for a person's eyes only."""
        return self.turns[-1].text.strip()

    @property
    def prompt_hash(self) -> str:
        """SHA-256 of everything that is said to the model, with the places of the images but not their names."""
        return hashlib.sha256(msgspec.json.encode(self.turns)).hexdigest()


def items_from(samples: Iterable[Sample]) -> tuple[list[Item], list[Complaint]]:
    """Turns records into items.

    Args:
        samples: Records in file order.

    Returns:
        The items, and one complaint for each record that cannot be scored.
    """
    items: list[Item] = []
    complaints: list[Complaint] = []
    seen: dict[str, Place] = {}
    for sample in samples:
        made = _item(sample)
        if isinstance(made, Item) and made.id in seen:
            made = _complaint(
                sample, "id", f"the id is already used at {seen[made.id]}", "give each record its own"
            )
        if isinstance(made, Item):
            seen[made.id] = made.place
            items.append(made)
        else:
            complaints.append(made)
    return items, complaints


def _item(sample: Sample) -> Item | Complaint:
    question, spoken = sample.turns[:-1], sample.turns[-1:]
    roles = [turn.role for turn in sample.turns if turn.role is not Role.SYSTEM]
    if roles != [Role.USER, Role.ASSISTANT]:
        what = f"{len(roles)} turns" if roles else "a plain text"
        return _complaint(
            sample,
            "",
            f"{what} cannot be scored",
            "only one question with one answer can; remove the record",
        )
    gold = (sample.answer or spoken[0].text).strip()
    if not normalise(gold):
        return _complaint(
            sample, "answer", "there is no answer to compare with", "write the right answer"
        )
    if len(gold) > LONGEST:
        return _complaint(
            sample,
            "answer",
            f"an answer of {len(gold)} characters cannot be matched exactly",
            f"score answers of up to {LONGEST} characters",
        )
    letters = _right_letters(gold, sample.options)
    if sample.options and not letters:
        return _complaint(
            sample,
            "answer",
            "the answer is none of the options",
            "write one option's letter or its whole text",
        )
    return Item(
        id=sample.id or f"line-{sample.place.line}",
        place=sample.place,
        turns=question,
        images=sample.images,
        gold=letters[0] if letters else gold,
        letters=letters,
        options=sample.options,
        group=sample.source or NO_SOURCE,
        cluster=_cluster(sample),
        kind=Kind.CHOICE if sample.options else Kind.SHORT,
        facets=sample.facets,
        keys=sample.keys,
        split=sample.split,
    )


def _complaint(sample: Sample, field: str, what: str, repair: str) -> Complaint:
    return Complaint(what, f"{sample.place} {field}".strip(), repair)


def _right_letters(gold: str, options: tuple[tuple[str, str], ...]) -> tuple[str, ...]:
    """The letters that are right.  An answer that is an option's letter is read as the letter."""
    answer = normalise(gold)
    texts = [normalise(text) for letter, text in options if normalise(letter) == answer] or [answer]
    return tuple(letter for letter, text in options if normalise(text) in texts)


def _cluster(sample: Sample) -> str:
    """Hashed, because ids and image names may name a person."""
    key = sample.patient_id or sample.study_id or "\n".join(sample.images) or str(sample.place)
    return hashlib.sha256(key.encode()).hexdigest()[:12]
