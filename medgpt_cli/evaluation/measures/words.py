"""How an answer is cut into words before words are counted: one way for F1 and BLEU, and ROUGE's own.

A reply's case and punctuation move BLEU-1 by dozens of points, the library that counts hardly at all; so both ways
are written here and tested against what others publish.  This module knows nothing of scores.
"""

from __future__ import annotations

import re
import unicodedata

from medgpt_cli.evaluation.exact_match import lower, normalise

_JOINED = re.compile(r"(?<=\d)[.\-/](?=\d)|(?<!\S)(?:-\.?|\.)(?=\d)")
"""Marks that belong to a number (`1.5`, `120/80`, `-2`, `.5`): without them 1.5 cm would be 15 cm."""
_BY_CHARACTER = re.compile(r"([\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff])")
_ARTICLES = frozenset({"a", "an", "the"})


def words(text: str) -> tuple[str, ...]:
    """Lower case, punctuation deleted, cut at white space; Chinese and Japanese by character.

    Marks inside a number stay.  A text of nothing but marks is cut as `em_v1` leaves it: the answer `+` is not empty.
    """
    text = lower(text)
    kept = {at for match in _JOINED.finditer(text) for at in range(*match.span())}
    plain = "".join(mark for at, mark in enumerate(text) if at in kept or not _is_mark(mark))
    return _cut(plain) or _cut(normalise(text))


def words_without_articles(text: str) -> tuple[str, ...]:
    """The words without a, an, the; with them where nothing else is left (`A`, a blood group)."""
    all_words = words(text)
    return tuple(word for word in all_words if word not in _ARTICLES) or all_words


def rouge_words(text: str) -> tuple[str, ...]:
    """As rouge-score cuts English without its stemmer: runs of letters and digits, in lower case.

    Letters of other alphabets are letters too, and a text of nothing but marks is one; rouge-score drops them.
    """
    return _cut(re.sub(r"[\W_]+", " ", lower(text))) or _cut(normalise(text))


def _cut(text: str) -> tuple[str, ...]:
    return tuple(_BY_CHARACTER.sub(r" \1 ", text).split())


def _is_mark(character: str) -> bool:
    return not character.isalnum() and unicodedata.category(character)[0] in "PS"
