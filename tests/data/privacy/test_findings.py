"""Overlaps are settled without losing a character."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from medgpt_cli.data.privacy.findings import NOT_ASSESSED, Finding, Identifier, settle


def finding(
    start: int, end: int, identifier: Identifier = Identifier.NAME, sure: bool = False
) -> Finding:
    return Finding(identifier, start, end, "rule", sure)


def test_the_classes_are_the_eighteen() -> None:
    assert len(Identifier) == 18
    assert {Identifier.BIOMETRIC, Identifier.FACE} == NOT_ASSESSED


def test_a_sure_finding_names_what_it_overlaps() -> None:
    long, sure = finding(0, 20), finding(5, 10, Identifier.EMAIL, sure=True)
    assert settle([sure, long]) == [finding(0, 20, Identifier.EMAIL, sure=True)]


def test_the_longer_of_two_doubtful_ones_names_both() -> None:
    assert settle([finding(0, 4), finding(2, 9, Identifier.DATE)]) == [finding(0, 9, Identifier.DATE)]


def test_neighbours_stay_two() -> None:
    assert settle([finding(4, 8), finding(0, 4)]) == [finding(0, 4), finding(4, 8)]


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(1, 20), st.booleans())))
def test_no_overlap_is_left_and_no_character_lost(raw: list[tuple[int, int, bool]]) -> None:
    findings = [finding(start, start + size, sure=sure) for start, size, sure in raw]
    settled = settle(findings)
    assert all(a.end <= b.start for a, b in itertools.pairwise(settled))
    covered = {place for each in settled for place in range(each.start, each.end)}
    assert covered == {place for each in findings for place in range(each.start, each.end)}
    assert any(each.sure for each in settled) == any(each.sure for each in findings)
