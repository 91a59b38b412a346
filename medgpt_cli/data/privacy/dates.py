"""Dates in the forms notes have them, and ages over 89.  A year alone, a time alone and a weekday alone are left.

A birth date is sure; any other date is doubtful: it is an identifier only next to a person.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from medgpt_cli.data.privacy.findings import Finding, Identifier
from medgpt_cli.data.privacy.landmarks import NUMBER, Anchored

_M = r"(?:0?[1-9]|1[0-2])"
_D = r"(?:0?[1-9]|[12]\d|3[01])"
_YEAR = r"(?:1[89]|20)\d\d"
_YY = rf"(?:{_YEAR}|['’]?\d\d)"
_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|"
    r"oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
)
_WEEKDAY = r"(?:(?:mon|tues?|wed(?:nes)?|thu(?:rs?)?|fri|sat(?:ur)?|sun)(?:day)?,? (?:the )?)?"
_TH = r"(?:st|nd|rd|th)?"
_CLOCK = r"(?:T\d\d:?\d\d(?::?\d\d(?:\.\d{1,6})?)?(?:Z|[+-]\d\d:?\d\d)?)?"
_BEFORE, _AFTER = r"(?<![\w.-])(?<!\d/)", r"(?![\w/]|[.-]\d)"
NUMERIC = Anchored(
    re.compile(
        rf"{_BEFORE}(?:{_YEAR}(?P<a>[-/.])(?:{_M}(?P=a){_D}|{_D}(?P=a){_M}){_CLOCK}"
        rf"|(?:{_M}(?P<b>[-/]){_D}|{_D}(?P<c>[-/]){_M})(?:(?P=b)|(?P=c)){_YY}"
        rf"|(?:{_M}\.{_D}|{_D}\.{_M})\.{_YEAR}"
        rf"|{_M}[-/]{_YEAR}){_AFTER}"
    ),
    opens=NUMBER,
    needs=r"\d[-/.]\d",
)
WRITTEN = Anchored(
    re.compile(
        rf"(?<![a-z\d]){_WEEKDAY}(?:(?:the )?{_D}{_TH}(?: of)?[ -]{{0,2}}{_MONTH}\b\.?(?:[ ,-]{{0,3}}{_YY}(?!\d|/))?"
        rf"|{_D}{_MONTH}{_YY}(?![\d])"
        rf"|{_MONTH}\.?[ -]{{0,2}}(?:the )?{_D}{_TH}(?:,? ?['’]?{_YEAR}|, ?['’]?\d\d|-\d\d|,? '\d\d)?(?![\d/]|\.\d)"
        rf"|{_MONTH}\.?(?: of)?[ ,-]{{0,2}}{_YEAR}(?!\d))",
        re.IGNORECASE,
    ),
    opens=f"{NUMBER} the mon tue wed thu fri sat sun jan feb mar apr may jun jul aug sep oct nov dec",
)
_NO_DATE = re.compile(
    r"[ -]?(?:mg|mcg|ml|cc|g\b|%|units?|mm|cm|tablets?|days?\b|weeks?\b|hours?\b|x\b|liters?)", re.I
)
_SIGNAL = (
    r"(?:on|of|from|since|dated?|date:|until|till|through|thru|between|to|by|prior|study|studies|"
    r"performed|compar\w{2,5}|"
    r"seen|dos|visit:?|exams?:?|admit(?:ted)?:?|discharged?:?|admission|discharge|done|due|before|"
    r"after|scheduled|sent:?|"
    r"date of (?:service|exam|visit|admission|discharge):?|appointment|next visit|next check|"
    r"last seen|rtc|was|and|week of|"
    r"d/c|dd:|dt:|f/u|follow[- ]up|year|note)"
)
SHORT = Anchored(
    re.compile(
        rf"(?:\b{_SIGNAL}[:,]?[ \t]{{1,4}}|(?:^|\n)[ \t]{{0,4}}|date[:|][ ]{{0,4}}|[|\t,;][ ]?|[^\d]/ )"
        rf"(?P<day>{_M}/{_D}|(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01]))(?![\w/-]|\.\d|%|[ ]?(?:mg|mcg|"
        rf"strength|tab|units?|dose|days?|"
        r"weeks?|hours?|lymph|nodes?|cm|mm|puffs?|drops?|of the|ratio|mmhg|systolic|in the|score|pain|"
        r"cores|positive|negative))",
        re.IGNORECASE,
    ),
    needs=r"\d[-/]\d",
)
COMPACT = Anchored(
    re.compile(
        rf"\b(?:dates?|dob|birth|d\.o\.b\.?|dos|on|study|exam|"
        rf"performed)\b[^\w\n]{{0,4}}(?P<day>{_YEAR}(?:0[1-9]|1[0-2])"
        rf"(?:0[1-9]|[12]\d|3[01]))(?!\d)",
        re.IGNORECASE,
    ),
    opens="dat dob bir d dos on stu exa per",
    needs=r"\d{8}",
)
BIRTH = re.compile(
    r"(?:\bd\.? ?o\.? ?b\b\.?|\bdate of birth|\bbirth ?-?date|\bbirthday|\bborn(?: on)?|(?<=[\s(,;])b\.)"
    r"[ \t]{0,4}[:=|(-]?(?: is| was)?[ \t]{0,6}\n?[ \t]{0,6}$",
    re.IGNORECASE,
)
OLD = Anchored(
    re.compile(
        r"(?<![\w.,/:-])(?P<old>9\d|1[01]\d)(?:[ -]?(?:years?|yrs?|y)\b\.?(?:[ -]?(?:old|o\b)\.?)?|"
        r"[ -]?y[./]?o\b\.?|[ -]y\.o\.)"
        r"|\b(?:aged?|age is)\b[:=]?[ ]{1,3}(?P<old2>9\d|1[01]\d)(?![\w%.]*\d)(?! ?(?:%|mg|days|months|weeks))"
        r"|(?<![\w.,/:-])(?<!temp )(?<!T )(?<!max )(?<!of )(?P<old3>9\d|1[01]\d)[ ]?(?:[FM]|female|male|"
        r"woman|man|lady|gentleman)\b",
        re.IGNORECASE,
    ),
    opens=f"{NUMBER} age",
)


def find_dates(text: str) -> Iterator[Finding]:
    """Dates, birth dates (sure) and ages over 89."""
    for pattern in (NUMERIC, WRITTEN):
        for found in pattern.finditer(text):
            if pattern is WRITTEN and _idle(text, found):
                continue
            yield _date(text, found.start(), found.end())
    for pattern in (SHORT, COMPACT):
        for found in pattern.finditer(text):
            yield _date(text, *found.span("day"))
    for found in OLD.finditer(text):
        group = found.lastgroup or "old"
        yield Finding(Identifier.DATE, *found.span(group), "age over 89", sure=False)


def _idle(text: str, found: re.Match[str]) -> bool:
    """*may 5* of a dose, or the verb: a month that is also a word counts in capitals only, and never before a unit."""
    word = re.search(r"[A-Za-z]{3,}", re.sub(r"(?i)^\w*day,?", "", found[0]))
    verb = word is not None and word[0] in {"may", "mar", "march", "dec", "sept", "sep"}
    return (verb and not re.search(_YEAR, found[0])) or _NO_DATE.match(text, found.end()) is not None


def _date(text: str, start: int, end: int) -> Finding:
    birth = BIRTH.search(text[max(0, start - 40) : start]) is not None
    return Finding(Identifier.DATE, start, end, "birth date" if birth else "date", sure=birth)
