"""Questions are held against the recorded training data, as `medgpt data leakage` does it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from medgpt_cli.core.files import sha256_file
from medgpt_cli.data.leakage.against import Against
from medgpt_cli.evaluation.tasks.task import Task
from medgpt_cli.workflows.eval_exposure import Exposed, exposed
from medgpt_cli.workflows.eval_training import History, TrainedOn
from medgpt_cli.workflows.task_files import read_tasks


def write(path: str, *records: dict[str, Any]) -> Path:
    Path(path).write_text("".join(json.dumps(record) + "\n" for record in records))
    return Path(path)


def trained(*paths: Path, against: tuple[Path, ...] = (), missing: tuple[str, ...] = ()) -> History:
    held = tuple((path, sha256_file(path)) for path in against)
    files = [TrainedOn(path, sha256_file(path), None, held) for path in paths]
    return History(files, list(missing), runs=1)


def told(task: Task, history: History | None) -> Exposed:
    [found] = exposed([task], history)
    return found


@pytest.fixture
def task(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Task:
    """Five questions, each of which training could meet in another way."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MEDGPT_CACHE", str(tmp_path / "cache"))
    for name, draw in (("a", Image.radial_gradient), ("b", Image.linear_gradient)):
        draw("L").resize((200, 180)).save(f"{name}.png")
    write(
        "eval.jsonl",
        {"question": "Which plane?", "answer": "axial", "image": "a.png", "source": "mine"},
        {"question": "Is it bright?", "answer": "yes", "image": "a.png", "source": "mine"},
        {"question": "Which side?", "answer": "left", "patient_id": "p7", "source": "mine"},
        {
            "question": "Which drug is given first in anaphylaxis after a bee sting?",
            "answer": "adrenaline",
            "source": "mine",
        },
        {"question": "How many ribs has a human?", "answer": "24", "source": "mine"},
    )
    [made] = read_tasks(["eval.jsonl"])
    return made


def test_each_item_is_told_by_its_surest_reason_in_the_order_of_the_questions(task: Task) -> None:
    learnt = write(
        "train.jsonl",
        {"question": "Anything else?", "answer": "no", "image": "a.png", "source": "other"},
        {"question": "Unlike", "answer": "yes", "image": "b.png", "source": "other"},
        {"question": "Other words", "answer": "none", "patient_id": "p7", "source": "mine"},
        {
            "question": "which drug is given first in anaphylaxis after a bee sting",
            "answer": "adrenaline",
            "source": "other",
        },
    )
    found = told(task, trained(learnt))
    assert found.seen == ("pixels", "pixels", "key", "question", "")
    assert (found.exposure.known, found.exposure.seen) == (True, 4)
    assert found.exposure.reasons == {"pixels": 2, "key": 1, "question": 1}
    assert found.distribution == "in"  # a record of the source "mine" was trained on


def test_the_same_bytes_are_compared_once_and_others_again(
    task: Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    learnt = write("train.jsonl", {"question": "Other", "answer": "no", "image": "a.png", "source": "o"})
    first = told(task, trained(learnt))
    assert (first.seen, first.distribution) == (("pixels", "pixels", "", "", ""), "out")

    def never(*_: object) -> None:
        raise AssertionError("compared again")

    with monkeypatch.context() as patch:
        patch.setattr(Against, "build", never)
        assert told(task, trained(learnt)) == first
    write("train.jsonl", {"question": "Other", "answer": "no", "image": "b.png", "source": "o"})
    assert told(task, trained(learnt)).seen == ("",) * 5
    kept = "".join(path.read_text() for path in Path("cache/overlap").iterdir())
    assert "plane" not in kept
    assert "p7" not in kept


def test_what_is_not_at_hand_makes_the_rest_unknown(task: Task) -> None:
    learnt = write("train.jsonl", {"question": "Other", "answer": "no", "image": "a.png"})
    found = told(task, trained(learnt, missing=("b.jsonl is not at hand",)))
    assert found.seen == ("pixels", "pixels", "unknown", "unknown", "unknown")
    assert (found.exposure.known, found.exposure.seen) == (False, 2)
    assert found.distribution == "unknown"
    found = told(task, trained(missing=("b.jsonl is not at hand",)))
    assert (set(found.seen), found.exposure.seen) == ({"unknown"}, None)
    found = told(task, None)
    assert (set(found.seen), found.exposure.why) == ({"unknown"}, "the comparison was left out")


def test_records_that_were_kept_out_of_training_were_not_met(task: Task) -> None:
    learnt = write("train.jsonl", {"question": "Other", "answer": "no", "image": "a.png", "source": "o"})
    found = told(task, trained(learnt, against=(Path("eval.jsonl"),)))
    assert (found.seen, found.exposure.known) == (("",) * 5, True)


def test_pictures_that_do_not_open_leave_it_unknown(task: Task) -> None:
    learnt = write("train.jsonl", {"question": "Other", "answer": "no", "image": "b.png", "source": "o"})
    Path("b.png").write_bytes(b"torn")
    found = told(task, trained(learnt))
    assert set(found.seen) == {"unknown"}
    assert found.exposure.why == "pictures of the training data that cannot be opened: 1"
    assert not list(Path("cache").glob("overlap/*"))


def test_training_data_that_cannot_be_read_is_no_error_of_the_evaluation(task: Task) -> None:
    learnt = write("train.jsonl", {"question": "Other", "answer": "no"})
    found = trained(learnt)
    learnt.unlink()
    assert told(task, found).exposure.why == "training data cannot be read (NOT_FOUND)"


def test_records_without_a_source_leave_the_distribution_open(task: Task) -> None:
    learnt = write("train.jsonl", {"question": "Other", "answer": "no"})
    assert told(task, trained(learnt)).distribution == "unknown"


def test_more_questions_on_one_picture_than_are_listed_are_all_met(task: Task, tmp_path: Path) -> None:
    write(
        "many.jsonl",
        *({"question": f"{n}?", "answer": "a", "image": "a.png"} for n in range(30)),
    )
    [many] = read_tasks(["many.jsonl"])
    learnt = write("train.jsonl", {"question": "Other", "answer": "no", "image": "a.png"})
    assert told(many, trained(learnt)).seen == ("pixels",) * 30


def test_several_tasks_are_compared_in_one_reading_and_told_apart(
    task: Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("two.jsonl", {"question": "Bright?", "answer": "no", "image": "b.png"})
    [two] = read_tasks(["two.jsonl"])
    learnt = write(
        "train.jsonl",
        {"question": "Other", "answer": "no", "image": "b.png"},
        {"question": "Other words", "answer": "none", "patient_id": "p7", "source": "mine"},
    )
    read: list[Path] = []
    samples = TrainedOn.samples
    monkeypatch.setattr(TrainedOn, "samples", lambda self: (read.append(self.path), samples(self))[1])
    first, second = exposed([task, two], trained(learnt))
    assert (first.seen, second.seen) == (("", "", "key", "", ""), ("pixels",))
    assert len(read) == 2  # once for boilerplate, once to compare
    assert exposed([two, task], trained(learnt)) == [second, first]
    assert len(read) == 2
    part = replace(task, name="my+blank", items=task.items[1:3])
    assert first.of(part, task).seen == ("", "key")
    assert first.of(part, task).exposure.seen == 1
