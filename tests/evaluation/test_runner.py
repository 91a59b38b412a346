import json
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from medgpt_cli.core.errors import BadImage
from medgpt_cli.core.types import Sample
from medgpt_cli.evaluation.items import Item, items_from
from medgpt_cli.evaluation.outcomes import SampleLog
from medgpt_cli.evaluation.runner import run_task
from medgpt_cli.evaluation.tasks.task import Task

SECRET = "Jane Doe"
HASH = "0" * 64


@pytest.fixture
def items(sample: Callable[..., Sample]) -> list[Item]:
    made, _ = items_from(
        [sample(n, f"question {n} {SECRET}", f"answer {n} {SECRET}", id=f"q{n}") for n in range(1, 5)]
    )
    return made


def right(question: str) -> str:
    return question.replace("question", "Answer") + "."


def rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_one_line_for_each_question_without_its_text(
    tmp_path: Path, items: list[Item], Scripted: Any
) -> None:
    log = tmp_path / "samples.jsonl"
    seen: list[tuple[int, int, int]] = []
    outcomes = run_task(
        Task("t", HASH, items), Scripted(right), SampleLog(log), progress=lambda *now: seen.append(now)
    )
    assert [outcome.correct for outcome in outcomes] == [True] * 4
    assert seen == [(1, 4, 1), (2, 4, 2), (3, 4, 3), (4, 4, 4)]
    assert SECRET not in log.read_text()
    first = rows(log)[0]
    cluster = first.pop("cluster")
    assert len(cluster) == 12
    assert first == {
        "task": "t",
        "id": "q1",
        "place": "my.jsonl:1",
        "group": "no source",
        "status": "ok",
        "correct": True,
        "parsed": True,
        "rule": "em_v1",
        "letter": "",
        "error": "",
        "prompt_tokens": 7,
        "tokens": 3,
        "seconds": 0.5,
    }
    assert stat.S_IMODE(log.stat().st_mode) & 0o007 == 0


def test_the_tasks_token_limit_reaches_the_model(
    tmp_path: Path, items: list[Item], Scripted: Any
) -> None:
    model = Scripted(right)
    run_task(Task("t", HASH, items[:1], max_new_tokens=9), model, SampleLog(tmp_path / "s.jsonl"))
    assert model.options == [{"max_new_tokens": 9}]


def test_keep_text_keeps_it(tmp_path: Path, items: list[Item], Scripted: Any) -> None:
    log = tmp_path / "samples.jsonl"
    run_task(Task("t", HASH, items[:1]), Scripted(right), SampleLog(log), keep_text=True)
    assert rows(log)[0]["texts"] == {
        "question": f"question 1 {SECRET}",
        "gold": f"answer 1 {SECRET}",
        "answer": f"Answer 1 {SECRET}.",
    }


def test_a_cut_answer_is_wrong_even_where_its_text_matches(
    tmp_path: Path, items: list[Item], Scripted: Any
) -> None:
    [outcome] = run_task(
        Task("t", HASH, items[:1]), Scripted(right, finished=False), SampleLog(tmp_path / "s.jsonl")
    )
    assert (outcome.status, outcome.correct, outcome.parsed) == ("truncated", False, False)


def test_a_failing_item_is_logged_by_name_and_the_others_are_asked(
    tmp_path: Path, items: list[Item], Scripted: Any
) -> None:
    def say(question: str) -> str:
        if "question 2" in question:
            raise BadImage(f"damaged {question}")
        if "question 3" in question:
            raise ValueError(question)
        return right(question)

    log = tmp_path / "samples.jsonl"
    outcomes = run_task(Task("t", HASH, items), Scripted(say), SampleLog(log))
    assert [o.status for o in outcomes] == ["ok", "error", "error", "ok"]
    assert [o.error for o in outcomes] == ["", "BAD_IMAGE", "ValueError", ""]
    assert [o.correct for o in outcomes] == [True, False, False, True]
    assert SECRET not in log.read_text()


def test_when_everything_fails_there_is_no_score_but_the_first_error(
    tmp_path: Path, items: list[Item], Scripted: Any
) -> None:
    def say(question: str) -> str:
        raise BadImage("is damaged")

    with pytest.raises(BadImage) as caught:
        run_task(Task("t", HASH, items), Scripted(say), SampleLog(tmp_path / "s.jsonl"))
    assert str(caught.value) == "my.jsonl:1  is damaged"


def test_goes_on_where_it_was_killed(tmp_path: Path, items: list[Item], Scripted: Any) -> None:
    whole, log = tmp_path / "whole.jsonl", tmp_path / "samples.jsonl"
    expected = run_task(Task("t", HASH, items), Scripted(right), SampleLog(whole))

    def killed(question: str) -> str:
        if "question 3" in question:
            raise KeyboardInterrupt
        return right(question)

    with pytest.raises(KeyboardInterrupt):
        run_task(Task("t", HASH, items), Scripted(killed), SampleLog(log))
    log.write_bytes(log.read_bytes() + b'{"task":"t","id":"q3","pla')  # torn in the middle of a line
    model = Scripted(right)
    assert run_task(Task("t", HASH, items), model, SampleLog(log)) == expected
    assert [question[:10] for question in model.asked] == ["question 3", "question 4"]
    assert log.read_bytes() == whole.read_bytes()


def test_what_failed_before_is_asked_again_and_stands_once_after_settling(
    tmp_path: Path, items: list[Item], Scripted: Any
) -> None:
    def say(question: str) -> str:
        if "question 2" in question:
            raise RuntimeError
        return right(question)

    path = tmp_path / "samples.jsonl"
    run_task(Task("t", HASH, items), Scripted(say), SampleLog(path))
    model, log = Scripted(right), SampleLog(path)
    outcomes = run_task(Task("t", HASH, items), model, log)
    assert [question[:10] for question in model.asked] == ["question 2"]
    assert all(outcome.correct for outcome in outcomes)
    log.settle(outcomes)
    assert [row["id"] for row in rows(path)] == ["q1", "q2", "q3", "q4"]


def test_two_tasks_share_a_log_without_meeting(tmp_path: Path, items: list[Item], Scripted: Any) -> None:
    path, model = tmp_path / "samples.jsonl", Scripted(right)
    run_task(Task("one", HASH, items), model, SampleLog(path))
    run_task(Task("two", HASH, items), model, SampleLog(path))
    assert len(model.asked) == 8
    assert [row["task"] for row in rows(path)] == ["one"] * 4 + ["two"] * 4
