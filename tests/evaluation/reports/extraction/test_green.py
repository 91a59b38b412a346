"""A judge that is a function: what it is asked, and what is kept of what it says."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from medgpt_cli.core.types import Reply, Request
from medgpt_cli.evaluation.reports.extraction import green
from medgpt_cli.evaluation.reports.keys import report_key

GOOD = "[Clinically Significant Errors]:\n(a) x: 1. y\n\n[Matched Findings]:\n2. z"


def rows(pairs: list[tuple[str, str]], say: Callable[[str], Reply | None]) -> list[green.JudgementRow]:
    def answer(requests: Sequence[Request], on_reply: Callable[[int, Reply], None]) -> None:
        for number in reversed(range(len(requests))):  # in any order
            reply = say(requests[number].turns[0].text)
            if reply is not None:
                on_reply(number, reply)

    return list(green.rows(pairs, answer))


def test_counts_are_kept_under_both_hashes() -> None:
    pairs = [(f"ours {number}", "theirs") for number in range(green.AT_ONCE + 3)]
    found = rows([*pairs, ("", "theirs")], lambda text: Reply(GOOD))
    assert [row.candidate for row in found] == [report_key(ours) for ours, _ in pairs]
    assert {(row.errors, row.matched, row.failed) for row in found} == {((1, 0, 0, 0, 0, 0), 2, "")}


def test_failures_are_kept_with_their_names_and_no_counts() -> None:
    says = {
        "cut": Reply(GOOD, finished=False),
        "late": Reply("", error="ENDPOINT_TIMEOUT"),
        "odd": Reply("Looks fine."),
        "gone": None,
    }
    found = rows(
        [(name, "theirs") for name in says],
        lambda text: next(
            reply for name, reply in says.items() if f"Candidate report:\n{name}\n" in text
        ),
    )
    assert [row.failed for row in found] == [
        "TRUNCATED",
        "ENDPOINT_TIMEOUT",
        "section Clinically Significant Errors is missing",
        "NO_ANSWER",
    ]
    assert all(row.errors == () and row.matched == 0 for row in found)
