"""What a task is, as a small file says it: data about a question set, and no code.

    version: 1                        # counted up whenever scores could change
    title: SLAKE, English
    kind: short                       # choice, short or report
    reads: [slake]                    # adapters, the first whose data lie below --data …
    records: my.jsonl                 # … or one's own records, relative to this file
    put: test.json and imgs/          # what has to lie below --data
    splits: [test]                    # published splits that are asked; all when left out
    filters: {language: en}           # facets a record must have; several values in a list
    images: any                       # some or none: records with pictures alone, or without
    given: mimic-cxr-multi            # adapter whose answer to the record of the same id is given as {given}
    letters: ABCDEFGHIJ               # where the options stand in the picture
    mixed: false                      # whether questions without options stand among multiple choice
    shots_from: [train, validation]   # splits examples are drawn from
    shots_alike: [subject]            # facets an example shares with the question
    profiles: {medgpt: short}         # wordings by name: of `shared_prompts`, or written out; the first is the default
    max_new_tokens: 512
    measures: [exact, token_f1]       # the first is the headline
    choices_by: text                  # likelihood or none
    cluster: image                    # what questions share that are not independent: a kind of key
    sources: [slake]                  # sources whose presence in training makes the task in distribution
    published: 1061                   # questions the set is known to have
    leaves_out: [label not published] # faults of rows that are expected, counted and not asked
    traps: […]                        # what goes wrong with this set elsewhere, for a person

Everything but version, title, kind and one of `reads` and `records` may be left out.  Unknown words, wrong types and
words that mean nothing together are all told at once, by file and line.  This module knows nothing of records.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from medgpt_cli.core.errors import BadRecipe, Complaint, NotThere
from medgpt_cli.core.nearest import did_you_mean
from medgpt_cli.core.recipe import yaml12
from medgpt_cli.evaluation.items import Kind
from medgpt_cli.evaluation.tasks.prompts import Prompt, faults
from medgpt_cli.evaluation.tasks.shared_prompts import (
    LIMIT,
    PROMPTS,
    default_measures,
    default_prompt,
)
from medgpt_cli.evaluation.tasks.task import ChoicesBy

OURS = "medgpt"
"""The prompt profile a task has when it names none."""

HIDDEN, UNCLEAR = "label not published", "may mean option"
"""Faults of rows that no task can ask: their answer is kept back, or is one option's letter and another's text."""

Count = Annotated[int, msgspec.Meta(ge=1)]
Words = tuple[str, ...]


class Declaration(msgspec.Struct, frozen=True, kw_only=True):
    """One task; the words are explained above."""

    version: Count
    title: str
    kind: Kind
    reads: Words = ()
    records: str = ""
    put: str = ""
    splits: Words = ()
    filters: dict[str, str | Words] = {}
    images: Literal["any", "some", "none"] = "any"
    given: str = ""
    letters: str = ""
    mixed: bool = False
    shots_from: Words = ("train", "validation")
    shots_alike: Words = ()
    profiles: dict[str, str | Prompt] = {}
    max_new_tokens: Count | None = None
    measures: Words = ()
    choices_by: ChoicesBy = "text"
    cluster: str = ""
    sources: Words = ()
    published: Count | None = None
    leaves_out: Words = (HIDDEN, UNCLEAR)
    traps: Words = ()

    @property
    def prompts(self) -> dict[str, Prompt]:
        """The prompt profiles by name, the default first."""
        named = self.profiles or {OURS: default_prompt(self.kind)}
        return {name: PROMPTS[said] if isinstance(said, str) else said for name, said in named.items()}

    @property
    def measured(self) -> Words:
        """Names of the measures, the headline first."""
        return self.measures or default_measures(self.kind)

    @property
    def limit(self) -> int:
        """Tokens an answer may take."""
        return self.max_new_tokens or LIMIT

    def wants(
        self, split: str, facets: dict[str, str], images: int, splits: Words | None = None
    ) -> bool:
        """Whether a record is one of the task's.

        Args:
            split: The record's.
            facets: The record's.
            images: Pictures it has.
            splits: Splits it may be of; those that are asked when None.
        """
        splits = self.splits if splits is None else splits
        if splits and split.lower() not in splits:
            return False
        if self.images != "any" and (images > 0) is not (self.images == "some"):
            return False
        for name, wanted in self.filters.items():
            if facets.get(name, "") not in ((wanted,) if isinstance(wanted, str) else wanted):
                return False
        return True


FIELDS = {field.name: field for field in msgspec.structs.fields(Declaration)}


def read_declaration(path: Path) -> Declaration:
    """The task a file declares.

    Raises:
        NotThere: There is no such file.
        BadRecipe: With everything that is wrong with it, by line.
    """
    try:
        parsed = yaml12.parse(path.read_text("utf-8"))
    except FileNotFoundError:
        raise NotThere("there is no such file", where=str(path), repair="mend the path") from None
    except UnicodeDecodeError:
        raise BadRecipe("is not UTF-8 text", where=str(path)) from None
    except yaml12.NotYAML as error:
        raise BadRecipe(str(error), where=f"{path}:{error.line}") from None
    if not isinstance(parsed.tree, dict):
        raise BadRecipe("is no map of words", where=f"{path}:1", repair="write word: value, one a line")
    found: dict[str, Any] = {}
    told = [
        Complaint(what, f"{path}:{line} {'.'.join(map(str, keys))}".rstrip())
        for line, keys, what in parsed.faults
    ]
    for name, value in parsed.tree.items():
        line = parsed.lines.get((name,), 1)
        if name not in FIELDS:
            told.append(
                Complaint("is no word of a task", f"{path}:{line} {name}", did_you_mean(name, FIELDS))
            )
            continue
        try:
            found[name] = msgspec.convert(value, FIELDS[name].type, strict=True)
        except msgspec.ValidationError as error:
            what, _, at = str(error).partition(" - at ")
            place = at.strip("`").removeprefix("$").removeprefix(".")
            told.append(Complaint(_told(what), f"{path}:{_line(parsed, name, place)} {name}"))
    for name, field in FIELDS.items():
        if field.required and name not in parsed.tree:
            told.append(Complaint("is missing", f"{path}:1 {name}"))
    if not told:
        made = Declaration(**found)
        told = [
            Complaint(what, f"{path}:{parsed.lines.get((name,), 1)} {name}", repair)
            for name, what, repair in _contradictions(made)
        ]
        if not told:
            return made
    raise BadRecipe(f"{len(told)} fault{'s' if len(told) > 1 else ''}", where=str(path), complaints=told)


def _told(what: str) -> str:
    """The sentence of msgspec as the rest of ours that begins with the word's name."""
    what = re.sub(r"^Expected", "expected", what)
    return re.sub(r"^Invalid enum value", "is no kind of answer:", what)


def _line(parsed: yaml12.Parsed, name: str, place: str) -> int:
    """The line of the innermost value that the place names and the file has."""
    match = re.fullmatch(r"\[(\d+)\]", place)
    keys: yaml12.Keys = (name, int(match[1])) if match else (name,)
    return parsed.lines.get(keys, parsed.lines.get((name,), 1))


def _contradictions(made: Declaration) -> list[tuple[str, str, str]]:
    """What the words of a task say against each other, as (word, what, repair)."""
    found = []
    if bool(made.reads) is bool(made.records):
        found.append(("reads", "exactly one of reads and records says where the questions are", ""))
    for name, said in made.profiles.items():
        if isinstance(said, str) and said not in PROMPTS:
            found.append(
                ("profiles", f"{name}: no wording is called {said}", did_you_mean(said, PROMPTS))
            )
        elif isinstance(said, Prompt):
            found += [("profiles", f"{name}: {fault}", "") for fault in faults(said)]
    if made.letters and made.kind is not Kind.CHOICE:
        found.append(("letters", "only a choice has letters", ""))
    if made.choices_by == "likelihood" and made.kind is not Kind.CHOICE:
        found.append(("choices_by", "only a choice has options whose likelihood could be taken", ""))
    if set(made.splits) & set(made.shots_from) and made.splits:
        found.append(("shots_from", "an example may not come from a split that is asked", ""))
    return found
