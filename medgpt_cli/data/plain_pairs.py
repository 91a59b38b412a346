"""The plainest lines, read quickly: a question, an answer, a few texts beside them, and nothing unusual in the bytes.

Most lines of most files are so.  Anything else (an escape, a mark, a key of another name, the same key twice, a value
that is no text or an empty one) is not judged here but left to the forms, which know every complaint; so what is read
here is what they would have read.  This module knows nothing of complaints.
"""

from __future__ import annotations

import msgspec

from medgpt_cli.core.errors import BadImage
from medgpt_cli.core.types import Place, Role, Sample, Turn
from medgpt_cli.data.marks import MARK, Resolve

_USER, _ASSISTANT = Role.USER, Role.ASSISTANT
_MARK = MARK.encode()
# Bytes looked for as numbers, which is four times as fast as one-byte strings.
_LESS, _ESCAPE, _DELETE = b"<\\\x7f"
_CONTROLS = 0xC2
"""Begins every control character beyond ASCII; msgspec refuses those below 0x20 itself."""


class _Pair(msgspec.Struct, gc=False):
    question: str
    answer: str
    image: str = ""
    id: str = ""
    patient_id: str = ""
    study_id: str = ""
    source: str = ""
    licence: str = ""
    split: str = ""


_DECODE = msgspec.json.Decoder(_Pair).decode


def plain_pair(raw: bytes, place: Place, resolve: Resolve) -> Sample | None:
    """The sample of a plain question and answer, or None for a line that needs a closer look.

    Args:
        raw: One line.
        place: Where it stands.
        resolve: From an image's path as written to one that may be opened.
    """
    if raw.find(b'"question"') < 0 or _ESCAPE in raw or _DELETE in raw or _CONTROLS in raw:
        return None
    if _LESS in raw and _MARK in raw:
        return None
    try:
        pair = _DECODE(raw)
    except (ValueError, RecursionError):
        return None
    question, answer, image = pair.question, pair.answer, pair.image
    beside = (image, pair.id, pair.patient_id, pair.study_id, pair.source, pair.licence, pair.split)
    # Without escapes each text has four quotes, its key's with it: more are of another key, or of the same one twice.
    if raw.count(b'"') != 36 - 4 * beside.count(""):
        return None
    if not question or not answer or question.isspace() or answer.isspace():
        return None
    images: tuple[str, ...] = ()
    if image:
        try:
            images = (resolve(image),)
        except BadImage:
            return None
    asked = (0, question) if image else (question,)
    return Sample(
        place,
        (Turn(_USER, asked), Turn(_ASSISTANT, (answer,))),
        (),
        images,
        (),
        answer,
        pair.id,
        pair.patient_id,
        pair.study_id,
        pair.source,
        pair.licence,
        pair.split,
    )
