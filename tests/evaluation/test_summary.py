import io
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest
from rich.console import Console

from medgpt_cli.core.types import Reply, Request, Sample
from medgpt_cli.evaluation.exposure import exposure_of
from medgpt_cli.evaluation.hashes import Hashes
from medgpt_cli.evaluation.intervals import wilson
from medgpt_cli.evaluation.items import Item, Kind, Rules, items_from
from medgpt_cli.evaluation.majority import Majority
from medgpt_cli.evaluation.measures import MEASURES, Measure
from medgpt_cli.evaluation.outcomes import Outcome, SampleLog
from medgpt_cli.evaluation.runner import run_task
from medgpt_cli.evaluation.score_table import as_table, lines_below, note, rows_of, score_line
from medgpt_cli.evaluation.scores import TaskScore
from medgpt_cli.evaluation.statistics.clustered import bootstrap_mean
from medgpt_cli.evaluation.statistics.probes import BLANKED, effect
from medgpt_cli.evaluation.summary import as_document, summarise
from medgpt_cli.evaluation.tasks.task import Task, task_names

HASH = "0123456789abcdef" * 4
UNKNOWN = [
    "overlap with training data unknown: nothing was compared",
    "in or out of distribution: unknown",
]


@pytest.fixture
def score(sample: Callable[..., Sample], Scripted: Any, tmp_path: Any) -> TaskScore:
    """Eight questions of two groups on eight images: five right, one wrong, one unread, one failed."""
    said = ["axial.", "axial", "AXIAL", "sagittal", "", "left", "Right", None]
    golds = ["axial", "axial", "axial", "axial", "coronal", "left", "right", "right"]
    items, _ = items_from(
        sample(n, f"{n}", gold, source="plane" if n < 5 else "side", images=(f"{n}.png",))
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
    assert (overall.clusters, overall.mean_tokens, overall.interval) == (8, 21 / 8, "wilson")
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
        "8 questions on 8 cases; majority answer fitted on train.jsonl",
        *UNKNOWN,
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
        "8 questions on 8 cases; majority answer fitted on train.jsonl",
        *UNKNOWN,
    ]


def test_the_document_is_plain_json_and_holds_everything(score: TaskScore) -> None:
    document = json.loads(json.dumps(as_document([score], "tiny", Hashes(HASH))))
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


def answered(
    task: Task, say: Callable[[Item], Reply], path: Path, **words: Any
) -> tuple[list[Outcome], TaskScore]:
    def answer(requests: Sequence[Request], on_reply: Callable[[int, Reply], None]) -> None:
        for number, item in enumerate(task.items):
            on_reply(number, say(item))

    outcomes = run_task(task, answer, SampleLog(path / "s.jsonl"))
    return outcomes, summarise(task, outcomes, Majority(task.items, "the task itself"), **words)


def test_where_questions_share_a_picture_whole_pictures_are_drawn_again(
    sample: Callable[..., Sample], tmp_path: Path
) -> None:
    items, _ = items_from(sample(n, f"{n}", "a", images=(f"{n // 4}.png",)) for n in range(40))
    right = [n // 4 in (0, 3, 4) or n % 7 == 0 for n in range(40)]
    said = iter(right)
    outcomes, score = answered(
        Task("my", HASH, items), lambda _: Reply("a" if next(said) else "b"), tmp_path
    )
    overall = score.overall
    assert (overall.clusters, overall.interval) == (10, "cluster bootstrap")
    expected = bootstrap_mean([float(each) for each in right], [row.cluster for row in outcomes])
    assert (overall.low, overall.high) == expected
    narrow = wilson(sum(right), 40)
    assert overall.low is not None
    assert overall.low < narrow.low
    assert "40 questions on 10 cases; intervals over cases; majority" in note(score)
    [exact] = score.measures
    assert (exact.name, exact.value, exact.low, exact.high) == (
        "exact",
        overall.accuracy,
        overall.low,
        overall.high,
    )


def test_measures_beside_the_headline_have_intervals_of_their_own(
    sample: Callable[..., Sample], tmp_path: Path
) -> None:
    items, _ = items_from(sample(n, f"{n}", "left lung base") for n in range(12))
    task = Task("my", HASH, items, measures=("exact", "token_f1", "bleu1_corpus"))
    said = {n: "left lung base" if n % 3 else "right lung" for n in range(12)}
    _, score = answered(task, lambda item: Reply(said[item.place.line]), tmp_path)
    exact, f1, bleu = score.measures
    assert (exact.value, exact.n, exact.interval) == (8 / 12, 12, "wilson")
    assert f1.value == pytest.approx((8 + 4 * 0.4) / 12)  # one shared word: 2 * 1/2 * 1/3 / (1/2 + 1/3)
    assert f1.interval == bleu.interval == "cluster bootstrap"
    assert None not in (f1.low, f1.high, bleu.low, bleu.high)
    assert f1.low < f1.value < f1.high  # type: ignore[operator]
    assert bleu.low <= bleu.value <= bleu.high  # type: ignore[operator]
    assert score.not_computed == {}
    assert not any("#" in each.name for each in score.measures)


def test_a_measure_that_fits_no_item_is_not_computed_and_no_zero(
    sample: Callable[..., Sample], tmp_path: Path
) -> None:
    items, _ = items_from([sample(1, "q", "a"), sample(2, "r", "b")])
    task = Task("my", HASH, items, measures=("exact", "accuracy_likelihood"))
    _, score = answered(task, lambda item: Reply(item.gold), tmp_path, missing={"green": "no judge"})
    assert [each.name for each in score.measures] == ["exact"]
    assert score.not_computed == {
        "green": "no judge",
        "accuracy_likelihood": "no item here is of the kind it measures",
    }
    stream = io.StringIO()
    Console(file=stream, width=200).print(as_table([score], 200))
    lines = [line.rstrip() for line in stream.getvalue().splitlines()]
    assert "not computed: green, accuracy_likelihood" in lines
    assert lines[-4:] == [
        "",
        "why measures were not computed",
        "green: no judge",
        "accuracy_likelihood: no item here is of the kind it measures",
    ]
    assert [(row.measure, row.value) for row in rows_of([score])] == [
        ("exact", 1.0),
        ("green", None),
        ("accuracy_likelihood", None),
    ]


def test_options_by_likelihood_are_right_where_the_likeliest_is_and_bring_calibration(
    sample: Callable[..., Sample], tmp_path: Path
) -> None:
    options = (("A", "left"), ("B", "right"))
    items, _ = items_from(sample(n, f"{n}", "B", options=options) for n in range(4))
    task = Task("my", HASH, items, choices_by="likelihood", measures=("exact", "accuracy_likelihood"))
    weights: list[tuple[float, ...]] = [(-2.0, -1.0), (-1.0, -2.0), (-1.0, -1.0), (float("nan"), -1.0)]
    outcomes, score = answered(
        task, lambda item: Reply("", likelihoods=weights[item.place.line]), tmp_path
    )
    assert [(row.letter, row.correct, row.rule) for row in outcomes] == [
        ("B", True, "likelihood"),
        ("A", False, "likelihood"),
        ("", False, "likelihood"),  # equal ones are all chosen
        ("", False, ""),
    ]
    assert [each.value for each in score.measures] == [0.25, 0.25]
    assert score.calibration is not None
    assert (score.calibration.n, score.calibration.left_out) == (3, 1)
    assert SampleLog(tmp_path / "s.jsonl").get("my", "line-3") is not None  # no number, and still a row


def test_subgroups_are_those_that_split_and_too_small_ones_of_credentialed_sets_are_hidden(
    sample: Callable[..., Sample], tmp_path: Path
) -> None:
    items, _ = items_from(
        sample(
            n,
            f"{n}",
            "a",
            facets=(("sex", "F" if n < 20 else "M"), ("site", "one"), ("slice", str(n))),
        )
        for n in range(45)
    )
    task = Task("my", HASH, items)
    _, score = answered(task, lambda item: Reply("a"), tmp_path)
    assert [(line.facet, line.name, line.n, line.too_small) for line in score.subgroups] == [
        ("sex", "M", 25, False),
        ("sex", "F", 20, False),
    ]
    assert [gap.facet for gap in score.gaps] == ["sex"]
    small = Task("my", HASH, items[:24], access="credentialed")
    (tmp_path / "again").mkdir()
    _, score = answered(small, lambda item: Reply("a"), tmp_path / "again")
    assert all(line.hidden for line in score.subgroups if line.facet == "sex")


def test_reports_have_no_columns_of_right_and_wrong_and_a_probe_tells_only_its_effect(
    sample: Callable[..., Sample], tmp_path: Path
) -> None:
    items, _ = items_from((sample(n, f"{n}", "no finding") for n in range(4)), Rules(Kind.REPORT))
    task = Task("my", HASH, items, kind=Kind.REPORT, measures=("rouge_l",))
    _, score = answered(
        task,
        lambda item: Reply("none", finished=item.place.line != 0),
        tmp_path,
        missing={"green": "why"},
    )
    found = effect(BLANKED, [1.0, 1.0], [1.0, 0.0], ["a", "b"])
    probe = msgspec.structs.replace(score, task="my+blank", protocol="my+blank", effect=found)
    stream = io.StringIO()
    Console(file=stream, width=200).print(as_table([score, probe], 200))
    assert [line.rstrip() for line in stream.getvalue().splitlines()] == [
        "my#0123456789ab / as-written / shots 0 / greedy / rouge_l",
        "4 questions on 4 cases; 3 written to their end, 1 cut, 0 failed",
        "measure   value          95 %   N",
        "rouge_l   0.000   0.000–0.490   4",
        "not computed: green",
        *UNKNOWN,
        "",
        "my+blank",
        "4 questions on 4 cases; 3 written to their end, 1 cut, 0 failed",
        "measure   value          95 %   N",
        "rouge_l   0.000   0.000–0.490   4",
        found.sentence,
        "",
        "why measures were not computed",
        "green: why",
    ]


def test_where_lower_is_better_the_best_group_is_the_lowest(
    sample: Callable[..., Sample], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(
        MEASURES, "slips", Measure("slips", 1, "slips", "lower", lambda _, text: len(text))
    )
    facets = ((("sex", "F"),), (("sex", "M"),))
    items, _ = items_from(
        (sample(n, f"{n}", "no finding", facets=facets[n % 2]) for n in range(40)), Rules(Kind.REPORT)
    )
    task = Task("my", HASH, items, kind=Kind.REPORT, measures=("slips",))
    _, score = answered(task, lambda item: Reply("no" if item.place.line % 2 else "none"), tmp_path)
    [gap] = score.gaps
    assert (gap.best, gap.worst, gap.value) == ("M", "F", 2.0)


def test_the_clean_part_stands_beside_all_only_where_everything_was_compared(
    sample: Callable[..., Sample], tmp_path: Path
) -> None:
    items, _ = items_from(sample(n, f"{n}", "a") for n in range(4))
    task = Task("my", HASH, items)
    outcomes, _ = answered(task, lambda item: Reply("a" if item.place.line < 2 else "b"), tmp_path)
    seen = ["key", "", "", "pixels"]
    told = [
        msgspec.structs.replace(row, seen=reason) for row, reason in zip(outcomes, seen, strict=True)
    ]
    majority = Majority(items, "x")
    score = summarise(task, told, majority, exposure=exposure_of(seen, ""), distribution="in")
    assert score.clean is not None
    assert (score.clean.k, score.clean.n, score.overall.k, score.overall.n) == (1, 2, 2, 4)
    assert lines_below(score) == [
        "2 of 4 met in recorded training data (key 1, pixels 1)",
        "in distribution: it was trained on this set's own training split or source",
    ]
    assert [(row.task, row.measure, row.value, row.k, row.n) for row in rows_of([score])] == [
        ("my", "exact", 0.5, 2, 4),
        ("my, not met in training", "exact", 0.5, 1, 2),
    ]
    assert "| not met in training 0.500 (0.095–0.905), N 2 |" in score_line(score, Hashes("ab"))
    seen = ["key", "unknown", "unknown", "unknown"]
    told = [
        msgspec.structs.replace(row, seen=reason) for row, reason in zip(outcomes, seen, strict=True)
    ]
    score = summarise(task, told, majority, exposure=exposure_of(seen, "a.jsonl is not at hand"))
    assert score.clean is None
    assert (
        lines_below(score)[0] == "at least 1 of 4 met in training data (key 1); a.jsonl is not at hand"
    )


def test_the_line_of_a_score_carries_its_protocol(score: TaskScore) -> None:
    assert score_line(score, Hashes("c0ffee" * 8)) == (
        "exact v1 0.625 (0.306–0.863, wilson) | N 8, parsed 6, right 5 (0.625 of all) | "
        "my#0123456789ab / as-written / shots 0 / greedy / em_v1 | model c0ffeec0ffee | data 0123456789ab | "
        "overlap with training data unknown: nothing was compared | distribution unknown"
    )


def test_names_of_tasks() -> None:
    assert task_names(["a/test.jsonl", "val.jsonl"]) == ["test", "val"]
    assert task_names(["a/test.jsonl", "b/test.jsonl"]) == ["a/test.jsonl", "b/test.jsonl"]
