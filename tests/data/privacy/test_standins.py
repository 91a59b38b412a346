from __future__ import annotations

import datetime
import re

import pytest

from medgpt_cli.data.privacy.findings import Identifier
from medgpt_cli.data.privacy.profile import Profile
from medgpt_cli.data.privacy.standins import SMALL_ZIPS, StandIns
from medgpt_cli.data.privacy.surrogates import Surrogates

SHIFTED = StandIns(Surrogates(bytes(range(32))), Profile.SHIFTED)
YEARS = StandIns(Surrogates(bytes(range(32))), Profile.SAFE_HARBOR)


@pytest.mark.parametrize(
    ("identifier", "original", "shape"),
    [
        (Identifier.NAME, "John Smith", r"[A-Z][a-z]+ [A-Z][a-z]+"),
        (Identifier.NAME, "SMITH, JOHN", r"[A-Z]{3,}, [A-Z]{3,}"),
        (Identifier.NAME, "Dr. J. Smith Jr.", r"Dr\. [A-Z]\. [A-Z][a-z]+ Jr\."),
        (Identifier.NAME, "JRS", r"[A-Z]{3}"),
        (Identifier.NAME, "...", r"\[NAME\]"),
        (Identifier.PHONE, "(312) 867-5309", r"\(555\) 555-01\d\d"),
        (Identifier.FAX, "+44 20 7946 0018", r"\+55 55 5555 01\d\d"),
        (Identifier.PHONE, "x12", r"\[PHONE\]"),
        (Identifier.EMAIL, "john@mail.com", r"[0-9a-f]{8}@example\.com"),
        (Identifier.URL, "https://mail.com/u/john", r"https://example\.org/[0-9a-f]{8}"),
        (Identifier.IP, "10.1.2.3", r"192\.0\.2\.\d+"),
        (Identifier.SSN, "123-45-6789", r"\d{3}-\d\d-\d{4}"),
        (Identifier.RECORD_NUMBER, "A-48291035", r"[A-Z]-\d{8}"),
        (Identifier.PLACE, "62704", "627"),
        (Identifier.PLACE, "62704-1234", "627"),
        (
            Identifier.PLACE,
            "12 Oak Street, Apt 4B",
            r"\d{3} [A-Z][a-z]+ (Street|Avenue|Road|Lane|Drive|Court)",
        ),
        (Identifier.PLACE, "Mercy General Hospital", r"[A-Z][a-z]+ Hospital"),
        (Identifier.PLACE, "Dayton", r"[A-Z][a-z]+"),
        (Identifier.DATE, "03/14/2019", r"\d\d/\d\d/20\d\d"),
        (Identifier.DATE, "93", r"90\+"),
        (Identifier.DATE, "97-year-old", r"90\+-year-old"),
        (Identifier.DATE, "Thanksgiving", r"\[DATE\]"),
    ],
)
def test_a_stand_in_has_the_form_of_the_original(
    identifier: Identifier, original: str, shape: str
) -> None:
    new = SHIFTED.of(identifier, original, "p")
    assert re.fullmatch(shape, new), new
    assert new != original


@pytest.mark.parametrize("start", sorted(SMALL_ZIPS))
def test_few_people_share_no_zip(start: str) -> None:
    assert SHIFTED.of(Identifier.PLACE, f"{start}01", "p") == "000"


def test_the_list_of_small_zips_is_that_of_the_guidance() -> None:
    assert len(SMALL_ZIPS) == 17


def test_safe_harbor_leaves_the_year() -> None:
    assert YEARS.of(Identifier.DATE, "Tuesday, March 14, 2019", "p") == "2019"
    assert YEARS.of(Identifier.DATE, "3/14", "p") == "[DATE]"
    assert YEARS.of(Identifier.DATE, "93", "p") == "90+"


def test_one_person_keeps_one_name_in_every_form() -> None:
    full = SHIFTED.name("John Smith", "p")
    given, surname = full.split()
    assert SHIFTED.name("SMITH^JOHN", "p") == f"{surname}^{given}".upper()
    assert SHIFTED.name("Mr. Smith", "p") == f"Mr. {surname}"
    assert SHIFTED.name("John Smith", "q") != full


def test_the_intervals_of_a_patient_stay() -> None:
    first = (
        SHIFTED.date("2019-02-03", "p"),
        SHIFTED.date("02/03/2019", "p"),
        SHIFTED.date("February 3, 2019", "p"),
    )
    days = SHIFTED.surrogates.days("p")
    day = datetime.date(2019, 2, 3) + datetime.timedelta(days)
    assert first == (day.isoformat(), day.strftime("%m/%d/%Y"), day.strftime("%B %-d, %Y"))
