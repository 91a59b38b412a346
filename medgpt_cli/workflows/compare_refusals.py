"""What is said of evaluations that must not be compared, or only with a warning.

This module knows nothing of differences or tables.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from medgpt_cli.core.errors import InputError, UsageError
from medgpt_cli.core.wording import counted
from medgpt_cli.workflows import compare_pairs, compare_probes
from medgpt_cli.workflows.compare_pairs import Pairs
from medgpt_cli.workflows.eval_runs import EvalRun

PROTOCOL = "protocol"
WAIVERS = (PROTOCOL,)


def refuse_words(paths: Sequence[Path], published: str | None, allow: Sequence[str]) -> None:
    """Refuses command lines that name too few runs, one twice, or an unknown waiver.

    Raises:
        UsageError: With the first of these.
    """
    if unknown := [word for word in allow if word not in WAIVERS]:
        raise UsageError(
            f"nothing is called {unknown[0]!r} that could be waived", repair="--allow protocol is all"
        )
    if len({path.resolve() for path in paths}) < len(paths):
        raise UsageError("a run is named twice", repair="name each run folder once")
    if len(paths) < 2 and published is None:
        raise UsageError(
            "one run alone has nothing to be compared with",
            repair="name a second run folder, or a set with --published",
        )


def refuse_incomparable(runs: Sequence[EvalRun], measures: dict[str, str], waived: bool) -> list[str]:
    """What a waiver lets pass, in words.

    Args:
        runs: All of them.
        measures: By task, what is compared.
        waived: Whether other protocols may stand side by side.

    Raises:
        InputError: With everything that is not waived.
    """
    first, others = runs[0], runs[1:]
    items = [
        fault
        for task in measures
        for run in others
        for fault in compare_pairs.other_items(first, run, task)
    ]
    protocols = [
        fault
        for task, measure in measures.items()
        for run in others
        for fault in compare_pairs.other_protocol(first, run, task, measure)
    ]
    if items or (protocols and not waived):
        repair = "evaluate all runs on the same items"
        if not items:
            repair = "evaluate all runs in one way, or compare them nevertheless with --allow protocol"
        raise InputError("these runs cannot be compared", repair=repair, complaints=[*protocols, *items])
    return [f"protocols differ, {fault.where}, {fault.what}" for fault in protocols]


def unmeasured(runs: Sequence[EvalRun], measures: dict[str, str]) -> InputError:
    """The error where no task has what is to be compared."""
    known = [{m.name for m in run.scores[task].measures} for run in runs for task in measures]
    return InputError(
        f"no item was measured by {', '.join(sorted(set(measures.values())))} in all runs",
        repair=f"measured in all: {', '.join(sorted(set.intersection(*known))) or 'nothing'}",
    )


def warnings(
    runs: Sequence[EvalRun], tasks: Sequence[str], measures: dict[str, str], pairs: Sequence[Pairs]
) -> list[str]:
    """What must be known beside the table.

    Args:
        runs: All of them.
        tasks: Those that all runs have.
        measures: By task, what is compared.
        pairs: What could be compared.
    """
    found = []
    for place, run in enumerate(runs):
        twins = [other.name for other in runs[:place] if other.hashes.identity == run.hashes.identity]
        if twins:
            found.append(f"{twins[0]} and {run.name} are the same {run.hashes.identity[0]}")
    for run in runs:
        plain = [task for task in run.scores if not compare_probes.is_probe(run, task)]
        if left := [task for task in plain if any(task not in each.scores for each in runs)]:
            found.append(f"only some runs have {', '.join(left)}, so {run.name}'s is left out")
    compared = {each.task for each in pairs}
    found += [
        f"{task} was not measured by {measures[task]} in all runs"
        for task in tasks
        if task not in compared
    ]
    found += [
        f"{each.task}: {len(each.items):,} of {counted(each.asked, 'item')} measured by {each.measure} in all runs"
        for each in pairs
        if len(each.items) < each.asked
    ]
    return found
