import io
import json
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from rich.console import Console

from medgpt_cli.core.types import Sample
from medgpt_cli.evaluation.items import items_from
from medgpt_cli.evaluation.majority import Majority
from medgpt_cli.evaluation.outcomes import SampleLog
from medgpt_cli.evaluation.runner import run_task
from medgpt_cli.evaluation.summary import TaskScore, as_document, as_table, summarise
from medgpt_cli.evaluation.tasks.task import Task, task_names

HASH = "0123456789abcdef" * 4


@pytest.fixture
def score(sample: Callable[..., Sample], Scripted: Any, tmp_path: Any) -> TaskScore:
    """Eight questions of two groups on five images: five right, one wrong, one unread, one failed."""
    said = ["axial.", "axial", "AXIAL", "sagittal", "", "left", "Right", None]
    golds = ["axial", "axial", "axial", "axial", "coronal", "left", "right", "right"]
    items, _ = items_from(
        sample(n, f"{n}", gold, source="plane" if n < 5 else "side", images=(f"{n % 5}.png",))
        for n, gold in enumerate(golds)
    )

    def say(question: str) -> str:
        answer = said[int(question)]
        if answer is None:
            raise RuntimeError
        return answer

    outcomes = run_task(Task("my", HASH, items), Scripted(say), SampleLog(tmp_path / "samples.jsonl"))
    return summarise(Task("my", HASH, items), outcomes, Majority(items, "train.jsonl"))


def test_counts(score: TaskScore) -> None:
    overall = score.overall
    assert (overall.n, overall.k, overall.accuracy) == (8, 5, 5 / 8)
    assert (overall.parsed, overall.parse_rate, overall.accuracy_parsed) == (6, 6 / 8, 5 / 6)
    assert (overall.errors, overall.error_rate) == (1, 1 / 8)
    assert (overall.truncated, overall.truncation_rate) == (0, 0.0)
    assert (overall.majority_k, overall.majority) == (6, 6 / 8)
    assert (overall.clusters, overall.mean_tokens) == (5, 21 / 8)
    assert (overall.low, overall.high) == pytest.approx((0.30574, 0.86316), abs=1e-5)
    assert [(group.group, group.k, group.n) for group in score.groups] == [
        ("plane", 3, 5),
        ("side", 2, 3),
    ]


def test_what_a_person_reads(score: TaskScore) -> None:
    stream = io.StringIO()
    Console(file=stream, width=200).print(as_table([score], 200))
    assert [line.rstrip() for line in stream.getvalue().splitlines()] == [
        "my#0123456789ab / as-written / shots 0 / greedy / em_v1",
        "        accuracy          95 %   k/N   majority   of parsed   parsed    cut   errors",
        "all        0.625   0.306–0.863   5/8      0.750       0.833    75.0%   0.0%    12.5%",
        "plane      0.600   0.231–0.882   3/5      0.800       0.750    80.0%   0.0%     0.0%",
        "side       0.667   0.208–0.939   2/3      0.667       1.000    66.7%   0.0%    33.3%",
        "8 questions on 5 cases; majority answer fitted on train.jsonl",
    ]


def test_in_a_narrow_terminal_names_fold_and_numbers_stay_whole(score: TaskScore) -> None:
    stream = io.StringIO()
    long = msgspec.structs.replace(score.groups[0], group="mni152/plane-check", n=1061, k=733)
    Console(file=stream, width=80).print(as_table([msgspec.structs.replace(score, groups=(long,))], 80))
    assert [line.rstrip() for line in stream.getvalue().splitlines()[1:]] == [
        "             accuracy        95 %      k/N majority of parsed parsed  cut errors",
        "all             0.625 0.306–0.863      5/8    0.750     0.833  75.0% 0.0%  12.5%",
        "mni152/plane    0.600 0.231–0.882 733/1061    0.800     0.750  80.0% 0.0%   0.0%",
        "-check",
        "8 questions on 5 cases; majority answer fitted on train.jsonl",
    ]


def test_the_document_is_plain_json_and_holds_everything(score: TaskScore) -> None:
    document = json.loads(json.dumps(as_document([score], "tiny", HASH)))
    assert (document["model"], document["model_hash"]) == ("tiny", HASH)
    [task] = document["tasks"]
    assert task["protocol"] == "my#0123456789ab / as-written / shots 0 / greedy / em_v1"
    assert task["overall"]["k"] == 5
    assert [group["group"] for group in task["groups"]] == ["plane", "side"]


def test_one_group_is_not_told_twice_and_nothing_read_has_no_share(
    sample: Callable[..., Sample], Scripted: Any, tmp_path: Any
) -> None:
    items, _ = items_from([sample(1, "q", "a")])
    outcomes = run_task(
        Task("my", HASH, items), Scripted(lambda _: "a", finished=False), SampleLog(tmp_path / "s.jsonl")
    )
    score = summarise(
        Task("my", HASH, items, limit=1, max_new_tokens=16), outcomes, Majority(items, "the task itself")
    )
    assert score.groups == ()
    assert (score.overall.accuracy_parsed, score.overall.truncated) == (None, 1)
    assert score.protocol == "my[:1]#0123456789ab / as-written / shots 0 / greedy, 16 tokens / em_v1"
    stream = io.StringIO()
    Console(file=stream, width=200).print(as_table([score], 200))
    assert (
        "all      0.000   0.000–0.793   0/1      1.000           -     0.0%   100.0%     0.0%"
        in stream.getvalue()
    )


def test_names_of_tasks() -> None:
    assert task_names(["a/test.jsonl", "val.jsonl"]) == ["test", "val"]
    assert task_names(["a/test.jsonl", "b/test.jsonl"]) == ["a/test.jsonl", "b/test.jsonl"]
