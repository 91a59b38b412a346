"""Puts pairs of reports to a judge behind an endpoint, and keeps its counts.

The judge's words are read and forgotten.  A pair without an answer, or with one that cannot be read, is kept with the
reason, so that it is counted and can be asked again.  This module knows nothing of sockets; it is handed an
`AnswerMany`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from medgpt_cli.core.types import AnswerMany, Reply, Request, Role, Turn
from medgpt_cli.evaluation.reports.green import PROMPT, Unread, prompt, read_reply
from medgpt_cli.evaluation.reports.keys import report_key
from medgpt_cli.evaluation.reports.rows import Header, JudgementRow

AT_ONCE = 64
"""Pairs handed over at a time; those that were answered are kept when the endpoint goes away."""
MAX_NEW_TOKENS = 2048


def header(judge: str) -> Header:
    """The header of a judge's file."""
    return Header(
        kind=JudgementRow.kind,
        extractor="medgpt green v1",
        model=judge,
        settings={"prompt": PROMPT, "max_new_tokens": MAX_NEW_TOKENS},
    )


def rows(pairs: Sequence[tuple[str, str]], answer: AnswerMany) -> Iterator[JudgementRow]:
    """One row for each pair whose candidate says something.

    Args:
        pairs: (candidate, reference).
        answer: The judge.
    """
    asked = [pair for pair in pairs if pair[0].strip()]
    for start in range(0, len(asked), AT_ONCE):
        chunk = asked[start : start + AT_ONCE]
        replies: dict[int, Reply] = {}
        answer([_request(*pair) for pair in chunk], replies.__setitem__)
        for number, pair in enumerate(chunk):
            yield _row(*pair, replies.get(number, Reply("", error="NO_ANSWER")))


def _request(candidate: str, reference: str) -> Request:
    turn = Turn(Role.USER, (prompt(candidate, reference),))
    return Request(turns=(turn,), max_new_tokens=MAX_NEW_TOKENS)


def _row(candidate: str, reference: str, reply: Reply) -> JudgementRow:
    errors: tuple[int, ...] = ()
    matched, failed = 0, reply.error or ("" if reply.finished else "TRUNCATED")
    if not failed:
        try:
            errors, matched = read_reply(reply.text)
        except Unread as unread:
            failed = str(unread)
    return JudgementRow(
        candidate=report_key(candidate),
        reference=report_key(reference),
        errors=errors,
        matched=matched,
        failed=failed,
    )
