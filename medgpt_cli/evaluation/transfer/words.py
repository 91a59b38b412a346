"""What a comparison of towers came to, in sentences: ahead, behind, or not shown to be either.

The verdicts are those of `paired`, by adjusted p-values alone; nothing is judged anew here.  This module knows nothing
of how scores were made.
"""

from __future__ import annotations

from collections.abc import Sequence

from medgpt_cli.core.wording import counted
from medgpt_cli.evaluation.statistics.paired import Comparison, Verdict
from medgpt_cli.evaluation.statistics.tables import between
from medgpt_cli.evaluation.transfer.means import MEAN, Compared

STANDS: dict[Verdict, str] = {
    "better": "is ahead of",
    "worse": "is behind",
    "undecided": "is not shown to be ahead of",
}
BY = {"probe": "by a linear probe", "finetune": "by full fine-tuning"}
ON: dict[Verdict, str] = {"better": "ahead on", "worse": "behind on", "undecided": "undecided on"}


def sentences(comparisons: Sequence[Compared]) -> list[str]:
    """One sentence for each tower that the first was compared with, in each mode.

    Args:
        comparisons: As `means.adjusted` gives them.
    """
    pairs = dict.fromkeys((each.mode, each.first) for each in comparisons)
    return [
        _sentence([each for each in comparisons if (each.mode, each.first) == pair]) for pair in pairs
    ]


def _sentence(found: Sequence[Compared]) -> str:
    sets = [each for each in found if each.set != MEAN]
    whole = next((each for each in found if each.set == MEAN), found[0])
    over = f"the mean over {counted(len(sets), 'set')}" if len(sets) > 1 else whole.set
    told = (
        f"{whole.second} {STANDS[whole.result.verdict]} {whole.first} {BY[whole.mode]}: "
        f"macro-F1 {_difference(whole.result)} in {over}"
    )
    if len(sets) > 1:
        told += "".join(f"; {each}" for each in _apart(sets))
    if whole.result.verdict == "undecided" and whole.result.visible is not None:
        told += f"; a difference of {whole.result.visible:.3f} would have shown four times in five"
    return f"{told}."


def _difference(result: Comparison) -> str:
    bounds = f"95 % {between(result.low, result.high)}" if result.low is not None else "no interval"
    return f"{result.difference:+.3f} ({bounds}, p {result.adjusted:.4f})"


def _apart(sets: Sequence[Compared]) -> list[str]:
    by_verdict: dict[Verdict, list[str]] = {}
    for each in sets:
        by_verdict.setdefault(each.result.verdict, []).append(each.set)
    return [f"{ON[word]} {', '.join(by_verdict[word])}" for word in ON if word in by_verdict]
