"""One stand-in for each class of identifier, in the format in which the original was written.

Whatever cannot be read as its class becomes a word in brackets, so nothing is left for want of a format.  This module
knows nothing of where the original stands.
"""

from __future__ import annotations

import re

from medgpt_cli.data.privacy.findings import Identifier
from medgpt_cli.data.privacy.profile import Profile
from medgpt_cli.data.privacy.shifting import moved, year_alone
from medgpt_cli.data.privacy.surrogates import Surrogates, is_given_name

SMALL_ZIPS = frozenset({
    "036", "059", "063", "102", "203", "556", "692", "790", "821", "823", "830", "831", "878", "879", "884", "890",
    "893",
})  # fmt: skip
"""The first three digits of ZIP codes under which 20,000 people or fewer live (HHS guidance on de-identification, from
the census of 2000): they become 000."""
OLDEST = 89
"""Ages above are written 90+."""

_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_TITLES = frozenset({
    "dr", "mr", "mrs", "ms", "miss", "mx", "prof", "professor", "sir", "dame", "sr", "jr", "ii", "iii", "iv", "md",
    "do", "rn", "np", "pa", "phd", "facs", "esq", "lpn", "dds", "pt", "and", "the", "of", "de", "la", "del", "van",
    "von", "der", "den", "el", "al", "bin", "ibn", "st",
})  # fmt: skip
_ZIP = re.compile(r"(?<!\d)(\d{3})\d{2}(?:-\d{4})?(?!\d)")
_STREETS = ("Street", "Avenue", "Road", "Lane", "Drive", "Court")
_CARE = re.compile(
    r"(?i)\b(hospitals?|clinics?|centers?|centres?|institute|infirmary|medical|health|university|college|school|"
    r"hospice|home|pavilion|campus)\b"
)
_AGE = re.compile(r"(?<!\d)(?:9\d|1[0-4]\d)(?!\d)")


class StandIns:
    """Stand-ins under one key and one profile.

    Args:
        surrogates: Draws them.
        profile: What becomes of dates.
    """

    def __init__(self, surrogates: Surrogates, profile: Profile) -> None:
        self.surrogates = surrogates
        self.profile = profile

    def of(self, identifier: Identifier, original: str, patient: str) -> str:
        """What stands in for `original`.

        Args:
            identifier: Its class.
            original: As written.
            patient: Whose records these are; names and dates stay consistent inside it.
        """
        match identifier:
            case Identifier.NAME:
                return self.name(original, patient)
            case Identifier.DATE:
                return self.date(original, patient)
            case Identifier.PLACE:
                return self.place(original, patient)
            case Identifier.PHONE | Identifier.FAX:
                return self._phone(original)
            case Identifier.EMAIL:
                return f"{self.surrogates.token('email', original.casefold())[:8]}@example.com"
            case Identifier.URL:
                return f"https://example.org/{self.surrogates.token('url', original.casefold())[:8]}"
            case Identifier.IP:
                return f"192.0.2.{self.surrogates.number('ip', original) % 254 + 1}"
            case Identifier.SSN:
                return self.surrogates.identifier(original)
            case _:
                new = self.surrogates.identifier(original)
                return new if new != original else f"[{identifier.value.upper()}]"

    def name(self, original: str, patient: str) -> str:
        """A name of the same shape, word by word: titles stay, initials become other initials."""

        def other(match: re.Match[str]) -> str:
            word = match[0]
            if word.casefold() in _TITLES and len(word) > 1:
                return word
            if len(word) == 1:
                return _like(self.surrogates.letter(patient, word), word)
            if len(word) <= 4 and word.isupper() and len(original.strip(" .,")) == len(word):
                return "".join(self.surrogates.letter(patient, sign) for sign in word)  # JRS
            given = is_given_name(word)
            draw = self.surrogates.given_name if given else self.surrogates.surname
            return _like(draw(patient, word), word)

        return _WORD.sub(other, original) if _WORD.search(original) else "[NAME]"

    def date(self, original: str, patient: str) -> str:
        """A date moved or cut to its year; an age over 89 as 90+."""
        if self.profile is Profile.SHIFTED:
            new = moved(original, self.surrogates.days(patient))
        else:
            new = year_alone(original)
        if new is not None and new != original:
            return new
        if _AGE.search(original):
            return _AGE.sub("90+", original)
        return "[DATE]"

    def place(self, original: str, patient: str) -> str:
        """A ZIP code by the ZIP3 rule, a street, a hospital or a town by an invented one."""
        found = _ZIP.search(original)
        if found and not re.search(r"[^\W\d_]", original):
            return _zip3(found)
        drawn = self.surrogates.surname(patient, original)
        number = self.surrogates.number("street", original)
        if re.match(r"\s*\d", original):
            return f"{number % 899 + 100} {drawn} {_STREETS[number % len(_STREETS)]}"
        if care := _CARE.findall(original):
            return f"{drawn} {' '.join(care)}"
        return _like(drawn, original)

    def _phone(self, original: str) -> str:
        """A number of the range kept for fiction, 555-0100 to 555-0199, in the format of the original."""
        digits = f"{self.surrogates.number('phone', re.sub(r'[^0-9]', '', original)) % 100:02d}"
        count = sum(sign.isdigit() for sign in original)
        if count < 4:
            return "[PHONE]"
        new = iter(f"{'5' * (count - 4)}01{digits}")
        return "".join(next(new) if sign.isdigit() else sign for sign in original)


def _zip3(found: re.Match[str]) -> str:
    return "000" if found[1] in SMALL_ZIPS else found[1]


def _like(word: str, like: str) -> str:
    """`word` in the case of `like`."""
    if like.isupper():
        return word.upper()
    return word.lower() if like.islower() else word
