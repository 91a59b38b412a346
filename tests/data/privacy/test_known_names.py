from __future__ import annotations

import re
from pathlib import Path

import pytest

from medgpt_cli.data.privacy.findings import Finding, Identifier
from medgpt_cli.data.privacy.known_names import KnownNames, is_telling

HERE, THERE = Path("a.jsonl"), Path("b.jsonl")


def find(text: str) -> list[Finding]:
    return [
        Finding(Identifier.NAME, m.start(1), m.end(1), "labelled", True)
        for m in re.finditer(r"Name: ([\w ]+)", text)
    ]


@pytest.mark.parametrize(
    ("word", "telling"),
    [("Zwiebelhuber", True), ("Hernandez", True), ("White", False), ("Heart", False),
     ("Hodgkin", False), ("Maria", False), ("Lee", False)],
)  # fmt: skip
def test_words_that_tell_who_is_meant(word: str, telling: bool) -> None:
    assert is_telling(word) is telling


def test_names_reach_their_patient_and_the_records_of_no_patient() -> None:
    known = KnownNames(find)
    known.meet(HERE, {"text": "Name: John White", "patient_id": "1"}, ["Quimbylou"])
    assert known.of(HERE, {"text": "x", "patient_id": "1"}, []) == {"John", "White", "Quimbylou"}
    assert known.of(HERE, {"text": "x", "patient_id": "2"}, []) == set()
    assert known.of(HERE, {"text": "White matter"}, []) == set()
    assert known.of(HERE, {"text": "for John White and quimbylou"}, []) == {"John White", "Quimbylou"}
    assert known.of(THERE, {"text": "for John White and Quimbylou"}, []) == set()
