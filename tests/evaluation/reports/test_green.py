"""Canned replies of judges: what can be read, what cannot, and what becomes of either."""

from __future__ import annotations

from typing import Any

import pytest

from medgpt_cli.evaluation.reports import NotComputed, score
from medgpt_cli.evaluation.reports.green import KINDS, Counts, Unread, prompt, read_reply
from medgpt_cli.evaluation.reports.green import score as green

LISTED = """[Explanation]:
The candidate misses 1 of 2 findings.

[Clinically Significant Errors]:
(a) a finding the reference does not have: 0.
(b) Missing a finding present in the reference: 2. An effusion; a line.
(c) wrong place: 0. (d) wrong severity: 0.
(e) comparison: 1. Says "unchanged since 2019".
(f) omitted comparison: 0.

[Clinically Insignificant Errors]:
(a) false finding: 7. Not counted.

[Matched Findings]:
3. No pneumothorax; clear lungs; normal heart
"""


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        pytest.param(LISTED.replace(" (d)", "\n(d)"), Counts((0, 2, 0, 0, 1, 0), 3), id="in full"),
        pytest.param(
            "[Clinically Significant Errors]:\nNo significant errors.\n\n[Matched Findings]:\n2. a; b",
            Counts((0,) * 6, 2),
            id="none in words",
        ),
        pytest.param(
            "**[Clinically Significant Errors]**:\n(2) omission: 1. x\n\n**[Matched Findings]**: 4. a",
            Counts((0, 1, 0, 0, 0, 0), 4),
            id="numbered and bold",
        ),
        pytest.param(
            "[Clinically Significant Errors]:\n(b) x: 1. y\n[Matched Findings]:\nNone.",
            Counts((0, 1, 0, 0, 0, 0), 0),
            id="nothing matched",
        ),
        pytest.param(
            "[Clinically Significant Errors]:\n(c) rib 4 for rib 5: 1. y\n[Matched Findings]:\n1. z",
            Counts((0, 0, 1, 0, 0, 0), 1),
            id="a number in the words of the kind",
        ),
    ],
)
def test_replies(reply: str, expected: Counts) -> None:
    assert read_reply(reply) == expected


@pytest.mark.parametrize(
    ("reply", "lacks"),
    [
        ("", "section Clinically Significant Errors is missing"),
        ("The candidate is fine.", "section Clinically Significant Errors is missing"),
        ("[Clinically Significant Errors]:\n(a) x: 0.", "section Matched Findings is missing"),
        (
            "[Clinically Significant Errors]:\n(a) x: many.\n\n[Matched Findings]:\n1. y",
            "a kind of error has no number",
        ),
        (
            "[Clinically Significant Errors]:\n(a) x: 1.\n(a) y: 1.\n\n[Matched Findings]:\n1. y",
            "a kind of error stands there twice",
        ),
        (
            "[Clinically Significant Errors]:\n\n[Matched Findings]:\n1. y",
            "section Clinically Significant Errors holds no counts",
        ),
        (
            "[Clinically Significant Errors]:\n(a) x: 0.\n\n[Matched Findings]:\nclear lungs",
            "section Matched Findings does not begin with its count",
        ),
    ],
)
def test_unread_replies_are_no_zero(reply: str, lacks: str) -> None:
    with pytest.raises(Unread, match=f"^{lacks}$"):
        read_reply(reply)


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        (Counts((0,) * 6, 4), 1),
        (Counts((1, 0, 0, 0, 0, 0), 3), 0.75),
        (Counts((1, 1, 0, 0, 0, 2), 0), 0),
        (Counts((0,) * 6, 0), 0),
    ],
)
def test_score(counts: Counts, expected: float) -> None:
    assert green(counts) == expected


def test_the_prompt_holds_both_reports_and_every_kind() -> None:
    words = prompt("Clear lungs. ", "Effusion.")
    assert "Reference report:\nEffusion.\n\nCandidate report:\nClear lungs.\n" in words
    assert all(kind in words for kind in KINDS)
    # Its own layout, filled in, is one that can be read.
    filled = words.replace("<count>", "1").partition("[Explanation]")[2]
    assert read_reply(f"[Explanation]{filled}") == Counts((1,) * 6, 1)


def judged(bench: Any, unread: int, of: int) -> Any:
    ours = [f"ours {number}" for number in range(of)]
    theirs = [f"theirs {number}" for number in range(of)]
    rows = [
        bench.judged(mine, yours, failed="no number")
        if number < unread
        else bench.judged(mine, yours, errors=(1, 0, 0, 0, 0, 0), matched=1)
        for number, (mine, yours) in enumerate(zip(ours, theirs, strict=True))
    ]
    bench.write("judgements", rows, model="judge-7b")
    (result,) = score(ours, theirs, ours, bench.folder, ["green"])
    return result


def test_unread_replies_are_counted_and_left_out(bench: Any) -> None:
    result = judged(bench, 1, 20)
    assert (result.value, result.n, len(result.per_report)) == (0.5, 19, 19)
    assert result.clusters[0] == "ours 1"
    assert result.notes == ("1 of 20 replies of the judge could not be read and are left out",)


def test_too_many_unread_replies_are_no_score(bench: Any) -> None:
    assert judged(bench, 2, 20) == NotComputed(
        "green",
        "2 of 20 replies of the judge could not be read",
        "ask a judge that keeps to the layout, or raise its token limit",
    )


def test_a_blank_candidate_is_not_judged_and_matches_nothing(bench: Any) -> None:
    bench.write("judgements", [bench.judged("ours", "theirs", errors=(0,) * 6, matched=2)])
    (result,) = score(["", "ours"], ["theirs", "theirs"], ["p", "q"], bench.folder, ["green"])
    assert result.per_report == (0, 1)
