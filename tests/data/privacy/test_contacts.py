"""Telephone, fax, e-mail, web and network addresses."""

from __future__ import annotations

import pytest

from tests.data.privacy.seen import seen


@pytest.mark.parametrize(
    "number",
    ["(617) 555-0123", "617-555-0123", "617.555.0123", "+1 617 555 0123", "617 555 0123 ext. 45", "+44 20 7946 0958",
     "+91 98765 43210", "+34 612 345 678"],
)  # fmt: skip
def test_a_telephone_number_is_sure(number: str) -> None:
    assert seen(f"He said {number} is right") == [("phone!", number)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Fax: 617-555-0123", ("fax!", "617-555-0123")),
        ("F: 617-555-0123", ("fax!", "617-555-0123")),
        ("pager 12345", ("phone!", "12345")),
        ("phone number is 5550123", ("phone!", "5550123")),
        ("reached at 020 7946 0958", ("phone!", "020 7946 0958")),
        ("write a.b-c@mail.example.org today", ("email!", "a.b-c@mail.example.org")),
        ("see https://x.example/p?id=3.", ("url", "https://x.example/p?id=3")),
        ("www.clinic.example/me", ("url", "www.clinic.example/me")),
        ("from 192.168.10.7 tonight", ("ip", "192.168.10.7")),
    ],
)
def test_others(text: str, found: tuple[str, str]) -> None:
    assert seen(text) == [found]


@pytest.mark.parametrize(
    "text",
    ["EC 3.2.1.18 deficiency", "a@b", "120-140-160", "call bell 3 times", "T: 37.2", "page 12 of 30"],
)
def test_neither(text: str) -> None:
    assert seen(text) == []
