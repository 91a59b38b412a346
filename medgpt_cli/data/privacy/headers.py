"""Identifiers in the header of an image file: DICOM elements, and what other formats carry beside their pixels.

A finding names the element and the class, never the value.  This module decodes no pixel and knows nothing of records.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

import msgspec
from pydicom import DataElement, Dataset, dcmread
from pydicom.datadict import keyword_for_tag

from medgpt_cli.core.errors import BadImage
from medgpt_cli.data.images.dicom_header import inflated
from medgpt_cli.data.privacy.findings import Identifier
from medgpt_cli.data.privacy.header_files import opened_holder
from medgpt_cli.data.privacy.image_metadata import metadata
from medgpt_cli.data.privacy.replacing import Find
from medgpt_cli.data.privacy.tag_classes import DIRECT, FREE_TEXT, action_of, class_of

PIXELS = frozenset({0x7FE00008, 0x7FE00009, 0x7FE00010})
NEEDLE = 4
"""Characters a patient's name or number needs to be looked for in other elements."""
LONGEST = 1 << 16
"""Characters of one element that are read as text."""

_NOTHING = re.compile(
    r"(?i)\s*(?:(?:anon|de-?ident|removed|redacted|unknown|none|not given|n/?a$|no[_^ ]?name)[\w^ -]*"
    r"|[x0*?^. -]*|00010101|19000101)\s*"
)
"""Values that say that there is none."""
_STANDARD_UIDS = "1.2.840.10008."


class HeaderFinding(msgspec.Struct, frozen=True, gc=False):
    """One element of a header that identifies, or may.

    Attributes:
        identifier: Which class.
        tag: The element: a DICOM keyword, with those of the sequences around it before it; `(0009,1010)` where it is
            private; `EXIF GPSInfo`, `PNG tEXt`, `NIfTI descrip` and the like in other formats.
        sure: High confidence: enough to refuse training on it.
        rule: What found it, in words for a report.
    """

    identifier: Identifier
    tag: str
    sure: bool
    rule: str


def is_nothing(value: str) -> bool:
    """Whether a value says that there is none: empty, ANONYMOUS, a row of X."""
    return _NOTHING.fullmatch(value) is not None


def find_header(path: str | Path, find: Find | None = None) -> list[HeaderFinding]:
    """Identifiers beside the pixels of an image file, each class once for each element.

    Args:
        path: DICOM, PNG, JPEG, TIFF (SVS), WebP or NIfTI, or such bytes in a table, as
            `shard.parquet#row=17&column=image`.
        find: Reads free text; the rules of `text` when None.

    Raises:
        BadImage: The file cannot be opened or is none of these.
    """
    if find is None:
        from medgpt_cli.data.privacy.text import find_text

        find = find_text
    with opened_holder(path) as (stream, kind):
        if kind == "DICOM":
            found = find_dataset(read_dataset(stream, pixels=False), find)
        else:
            found = _find_beside(metadata(stream, kind), find)
        return list(dict.fromkeys(found))


def read_dataset(stream: BinaryIO, *, pixels: bool) -> Dataset:
    """A DICOM file as pydicom reads it, inflated under a limit.

    Raises:
        BadImage: It cannot be read as DICOM.
    """
    try:
        plain, syntax = inflated(stream)
        plain.seek(0)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            dataset = dcmread(plain, force=True, stop_before_pixels=not pixels)
        if syntax is not None and dataset.file_meta.get("TransferSyntaxUID") is None:
            dataset.file_meta.TransferSyntaxUID = syntax
        return dataset
    except (BadImage, MemoryError, OSError):
        raise
    except (
        Exception
    ):  # pydicom raises many kinds, some with header values in the text: none of it is repeated
        raise BadImage("is a damaged DICOM file", repair="export it again from the archive") from None


def elements(dataset: Dataset, within: str = "") -> Iterator[tuple[str, Dataset, DataElement]]:
    """Every element with its name and the data set it stands in, those of sequences before the sequence.

    An element whose value cannot be decoded is left out; `unreadable` names those.
    """
    for tag in list(dataset.keys()):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                element = dataset[tag]
        except Exception:  # whatever a broken value makes pydicom raise
            continue
        place = within + (keyword_for_tag(tag) or f"({tag.group:04x},{tag.element:04x})")
        if element.VR == "SQ":
            for item in element.value or ():
                yield from elements(item, f"{place}.")
        yield place, dataset, element


def texts_of(element: DataElement) -> list[str]:
    """The values of an element that can be read as text; bytes that are text count."""
    value = element.value
    if element.VR == "SQ" or value is None or element.tag in PIXELS:
        return []
    if isinstance(value, bytes):
        text = value[:LONGEST].rstrip(b"\0 ").decode("latin-1")
        return [text] if text and text.isprintable() else []
    values = value if isinstance(value, Iterable) and not isinstance(value, str) else [value]
    if element.VR == "PN":
        values = [value] if not isinstance(value, list) and not hasattr(value, "append") else value
    return [text for each in values if (text := str(each).strip()[:LONGEST])]


def needles(dataset: Dataset) -> frozenset[str]:
    """Words of the patient's names and numbers, to be looked for elsewhere in the file."""
    found: set[str] = set()
    for _, _, element in elements(dataset):
        if element.keyword in DIRECT and DIRECT[element.keyword] is not Identifier.DATE:
            for text in texts_of(element):
                if not _NOTHING.fullmatch(text):
                    found |= {word for word in re.split(r"[\^= ,]+", text) if len(word) >= NEEDLE}
    return frozenset(found)


def find_dataset(dataset: Dataset, find: Find) -> Iterator[HeaderFinding]:
    """Identifiers among the elements of a DICOM file, nested and private ones too."""
    removed = str(dataset.get("PatientIdentityRemoved", "")) == "YES"
    known = needles(dataset)
    meta = getattr(dataset, "file_meta", None)
    for source in (meta, dataset):
        for place, _, element in elements(source) if source else ():
            yield from _find_element(place, element, known, find, removed=removed)


def _find_element(
    place: str, element: DataElement, known: frozenset[str], find: Find, *, removed: bool
) -> Iterator[HeaderFinding]:
    texts = [text for text in texts_of(element) if not _NOTHING.fullmatch(text)]
    if not texts:
        return
    if element.keyword == "PatientAge":
        if any(_over_89(text) for text in texts):
            yield HeaderFinding(Identifier.DATE, place, True, "age over 89")
        return
    if element.keyword == "PatientIdentityRemoved":
        return
    private = element.tag.is_private
    acted = private or action_of(element.tag.group, element.tag.element) is not None
    told = class_of(element.keyword, element.VR) if acted or element.VR in ("PN", "DA", "DT") else None
    if told is not None:
        identifier, sure = told
        if element.VR == "UI" and all(text.startswith(_STANDARD_UIDS) for text in texts):
            return
        if not (removed and element.VR in ("UI", "DA", "DT")):
            yield HeaderFinding(identifier, place, sure and not removed, "DICOM element")
    if private or element.VR in FREE_TEXT:
        for text in texts:
            for found in find(text):
                yield HeaderFinding(found.identifier, place, found.sure, found.rule)
            if element.keyword not in DIRECT and any(word in text for word in known):
                yield HeaderFinding(
                    Identifier.NAME, place, not removed, "the patient's name or number elsewhere"
                )


def _over_89(age: str) -> bool:
    match = re.fullmatch(r"(\d{3})Y", age)
    return match is not None and int(match[1]) > 90


def _find_beside(texts: Iterable[tuple[str, str]], find: Find) -> Iterator[HeaderFinding]:
    for place, text in texts:
        for words, identifier, sure in _BESIDE:
            if any(word in place for word in words) and not _NOTHING.fullmatch(text):
                yield HeaderFinding(identifier, place, sure, "image metadata")
        for found in find(text):
            yield HeaderFinding(found.identifier, place, found.sure, found.rule)


_BESIDE = (
    (("GPS",), Identifier.PLACE, True),
    (("Artist", "OwnerName", "Author", "HostComputer"), Identifier.NAME, False),
    (("DateTime", "Creation Time"), Identifier.DATE, False),
    (("SerialNumber", "ImageUniqueID"), Identifier.DEVICE, False),
    (("db_name",), Identifier.RECORD_NUMBER, False),
    (("label image", "macro image"), Identifier.OTHER, False),
)
"""Fields that identify, or may, whatever stands in them."""
