"""What a privacy finding is: which of the 18 Safe Harbor identifiers, where, by which rule, and how sure.

The classes are those of 45 CFR 164.514(b)(2)(i), in its order.  A finding holds places and never the characters that
stand there.  This module knows nothing of how anything is found.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

import msgspec


class Identifier(StrEnum):
    """The 18 classes of identifiers that Safe Harbor removes, of the patient, relatives, employers and household."""

    NAME = "name"
    PLACE = "place"
    """Smaller than a state: street, city, ZIP code, and the hospital that tells the city."""
    DATE = "date"
    """All elements but the year, and ages over 89."""
    PHONE = "phone"
    FAX = "fax"
    EMAIL = "email"
    SSN = "ssn"
    RECORD_NUMBER = "record_number"
    PLAN = "plan"
    ACCOUNT = "account"
    LICENCE = "licence"
    VEHICLE = "vehicle"
    DEVICE = "device"
    URL = "url"
    IP = "ip"
    BIOMETRIC = "biometric"
    FACE = "face"
    OTHER = "other"
    """Any other unique number or code, such as an accession number."""


NOT_ASSESSED = frozenset({Identifier.BIOMETRIC, Identifier.FACE})
"""Classes that nothing here looks for; a report says so, lest silence be read as clean."""


class Finding(msgspec.Struct, frozen=True, gc=False):
    """Characters of a text that identify, or may.

    Attributes:
        identifier: Which class.
        start: Offset of the first character, from 0.
        end: Offset after the last.
        rule: What found it, in words for a report.
        sure: High confidence: enough to refuse training on it.  Otherwise it is counted and warned of.
    """

    identifier: Identifier
    start: int
    end: int
    rule: str
    sure: bool


def settle(findings: Iterable[Finding]) -> list[Finding]:
    """Findings in order of place, none overlapping, every character found still covered.

    Where several overlap, one finding covers what they cover together, with the class and rule of the strongest: a
    sure one before a doubtful one, then the longest.
    """
    settled: list[Finding] = []
    for found in sorted(findings, key=lambda each: (each.start, -each.end)):
        last = settled[-1] if settled else None
        if last is None or found.start >= last.end:
            settled.append(found)
            continue
        strong = max((last, found), key=lambda each: (each.sure, each.end - each.start))
        settled[-1] = Finding(
            strong.identifier, last.start, max(last.end, found.end), strong.rule, strong.sure
        )
    return settled
