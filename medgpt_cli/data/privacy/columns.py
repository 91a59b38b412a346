"""Identifiers in pasted tables: what a heading says of its column holds for every cell under it.

Lines cut by tabs, bars or commas, with a heading line of which at least one word names an identifier.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from medgpt_cli.data.privacy.findings import Finding, Identifier

_HEADINGS = {
    Identifier.NAME: r"(?:patient|pt|full|first|last|given|family|sur)? ?name|patient|surname|"
    r"(?:referring |attending |ordering )?(?:physician|provider|doctor|radiologist|surgeon)|contact|"
    r"next of kin",
    Identifier.RECORD_NUMBER: r"mrn|id|patient ?id|pt ?id|medical ?record(?: ?(?:no|number|#))?|"
    r"record ?(?:no|number|#)|chart(?: ?(?:no|number|#))?|hospital ?(?:no|number)",
    Identifier.OTHER: r"accession(?: ?(?:no|number|#))?|order(?: ?(?:no|number|#))?|study ?id|"
    r"case ?(?:no|number|id)",
    Identifier.DATE: r"dob|birth ?date|date of birth|d\.o\.b\.?|dos|"
    r"(?:exam |study |visit |admit |admission |discharge )?date",
    Identifier.PLACE: r"address|street|city|town|zip(?: ?code)?|post(?:al)? ?code|county|hospital|"
    r"facility|clinic",
    Identifier.PHONE: r"phone|telephone|tel|mobile|cell|phone ?(?:no|number)",
    Identifier.EMAIL: r"e-?mail(?: address)?",
    Identifier.SSN: r"ssn|social security(?: ?(?:no|number))?",
    Identifier.ACCOUNT: r"account(?: ?(?:no|number|#))?|acct",
    Identifier.PLAN: r"(?:member|policy|insurance|plan|subscriber) ?(?:id|no|number|#)",
}
_HEADING = re.compile(
    "|".join(f"(?P<{identifier}>{words})" for identifier, words in _HEADINGS.items()), re.IGNORECASE
)
_CELLS = {
    "\t": re.compile(r"[^\t\n]+|(?<=\t)(?=\t)"),
    "|": re.compile(r"[^|\n]+|(?<=\|)(?=\|)"),
    ",": re.compile(r'"[^"\n]*"|[A-Z][a-z]{2,8}\.? \d{1,2}, \d{4}(?=,|$)|[^,"\n]+|(?<=,)(?=,)'),
}
_SURE = {
    Identifier.NAME,
    Identifier.RECORD_NUMBER,
    Identifier.SSN,
    Identifier.PHONE,
    Identifier.EMAIL,
    Identifier.ACCOUNT,
}
_ROWS = 5_000
"""Rows read under one heading."""


def find_columns(text: str) -> Iterator[Finding]:
    """Cells under headings that name an identifier."""
    if "\n" not in text:
        return
    columns: list[tuple[Identifier, bool] | None] = []
    mark, rows = "", 0
    for line in re.finditer(r"[^\n]+", text):
        cells = _cells(line, mark) if mark else []
        if mark and rows < _ROWS and len(cells) == len(columns):
            rows += 1
            for cell, column in zip(cells, columns, strict=True):
                start, end = _trimmed(text, cell.start(), cell.end())
                if column and end > start and re.search(r"\w", text[start:end]):
                    yield Finding(column[0], start, end, "cell under its heading", column[1])
            continue
        mark = next((sign for sign in _CELLS if line[0].count(sign) >= 2), "")
        columns, rows = [], 0
        if mark:
            columns = [
                meaning(text[slice(*_trimmed(text, *cell.span()))]) for cell in _cells(line, mark)
            ]
            if sum(column is not None for column in columns) < 2:
                mark = ""


def _cells(line: re.Match[str], mark: str) -> list[re.Match[str]]:
    return list(_CELLS[mark].finditer(line.string, line.start(), line.end()))


def meaning(heading: str) -> tuple[Identifier, bool] | None:
    """The class that a heading, or the name of a field, gives to what stands under it, and whether that is sure."""
    found = _HEADING.fullmatch(heading)
    if not found:
        return None
    identifier = next(each for each in _HEADINGS if found[each])
    birth = re.search(r"(?i)birth|dob|d\.o\.b", heading) is not None
    patient = (
        identifier is not Identifier.NAME
        or re.search(r"(?i)patient|pt|^name|first|last", heading) is not None
    )
    return identifier, (identifier in _SURE and patient) or birth


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    while start < end and text[start] in ' \t"\r':
        start += 1
    while end > start and text[end - 1] in ' \t"\r':
        end -= 1
    return start, end
