"""Sections of a MIMIC-CXR report, by the rules its publisher gives (MIT-LCP/mimic-cxr, `txt/section_parser.py`).

A header is a line of capitals indented by one blank and ended by a colon.  Headers are brought to one name, the last
section of a name counts, and a report without findings and impression has a `last_paragraph`.  A few dozen reports
have their text under a wrong header; the publisher lists them by study.  This module knows nothing of files.
"""

from __future__ import annotations

import re
from typing import NamedTuple

CONCLUSION = ("impression", "findings", "last_paragraph", "comparison")
"""Where the reading of a study stands, best first: `create_section_files.py`'s order."""

_HEADER = re.compile(r"\n ([A-Z ()/,-]+):\s")
_BREAK = "\n \n"

_ALIASES = {
    "comparison": "comparisons|reference exam|comparison exam|comparison film|comparision|comparsion|comparrison|"
    "comparisions",
    "examination": "exam|type of examination",
    "findings": "chest, two views|finding|findins|findindgs|findgings|findngs|findnings|finidngs|reference findings",
    "history": "clinical history|clinical information|patient history|pfi",
    # "ndication" goes to impression in the published table too; one report has it.
    "impression": "conclusion|findings and impression|findings/impression|findings/ impression|ndication|impresson|"
    "imprression|imoression|impressoin|imprssion|impresion|imperssion|mpression|impession",
    "indication": "reason for examination|reason for exam|clinical indication|idication",
    "recommendations": "recommendation|recommendation(s)",
    "wet read": "wetread",
}
_PLAIN = (
    "preamble",
    "impression",
    "comparison",
    "indication",
    "findings",
    "examination",
    "technique",
    "history",
    "notification",
    "addendum",
    "date",
    "comment",
    "wet read",
    "recommendations",
)
_MAIN = ("impression", "findings", "history", "comparison", "addendum")
"""A header that contains one of these words is that section; the first that fits."""
_WHOLE_STUDY = re.compile(
    "chest|portable|pa and lateral|lateral and pa|ap and lateral|lateral and ap|frontal and|two views|frontal view|"
    "pa view|ap view|one view|lateral view|bone window|frontal upright|frontal semi-upright|ribs|pa and lat"
)
"""A header that names the examination itself introduces its findings."""

_MISPLACED = {
    "examination": "s59363654 s53356173 s50743547 s59215320 s55157853",
    "history": "s51491012",
    "indication": "s57936451 s50058765 s51966317 s55124749 s54365831 s54654948",
    "note": "s56451190",
    "recommendations": "s50913680 s59768032 s59067458 s59087630 s58157373 s56482935 s58375018",
    "technique": "s59279892 s53202765 s50808053",
}
"""Studies whose reading stands under another header, by that header."""
_SPANS = {
    "s50525523": (201, 349),
    "s57564132": (233, 554),
    "s59982525": (313, 717),
    "s53488209": (149, 475),
    "s54875119": (234, 988),
    "s50196495": (59, 399),
    "s56579911": (59, 218),
    "s52648681": (292, 631),
    "s59889364": (172, 453),
    "s53514462": (73, 377),
    "s59505494": (59, 450),
    "s53182247": (59, 412),
    "s51410602": (47, 320),
    "s56412866": (522, 822),
    "s54986978": (59, 306),
    "s59003148": (262, 505),
    "s57150433": (61, 394),
    "s56760320": (219, 457),
    "s59562049": (158, 348),
    "s52674888": (145, 296),
    "s55258338": (192, 568),
    "s59330497": (140, 655),
    "s52119491": (179, 454),
}
"""Studies whose reading has no header, by the characters it stands at."""
_NO_READING = frozenset(
    ["s58235663", "s50798377", "s54168089", "s53071062", "s56724958", "s54231141", "s53607029"]
)


_NAMES = {name: name for name in _PLAIN} | {
    alias: name for name, aliases in _ALIASES.items() for alias in aliases.split("|")
}
_HEADER_OF = {study: header for header, studies in _MISPLACED.items() for study in studies.split()}


class Section(NamedTuple):
    """One section: its name in one spelling, and its text as it stands."""

    name: str
    text: str


def sections(report: str) -> list[Section]:
    """The sections of a report in order, `preamble` first; one `full report` where there is no header."""
    found = _split(report)
    found = [s for s in found if s.name not in ("impression", "findings") or s.text.strip()]
    if found and not any(s.name in ("impression", "findings") for s in found):
        head, mark, tail = found[-1].text.partition(_BREAK)
        if mark:
            found[-1:] = [Section(found[-1].name, head), Section("last_paragraph", tail)]
    return found


def _split(report: str) -> list[Section]:
    header = _HEADER.search(report)
    if header is None:
        return [Section("full report", report)]
    found = [Section("preamble", report[: header.start(1)])]
    while header is not None:
        start = header.end()
        following = _HEADER.search(report, start)
        end = following.start() if following else len(report)
        found.append(Section(section_name(header[1]), report[start:end]))
        header = following
    return found


def section_name(header: str) -> str:
    """A header in one spelling: `COMPARISONS` and `REFERENCE EXAM` are both `comparison`."""
    plain = header.lower().strip()
    if plain in _NAMES:
        return _NAMES[plain]
    for name in _MAIN:
        if name in plain:
            return name
    return "findings" if _WHOLE_STUDY.search(plain) else plain


def last_of_each(report: str) -> dict[str, str]:
    """The last section of each name, blanks around it removed; empty ones left out."""
    return {s.name: s.text.strip() for s in sections(report) if s.text.strip()}


def conclusion(report: str, study: str = "") -> str:
    """What the study was read as, wherever it stands.

    Args:
        report: The whole text.
        study: `s` and its number, for the few reports that the publisher lists by hand.

    Returns:
        The impression, else the findings, the last paragraph or the comparison; empty when there is none.
    """
    if study in _NO_READING:
        return ""
    if study in _SPANS:
        first, last = _SPANS[study]
        return report[first:last]
    found: dict[str, str] = {}
    for section in sections(report):
        found[section.name] = section.text.strip()
    if study in _HEADER_OF:
        return found.get(_HEADER_OF[study], "")
    return next((found[name] for name in CONCLUSION if name in found), "")
