"""Probes stand beside their tasks, question by question."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from medgpt_cli.core.errors import InputError
from medgpt_cli.core.types import Reply, Request
from medgpt_cli.evaluation.answer_cache import AnswerCache, Remembering
from medgpt_cli.evaluation.answered import request_of
from medgpt_cli.evaluation.tasks.task import Task
from medgpt_cli.workflows.eval_backing import picture_hash
from medgpt_cli.workflows.eval_settings import Backing, Keeping, settings_of
from medgpt_cli.workflows.eval_tasks import plain_of, tasks_of


def tasks(**flags: Any) -> list[Task]:
    return tasks_of(settings_of(None, (), {"--task": ["my.jsonl"], **flags}, Backing(), Keeping()))


@pytest.fixture
def mine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    records: list[dict[str, Any]] = []
    for n in range(3):
        Image.new("L", (40 + n, 40), 40 * n).save(f"{n}.png")
        records.append({"question": f"Side {n}?", "answer": "left", "image": f"{n}.png"})
    for n in range(4):
        options = ["one", "two", "three", "four"]
        records.append({"question": f"Which {n}?", "options": options, "answer": "ABCD"[n]})
    Path("my.jsonl").write_text("".join(json.dumps(each) + "\n" for each in records))


@pytest.mark.usefixtures("mine")
def test_each_probe_follows_its_task_with_the_items_it_changes() -> None:
    plain, blank, swap, order = found = tasks(**{"--probe": ["blank", "swap", "order"]})
    assert [each.name for each in found] == ["my", "my+blank", "my+swap", "my+order"]
    assert [plain_of(each, found) for each in found] == [
        None,
        (plain, "blanked"),
        (plain, "swapped"),
        (plain, "reordered"),
    ]
    assert [item.id for item in blank.items] == ["line-1", "line-2", "line-3"]
    assert len({item.images for item in blank.items}) == 1
    by_id = {item.id: item for item in plain.items}
    assert all(item.images != by_id[item.id].images for item in swap.items)
    assert {item.id for item in order.items} <= {f"line-{n}" for n in range(4, 8)}
    for item in order.items:
        before, after = dict(by_id[item.id].options), dict(item.options)
        assert before != after
        assert before[by_id[item.id].gold] == after[item.gold]
        assert item.question != by_id[item.id].question
    assert plain.measures[0] == order.measures[0] == "exact"
    assert "token_f1" not in order.measures  # it says nothing of options


@pytest.mark.usefixtures("mine")
def test_likelihoods_are_measured_where_there_are_options() -> None:
    [plain] = tasks()
    assert "accuracy_likelihood" not in plain.measures
    [weighed] = tasks(**{"--likelihoods": True})
    assert weighed.measures == (*plain.measures, "accuracy_likelihood")
    Path("my.jsonl").write_text('{"question": "Side?", "answer": "left"}\n')
    assert tasks(**{"--likelihoods": True})[0].measures[0] == "exact"
    assert "accuracy_likelihood" not in tasks(**{"--likelihoods": True})[0].measures


@pytest.mark.usefixtures("mine")
def test_a_blank_probe_is_never_answered_from_what_was_said_of_the_picture() -> None:
    plain, blank = tasks(**{"--probe": ["blank"]})
    asked: list[Request] = []

    def answer(requests: Sequence[Request], on_reply: Callable[[int, Reply], None]) -> None:
        for number, request in enumerate(requests):
            asked.append(request)
            on_reply(number, Reply("left"))

    def known(task: Task) -> int:
        # One scope for both, so that nothing but the pictures tells them apart.
        asking = Remembering(answer, AnswerCache(Path("answers")), ["weights"], picture_hash)
        asking([request_of(task, item) for item in task.items], lambda number, reply: None)
        return asking.known

    with_picture = plain.items[: len(blank.items)]
    assert [item.prompt_hash for item in blank.items] == [item.prompt_hash for item in with_picture]
    assert (known(plain), len(asked)) == (0, 7)
    assert (known(blank), len(asked)) == (0, 10)
    assert (known(plain), known(blank), len(asked)) == (7, 3, 10)


@pytest.mark.parametrize(("word", "needs"), [("blank", "pictures"), ("order", "options")])
@pytest.mark.usefixtures("mine")
def test_a_probe_that_changes_nothing_is_refused(word: str, needs: str) -> None:
    Path("my.jsonl").write_text('{"question": "Side?", "answer": "left"}\n')
    with pytest.raises(InputError, match=f"--probe {word} changes nothing in my") as caught:
        tasks(**{"--probe": [word]})
    assert needs in caught.value.repair


@pytest.mark.usefixtures("mine")
def test_a_probe_is_left_out_of_the_tasks_it_cannot_change(capfd: pytest.CaptureFixture[str]) -> None:
    Path("text.jsonl").write_text('{"question": "Side?", "answer": "left"}\n')
    found = tasks(**{"--task": ["text.jsonl", "my.jsonl"], "--probe": ["blank"]})
    assert [each.name for each in found] == ["text", "my", "my+blank"]
    assert capfd.readouterr().err == (
        "warning: --probe blank changes nothing in text, and is left out there\n"
    )
