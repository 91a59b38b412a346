"""GREEN: a judging language model counts errors and matched findings; the score is the share that matched.

    GREEN = matched / (matched + clinically significant errors)

The judge is asked in words of ours (`PROMPT`) for the layout that the published GREEN models write by training, so the
same reading serves them and any instruction-following model.  A reply that lacks a section, names a kind of error
without its number, or says neither a number nor "none" is *unread*: it is counted and left out, never taken as 0; and
beyond one reply in twenty nothing is computed.  A score belongs to its judge: the model's name stands in the protocol.
A blank candidate is not put to the judge; it matches nothing and scores 0.

Source: Ostmeier et al. 2024.  This module knows nothing of endpoints.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from medgpt_cli.evaluation.reports.keys import Pair
from medgpt_cli.evaluation.reports.results import Lacking, Scores
from medgpt_cli.evaluation.reports.rows import JudgementRow, judgement_key
from medgpt_cli.evaluation.reports.tables import Table

PROMPT = "green_prompt_v1"
"""Name of the words below; another name when they change."""

KINDS = (
    "a finding the candidate reports that the reference does not have",
    "a finding of the reference that the candidate leaves out",
    "a finding put at the wrong place, side or position",
    "a finding whose severity is misjudged",
    "a comparison with an earlier study that the reference does not make",
    "a comparison with an earlier study that the candidate leaves out",
)
"""The six kinds of error, (a) to (f)."""

SIGNIFICANT, INSIGNIFICANT = "Clinically Significant Errors", "Clinically Insignificant Errors"
MATCHED = "Matched Findings"

UNREAD_SHARE = 0.05
"""More unread replies than this and the mean would say more of the judge than of the model."""


class Counts(NamedTuple):
    """What a judge counted: significant errors of each kind, and matched findings."""

    errors: tuple[int, ...]
    matched: int


class Unread(ValueError):
    """A reply that cannot be read; its argument says what it lacks, in our words."""


def prompt(candidate: str, reference: str) -> str:
    """What the judge is asked about one pair."""
    kinds = "\n".join(f"({letter}) {kind}" for letter, kind in zip("abcdef", KINDS, strict=True))
    counts = "\n".join(
        f"({letter}) <kind>: <count>. <the findings, one sentence>" for letter in "abcdef"
    )
    return (
        "Compare a candidate radiology report with the reference written by a radiologist. Judge the findings, not "
        "the wording.\n\n"
        f"Reference report:\n{reference.strip()}\n\nCandidate report:\n{candidate.strip()}\n\n"
        f"Kinds of error:\n{kinds}\n\n"
        "An error is clinically significant if it could change what is done for the patient. Answer in exactly this "
        "layout, with a number for every kind (0 where there is none) and nothing after it:\n\n"
        f"[Explanation]:\n<two sentences at most>\n\n[{SIGNIFICANT}]:\n{counts}\n\n"
        f"[{INSIGNIFICANT}]:\n{counts}\n\n"
        f"[{MATCHED}]:\n<count>. <the findings both reports have, separated by semicolons>\n"
    )


_SECTION = re.compile(r"^[ \t*#]*\[([A-Za-z ]+)\][ \t*]*:?[ \t*]*", re.MULTILINE)
_KIND = re.compile(r"^\W*\(([a-f1-6])\)(.*)$", re.MULTILINE)
_NUMBER = re.compile(r"(?<![\w.])(\d{1,3})(?![\w%]|\.\d)")
_NONE = re.compile(r"\W*(no|none|n/a)\b", re.IGNORECASE)


def read_reply(text: str) -> Counts:
    """The counts of one reply.

    Kinds may be lettered or numbered and may be left out when a section lists only those that occur.

    Raises:
        Unread: It does not say them all.
    """
    sections = _sections(text)
    for name in (SIGNIFICANT, MATCHED):
        if name not in sections:
            raise Unread(f"section {name} is missing")
    return Counts(_errors(sections[SIGNIFICANT]), _matched(sections[MATCHED]))


def _sections(text: str) -> dict[str, str]:
    marks = list(_SECTION.finditer(text))
    ends = [*(mark.start() for mark in marks), len(text)][1:]
    return {mark[1].strip(): text[mark.end() : end] for mark, end in zip(marks, ends, strict=False)}


def _errors(section: str) -> tuple[int, ...]:
    counts: dict[int, int] = {}
    for mark, rest in _KIND.findall(section):
        # The number stands behind the colon; one before it belongs to the kind's own words.
        number = _NUMBER.search(rest.partition(":")[2] or rest)
        if not number:
            raise Unread("a kind of error has no number")
        kind = "abcdef".index(mark) if mark.isalpha() else int(mark) - 1
        if kind in counts:
            raise Unread("a kind of error stands there twice")
        counts[kind] = int(number[1])
    if not counts and not _NONE.match(section):
        raise Unread(f"section {SIGNIFICANT} holds no counts")
    return tuple(counts.get(kind, 0) for kind in range(len(KINDS)))


def _matched(section: str) -> int:
    number = re.match(r"\W*(\d{1,3})\b(?!\.\d)", section)
    if number:
        return int(number[1])
    if _NONE.match(section):
        return 0
    raise Unread(f"section {MATCHED} does not begin with its count")


def score(counts: Counts) -> float:
    """GREEN of one pair; 0 where nothing matched, also where nothing was wrong, as published."""
    return counts.matched / (counts.matched + sum(counts.errors)) if counts.matched else 0.0


def scores(pairs: Sequence[Pair], table: Table[JudgementRow]) -> Scores:
    """GREEN over the pairs whose judgement could be read.

    Raises:
        Lacking: Too many could not.
    """
    values, unread = [], set()
    for number, (candidate, reference) in enumerate(pairs):
        if candidate.blank:
            values.append(0.0)
            continue
        row = table[judgement_key(candidate.key, reference.key)]
        if row.failed:
            unread.add(number)
        else:
            values.append(score(Counts(row.errors, row.matched)))
    if len(unread) > UNREAD_SHARE * len(pairs):
        raise Lacking(
            f"{len(unread)} of {len(pairs)} replies of the judge could not be read",
            "ask a judge that keeps to the layout, or raise its token limit",
        )
    array: NDArray[np.float64] = np.array(values, dtype=np.float64)
    note = f"{len(unread)} of {len(pairs)} replies of the judge could not be read and are left out"
    return Scores(
        lambda chosen: float(array[np.asarray(chosen, dtype=np.int64)].mean()),
        array,
        (note,) if unread else (),
        frozenset(unread),
    )
