"""Made-up identifiers in the shapes they take in clinical text.

Every name is a random pair out of a pool, every number is drawn: none belongs to anyone we know of.  This module
knows nothing of notes.
"""

from __future__ import annotations

import datetime
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Pools = Mapping[str, Any]


@dataclass(frozen=True)
class Person:
    """Somebody of a note, whose name comes back in other forms."""

    given: str
    surname: str
    middle: str

    def written(self, form: str) -> str:
        """The name in one of the forms a template asks for."""
        full = f"{self.given} {self.surname}"
        forms = {
            "full": full,
            "upper": full.upper(),
            "lower": full.lower(),
            "comma": f"{self.surname}, {self.given}",
            "comma_upper": f"{self.surname}, {self.given} {self.middle}".upper(),
            "middle": f"{self.given} {self.middle}. {self.surname}",
            "initial": f"{self.given[0]}. {self.surname}",
            "first_initial": f"{self.given} {self.surname.split()[-1][0]}.",
            "initials": "".join(word[0] for word in (self.given, self.middle, self.surname)).upper(),
            "first": self.given,
            "last": self.surname,
        }
        return forms[form]


def person(draw: random.Random, pools: Pools) -> Person:
    """Somebody."""
    return Person(
        draw.choice(pools["given"]), draw.choice(pools["surname"]), draw.choice("ABCDEGJKLMNPRSTW")
    )


def shaped(draw: random.Random, *shapes: str) -> str:
    """One of the shapes, `0` a digit, `9` a digit that is not zero, `A` a capital, the rest as it stands."""
    return "".join(
        draw.choice("0123456789")
        if sign == "0"
        else draw.choice("23456789")
        if sign == "9"
        else draw.choice("BCDFGHJKLMNPQRTVWXY")
        if sign == "A"
        else sign
        for sign in draw.choice(shapes)
    )


def day(draw: random.Random, first: int, last: int, formats: Sequence[str]) -> str:
    """A day between the years `first` and `last`."""
    when = datetime.date(first, 1, 1) + datetime.timedelta(draw.randrange((last - first + 1) * 365))
    text = when.strftime(draw.choice(formats))
    ending = {1: "st", 2: "nd", 3: "rd", 21: "st", 22: "nd", 23: "rd", 31: "st"}.get(when.day, "th")
    return text.replace(f"{when.day}th", f"{when.day}{ending}")


def phone(draw: random.Random) -> str:
    """A number of the United States (seven in ten) or of elsewhere."""
    american = (
        "(999) 900-0000",
        "999-900-0000",
        "999.900.0000",
        "+1 999 900 0000",
        "999 900 0000",
        "(999)900-0000",
    )
    foreign = (
        "+44 20 7900 0000",
        "+91 99000 00000",
        "+34 699 000 000",
        "020 7900 0000",
        "+86 139 0000 0000",
    )
    return shaped(draw, *(american if draw.random() < 0.7 else foreign))


FULL_DATES = ("%m/%d/%Y", "%-m/%-d/%Y", "%d-%b-%Y", "%B %-d, %Y", "%Y-%m-%d", "%m/%d/%y", "%d.%m.%Y")
SITES = ("mail.com", "northclinic.org", "hospital.example", "uni.edu", "health.co.uk")
MAKERS: dict[str, Callable[[random.Random, Pools], str]] = {
    "mrn": lambda d, p: shaped(d, "90000000", "9000000", "A900000", "900-00-00", "A-9000000", "00900000", "900000"),
    "accession": lambda d, p: shaped(d, "AA90000000", "90000000", "A20-900000", "90000000000", "AAA000900"),
    "account": lambda d, p: shaped(d, "9000000000", "900000000", "A90000000", "900000-000"),
    "plan": lambda d, p: shaped(d, "AAA900000000", "9AA0-AA0-AA00", "900000000A", "A90000000-00"),
    "licence": lambda d, p: shaped(d, "A900000", "9000000000", "AA9000000", "AA-900000"),
    "device": lambda d, p: shaped(d, "AAA900000A", "A-900000", "90000-0000", "AA000-90000-A", "9000000000"),
    "vehicle": lambda d, p: shaped(d, "9AABA90A0AA900000", "AAA 9000", "AAA-9000", "9AAA000"),
    "other": lambda d, p: shaped(d, "90000000", "9000000", "A-90000"),
    "ssn": lambda d, p: shaped(d, "900-90-9000", "900-90-9000", "900 90 9000", "900909000"),
    "phone": lambda d, p: phone(d),
    "fax": lambda d, p: phone(d),
    "dob": lambda d, p: day(d, 1931, 2015, FULL_DATES),
    "date": lambda d, p: day(d, 2001, 2025, p["dates"]),
    "zip": lambda d, p: shaped(d, "90000", "00900", "90000-9000"),
    "city": lambda d, p: d.choice(p["city"]),
    "hospital": lambda d, p: d.choice(p["hospital"]),
    "street": lambda d, p: f"{d.randrange(2, 9800)} {d.choice(p['street'])}" + d.choice(["", "", "", ", Apt 4B"]),
    "ip": lambda d, p: ".".join(str(d.randrange(11, 250)) for _ in range(4)),
    "url": lambda d, p: "".join(
        (d.choice(["https://www.", "http://", "www."]), d.choice(SITES), shaped(d, "/u/A900", "/id=90000"))
    ),
    "email": lambda d, p: (
        f"{d.choice(p['given'])}.{d.choice(p['surname'])}@{d.choice(SITES)}".lower().replace(" ", "").replace("'", "")
    ),
}  # fmt: skip
"""One value of each kind, without its label."""
