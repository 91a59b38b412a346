from __future__ import annotations

import datetime

import pytest

from medgpt_cli.data.privacy.shifting import moved, year_alone


@pytest.mark.parametrize(
    ("written", "new", "year"),
    [
        ("03/14/2019", "04/13/2019", "2019"),
        ("3/4/19", "4/3/19", "2019"),
        ("2019-03-14", "2019-04-13", "2019"),
        ("2019-03-14 10:22", "2019-04-13 10:22", "2019 10:22"),
        ("14-Mar-2019", "13-Apr-2019", "2019"),
        ("14Mar2019", "13Apr2019", "2019"),
        ("March 14, 2019", "April 13, 2019", "2019"),
        ("MARCH 3RD, 2019", "APRIL 2ND, 2019", "2019"),
        ("Tuesday, March 14, 2019", "Thursday, April 13, 2019", "2019"),
        ("14.03.2019", "13.04.2019", "2019"),
        ("25/12/2019", "24/01/2020", "2019"),
        ("20190314", "20190413", "2019"),
        ("3/14", "4/13", "[DATE]"),
        ("March 2019", "April 2019", "2019"),
        ("03/2019", "04/2019", "2019"),
        ("June 3rd", "July 3rd", "[DATE]"),
        ("31st of January 2019", "2nd of March 2019", "2019"),
        ("1/2/2019 - 1/9/2019", "2/1/2019 - 2/8/2019", "2019 - 2019"),
    ],
)
def test_the_format_stays(written: str, new: str, year: str) -> None:
    assert moved(written, 30) == new
    assert year_alone(written) == year


@pytest.mark.parametrize("written", ["", "foo", "99/99/2019"])
def test_what_is_no_date_is_not_guessed(written: str) -> None:
    assert moved(written, 30) is None
    assert year_alone(written) is None


@pytest.mark.parametrize(
    "form", ["%m/%d/%Y", "%Y-%m-%d", "%-d %B %Y", "%b %-d, %Y", "%Y%m%d", "%d-%b-%Y"]
)
def test_it_is_what_the_calendar_says(form: str) -> None:
    for offset in range(0, 4000, 37):
        day = datetime.date(2011, 1, 5) + datetime.timedelta(offset)
        if day.month == 5:  # "May" may be short or long
            continue
        shifted = moved(day.strftime(form), -211)
        assert shifted == (day - datetime.timedelta(211)).strftime(form)
