import json
import stat
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from medgpt_cli.core.errors import BadImage, InputError
from medgpt_cli.core.types import Reply, Request, Sample
from medgpt_cli.evaluation.items import Item, items_from
from medgpt_cli.evaluation.outcomes import SampleLog
from medgpt_cli.evaluation.runner import refuse_nothing_answered, run_task
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
        "kind": "short",
        "prompt_hash": items[0].prompt_hash,
        "measures": {"exact": 1.0},
        "likelihoods": [],
        "options": 0,
        "facets": {},
        "seen": "",
        "attempt": 1,
    }
    assert stat.S_IMODE(log.stat().st_mode) & 0o007 == 0


def test_the_tasks_token_limit_reaches_the_model(
    tmp_path: Path, items: list[Item], Scripted: Any
) -> None:
    model = Scripted(right)
    run_task(Task("t", HASH, items[:1], max_new_tokens=9), model, SampleLog(tmp_path / "s.jsonl"))
    assert [(each.max_new_tokens, each.choices, each.generate) for each in model.requests] == [
        (9, (), True)
    ]


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


def test_when_everything_fails_there_is_no_score_but_the_names_of_the_errors(
    tmp_path: Path, items: list[Item], Scripted: Any
) -> None:
    def say(question: str) -> str:
        raise BadImage("is damaged") if "question 1" in question else ValueError(question)

    outcomes = run_task(Task("t", HASH, items), Scripted(say), SampleLog(tmp_path / "s.jsonl"))
    with pytest.raises(InputError) as caught:
        refuse_nothing_answered("t", outcomes)
    assert str(caught.value) == (
        "t  not one of 4 questions could be answered: ValueError 3, BAD_IMAGE 1\n"
        "mend what they name, then go on with --resume"
    )
    refuse_nothing_answered("t", [])


def test_one_answer_is_a_result(tmp_path: Path, items: list[Item], Scripted: Any) -> None:
    def say(question: str) -> str:
        if "question 1" in question:
            return "wrong"
        raise ValueError

    refuse_nothing_answered(
        "t", run_task(Task("t", HASH, items), Scripted(say), SampleLog(tmp_path / "s.jsonl"))
    )


def test_who_passes_questions_over_in_silence_is_named(tmp_path: Path, items: list[Item]) -> None:
    def silent(requests: Sequence[Request], on_reply: Callable[[int, Reply], None]) -> None:
        on_reply(2, Reply("answer 3 Jane Doe"))

    outcomes = run_task(Task("t", HASH, items), silent, SampleLog(tmp_path / "s.jsonl"))
    assert [(o.error, o.correct) for o in outcomes] == [
        ("NO_ANSWER", False),
        ("NO_ANSWER", False),
        ("", True),
        ("NO_ANSWER", False),
    ]


def test_an_answer_given_twice_is_a_bug(tmp_path: Path, items: list[Item]) -> None:
    def twice(requests: Sequence[Request], on_reply: Callable[[int, Reply], None]) -> None:
        on_reply(0, Reply("one"))
        on_reply(0, Reply("two"))

    with pytest.raises(AssertionError, match="request 0 was answered twice"):
        run_task(Task("t", HASH, items), twice, SampleLog(tmp_path / "s.jsonl"))


def test_all_that_is_outstanding_is_handed_over_at_once_and_each_reply_is_written_at_once(
    tmp_path: Path, items: list[Item]
) -> None:
    path, handed = tmp_path / "s.jsonl", []

    def backwards(requests: Sequence[Request], on_reply: Callable[[int, Reply], None]) -> None:
        handed.append(len(requests))
        for number in reversed(range(len(requests))):
            before = len(rows(path)) if path.exists() else 0
            on_reply(number, Reply(right(requests[number].turns[-1].text)))
            assert len(rows(path)) == before + 1

    log = SampleLog(path)
    outcomes = run_task(Task("t", HASH, items), backwards, log)
    assert handed == [4]
    assert [outcome.id for outcome in outcomes] == ["q1", "q2", "q3", "q4"]
    assert [row["id"] for row in rows(path)] == ["q4", "q3", "q2", "q1"]
    log.settle(outcomes)
    assert [row["id"] for row in rows(path)] == ["q1", "q2", "q3", "q4"]
    run_task(Task("t", HASH, items), backwards, SampleLog(path))
    assert handed == [4]  # nothing is outstanding, so nobody is asked


def test_a_share_of_the_items(tmp_path: Path, items: list[Item], Scripted: Any) -> None:
    model = Scripted(right)
    outcomes = run_task(Task("t", HASH, items), model, SampleLog(tmp_path / "s.jsonl"), items=items[1:3])
    assert [outcome.id for outcome in outcomes] == ["q2", "q3"]
    assert len(model.asked) == 2


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
    assert [outcome.attempt for outcome in outcomes] == [1, 2, 1, 1]
    assert len(SampleLog(path).path.read_text().splitlines()) == 4  # the older row of q2 is gone
    log.settle(outcomes)
    assert [row["id"] for row in rows(path)] == ["q1", "q2", "q3", "q4"]


def test_two_tasks_share_a_log_without_meeting(tmp_path: Path, items: list[Item], Scripted: Any) -> None:
    path, model = tmp_path / "samples.jsonl", Scripted(right)
    run_task(Task("one", HASH, items), model, SampleLog(path))
    run_task(Task("two", HASH, items), model, SampleLog(path))
    assert len(model.asked) == 8
    assert [row["task"] for row in rows(path)] == ["one"] * 4 + ["two"] * 4


def test_logs_of_other_processes_are_read_and_left_alone(
    tmp_path: Path, items: list[Item], Scripted: Any
) -> None:
    other, own = tmp_path / "samples-1.jsonl", tmp_path / "samples.jsonl"
    run_task(Task("t", HASH, items), Scripted(right), SampleLog(other), items=items[:2])
    other.write_bytes(other.read_bytes() + b'{"task":"t","torn')
    before = other.read_bytes()
    model = Scripted(right)
    outcomes = run_task(Task("t", HASH, items), model, SampleLog(own, [other]))
    assert [question[:10] for question in model.asked] == ["question 3", "question 4"]
    assert [outcome.id for outcome in outcomes] == ["q1", "q2", "q3", "q4"]
    assert other.read_bytes() == before
    assert [row["id"] for row in rows(own)] == ["q3", "q4"]


def test_of_two_logs_the_later_attempt_counts(tmp_path: Path, items: list[Item], Scripted: Any) -> None:
    def fails(question: str) -> str:
        raise RuntimeError

    other, own = tmp_path / "samples-1.jsonl", tmp_path / "samples.jsonl"
    task = Task("t", HASH, items[:1])
    run_task(task, Scripted(fails), SampleLog(own))
    run_task(task, Scripted(right), SampleLog(other, [own]))
    found = SampleLog(own, [other]).get("t", "q1")
    assert found is not None
    assert (found.attempt, found.status) == (2, "ok")
