"""Holds the questions of tasks against what the model was trained on: which it has met, and which sources it knows.

The comparison is that of `medgpt data leakage`.  What cannot be compared is unknown, never 0.  A comparison of the
same bytes is made once on a machine: its result, which names no record, is kept in the cache folder.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from medgpt_cli.core import console, files
from medgpt_cli.core.cache import cache_dir
from medgpt_cli.core.errors import MedGPTError
from medgpt_cli.core.types import Sample
from medgpt_cli.core.wording import counted
from medgpt_cli.data.leakage.against import Against
from medgpt_cli.data.leakage.matches import Reason
from medgpt_cli.data.leakage.roles import evaluation_samples
from medgpt_cli.data.prepared.opening import PreparedSet, is_prepared
from medgpt_cli.evaluation.exposure import UNKNOWN, distribution_of, exposure_of
from medgpt_cli.evaluation.items import NO_SOURCE
from medgpt_cli.evaluation.scores import Distribution, Exposure
from medgpt_cli.evaluation.tasks.task import Task
from medgpt_cli.workflows.eval_training import History, TrainedOn

VERSION = 1
"""Of the comparison; raised when the same bytes would be judged otherwise."""
NOT_ASKED = "the comparison was left out"


@dataclass(frozen=True)
class Exposed:
    """What was found of one task.

    Attributes:
        seen: For each item in order: empty, the surest reason, or `unknown`.
        exposure: The counts.
        distribution: Whether the task is in distribution.
    """

    seen: tuple[str, ...]
    exposure: Exposure
    distribution: Distribution

    def of(self, probe: Task, plain: Task) -> Exposed:
        """What that says of a probe, whose questions are some of the plain task's."""
        by_id = {item.id: reason for item, reason in zip(plain.items, self.seen, strict=True)}
        seen = tuple(by_id[item.id] for item in probe.items)
        return Exposed(
            seen, exposure_of(seen, self.exposure.why, self.exposure.start), self.distribution
        )


@dataclass(frozen=True)
class _Found:
    """What the files at hand tell: the reason of each item, the sources of all records, what could not be read."""

    reasons: dict[int, str]
    sources: list[str]
    unread: list[str]


def exposed(tasks: Sequence[Task], trained: History | None) -> list[Exposed]:
    """Compares the items of tasks with the records a model was trained on, which are read once for all tasks.

    Args:
        tasks: With the records their items were made of.
        trained: What the model was trained on; None where that shall not be compared.
    """
    if trained is None:
        return [_told(task, _Found({}, [], []), [NOT_ASKED], "") for task in tasks]
    known = [
        _recall(_key(task, trained.files)) if trained.files else _Found({}, [], []) for task in tasks
    ]
    new = [number for number, found in enumerate(known) if found is None]
    if new:
        for number, found in zip(new, _compare([tasks[n] for n in new], trained.files), strict=True):
            known[number] = found
            _remember(_key(tasks[number], trained.files), found)
    return [
        _told(task, found, [*trained.missing, *found.unread], trained.start)
        for task, found in zip(tasks, known, strict=True)
        if found is not None
    ]


def _told(task: Task, found: _Found, missing: Sequence[str], start: str) -> Exposed:
    why = "; ".join(missing[:3]) + (f"; and {len(missing) - 3} more" if len(missing) > 3 else "")
    rest = UNKNOWN if why else ""
    seen = tuple(found.reasons.get(number, rest) for number in range(len(task.items)))
    own = task.sources or tuple({item.group for item in task.items} - {NO_SOURCE})
    named = not missing and "" not in found.sources
    distribution = distribution_of(own, found.sources, known=named)
    return Exposed(seen, exposure_of(seen, why, start), distribution)


def _compare(tasks: Sequence[Task], trained: Sequence[TrainedOn]) -> list[_Found]:
    owners = [(each, number) for each, task in enumerate(tasks) for number in range(len(task.items))]
    records = [
        item.record or Sample(item.place, item.turns, images=item.images)
        for task in tasks
        for item in task.items
    ]
    console.say(f"comparing {counted(len(records), 'question')} with what the model was trained on …")
    reasons: list[dict[int, Reason]] = [{} for _ in tasks]
    sources: dict[str, None] = {}
    unread: list[str] = []
    order = list(Reason)
    try:
        held = Against.build(records)
        for each in trained:
            held.learn(each.samples())
        for each in trained:
            sources |= dict.fromkeys(_adapters(each.path))
            for sample in _kept(each):
                sources[sample.source] = None
                for match in held.matches(sample, listed=None):
                    task, item = owners[match.item]
                    before = reasons[task].get(item, match.reason)
                    reasons[task][item] = min(before, match.reason, key=order.index)
    except MedGPTError as error:
        unread.append(f"training data cannot be read ({error.code})")
    else:
        if held.unread:
            unread.append(f"pictures of the questions that cannot be opened: {len(held.unread):,}")
        if held.passed_over:
            unread.append(f"pictures of the training data that cannot be opened: {held.passed_over:,}")
    return [
        _Found({item: why.name.lower() for item, why in met.items()}, list(sources), unread)
        for met in reasons
    ]


def _adapters(path: Path) -> list[str]:
    """The names under which a prepared set knows what it was made of."""
    if not is_prepared(path):
        return []
    return [str(source["adapter"]) for source in PreparedSet.open(path).manifest.get("sources", ())]


def _kept(trained: TrainedOn) -> Iterator[Sample]:
    """The records that were trained on, without those that the run left out for meeting evaluation sets."""
    if not trained.against:
        yield from trained.samples()
        return
    held = Against.build(sample for path, _ in trained.against for sample in evaluation_samples(path))
    held.learn(trained.samples())
    for sample in trained.samples():
        if not held.matches(sample):
            yield sample


def _key(task: Task, trained: Sequence[TrainedOn]) -> str:
    ids = [item.id for item in task.items]
    learnt = [[each.sha256, [sha256 for _, sha256 in each.against]] for each in trained]
    said = [VERSION, task.data_hash, ids, learnt]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()


def _recall(key: str) -> _Found | None:
    try:
        kept = json.loads((cache_dir() / "overlap" / f"{key}.json").read_text())
        return _Found({int(n): why for n, why in kept["reasons"].items()}, kept["sources"], [])
    except (OSError, ValueError, KeyError, AttributeError, MedGPTError):
        return None


def _remember(key: str, found: _Found) -> None:
    """Keeps a whole comparison; one in which something could not be read is made again."""
    if found.unread:
        return
    try:
        folder = files.make_folder(cache_dir() / "overlap")
        files.write_json(folder / f"{key}.json", {"reasons": found.reasons, "sources": found.sources})
    except (OSError, MedGPTError):  # it is made again next time
        return
