"""Exact match by the rules of the MedXpertQA authors, who score SLAKE, VQA-RAD and PathVQA with them.

    1. What follows the last "the answer is", where that is said, is the answer.
    2. It is cut at its first line end, full stop or comma.  The uncut answer is compared too: otherwise a right
       answer that holds a comma could not be given.
    3. Lower case, punctuation deleted, articles deleted (unless nothing else is left), cut into words.
    4. The words must be the same, in order, where a noun's plural is its singular.

In step 4 the authors look words up in WordNet, whose data has to be downloaded.  Here the singular is made by
WordNet's own list of noun endings, without its dictionary: `lungs` is `lung`, `biopsies` is `biopsy`; a plural that
only the dictionary knows (`vertebrae`) is another word.  The profile's name says so: `em_mxq_endings`.  This module
knows nothing of letters.
"""

from __future__ import annotations

import re
import string

from medgpt_cli.evaluation.exact_match import normalise
from medgpt_cli.evaluation.items import Kind
from medgpt_cli.evaluation.measures.measure import Measure

PROFILE = "em_mxq_endings"

_CUT = re.compile(r"[\n.,]")
_MARKS = str.maketrans("", "", string.punctuation)
_ENDINGS = (
    ("s", ""),
    ("ses", "s"),
    ("ves", "f"),
    ("xes", "x"),
    ("zes", "z"),
    ("ches", "ch"),
    ("shes", "sh"),
    ("men", "man"),
    ("ies", "y"),
)
"""WordNet's rules of detachment for nouns (`morphy`)."""


def matches(answer: str, gold: str) -> bool:
    """Whether `answer` is `gold` by these rules.  An empty answer never is."""
    said = re.split(r"answer is", answer, flags=re.IGNORECASE)[-1].strip(" \t\n:")
    wanted = _words(gold)
    return any(
        words and _same(words, wanted) for words in (_words(_CUT.split(said, 1)[0]), _words(said))
    )


def _words(text: str) -> list[str]:
    words = text.lower().translate(_MARKS).split()
    return [word for word in words if word not in {"a", "an", "the"}] or words or normalise(text).split()


def _same(left: list[str], right: list[str]) -> bool:
    return len(left) == len(right) and all(
        one == other or one in _singulars(other) or other in _singulars(one)
        for one, other in zip(left, right, strict=True)
    )


def _singulars(word: str) -> set[str]:
    return {
        word.removesuffix(plural) + singular
        for plural, singular in _ENDINGS
        if word.endswith(plural) and len(word) > len(plural)
    }


EXACT_MXQ = Measure(
    "exact_mxq",
    1,
    f"exact match by the MedXpertQA authors' rules, plurals by ending ({PROFILE})",
    per_item=lambda item, text: float(any(matches(text, gold) for gold in item.golds)),
    applies=lambda item: item.kind is Kind.SHORT,
)
