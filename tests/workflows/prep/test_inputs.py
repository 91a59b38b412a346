"""What is read must be there, be readable, and stay as it was: sources between shares, evaluation sets, other lines."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.workflows.prep.making import contents, pair, picture, prep, written


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def torn(path: Path) -> Path:
    """A picture that breaks off."""
    picture(path, 1)
    path.write_bytes(path.read_bytes()[:200])
    return path


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        (
            [],
            "eval.jsonl  no record of this evaluation set can be read, so nothing would be compared with it",
        ),
        (["{", "junk"], "eval.jsonl  no record of this evaluation set can be read"),
        ([pair(1, image="no.png")], "eval.jsonl  no record of this evaluation set can be read"),
        ([pair(1), "{"], "1 record cannot be used of the evaluation sets"),
        ([pair(1, image="torn.png")], "1 image could not be opened of the evaluation sets"),
    ],
)
def test_an_evaluation_set_that_cannot_be_read_refuses(
    lines: list[object], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    torn(Path("torn.png"))
    path = written(Path("a.jsonl"), *map(pair, range(10, 15)))
    against = written(Path("eval.jsonl"), *lines)
    words = ("--out", "out", "--against", against)
    assert prep(path, *words) == 3
    assert says in capsys.readouterr().err
    assert prep(path, *words, "--resume", "--shards", "1/2") == 3
    assert prep(path, *words, "--dry-run") == 3
    # What is allowed for is told; nothing allows for a set that says nothing at all.
    allowed = prep(path, *words, "--resume", "data.max_unread=5")
    assert allowed == (3 if "no record" in says else 0)


def test_a_merge_holds_to_what_its_own_line_allows(capsys: pytest.CaptureFixture[str]) -> None:
    path = written(Path("a.jsonl"), *map(pair, range(10, 15)))
    words = ("--out", "out", "--against", written(Path("eval.jsonl"), pair(1), "{"))
    assert prep(path, *words, "--shards", "1/1", "data.max_unread=1") == 0
    assert prep(path, *words, "--merge") == 3
    assert "1 record or image of the evaluation sets could not be read" in capsys.readouterr().err
    assert prep(path, *words, "--merge", "data.max_unread=1") == 0


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda: written(Path("in/c.jsonl"), pair(9)), "1 new"),
        (lambda: Path("in/b.jsonl").unlink(), "1 gone"),
        (lambda: written(Path("in/b.jsonl"), pair(2), pair(3)), "1 changed"),
        (lambda: Path("in/b.jsonl").rename("in/z.jsonl"), "1 new, 1 gone"),
    ],
)
@pytest.mark.parametrize("then", [("--shards", "2/2"), ("--merge",), ("--resume",)])
def test_a_folder_that_changes_between_shares_is_noticed(
    change: object, says: str, then: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    Path("in").mkdir()
    written(Path("in/a.jsonl"), pair(1))
    written(Path("in/b.jsonl"), pair(2))
    assert prep("in", "--out", "out", "--shards", "1/2") == 0
    assert callable(change)
    change()
    assert prep("in", "--out", "out", *then) == 3
    assert f"in  files in it since it was read: {says}\n" in capsys.readouterr().err


def test_a_file_the_person_named_is_told_by_its_name(capsys: pytest.CaptureFixture[str]) -> None:
    path = written(Path("a.jsonl"), pair(1))
    assert prep(path, "--out", "out", "--shards", "1/2") == 0
    written(path, pair(1), pair(2))
    assert prep(path, "--out", "out", "--shards", "2/2") == 3
    assert "a.jsonl  was changed after it was read\n" in capsys.readouterr().err


def test_an_evaluation_set_that_changes_before_the_merge_is_noticed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = written(Path("a.jsonl"), *map(pair, range(10)))
    against = written(Path("eval.jsonl"), pair(50))
    words = ("--out", "out", "--against", against)
    assert prep(path, *words, "--shards", "1/1") == 0
    before = against.read_bytes()
    written(against, pair(1))
    assert prep(path, *words, "--merge") == 3
    assert "eval.jsonl  was changed after it was read\n" in capsys.readouterr().err
    against.write_bytes(before)  # the same bytes are the same set, whenever they were written
    assert prep(path, *words, "--merge") == 0


@pytest.mark.parametrize(
    "more", [("--resume",), ("--shards", "1/2"), ("--shards", "1/2", "--resume"), ("--merge",)]
)
def test_a_finished_set_of_something_else_is_not_called_this_one(
    more: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    one, other = written(Path("a.jsonl"), pair(1)), written(Path("b.jsonl"), pair(2))
    assert prep(one, "--out", "out") == 0
    before = contents("out")
    assert prep(other, "--out", "out", *more) == 2
    said = "out holds a finished preparation of other sources or by other rules"
    assert said in capsys.readouterr().err
    assert prep(one, "--out", "out", *more, "splits.seed=3") == 2
    assert prep(one, "--out", "out", *more, "--max-bad", 4) == 0
    assert "out had already finished." in capsys.readouterr().err
    written(one, pair(3))
    assert prep(one, "--out", "out", *more) == 3
    assert "a.jsonl  was changed after it was prepared\n" in capsys.readouterr().err
    assert contents("out") == before


def test_shares_overwrite_with_force_and_keep_what_other_shares_began() -> None:
    one, other = written(Path("a.jsonl"), pair(1)), written(Path("b.jsonl"), *map(pair, range(2, 30)))
    assert prep(one, "--out", "out") == 0
    words = ("--out", "out", "output.block=5")
    assert prep(other, *words, "--shards", "1/2", "--resume", "--force") == 2
    assert prep(other, *words, "--shards", "1/2", "--force") == 0
    assert len(list(Path("out/parts").glob("0*.parquet"))) == 3
    assert prep(other, *words, "--shards", "2/2", "--force") == 0
    assert len(list(Path("out/parts").glob("0*.parquet"))) == 6
    assert prep(other, *words, "--merge") == 0
    assert json.loads(Path("out/manifest.json").read_text())["read"] == 28
