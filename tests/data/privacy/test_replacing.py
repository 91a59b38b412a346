from __future__ import annotations

import re

from medgpt_cli.data.privacy.findings import Finding, Identifier
from medgpt_cli.data.privacy.profile import Profile
from medgpt_cli.data.privacy.replacing import left_over, names_in, replace
from medgpt_cli.data.privacy.standins import StandIns
from medgpt_cli.data.privacy.surrogates import Surrogates

STANDINS = StandIns(Surrogates(bytes(range(32))), Profile.SHIFTED)


def numbers(text: str) -> list[Finding]:
    return [
        Finding(Identifier.RECORD_NUMBER, match.start(), match.end(), "digits", True)
        for match in re.finditer(r"\d+", text)
    ]


def nothing(_: str) -> list[Finding]:
    return []


def test_what_is_found_is_replaced_and_the_rest_stands() -> None:
    new = replace("MRN 4711, seen 12 times, MRN 4711.", "p", STANDINS, numbers)
    fits = re.fullmatch(r"MRN (\d{4}), seen \d\d times, MRN (\d{4})\.", new.text)
    assert fits
    assert fits[1] == fits[2] != "4711"
    assert [new.text[start:end] for start, end in new.spans] == [fits[1], new.text[15:17], fits[2]]
    assert new.counts == {Identifier.RECORD_NUMBER: 3}
    assert left_over(new, numbers) == []


def test_what_is_known_is_replaced_where_no_rule_sees_it() -> None:
    known = [(Identifier.NAME, "Smith"), (Identifier.RECORD_NUMBER, "AB12")]
    new = replace("Smith, SMITH and Smithsonite; AB12, AB123", "p", STANDINS, nothing, known=known)
    surname = STANDINS.name("Smith", "p")
    assert new.text.startswith(f"{surname}, {surname.upper()} and Smithsonite; ")
    assert new.text.endswith(", AB123")
    assert "AB12," not in new.text


def test_what_only_stand_ins_bring_to_light_is_replaced_too() -> None:
    def doctors(text: str) -> list[Finding]:
        found = [
            Finding(Identifier.NAME, m.start(), m.end(), "x", True) for m in re.finditer("Bob", text)
        ]
        if not found and (at := text.find("secret")) >= 0:  # seen only once Bob is gone
            found = [Finding(Identifier.NAME, at, at + 6, "x", True)]
        return found

    new = replace("Bob has a secret.", "p", STANDINS, doctors)
    assert "secret" not in new.text
    assert len(new.spans) == 2
    assert left_over(new, doctors) == []


def test_only_certain_names_are_looked_for_elsewhere() -> None:
    def found(text: str) -> list[Finding]:
        return [
            Finding(Identifier.NAME, 0, 10, "sure", True),
            Finding(Identifier.NAME, 12, 17, "doubtful", False),
        ]

    assert names_in(["John Smith, Brown"], found) == {"John", "Smith"}
