"""One evaluation by several processes comes to what one process makes of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from medgpt_cli.app import main
from medgpt_cli.core.types import Place, Role, Turn
from medgpt_cli.evaluation.items import Item
from medgpt_cli.evaluation.outcomes import Outcome, Status
from medgpt_cli.workflows import eval_ranks
from tests.launching import launch


def item(number: int, *images: str) -> Item:
    turns = (Turn(Role.USER, (str(number),)),)
    place = Place("my.jsonl", number)
    return Item(f"q{number}", place, turns, images, "a", (), (), "s", "c")


ITEMS = [item(n, f"{n // 5}.png") if n < 20 else item(n) for n in range(31)]


@pytest.mark.parametrize("ranks", [1, 2, 3, 4, 40])
def test_every_question_is_asked_once_and_those_of_a_picture_by_one(ranks: int) -> None:
    shares = [eval_ranks.share(ITEMS, rank, ranks) for rank in range(ranks)]
    asked = [each.id for share in shares for each in share]
    assert sorted(asked) == sorted(each.id for each in ITEMS)
    for share in shares:
        ids = [each.id for each in share]
        assert ids == [each.id for each in ITEMS if each.id in set(ids)]  # in their order
    for picture in range(4):
        holders = {
            rank
            for rank, share in enumerate(shares)
            for each in share
            if each.images == (f"{picture}.png",)
        }
        assert len(holders) == 1
    if ranks < 5:
        sizes = [len(share) for share in shares]
        assert max(sizes) - min(sizes) <= 5


def row(number: int, attempt: int = 1) -> Outcome:
    return Outcome(
        task="t", id=f"q{number}", place="p", group="g", cluster="c", status=Status.OK, correct=True,
        parsed=True, rule="", letter="", error="", prompt_tokens=1, tokens=1, seconds=0.5, attempt=attempt,
    )  # fmt: skip


def test_logs_of_all_become_one_and_a_run_goes_on_with_fewer_or_more(tmp_path: Path) -> None:
    for number in range(6):
        eval_ranks.log_of(tmp_path, number % 3).add(row(number))
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "samples-1.jsonl",
        "samples-2.jsonl",
        "samples.jsonl",
    ]
    alone = eval_ranks.log_of(tmp_path, 0)
    assert all(alone.get("t", f"q{number}") for number in range(6))
    more = eval_ranks.log_of(tmp_path, 7)
    assert all(more.get("t", f"q{number}") for number in range(6))
    log = eval_ranks.merged(tmp_path)
    log.settle([row(number) for number in range(6)])
    eval_ranks.sweep(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["samples.jsonl"]
    assert len((tmp_path / "samples.jsonl").read_text().splitlines()) == 6


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Questions with options, in words and about two pictures."""
    folder = tmp_path_factory.mktemp("ranks")
    Image.radial_gradient("L").resize((140, 90)).save(folder / "a.png")
    Image.linear_gradient("L").resize((90, 90)).save(folder / "b.png")
    records: list[dict[str, Any]] = []
    for n in range(3):
        records.append({"question": f"Plane {n}?", "answer": "axial", "image": "a.png"})
        records.append({"question": f"Is it number {n}?", "options": ["x", "y"], "answer": "A"})
    records.append({"question": "Side?", "answer": "left", "image": "b.png"})
    (folder / "q.jsonl").write_text("".join(json.dumps(each) + "\n" for each in records))
    return folder


WORDS = ["eval", "run", "--model", "tiny", "--task", "q.jsonl", "--max-new-tokens", "4"]
WORDS += ["--likelihoods", "--keep-text", "--json"]


def rows(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "samples.jsonl").read_text().splitlines()]


def test_two_real_processes_come_to_the_same_in_float32(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(folder)
    assert main([*WORDS, "--out", "one"]) == 0
    one = json.loads(capsys.readouterr().out)
    two = json.loads(launch(folder, [*WORDS, "--out", "two"]).stdout)  # one document, whoever else ran
    alone, shared = rows(folder / "one"), rows(folder / "two")
    assert len(alone) == len(shared) == 7
    for first, second in zip(alone, shared, strict=True):
        for each in (first, second):
            each.pop("seconds")
        # What is in a batch beside a question moves the last bits of a float32 sum, and nothing else.
        assert first.pop("likelihoods") == pytest.approx(second.pop("likelihoods"), abs=1e-4)
        assert first == second
    for each in (one, two):
        each.pop("out")
        for task in each["tasks"]:
            task.pop("calibration")
    assert one == two
    manifest = json.loads((folder / "two/manifest.json").read_text())
    assert (manifest["ranks"], manifest["answering"]["dtype"]) == (2, "float32")
    assert not list((folder / "two").glob("samples-*.jsonl"))
