"""What a scan found, as a document and as a table of the 18 classes.

A class that nothing looked for says so, lest a zero be read as clean.  This module knows nothing of files.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from medgpt_cli.data.privacy.burned_in import LOWER_BOUND
from medgpt_cli.data.privacy.findings import NOT_ASSESSED, Identifier
from medgpt_cli.data.privacy.scanning import Scanner, Seen

NOT_LOOKED_FOR = "not assessed"


class ScanProfile(StrEnum):
    """What may stand in the data."""

    SAFE_HARBOR = "safe-harbor"
    """None of the 18 classes: 45 CFR 164.514(b)(2)."""
    LDS = "lds"
    """A limited data set under an agreement, 164.514(e): dates, ages, city and ZIP code may stand."""

    def allows(self, identifier: Identifier, rule: str) -> bool:
        """Whether a finding is one that the profile lets stand."""
        return self is ScanProfile.LDS and (
            identifier is Identifier.DATE
            or (identifier is Identifier.PLACE and rule in {"city", "ZIP code", "postcode"})
        )


def document(
    scanner: Scanner, *, profile: ScanProfile, readers: str, ocr: str, pictures: int
) -> dict[str, Any]:
    """Everything found, by class and place, without a value.

    Args:
        scanner: After it has looked.
        profile: What was let stand.
        readers: What read the texts.
        ocr: The mode of text recognition.
        pictures: How many were read for burned-in text.
    """
    return {
        "profile": profile.value,
        "read_by": readers,
        "records": scanner.counted["records"],
        "texts": scanner.counted["texts"],
        "images": scanner.counted["images"],
        "burned_in": {"ocr": ocr, "pictures_read": pictures, "note": LOWER_BOUND},
        "classes": {each.value: _class(scanner, each) for each in Identifier},
        "sure": sum(count for (_, sure), count in scanner.counts.items() if sure),
        "doubtful": sum(count for (_, sure), count in scanner.counts.items() if not sure),
        "findings": [_finding(each) for each in scanner.seen],
        "unread": [str(each) for each in scanner.complaints],
        "findings_not_listed": sum(scanner.counts.values()) - len(scanner.seen),
    }


def _class(scanner: Scanner, identifier: Identifier) -> dict[str, int] | str:
    if identifier in NOT_ASSESSED:
        return NOT_LOOKED_FOR
    return {
        "sure": scanner.counts[identifier, True],
        "doubtful": scanner.counts[identifier, False],
    }


def _finding(seen: Seen) -> dict[str, Any]:
    found: dict[str, Any] = {
        "place": seen.place,
        "class": seen.identifier.value,
        "rule": seen.rule,
        "sure": seen.sure,
    }
    if seen.offset >= 0:
        found |= {"offset": seen.offset, "length": seen.length}
    return found


def rows(found: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """One row for each of the 18 classes: its name, how many are sure, how many doubtful."""
    return [
        (name.replace("_", " "), NOT_LOOKED_FOR, "")
        if isinstance(counts, str)
        else (name.replace("_", " "), f"{counts['sure']:,}", f"{counts['doubtful']:,}")
        for name, counts in found["classes"].items()
    ]
