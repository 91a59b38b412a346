"""Was the model trained on what it is asked: per item, counted, and for the task as a whole.

`seen` of an item is empty for not met, the surest reason why a training record meets it, or `unknown`.  What nobody
could compare is unknown, never 0.  A task is *in distribution* for a model whose recorded training data holds records
of the task's own training split or source.  This module knows nothing of files; it is told what was found.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from medgpt_cli.evaluation.scores import Distribution, Exposure

UNKNOWN = "unknown"
"""What `seen` says of an item that could not be compared with all recorded training data, and was not met."""


def exposure_of(seen: Sequence[str], why: str, start: str = "") -> Exposure:
    """The counts of a task.

    Args:
        seen: What was found of each item.
        why: What is missing to know everything; empty where nothing is.
        start: What the first recorded run started from, where its training data is recorded nowhere.
    """
    met = Counter(reason for reason in seen if reason not in ("", UNKNOWN))
    return Exposure(
        known=not why,
        seen=None if why and not met else met.total(),
        reasons=dict(met.most_common()),
        why=why,
        start=start,
    )


def distribution_of(task: Iterable[str], trained: Iterable[str], *, known: bool) -> Distribution:
    """Whether a task is in distribution.

    Args:
        task: Sources whose training splits would make it so.
        trained: Sources of the recorded training records.
        known: Whether these are all of them, each by its name.
    """
    own, learnt = {name.lower() for name in task if name}, {name.lower() for name in trained if name}
    if own & learnt:
        return "in"
    return "out" if known and own else "unknown"


def told(exposure: Exposure, n: int) -> str:
    """The counts in words, for a line under a score.

    Args:
        exposure: Of the task.
        n: Its items.
    """
    reasons = ", ".join(f"{reason} {count:,}" for reason, count in exposure.reasons.items())
    start = f"; what {exposure.start} was trained on is not recorded" if exposure.start else ""
    if exposure.known:
        return (
            f"{exposure.seen:,} of {n:,} met in recorded training data"
            + (f" ({reasons})" if reasons else "")
            + start
        )
    if exposure.seen:
        return f"at least {exposure.seen:,} of {n:,} met in training data ({reasons}); {exposure.why}"
    return f"overlap with training data unknown: {exposure.why}"
