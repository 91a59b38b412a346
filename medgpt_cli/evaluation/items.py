"""From records to evaluation items: the question that is asked and the answer that would be right.

Only a record with one question and one answer can be scored: the pair form, or a dialogue of one question
and one answer.  What cannot be scored is complained about by file and line, never left out silently.  This
module knows nothing of files, of models, of prompts or of how answers are compared.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

import msgspec

from medgpt_cli.core.errors import Complaint
from medgpt_cli.core.types import Place, Role, Sample, Turn
from medgpt_cli.evaluation.exact_match import normalise

LONGEST = 200
"""Characters of a gold answer that can still be asked for word by word."""

ALSO = "also"
"""The facet in which a set writes further right answers, one a line; an item has them among `golds`."""

MARK = "<image>"
"""How an option's text says that a picture stands there."""

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
        record: What stands in the file, no prompt around it; it is what training records are compared with.
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
    record: Sample | None = None

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


@dataclass(frozen=True, slots=True)
class Rules:
    """What is demanded of records before they are asked.

    Attributes:
        kind: The kind of answer wanted; told from each record when None.
        longest: Characters a short gold answer may have; any number when None.
        letters: The letters to choose from where the options stand in the picture; empty where they are written.
        mixed: Whether a question without options may stand among multiple choice, and is then a short one.
        cluster: What items share that are not independent (`image`, `patient`, …); the closest tie when empty.
    """

    kind: Kind | None = None
    longest: int | None = LONGEST
    letters: str = ""
    mixed: bool = False
    cluster: str = ""


def items_from(
    samples: Iterable[Sample], rules: Rules | None = None
) -> tuple[list[Item], list[Complaint]]:
    """Turns records into items.

    Args:
        samples: Records in file order.
        rules: What is demanded of them; a short answer or a choice when None.

    Returns:
        The items, and one complaint for each record that cannot be scored.
    """
    rules = rules or Rules()
    samples = list(samples)
    home = _home(samples)
    items: list[Item] = []
    complaints: list[Complaint] = []
    seen: dict[str, Place] = {}
    for sample in samples:
        made = _item(sample, rules, home)
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


def _item(sample: Sample, rules: Rules, home: str) -> Item | Complaint:
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
    options = sample.options or tuple((letter, "") for letter in rules.letters)
    kind = _kind(options, rules)
    if kind is None:
        return _complaint(sample, "options", "there are none to choose from", "write options")
    if kind is not Kind.CHOICE:
        options = ()
    if kind is Kind.SHORT and rules.longest is not None and len(gold) > rules.longest:
        return _complaint(
            sample,
            "answer",
            f"an answer of {len(gold)} characters cannot be matched exactly",
            f"score answers of up to {rules.longest} characters, or say kind: report in a task file",
        )
    letters = _right_letters(gold, options)
    if options and not letters:
        return _complaint(
            sample,
            "answer",
            "the answer is none of the options",
            "write one option's letter or its whole text",
        )
    keys = _keys(sample)
    return Item(
        id=sample.id or f"line-{sample.place.line}",
        place=sample.place,
        turns=question,
        images=sample.images,
        gold=letters[0] if letters else gold,
        letters=letters,
        options=options,
        group=sample.source or NO_SOURCE,
        cluster=_cluster(sample, keys, rules.cluster, home),
        kind=kind,
        facets=tuple((name, value) for name, value in sample.facets if name != ALSO),
        keys=keys,
        split=sample.split,
        golds=letters or (gold, *(also for also in _also(sample) if also != gold)),
        record=sample,
    )


def _kind(options: tuple[tuple[str, str], ...], rules: Rules) -> Kind | None:
    """None where there should be options and are none."""
    if rules.kind in (Kind.SHORT, Kind.REPORT):
        return rules.kind
    if options:
        return Kind.CHOICE
    return Kind.SHORT if rules.kind is None or rules.mixed else None


def _also(sample: Sample) -> list[str]:
    written = next((value for name, value in sample.facets if name == ALSO), "")
    return [line.strip() for line in written.splitlines() if normalise(line)]


def _keys(sample: Sample) -> tuple[str, ...]:
    """The record's keys, its patient and its study among them as preparation writes them."""
    own = [f"patient:{sample.source}/{sample.patient_id}"] if sample.patient_id else []
    own += [f"study:{sample.source}/{sample.study_id}"] if sample.study_id else []
    return tuple(dict.fromkeys((*sample.keys, *own)))


def _complaint(sample: Sample, field: str, what: str, repair: str) -> Complaint:
    return Complaint(what, f"{sample.place} {field}".strip(), repair)


def _right_letters(gold: str, options: tuple[tuple[str, str], ...]) -> tuple[str, ...]:
    """The letters that are right.  An answer that is an option's letter is read as the letter."""
    answer = normalise(gold)
    named = next(((letter, text) for letter, text in options if normalise(letter) == answer), None)
    meant = normalise(named[1]) if named else answer
    if named and (not meant or MARK in named[1]):
        return (
            named[0],
        )  # options that stand in a picture, or are one, are not told apart by their text
    return tuple(letter for letter, text in options if normalise(text) == meant)


def _home(samples: Sequence[Sample]) -> str:
    """The folder that holds all files that records came from; empty where there are none."""
    folders = {os.path.dirname(os.path.abspath(sample.place.file)) for sample in samples}
    return os.path.commonpath(folders) if folders else ""


def _cluster(sample: Sample, keys: tuple[str, ...], kind: str, home: str) -> str:
    """Hashed, because ids and image names may name a person.

    Cases are drawn again in the order of these hashes, so that a path counts from where the records stand: the same
    data in another folder have the same intervals.
    """
    tie = next((key for key in keys if kind and key.startswith(f"{kind}:")), "")
    tie = tie or sample.patient_id or sample.study_id
    tie = tie or next((key for key in keys if key.startswith(("patient:", "study:", "image:"))), "")
    tie = tie or "\n".join(os.path.relpath(image, home) for image in sample.images)
    tie = tie or f"{os.path.relpath(sample.place.file, home)}:{sample.place.line}"
    return hashlib.sha256(tie.encode()).hexdigest()[:12]
