"""Fields written out in a text, turned into the labels that the rules know, character for character.

    {"mrn": "12345678"}      { mrn :  12345678"}
    FAX_NUMBER=5550123       FAX NUMBER:5550123
    <mrn>12345678</mrn>       mrn:12345678</mrn>

Notes hold what programs print: exports, forms, interface messages.  A field there says as surely as a label what stands
behind it.  No character is added or lost, so a place in one is a place in the other.  This module knows nothing of what
is looked for.
"""

from __future__ import annotations

import re

_WORD = "[A-Za-z]{2,40}(?:_[A-Za-z]{1,40}){0,8}"
_FIELD = re.compile(
    rf"(?<![\w\"'])(?P<quote>[\"'])?(?P<name>{_WORD})(?(quote)(?P=quote))"
    r"(?P<sign>[ \t]{0,4}[:=][ \t]{0,4})(?P<value>[\"'])?"
)
_ELEMENT = re.compile(rf"<(?P<name>{_WORD})>(?=[^<>\n]{{1,200}}</)")


def as_labels(text: str) -> str:
    """The text with the names of fields spelt as labels; as long as the text, and mostly the same."""
    if any(sign in text for sign in ":="):
        text = _FIELD.sub(_labelled, text)
    if "</" in text:
        text = _ELEMENT.sub(lambda found: f" {found['name'].replace('_', ' ')}:", text)
    return text


def _labelled(found: re.Match[str]) -> str:
    quote, name, sign, value = found.group("quote", "name", "sign", "value")
    if not quote and "_" not in name and "=" not in sign:
        return found[0]  # a label as people write it
    said = name.replace("_", " ")
    return (
        (f" {said} " if quote else said)
        + (sign.replace("=", ":") if quote or value or "_" in name else sign)
        + (" " if value else "")
    )
