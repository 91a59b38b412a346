"""The five forms of a record, told apart by their keys, line by line.

    messages   messages: [{role, content}]                      images beside it, <image> marks where they stand
    LLaVA      conversations: [{from: human|gpt, value}]        image; without a mark the images come first
    pair       question+answer or prompt+response               image, options
    caption    image, caption
    text       text                                             <image> marks and images allowed

This module knows keys alone; `turns`, `questions` and `documents` read the values.
"""

from __future__ import annotations

from difflib import get_close_matches
from functools import lru_cache
from typing import Literal

from medgpt_cli.data.complaints import Unfit, key_names, unfit

Form = Literal["messages", "LLaVA", "pair", "caption", "text"]

PAIRS = (("question", "answer"), ("prompt", "response"))
CONVERSATIONS = ("conversations", "conversatons")
"""LLaVA-Med was published with the second spelling."""

OPTIONAL = frozenset({"id", "patient_id", "study_id", "source", "licence", "split"})
"""Words every form may carry that are copied as they are."""
CONTENT = frozenset({"image", "images", "options", "system", "thinking"})
TIES = frozenset({"keys", "facets"})
"""What a record belongs to and what a table may be split by; adapters write them, anyone may."""

_MARKS: dict[str, Form] = {
    "messages": "messages",
    "conversations": "LLaVA",
    "conversatons": "LLaVA",
    "question": "pair",
    "answer": "pair",
    "prompt": "pair",
    "response": "pair",
    "caption": "caption",
    "text": "text",
}
WORDS = frozenset(_MARKS)
"""Keys that tell the form of a record and hold what it says."""
_NEEDS: dict[Form, str] = {
    "messages": "messages",
    "LLaVA": "conversations",
    "pair": "question and answer, or prompt and response",
    "caption": "image and caption",
    "text": "text",
}
_GUARDED = tuple(sorted(CONTENT | (OPTIONAL - {"id", "source"})))
"""Words whose misspelling would silently lose something; "sources" or "ids" may well be a column of its own."""


@lru_cache(maxsize=4096)
def form_of(keys: tuple[str, ...]) -> Form:
    """The form of a record that has these keys (those whose value is not null).

    Keys that mean nothing here are a data set's own columns and are ignored, unless they look like a misspelling.

    Raises:
        Unfit: No form, several forms, half a pair, or a misspelt key.
    """
    have = frozenset(keys)
    _refuse_misspelt(keys, have)
    marks = [key for key in keys if key in _MARKS]
    forms = sorted({_MARKS[key] for key in marks})
    if not forms:
        raise _unknown(keys)
    if len(forms) > 1:
        raise unfit(
            "",
            f"belongs to {len(forms)} forms at once ({', '.join(marks)})",
            "keep the keys of one form",
        )
    form = forms[0]
    if form == "pair":
        _refuse_half_pairs(have, marks)
    elif len(marks) > 1:
        raise unfit("", f"has both {' and '.join(marks)}", "keep one of them")
    _refuse_strangers(form, have)
    return form


def _refuse_half_pairs(have: frozenset[str], marks: list[str]) -> None:
    if len(marks) == 1:
        partner = {**dict(PAIRS), **{b: a for a, b in PAIRS}}[marks[0]]
        raise unfit("", f"has {marks[0]} and no {partner}", f"add {partner}")
    if not any(set(pair) == set(marks) for pair in PAIRS):
        raise unfit(
            "",
            f"mixes two kinds of pair ({', '.join(marks)})",
            "question goes with answer, prompt with response",
        )


def _refuse_strangers(form: Form, have: frozenset[str]) -> None:
    """Words that would be lost, because the form has no place for them."""
    if "options" in have and form != "pair":
        raise unfit("options", "belongs to a question and its answer", "remove it, or write a pair")
    if form == "text":
        for word in ("system", "thinking"):
            if word in have:
                raise unfit(word, "belongs to a dialogue, and this is a plain text", "remove it")


def _refuse_misspelt(keys: tuple[str, ...], have: frozenset[str]) -> None:
    whole = any(key in have for key in _MARKS if _MARKS[key] != "pair") or any(
        have.issuperset(p) for p in PAIRS
    )
    guarded = _GUARDED if whole else (*_GUARDED, *_MARKS)
    for key in keys:
        if key in _MARKS or key in CONTENT or key in OPTIONAL or key in TIES:
            continue
        for word in guarded:
            if word not in have and (key.lower() == word or _one_slip(key, word)):
                raise unfit(key, f"is no key of a record; did you mean {word}?", "rename it")


def _one_slip(a: str, b: str) -> bool:
    """Whether one letter is missing, added, changed or swapped with its neighbour."""
    if abs(len(a) - len(b)) > 1 or min(len(a), len(b)) < 4:
        return False
    start = next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
    a, b = a[start:], b[start:]
    return a[1:] == b[1:] or a[1:] == b or a == b[1:] or (a[:2] == b[1::-1] and a[2:] == b[2:])


def _unknown(keys: tuple[str, ...]) -> Unfit:
    for key in keys:
        if close := get_close_matches(key.lower(), _MARKS, n=1):
            form = _MARKS[close[0]]
            repair = f"the nearest form is {form}, which needs {_NEEDS[form]}"
            break
    else:
        repair = f"a record needs {'; or '.join(_NEEDS.values())}"
    return unfit("", f"is no known form of a record; its keys: {key_names(keys)}", repair)
