from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from medgpt_cli.core.errors import BadImage, BadRecord, MedGPTError, NotThere
from medgpt_cli.data.classification.opening import open_set
from medgpt_cli.data.classification.squares import Squares
from medgpt_cli.data.images.letterbox import letterbox
from tests.data.classification.making import patient_rows, write_folders, write_npz, write_table


@pytest.mark.parametrize("form", ["npz", "folder", "table"])
def test_every_form_becomes_three_splits(tmp_path: Path, form: str) -> None:
    path = {
        "npz": lambda: write_npz(tmp_path / "cxr.npz"),
        "folder": lambda: write_folders(tmp_path / "cxr"),
        "table": lambda: write_table(
            tmp_path / "cxr.csv", patient_rows(tmp_path), ("image", "label", "patient")
        ),
    }[form]()
    found = open_set(path)
    assert (found.name, found.form) == ("cxr", form)
    assert all(found.counts().values())
    assert len(found.labels) == 3
    assert all(min(row) > 0 for row in found.support().values())
    assert sorted(n for split in ("train", "val", "test") for n in found.of(split)) == list(
        range(len(found.examples))
    )
    assert found.fingerprint() == open_set(path).fingerprint()


def test_the_fingerprint_knows_pictures_labels_and_splits(tmp_path: Path) -> None:
    path = write_folders(tmp_path / "set")
    before = open_set(path).fingerprint()
    moved = path / "above" / "Mrs Miller 00.png"
    moved.rename(path / "below" / "Mrs Miller 99.png")
    assert open_set(path).fingerprint() != before


def test_squares_are_letterboxed_and_opened_once(tmp_path: Path) -> None:
    found = open_set(write_npz(tmp_path / "a.npz"))
    opened = []
    squares = Squares(
        type(found)(**{**vars(found), "open": lambda e: opened.append(e) or found.open(e)}), 14
    )
    first, again = squares([5, 2]), squares([2])
    assert first.shape == (2, 3, 14, 14)
    wanted = np.asarray(letterbox(found.open(found.examples[2]), 14)).transpose(2, 0, 1)
    assert np.array_equal(first[1].numpy(), wanted)
    assert np.array_equal(again[0].numpy(), wanted)
    assert len(opened) == 2


def test_squares_beyond_the_limit_are_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("medgpt_cli.data.classification.squares.MOST_BYTES", 3 * 14 * 14)
    squares = Squares(open_set(write_npz(tmp_path / "a.npz")), 14)
    assert np.array_equal(squares([0, 1, 2])[2].numpy(), squares([2])[0].numpy())
    assert list(squares._kept) == [0]


def one_class(folder: Path) -> Path:
    return write_npz(folder / "a.npz", classes=1)


def strange_label(folder: Path) -> Path:
    write_npz(folder / "a.npz")
    arrays = dict(np.load(folder / "a.npz"))
    arrays["test_labels"][-2:] = [[7], [7]]
    arrays["val_labels"][0] = 9
    np.savez(folder / "a.npz", **arrays)
    return folder / "a.npz"


def too_small(folder: Path) -> Path:
    return write_folders(folder / "a", 2)


def unreadable(folder: Path) -> Path:
    write_folders(folder / "a")
    (folder / "a" / "above" / "Mrs Miller 03.png").write_bytes(b"no picture")
    whole = (folder / "a" / "below" / "Mrs Miller 05.png").read_bytes()
    (folder / "a" / "below" / "Mrs Miller 05.png").write_bytes(whole[:-30])
    return folder / "a"


@pytest.mark.parametrize(
    ("make", "kind", "says"),
    [
        (one_class, BadRecord, "{0}  holds pictures of one class only\ntwo classes are the least"),
        (
            strange_label,
            BadRecord,
            "a.npz val_images[0]  has a label that the training split lacks\n"
            "a.npz test_images[16]  has a label that the training split lacks\n"
            "{0}  2 of 5 labels have no picture in the training split\n"
            "add training pictures of them, or leave them out",
        ),
        (
            too_small,
            BadRecord,
            "{0}  the val and the test split would be empty\n"
            "a class needs three patients or pictures to be parted",
        ),
        (lambda folder: folder / "none.csv", NotThere, "{0}  there is no such set\n"
         "name a .npz, a .csv, or a folder of folders"),
    ],
)  # fmt: skip
def test_what_cannot_be_trained_on_is_refused(
    tmp_path: Path, make: object, kind: type[MedGPTError], says: str
) -> None:
    path = make(tmp_path)  # type: ignore[operator]
    with pytest.raises(kind) as caught:
        open_set(path)
    assert str(caught.value) == says.format(path)


def test_all_unreadable_pictures_are_told_without_their_names(tmp_path: Path) -> None:
    with pytest.raises(BadImage) as caught:
        open_set(unreadable(tmp_path))
    assert "Miller" not in str(caught.value)
    assert [each.where for each in caught.value.complaints] == [
        "above, picture 4 by name",
        "below, picture 6 by name",
    ]
    assert caught.value.what == "2 of 30 pictures cannot be opened"


def test_another_kind_of_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(b"PK")
    with pytest.raises(BadRecord, match="is no classification set that is read here"):
        open_set(tmp_path / "a.zip")


def test_a_class_without_test_pictures_is_told(tmp_path: Path) -> None:
    write_npz(tmp_path / "a.npz")
    arrays = dict(np.load(tmp_path / "a.npz"))
    arrays["test_labels"][arrays["test_labels"] == 2] = 1
    np.savez(tmp_path / "a.npz", **arrays)
    assert open_set(tmp_path / "a.npz").notes == (
        "1 of 3 classes have no test picture, and count as F1 0",
    )
