"""Ways to reach a person or a machine: telephone, fax, e-mail, web and network addresses.

Knows nothing of what the numbers are beside which no label stands and whose shape is not a telephone's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from medgpt_cli.data.privacy.findings import Finding, Identifier
from medgpt_cli.data.privacy.landmarks import NUMBER, Anchored

EMAIL = re.compile(r"(?<![\w.+%-])[\w.+%'-]{1,64}@(?:[\w-]{1,63}\.){1,6}[^\W\d_]{2,24}(?![\w-])")
URL = Anchored(
    re.compile(r"(?i)\b(?:(?:https?|ftps?|sftp|file)://|www\.)[^\s<>\"'|]{2,400}"),
    opens="fil ftp htt sft www",
)
DOMAIN = Anchored(
    re.compile(
        r"(?i)(?<![\w.@/-])(?:[a-z\d-]{1,40}\.){1,4}(?:com|org|net|edu|gov|health|io)/[^\s<>\"'|]{1,200}"
    ),
    needs=r"(?i)\.(?:com|org|net|edu|gov|health|io)/",
)
_OCTET = r"(?:25[0-5]|2[0-4]\d|1?\d?\d)"
# The first number is ten or more, since EC 3.2.1.18 is an enzyme.
IPV4 = Anchored(
    re.compile(rf"(?<![\w.])(?!\d\.)(?:{_OCTET}\.){{3}}{_OCTET}(?![\w]|\.\d)"),
    opens=NUMBER,
    needs=r"\d\.\d{1,3}\.\d",
)
IPV6 = Anchored(
    re.compile(r"(?<![\w:.])(?:[\da-fA-F]{1,4}:){3,7}(?::?[\da-fA-F]{1,4}){1,4}(?![\w:])"),
    needs=r":[\da-fA-F]{1,4}:",
)
_GAP = r"[ .\u2010-\u2015-]"
AMERICAN = Anchored(
    re.compile(
        rf"(?<![\w.+-])(?:\+?1{_GAP}?)?(?:\([2-9]\d\d\)[ ]?|[2-9]\d\d{_GAP})[2-9]\d\d{_GAP}\d{{4}}"
        r"(?:[ ,]{0,2}(?:x|ext\.?|extension)[ ]?\d{1,6})?(?![\w-]|\.\d)",
        re.IGNORECASE,
    ),
    needs=rf"[2-9]\d\d{_GAP}\d{{4}}",
)
ABROAD = Anchored(
    re.compile(rf"(?<![\w+])(?:\+|00)[1-9]\d{{0,2}}(?:{_GAP}?\(?\d{{1,5}}\)?){{2,5}}(?![\w-])"),
    needs=r"(?:\+|00)[1-9]",
)
BRITISH = Anchored(
    re.compile(
        r"(?<![\w.+-])\d{3} \d{4} \d{4}(?![\w-])|(?<![\w.+-])\(?0\d{2,4}\)? \d{3,4} ?\d{3,4}(?![\w-])"
    ),
    needs=r"\d\)? \d{3}",
)
LABELLED = Anchored(
    re.compile(
        r"(?<![A-Za-z])(?P<label>(?i:fax|facsimile|telefax)|(?-i:F)(?=[.:])|(?i:tel(?:ephone)?|phone|ph|"
        r"mobile|cell(?:ular)?|pager|"
        r"beeper|paged?|contact|call(?:ed|ing)?|text(?:ed)?|ring|ext(?:ension)?|reach(?:ed|able)?|"
        r"voicemail|whatsapp|hotline)|(?-i:T|P|M|H|W|O|C)(?=:))"
        r"(?i:(?: |\.|:|#|/|-|no\b|numbers?\b|nr\b|is\b|at\b|on\b|by\b|him\b|her\b|them\b|me\b|us\b|"
        r"cell\b|phone\b|home\b|work\b){0,8})"
        r"[ \t]{0,4}\n?[ \t]{0,4}(?P<number>\+?\(?\d[\d ().\u2010-\u2015-]{2,22}\d)(?!\d|[/:]\d)"
    ),
    opens="fax fac tel pho ph* mob cel pag bee con cal tex rin ext rea voi wha hot f t p m h w o c",
)


def find_contacts(text: str) -> Iterator[Finding]:
    """Telephone and fax numbers, e-mail, web and network addresses."""
    if "@" in text:
        for found in EMAIL.finditer(text):
            yield _sure(Identifier.EMAIL, found.span(), "e-mail address")
    for pattern in (URL, DOMAIN):
        for found in pattern.finditer(text):
            end = found.start() + len(found[0].rstrip(".,;:!?)]}"))
            yield Finding(Identifier.URL, found.start(), end, "web address", sure=False)
    for pattern in (IPV4, IPV6):
        for found in pattern.finditer(text):
            yield Finding(Identifier.IP, *found.span(), "network address", sure=False)
    for found in LABELLED.finditer(text):
        start, end = found.span("number")
        digits = sum(sign.isdigit() for sign in found["number"])
        short = re.match(r"(?i)page|pager|beeper|ext", found["label"]) is not None
        if digits > 15 or digits < (3 if short else 7):
            continue
        fax = found["label"][0] in "fF"
        yield _sure(Identifier.FAX if fax else Identifier.PHONE, (start, end), "labelled number")
    for found in AMERICAN.finditer(text):
        yield _sure(Identifier.PHONE, found.span(), "telephone number")
    for pattern in (ABROAD, BRITISH):
        for found in pattern.finditer(text):
            digits = sum(sign.isdigit() for sign in found[0])
            if 9 <= digits <= 15:
                sure = pattern is ABROAD and found[0][0] == "+"
                yield Finding(Identifier.PHONE, *found.span(), "telephone number", sure)


def _sure(identifier: Identifier, span: tuple[int, int], rule: str) -> Finding:
    return Finding(identifier, *span, rule, sure=True)
