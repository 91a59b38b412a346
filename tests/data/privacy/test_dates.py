"""Dates in their forms, ages over 89, and the numbers that are neither."""

from __future__ import annotations

import pytest

from medgpt_cli.data.privacy.findings import Identifier
from tests.data.privacy.seen import of, seen


@pytest.mark.parametrize(
    "date",
    [
        "03/14/2021", "3/4/21", "14/03/2021", "2021-03-14", "2021/03/14", "14.03.2021", "14-Mar-2021", "3-14-21",
        "14MAR2021", "14 March 2021", "March 14, 2021", "Mar 14 2021", "Mar. 14, '21", "March 2021", "03/2021",
        "the 14th of March", "March 14th", "Sunday, March 14, 2021", "2021-03-14T08:15:00Z", "May 5", "1st of May",
    ],
)  # fmt: skip
def test_a_date_is_found_whole_and_doubtful(date: str) -> None:
    assert seen(f"He came on {date} with pain.") == [("date", date)]


@pytest.mark.parametrize(
    "label", ["DOB: ", "D.O.B. ", "Date of Birth: ", "born ", "birthdate: ", "DOB\n", "(b. "]
)
def test_a_birth_date_is_sure(label: str) -> None:
    assert seen(f"{label}03/14/1951 ") == [("date!", "03/14/1951")]


@pytest.mark.parametrize("text", ["seen on 3/14 for", "since 03-14 he", "Date: 3/14", "DOS 20210314"])
def test_a_short_date_needs_a_word_before_it(text: str) -> None:
    assert len(of(text, Identifier.DATE)) == 1


@pytest.mark.parametrize(
    "text",
    [
        "BP 120/80, visual acuity 20/40, 3/5 strength, 1/2 tablet, pain 7/10, APGAR 8/9, ratio 4/5",
        "Augmentin 875/125, Norco 5/325, of 2/6 systolic murmur, 10/12 lymph nodes",
        "since 2015, in 1998, 14:30, on Monday, in 2 weeks",
        "he may 5 times; may 10 mg; march 3 steps; L4-5, C3-C7, T12, 1.2 x 0.8 cm",
        "series 601 image 45; 5-10 mg; 3-4 days; version 3.2.1",
    ],
)
def test_no_date(text: str) -> None:
    assert of(text, Identifier.DATE) == []


@pytest.mark.parametrize(
    ("text", "age"),
    [
        ("a 93-year-old man", "93"), ("94 y/o", "94"), ("91yo", "91"), ("92 y.o. male", "92"), ("aged 90", "90"),
        ("Age: 101", "101"), ("95F with", "95"), ("104 years old", "104"),
    ],
)  # fmt: skip
def test_an_age_over_89(text: str, age: str) -> None:
    assert seen(text) == [("date", age)]


@pytest.mark.parametrize(
    "text",
    ["a 67 year old", "aged 89", "92 mg", "SpO2 98%", "T 98 F", "temp 101F", "120 kVp", "age 90 days"],
)
def test_no_age_over_89(text: str) -> None:
    assert seen(text) == []
