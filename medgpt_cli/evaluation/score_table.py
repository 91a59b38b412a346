"""Scores as a person reads them: a table for each task with what its numbers rest on, and one line for each score.

This module counts nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group
from rich.table import Table
from rich.text import Text

from medgpt_cli.core.wording import counted
from medgpt_cli.evaluation import exposure
from medgpt_cli.evaluation.hashes import Hashes
from medgpt_cli.evaluation.scores import MeasureScore, Score, TaskScore
from medgpt_cli.evaluation.statistics.tables import ScoreRow, between, number

HEADINGS = ("accuracy", "95 %", "k/N", "majority", "of parsed", "parsed", "cut", "errors")
MEASURES = ("measure", "value", "95 %", "N")
ROOMY = 110
"""Columns from which the table is set with air between its columns."""

IN_WORDS = {
    "in": "in distribution: it was trained on this set's own training split or source",
    "out": "out of distribution: nothing of this set's sources stood in its recorded training data",
    "unknown": "in or out of distribution: unknown",
}


def as_table(scores: Sequence[TaskScore], width: int) -> Group:
    """What a person reads in the terminal: for each task its protocol, its tables, and what they rest on.

    Args:
        scores: One for each task.
        width: Columns of the terminal; in a narrow one the groups' names fold and the numbers stay whole.
    """
    gap = 3 if width >= ROOMY else 1
    parts: list[Text | Table] = []
    for score in scores:
        parts += [Text("")] if parts else []
        parts.append(Text(score.protocol, style="bold"))
        if score.overall.accuracy is not None:
            parts.append(_shares(score, gap))
        parts.append(Text(note(score), style="dim"))
        if others := _others(score):
            measured = _table(*MEASURES[:1], MEASURES[1:], gap)
            for each in others:
                row_of = (each.name, number(each.value), between(each.low, each.high), str(each.n))
                measured.add_row(*row_of, style="bold" if each.name == score.headline else None)
            parts.append(measured)
        if score.effect is None and score.not_computed:
            parts.append(Text(f"not computed: {', '.join(score.not_computed)}", style="dim"))
        below = lines_below(score) if score.effect is None else [score.effect.sentence]
        parts += [Text(line, style="dim") for line in below]
    reasons = _reasons(scores)
    heading = [Text(""), Text("why measures were not computed", style="bold")] if reasons else []
    return Group(*parts, *heading, *(Text(line, style="dim") for line in reasons))


def _shares(score: TaskScore, gap: int) -> Table:
    """All questions, those not met in training, each source; of a probe all questions alone."""
    shares = _table("", HEADINGS, gap)
    clean = [score.clean] if score.clean and score.exposure.seen else []
    parts = (*clean, *score.groups) if score.effect is None else ()
    for row in (score.overall, *parts):
        shares.add_row(*_cells(row), style="bold" if row is score.overall else None)
    return shares


def _reasons(scores: Sequence[TaskScore]) -> list[str]:
    """Why measures were not computed, each reason once for all that lack for it."""
    together: dict[str, dict[str, None]] = {}
    for score in scores:
        for name, why in score.not_computed.items():
            together.setdefault(why, {})[name] = None
    return [f"{', '.join(names)}: {why}" for why, names in together.items()]


def _table(first: str, headings: Sequence[str], gap: int) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, gap, 0, 0), header_style="bold")
    table.add_column(first, overflow="fold")
    for heading in headings:
        table.add_column(heading, justify="right", no_wrap=True)
    return table


def _others(score: TaskScore) -> list[MeasureScore]:
    """The measures that the first table does not tell already."""
    told = score.overall.accuracy
    return [each for each in score.measures if each.name != "exact" or each.value != told]


def _cells(score: Score) -> list[str]:
    return [
        score.group,
        number(score.accuracy),
        between(score.low, score.high),
        str(score.n) if score.k is None else f"{score.k}/{score.n}",
        number(score.majority),
        number(score.accuracy_parsed),
        f"{score.parse_rate:.1%}",
        f"{score.truncation_rate:.1%}",
        f"{score.error_rate:.1%}",
    ]


def note(score: TaskScore) -> str:
    """What the numbers rest on, in one line."""
    overall = score.overall
    drawn = "; intervals over cases" if overall.interval == "cluster bootstrap" else ""
    told = f"{counted(overall.n, 'question')} on {counted(overall.clusters, 'case')}{drawn}"
    if overall.accuracy is None:
        written = overall.n - overall.truncated - overall.errors
        return (
            f"{told}; {written} written to their end, {overall.truncated} cut, {overall.errors} failed"
        )
    return f"{told}; majority answer fitted on {score.majority_from}"


def lines_below(score: TaskScore) -> list[str]:
    """What must be known beside the score: overlap with training data, distribution, calibration."""
    lines = [exposure.told(score.exposure, score.overall.n), IN_WORDS[score.distribution]]
    if found := score.calibration:
        lines.append(
            f"by likelihood: {found.accuracy:.3f} right, {found.confidence:.3f} sure, "
            f"calibration error {found.ece:.3f} (ECE, {counted(found.n, 'question')})"
        )
    if score.effect:
        lines.append(score.effect.sentence)
    return lines


def score_line(score: TaskScore, hashes: Hashes) -> str:
    """A score with everything without which it cannot be compared, in one line.

    Args:
        score: Of a task.
        hashes: By what the answers are known.
    """
    head = next((each for each in score.measures if each.name == score.headline), None)
    value = (
        "not computed"
        if head is None
        else f"{number(head.value)} ({between(head.low, head.high)}, {head.interval})"
    )
    version = "" if head is None else f" v{head.version}"
    overall = score.overall
    right = "" if overall.k is None else f", right {overall.k} ({number(overall.accuracy)} of all)"
    parts = [
        f"{score.headline}{version} {value}",
        f"N {overall.n}, parsed {overall.parsed}{right}",
        score.protocol,
        *hashes.parts,
        f"data {score.data_hash[:12]}",
        exposure.told(score.exposure, overall.n),
        f"distribution {score.distribution}",
    ]
    if clean := unseen(score):
        told = f"{number(clean.accuracy)} ({between(clean.low, clean.high)}), N {clean.n}"
        parts.insert(-1, f"{clean.group} {told}")
    return " | ".join(parts)


def unseen(score: TaskScore) -> Score | None:
    """The headline over questions that were not met in training; None where none was met, or it is no such share."""
    head = next((each for each in score.measures if each.name == score.headline), None)
    clean = score.clean
    if clean is None or head is None or not score.exposure.seen or score.effect:
        return None
    return clean if clean.accuracy is not None and head.value == score.overall.accuracy else None


def rows_of(scores: Sequence[TaskScore]) -> list[ScoreRow]:
    """One row for each measure of each task, as tables for papers take them; what was not computed stands there too."""
    rows = []
    for score in scores:
        for each in score.measures:
            rows.append(
                ScoreRow(
                    task=score.task,
                    measure=each.name,
                    value=each.value,
                    low=each.low,
                    high=each.high,
                    n=each.n,
                    k=score.overall.k if each.name == "exact" else None,
                    protocol=score.protocol,
                    note=_beside(score) if each.name == score.headline else "",
                )
            )
        if clean := unseen(score):
            rows.append(
                ScoreRow(
                    f"{score.task}, {clean.group}",
                    score.headline,
                    clean.accuracy,
                    clean.low,
                    clean.high,
                    clean.n,
                    clean.k,
                )
            )
        if score.effect is None:
            rows += [
                ScoreRow(
                    score.task,
                    name,
                    None,
                    None,
                    None,
                    0,
                    protocol=score.protocol,
                    note=f"not computed: {why}",
                )
                for name, why in score.not_computed.items()
            ]
    return rows


def _beside(score: TaskScore) -> str:
    """What must stand beside a headline: what a probe did; else what could be read, the overlap, the distribution."""
    if score.effect:
        return score.effect.sentence
    overall = score.overall
    read = f"{overall.parsed:,} of {overall.n:,} parsed"
    return f"{read}; {exposure.told(score.exposure, overall.n)}; {IN_WORDS[score.distribution]}"
