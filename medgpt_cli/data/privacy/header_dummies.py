"""Values that say nothing, one for each value representation of DICOM.

They are those of the usual anonymizers, so that readers that expect a value find one.  This module knows nothing of
which elements get one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from pydicom import DataElement, Dataset

DUMMY = "ANONYMIZED"


def make_dummy(element: DataElement, remap: Callable[[str], str]) -> None:
    """Puts a dummy into an element; in a sequence, into every element of every item.

    Args:
        element: Changed in place.
        remap: Gives the stand-in of a UID.
    """
    if element.VR == "SQ":
        for item in element.value or ():
            for inner in list(_read(item)):
                if inner.tag.is_private:
                    del item[inner.tag]
                else:
                    make_dummy(inner, remap)
    elif element.VR == "UI":
        several = hasattr(element.value, "append")
        element.value = [remap(uid) for uid in element.value] if several else remap(element.value or "")
    else:
        element.value = _DUMMIES.get(element.VR, DUMMY)


def _read(item: Dataset) -> Iterator[DataElement]:
    for tag in list(item.keys()):
        try:
            yield item[tag]
        except Exception:  # a value that cannot be decoded cannot be shown to be harmless
            del item[tag]


_DUMMIES: dict[str, Any] = {
    "DA": "19000101", "DT": "19000101000000", "TM": "000000", "AS": "000Y", "DS": "0", "IS": "0", "FD": 0.0, "FL": 0.0,
    "US": 0, "SS": 0, "UL": 0, "SL": 0, "UV": 0, "SV": 0, "AT": 0, "UR": "http://anonymized.invalid", "OB": b"\0\0",
    "OW": b"\0\0", "OF": b"\0\0\0\0", "OD": bytes(8), "OL": bytes(4), "OV": bytes(8), "UN": b"\0\0",
}  # fmt: skip


def empty(vr: str) -> Any:
    """The value of zero length for a value representation."""
    return b"" if vr in ("OB", "OW", "OF", "OD", "OL", "OV", "UN") else None
