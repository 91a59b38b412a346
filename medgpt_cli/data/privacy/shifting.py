"""A date as it was written, moved by days or cut to its year, in the same format.

Month before day where both orders are possible, as in the United States: a wrong guess still moves by the same number
of days, but into another month.  This module knows nothing of patients.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable

MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
    "december",
)  # fmt: skip
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_NO_YEAR = 2001
"""Stands for the year where none is written; its February has 28 days."""
_MONTH = r"(?P<name>jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?"
_DAY = r"(?P<day>[0-3]?\d)(?P<ending>st|nd|rd|th)?"
_YEAR = r"(?P<year>\d{4}|'?\d{2})"
_SEP = r"(?:[\s,.'/-]|of)+"
_SHAPES = tuple(
    re.compile(shape, re.IGNORECASE)
    for shape in (
        r"(?<!\d)(?P<year>(?:18|19|20)\d\d)(?P<month>[01]\d)(?P<day>[0-3]\d)(?!\d)",
        r"(?<!\d)(?P<year>\d{4})(?P<s>[-/. ])(?P<month>[01]?\d)(?P=s)(?P<day>[0-3]?\d)(?!\d)",
        r"(?<!\d)(?P<month>[0-3]?\d)\s?(?P<s>[-/. ])\s?(?P<day>[0-3]?\d)\s?(?P=s)\s?(?P<year>\d{4}|'?\d{2})(?!\d)",
        rf"(?<![a-z]){_MONTH}{_SEP}{_DAY}{_SEP}{_YEAR}(?!\d)",
        rf"(?<!\d){_DAY}(?:{_SEP})?{_MONTH}(?:{_SEP})?{_YEAR}(?!\d)",
        rf"(?<!\d)(?P<year>\d{{4}}){_SEP}{_MONTH}{_SEP}{_DAY}(?!\d)",
        rf"(?<![a-z]){_MONTH}{_SEP}(?P<year>\d{{4}}|'\d{{2}})(?!\d)",
        rf"(?<![a-z]){_MONTH}{_SEP}{_DAY}(?!\d)",
        rf"(?<!\d){_DAY}{_SEP}{_MONTH}",
        r"(?<!\d)(?P<month>[01]?\d)[-/.](?P<year>(?:18|19|20)\d\d)(?!\d)",
        r"(?<!\d)(?P<month>[0-3]?\d)[-/.](?P<day>[0-3]?\d)(?!\d)",
        rf"(?<![a-z]){_MONTH}(?![a-z])",
    )
)
"""The most telling first."""
_WEEKDAY = re.compile(rf"\b({'|'.join(day[:3] for day in WEEKDAYS)})[a-z]*\b", re.IGNORECASE)


def moved(text: str, days: int) -> str | None:
    """Every date in `text` moved by `days`, written as before; a weekday beside it is moved too.

    Returns:
        The text, or None where no date could be read in it.
    """
    return _each(text, lambda match, date: _written(match, date + datetime.timedelta(days)), days)


def year_alone(text: str) -> str | None:
    """Every date in `text` cut to its year, or None where no date could be read; one without a year becomes [DATE]."""

    def year(match: re.Match[str], date: datetime.date) -> str:
        return str(date.year) if match.groupdict().get("year") else "[DATE]"

    cut = _each(text, year, None)
    return None if cut is None else cut.lstrip(" ,")


def _each(
    text: str, write: Callable[[re.Match[str], datetime.date], str], days: int | None
) -> str | None:
    for shape in _SHAPES:
        pieces, last, found = [], 0, 0
        for match in shape.finditer(text):
            date = _read(match)
            if date is None:
                continue
            try:
                new = write(match, date)
            except OverflowError:
                continue
            pieces += [_weekdays(text[last : match.start()], days), new]
            last, found = match.end(), found + 1
        if found:
            return "".join(pieces) + _weekdays(text[last:], days)
    return None


def _weekdays(text: str, days: int | None) -> str:
    def next_name(match: re.Match[str]) -> str:
        if days is None:
            return ""
        short = [day[:3] for day in WEEKDAYS]
        name = WEEKDAYS[(short.index(match[1].lower()) + days) % 7]
        return _cased(name if len(match[0]) > 4 else name[: len(match[0])], match[0])

    return _WEEKDAY.sub(next_name, text)


def _read(match: re.Match[str]) -> datetime.date | None:
    groups = match.groupdict()
    year = int((groups.get("year") or str(_NO_YEAR)).lstrip("'"))
    if year < 100:
        year += 2000 if year < 50 else 1900  # only its leap days matter: two digits are written again
    day = int(groups.get("day") or 15)
    if name := groups.get("name"):
        month = 1 + next(i for i, full in enumerate(MONTHS) if full.startswith(name.lower()))
    else:
        month = int(groups["month"])
        if month > 12 >= day:
            month, day = day, month
    try:
        return datetime.date(year, month, day)
    except ValueError:
        return None


def _written(match: re.Match[str], date: datetime.date) -> str:
    """`date` in the very format of the match: widths, separators, case and endings."""
    text, start = match[0], match.start()
    groups = {name: value for name, value in match.groupdict().items() if value is not None}
    swapped = "month" in groups and "day" in groups and int(groups["month"]) > 12
    padded = _is_padded(groups, text)
    pieces, last = [], 0
    for name in sorted(groups.keys() - {"s"}, key=match.start):
        old, begin, end = groups[name], match.start(name) - start, match.end(name) - start
        if name == "year":
            mark = "'" if old.startswith("'") else ""
            new = f"{date.year:04d}" if len(old) == 4 else f"{mark}{date.year % 100:02d}"
        elif name == "ending":
            new = _cased(_ending(date.day), old)
        elif name == "name":
            rest = re.match(r"[a-z]*", text[end:], re.IGNORECASE)
            end += len(rest[0]) if rest else 0
            new = _month_like(MONTHS[date.month - 1], text[begin:end])
        else:
            number = date.day if (name == "day") != swapped else date.month
            new = f"{number:02d}" if padded else str(number)
        pieces += [text[last:begin], new]
        last = end
    return "".join(pieces) + text[last:]


def _month_like(month: str, old: str) -> str:
    """A month's name, shortened where the old one was."""
    shortened = len(old) <= 3 or old.lower() == "sept"
    return _cased(month[:3] if shortened else month, old)


def _is_padded(groups: dict[str, str], text: str) -> bool:
    """Whether days and months below ten are written with a zero."""
    numbers = [groups[name] for name in ("day", "month") if name in groups]
    if "name" in groups:  # "14-Mar-2019" is a form of computers, "14 March 2019" one of people
        return "-" in text or any(number.startswith("0") for number in numbers)
    return all(len(number) == 2 for number in numbers)


def _ending(day: int) -> str:
    return "th" if 10 < day < 14 else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")


def _cased(word: str, like: str) -> str:
    if like.isupper():
        return word.upper()
    return word.capitalize() if like[:1].isupper() else word
