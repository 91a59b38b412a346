"""Identifiers in what a record carries beside its texts: id, patient, study, source, licence, keys and facets.

Numbers of patients are what ties records, so a code without a label (`P0012`, `10000032`) may stand; a number that says
what it is, an e-mail address or a labelled name may not.  This module knows nothing of what is done about a finding.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from medgpt_cli.core.types import Sample

_TIES = "patient|study|image|figure|question|pmcid|pmid|video|paper"
_OPAQUE = re.compile(
    rf"(?:(?:{_TIES}):)?(?:[a-z]+(?:-[a-z]+)*/)?(?:PMC|[A-Za-z])?\d{{1,12}}(?:_Fig\d+)?"
)
"""Codes that no rule is sure of, passed over for speed."""


def labels_of(sample: Sample) -> Iterator[tuple[str, str]]:
    """(field, what stands there) of everything beside the texts and images that may identify with certainty."""
    for field in ("id", "patient_id", "study_id", "source", "licence"):
        yield from _told(field, getattr(sample, field))
    for index, key in enumerate(sample.keys):
        yield from _told(f"keys[{index}]", key)
    for index, (name, value) in enumerate(sample.facets):
        yield from _told(f"facets[{index}]", name)
        yield from _told(f"facets[{index}]", value)


def _told(field: str, value: str) -> Iterator[tuple[str, str]]:
    if value and not _OPAQUE.fullmatch(value):
        yield field, value
