"""A data file into samples: every form, line by line, with every complaint at its file, line and field.

Complaints name the field and never its value.  This module knows nothing of tokens, models or pixels; an image is
only a path that exists and may be opened.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from medgpt_cli.core.errors import BadRecord, Complaint, NotThere
from medgpt_cli.core.types import Place, Sample, Turn
from medgpt_cli.core.wording import counted
from medgpt_cli.data.complaints import Fault, Unfit, kind, text_of, unfit
from medgpt_cli.data.forms import CONVERSATIONS, OPTIONAL, PAIRS, Form, form_of
from medgpt_cli.data.images.paths import ImageRoot
from medgpt_cli.data.jsonl import named, numbered_lines
from medgpt_cli.data.marks import MARK, Resolve, image_paths, refuse_uneven, split
from medgpt_cli.data.plain_pairs import plain_pair
from medgpt_cli.data.questions import Options, caption, pair
from medgpt_cli.data.strict_json import read_object
from medgpt_cli.data.turns import conversations, messages


@dataclass(frozen=True, slots=True)
class Records:
    """What a data file holds.

    Attributes:
        samples: The records that can be used, in the file's order.
        bad: What is wrong with the others; empty unless bad records were allowed.
        counts: Usable records by form.
        refused: How many records the complaints are about.
    """

    samples: list[Sample]
    bad: tuple[Complaint, ...] = ()
    counts: dict[str, int] = field(default_factory=dict)
    refused: int = 0


def read_records(path: Path, *, image_root: Path | None = None, max_bad: int | None = 0) -> Records:
    """Reads JSONL, a JSON array, or either gzipped.

    Args:
        path: The data file.
        image_root: The folder image paths are relative to and may not leave; the file's own folder when None.
        max_bad: Bad records that are left out before the file is refused; None never refuses.

    Raises:
        NotThere: The file or the image root does not exist.
        BadRecord: The file cannot be read as a whole, holds no record, or more bad ones than allowed.
    """
    if image_root is not None and not image_root.is_dir():
        raise NotThere(
            "there is no such folder for images", where=str(image_root), repair="mend --image-root"
        )
    resolve = ImageRoot(image_root if image_root is not None else path.parent).resolve
    file = str(path)
    samples: list[Sample] = []
    complaints: list[Complaint] = []
    counts: Counter[str] = Counter()
    lines = bad = 0
    for number, raw in numbered_lines(path):
        lines += 1
        try:
            form, sample = read_line(raw, Place(file, number), resolve)
        except Unfit as error:
            bad += 1
            complaints += [_complaint(fault, path, number) for fault in error.faults]
        else:
            samples.append(sample)
            counts[form] += 1
    if not lines:
        raise BadRecord("holds no records", where=file, repair="write one JSON object a line")
    if max_bad is not None and (bad > max_bad or not samples):
        raise BadRecord(
            f"{bad:,} of {counted(lines, 'record')} cannot be used",
            where=file,
            repair="mend them, or let up to N be left out with data.max_bad=N",
            complaints=complaints,
        )
    return Records(samples, tuple(complaints), dict(counts), bad)


def _complaint(fault: Fault, path: Path, number: int) -> Complaint:
    return Complaint(fault.what, f"{path}:{number} {fault.field}".rstrip(), named(fault.repair, path))


def read_line(raw: bytes, place: Place, resolve: Resolve) -> tuple[Form, Sample]:
    """One line as (form, sample).

    Raises:
        Unfit: With everything wrong that could be told.
    """
    plain = plain_pair(raw, place, resolve)
    return ("pair", plain) if plain else read_record(read_object(raw), place, resolve)


def read_record(record: dict[str, Any], place: Place, resolve: Resolve) -> tuple[Form, Sample]:
    """One decoded record as (form, sample).

    Raises:
        Unfit: With everything wrong that could be told.
    """
    if None in record.values():  # tables written by pandas hold null where a column does not apply
        record = {key: value for key, value in record.items() if value is not None}
    form = form_of(tuple(record))
    images = image_paths(record, resolve)
    turns: tuple[Turn, ...] = ()
    document: tuple[str | int, ...] = ()
    options: Options = ()
    answer = ""
    if form == "pair":
        asked, answered = PAIRS[0] if "question" in record else PAIRS[1]
        turns, options, answer = pair(record, len(images), asked, answered)
    elif form == "messages":
        turns = messages(record, len(images))
    elif form == "LLaVA":
        key = CONVERSATIONS[0] if CONVERSATIONS[0] in record else CONVERSATIONS[1]
        turns = conversations(record, len(images), key)
    elif form == "caption":
        turns = caption(record, len(images))
    else:
        text = text_of(record["text"], "text")
        refuse_uneven(text.count(MARK), len(images), "text")
        document = split(text, 0)
    return form, Sample(place, turns, document, images, options, answer, **_carried(record))


def _carried(record: dict[str, Any]) -> dict[str, Any]:
    """The optional words, as texts; a number is what many sets have for an id."""
    words: dict[str, Any] = {}
    for key, value in record.items():
        if key == "keys":
            words[key] = _keys(value)
        elif key == "facets":
            words[key] = _facets(value)
        elif key in OPTIONAL:
            if type(value) is int and key.endswith("id"):
                value = str(value)
            if type(value) is not str:
                raise unfit(key, f"is {kind(value)} where a text belongs", "write it in quotes")
            words[key] = value
    return words


def _keys(value: Any) -> tuple[str, ...]:
    if type(value) is not list or not all(type(item) is str and ":" in item for item in value):
        raise unfit("keys", "is no list of kind:value texts", 'write ["pmcid:PMC212319"]')
    return tuple(dict.fromkeys(value))


def _facets(value: Any) -> tuple[tuple[str, str], ...]:
    if type(value) is not dict or not all(type(item) is str for item in value.values()):
        raise unfit("facets", "is no object of texts", 'write {"modality": "CT"}')
    return tuple(value.items())
