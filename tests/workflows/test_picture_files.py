"""Pictures are part of what a run and a prepared set are made of: one that was swapped is noticed and named."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from medgpt_cli.app import main
from medgpt_cli.core.errors import HashMismatch
from medgpt_cli.core.types import Place, Sample
from medgpt_cli.data.prepared.opening import PreparedSet
from medgpt_cli.workflows import training_files
from medgpt_cli.workflows.picture_files import LIST, PictureFiles, refuse_changed
from medgpt_cli.workflows.training_files import TRAIN
from tests.workflows.prep.making import pair, picture, prep, rows, written


@pytest.fixture(name="samples")
def _samples(tmp_path: Path) -> list[Sample]:
    """Line 2 shows the second picture of line 1 again, another frame of it, and a third."""
    for name in "abc":
        (tmp_path / f"Miller_{name}.png").write_bytes(name.encode())
    a, b, c = (str(tmp_path / f"Miller_{name}.png") for name in "abc")
    return [
        Sample(Place("l.jsonl", 1), images=(a, b)),
        Sample(Place("l.jsonl", 2), images=(b, f"{b}#frame=2", c)),
    ]


@pytest.fixture(name="run")
def _run(samples: list[Sample], tmp_path: Path) -> Path:
    run = tmp_path / "run"
    run.mkdir()
    shown = PictureFiles.of(samples)
    shown.keep(run)
    (run / "manifest.json").write_text(json.dumps({"pictures": shown.told()}))
    return run


def go_on(run: Path, samples: Sequence[Sample]) -> None:
    manifest = json.loads((run / "manifest.json").read_text())
    refuse_changed(run, manifest.get("pictures"), PictureFiles.of(samples))


def test_each_file_counts_once_where_it_is_shown_first(samples: list[Sample]) -> None:
    shown = PictureFiles.of(samples)
    assert shown.told()["files"] == 3
    assert [(str(place), index) for place, index in shown.uses] == [
        ("l.jsonl:1", 0),
        ("l.jsonl:1", 1),
        ("l.jsonl:2", 2),
    ]


def test_the_same_pictures_go_on(samples: list[Sample], run: Path) -> None:
    go_on(run, samples)
    assert len((run / LIST).read_text().splitlines()) == 3


def test_a_swapped_picture_is_named_by_its_place(
    samples: list[Sample], run: Path, tmp_path: Path
) -> None:
    (tmp_path / "Miller_b.png").write_bytes(b"x")
    with pytest.raises(HashMismatch) as caught:
        go_on(run, samples)
    assert str(caught.value) == (
        "l.jsonl:1 images[1]  is not the picture it was\n"
        f"1 picture is not the one that {run} was begun with\n"
        "restore them, or start anew with another --out"
    )
    (tmp_path / "Miller_c.png").unlink()
    with pytest.raises(HashMismatch, match="2 pictures are not those that") as caught:
        go_on(run, samples)
    assert [each.where for each in caught.value.complaints] == [
        "l.jsonl:1 images[1]",
        "l.jsonl:2 images[2]",
    ]
    assert "Miller" not in str(caught.value)


def test_another_number_of_pictures_and_a_lost_list_are_told(samples: list[Sample], run: Path) -> None:
    with pytest.raises(HashMismatch, match="the records show 2 pictures that are not the 3 that"):
        go_on(run, samples[:1])
    (run / LIST).write_text("torn\n")
    go_on(run, samples)  # the manifest alone tells that nothing changed
    Path(samples[0].images[0]).write_bytes(b"x")
    with pytest.raises(HashMismatch, match="the records show 3 pictures that are not the 3 that"):
        go_on(run, samples)


def test_a_run_from_before_pictures_were_hashed_is_said_to_be(
    samples: list[Sample], run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (run / "manifest.json").write_text("{}")
    go_on(run, samples)
    assert "kept no hashes of its pictures" in capsys.readouterr().err


@pytest.fixture(name="prepared")
def _prepared(tmp_path: Path) -> Path:
    for number in range(3):
        picture(tmp_path / f"{number}.png", number)
    records = [pair(n, image=f"{n}.png", split="train" if n else "test") for n in range(3)]
    path = written(tmp_path / "a.jsonl", *records)
    assert prep(path, "--out", tmp_path / "set") == 0
    return tmp_path / "set"


def test_a_prepared_set_promises_the_pictures_it_references(prepared: Path, tmp_path: Path) -> None:
    import hashlib

    told = [row["image_sha256"] for split in ("train", "test") for row in rows(prepared, split)]
    raw = [(tmp_path / f"{n}.png").read_bytes() for n in (1, 2, 0)]
    assert told == [[hashlib.sha256(data).hexdigest()] for data in raw]
    manifest = json.loads((prepared / "manifest.json").read_text())
    whole = hashlib.sha256(b"".join(hashlib.sha256(data).digest() for data in raw)).hexdigest()
    assert manifest["pictures"] == {"images": 3, "sha256": whole}
    assert [name for _, name, *_ in PreparedSet.open(prepared).pictures("test")] == [0]


def test_a_prepared_set_with_a_swapped_picture_is_refused(
    prepared: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["data", "check", str(prepared)]) == 0
    picture(tmp_path / "1.png", 7)
    capsys.readouterr()
    assert main(["data", "check", str(prepared)]) == 4
    told = capsys.readouterr().err
    assert "train-00000-of-00001.parquet:1 images[0]  is not the picture it was" in told
    assert "1 picture is not the one that the set was prepared of" in told
    assert "1.png" not in told
    with pytest.raises(HashMismatch):
        training_files.read_split(prepared, TRAIN, image_root=None)


def test_a_set_that_carries_its_pictures_promises_none(prepared: Path, tmp_path: Path) -> None:
    out = tmp_path / "carrying"
    assert prep(tmp_path / "a.jsonl", "--out", out, "output.images=embed") == 0
    assert "image_sha256" not in rows(out, "train")[0]
    assert json.loads((out / "manifest.json").read_text())["pictures"] is None
    assert list(PreparedSet.open(out).pictures()) == []
