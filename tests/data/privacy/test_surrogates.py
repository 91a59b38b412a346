from __future__ import annotations

import hashlib
import hmac
import re
import subprocess
import sys

import pytest

from medgpt_cli.data.privacy.surrogates import Surrogates, name_lists

KEY = bytes(range(32))
ONE, OTHER = Surrogates(KEY), Surrogates(bytes(32))


def test_another_process_draws_the_same() -> None:
    line = (
        "from medgpt_cli.data.privacy.surrogates import Surrogates as S; s = S(bytes(range(32)));"
        "print(s.uid('1.2.3'), s.identifier('MRN-4711'), s.days('p'), s.surname('p', 'Doe'))"
    )
    told = subprocess.run(
        [sys.executable, "-c", line], capture_output=True, text=True, check=True
    ).stdout
    assert told.split() == [
        ONE.uid("1.2.3"),
        ONE.identifier("MRN-4711"),
        str(ONE.days("p")),
        ONE.surname("p", "Doe"),
    ]


def test_another_key_draws_others() -> None:
    assert ONE.uid("1.2.3") != OTHER.uid("1.2.3")
    assert ONE.identifier("48291035") != OTHER.identifier("48291035")


def test_a_uid_is_that_of_a_uuid_made_by_hmac() -> None:
    digest = hmac.new(KEY, b"uid\x001.2.840.99.7", hashlib.sha256).digest()[:16]
    number = int.from_bytes(digest, "big")
    uuid = number & ~(0xF << 76) & ~(0x3 << 62) | 4 << 76 | 2 << 62  # RFC 9562: version and variant
    assert ONE.uid("1.2.840.99.7") == f"2.25.{uuid}"
    assert len(ONE.uid("1.2.840.99.7")) <= 64


@pytest.mark.parametrize("original", ["48291035", "A-4711/b", "0007", "2019-00-XY", "__"])
def test_a_number_keeps_its_format(original: str) -> None:
    new = ONE.identifier(original)
    shape = [
        re.sub(r"[A-Z]", "A", re.sub(r"[a-z]", "a", re.sub(r"\d", "0", text)))
        for text in (new, original)
    ]
    assert shape[0] == shape[1]


def test_no_two_numbers_of_a_format_become_one() -> None:
    drawn = {ONE.identifier(f"{number:03d}") for number in range(1000)}
    assert len(drawn) == 1000
    assert {ONE.identifier(letter) for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"} == set(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    )


def test_dates_move_by_one_to_365_days_both_ways() -> None:
    days = [ONE.days(str(patient)) for patient in range(3000)]
    assert min(days) >= -365
    assert max(days) <= 365
    assert 0 not in days
    assert 0.45 < sum(day > 0 for day in days) / len(days) < 0.55


def test_names_come_from_the_census_lists_and_are_others() -> None:
    male, female, last = name_lists()
    for name in last[:200]:
        assert ONE.surname("p", name) in last
        assert ONE.surname("p", name) != name
    assert ONE.given_name("p", "Mary") in female
    assert ONE.given_name("p", "Robert") in male
    assert ONE.surname("p", "SMITH") == ONE.surname("p", "Smith")
    assert ONE.surname("p", "Smith") != ONE.surname("q", "Smith")
