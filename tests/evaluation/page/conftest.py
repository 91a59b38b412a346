"""Scores and rows as an evaluation leaves them, made by the code that makes them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest

from medgpt_cli.core.types import Reply, Request, Sample
from medgpt_cli.evaluation.exposure import exposure_of
from medgpt_cli.evaluation.items import Item, Kind, Rules, items_from
from medgpt_cli.evaluation.majority import Majority
from medgpt_cli.evaluation.outcomes import Outcome, SampleLog
from medgpt_cli.evaluation.runner import run_task
from medgpt_cli.evaluation.scores import TaskScore
from medgpt_cli.evaluation.statistics.probes import BLANKED, effect
from medgpt_cli.evaluation.summary import summarise
from medgpt_cli.evaluation.tasks.task import Task

OPTIONS = (("A", "left"), ("B", "right"))


class Made(NamedTuple):
    """What a page is made of."""

    scores: list[TaskScore]
    rows: list[Outcome]


@pytest.fixture
def made(sample: Callable[..., Sample], tmp_path: Path) -> Made:
    """A choice of 40 questions, ten of them met in training, with likelihoods and its blank probe; two reports."""
    scores: list[TaskScore] = []
    rows: list[Outcome] = []

    def add(task: Task, reply: Callable[[Item], Reply], seen: Sequence[str], **words: Any) -> None:
        def answer(requests: Sequence[Request], on_reply: Callable[[int, Reply], None]) -> None:
            for number, item in enumerate(task.items[: len(requests)]):
                on_reply(number, reply(item))

        log = SampleLog(tmp_path / f"{task.name}.jsonl")
        outcomes = [
            msgspec.structs.replace(row, seen=reason)
            for row, reason in zip(run_task(task, answer, log, keep_text=True), seen, strict=True)
        ]
        scores.append(
            summarise(
                task, outcomes, Majority(task.items, "itself"), exposure=exposure_of(seen, ""), **words
            )
        )
        rows.extend(outcomes)

    choices, _ = items_from(
        sample(
            n,
            f"Which side, {n}?",
            "AB"[n % 2],
            options=OPTIONS,
            images=(f"{n}.png",),
            facets=(("sex", "F" if n < 36 else "M"), ("site", "north" if n < 20 else "south")),
        )
        for n in range(40)
    )
    task = Task("sides", "ab" * 32, choices, kind=Kind.CHOICE, measures=("exact", "accuracy_likelihood"))
    seen = ["key" if n < 10 else "" for n in range(40)]
    add(
        task,
        lambda item: Reply("B", likelihoods=(-2.0, -0.5), finished=item.place.line != 39),
        seen,
        distribution="in",
    )
    probe = msgspec.structs.replace  # a probe is a task of its own, told by its effect
    blank = Task("sides+blank", "ab" * 32, choices, kind=Kind.CHOICE, measures=("exact",))
    add(blank, lambda item: Reply("A"), seen, distribution="in")
    values = [
        [row.measures["exact"] for row in rows if row.task == name] for name in ("sides", "sides+blank")
    ]
    found = effect(BLANKED, *values, [row.cluster for row in rows[:40]])
    scores[-1] = probe(scores[-1], effect=found)

    reports, _ = items_from(
        (sample(n, "Findings.", "no effusion seen") for n in range(2)), Rules(Kind.REPORT)
    )
    findings = Task("findings", "cd" * 32, reports, kind=Kind.REPORT, measures=("rouge_l",))
    said = ("no effusion seen", "clear lungs")
    missing = {"green": "no judge; medgpt eval extract --metric green"}
    add(findings, lambda item: Reply(said[item.place.line]), ("", ""), missing=missing)
    return Made(scores, rows)
