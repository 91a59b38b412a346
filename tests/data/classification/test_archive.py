from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from medgpt_cli.core.errors import BadRecord
from medgpt_cli.data.classification.archive import read_archive
from tests.data.classification.making import picture, write_npz


def test_pictures_labels_and_splits_are_those_of_the_archive(tmp_path: Path) -> None:
    labels, examples, opened = read_archive(write_npz(tmp_path / "planes.npz"))
    assert labels == ("0", "1", "2")
    assert [each.split for each in examples] == ["train"] * 24 + ["val"] * 12 + ["test"] * 18
    shown = opened(examples[9])
    assert shown.mode == "RGB"
    assert np.array_equal(np.asarray(shown)[..., 0], picture(1, 1))
    assert (examples[9].label, examples[9].place) == (1, "planes.npz train_images[9]")


@pytest.mark.parametrize("shape", [(5, 7), (5, 7, 1), (5, 7, 3)])
def test_grey_and_colour_are_read(tmp_path: Path, shape: tuple[int, ...]) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, size=(2, *shape), dtype=np.uint8)
    np.savez(tmp_path / "a.npz", train_images=pixels, train_labels=np.array([4, 2]))
    labels, examples, opened = read_archive(tmp_path / "a.npz")
    assert labels == ("2", "4")  # the numbers are names; which are there is what counts
    assert [each.label for each in examples] == [1, 0]
    assert [each.split for each in examples] == ["", ""]
    wanted = np.broadcast_to(pixels[1].reshape(5, 7, -1), (5, 7, 3))
    assert np.array_equal(np.asarray(opened(examples[1])), wanted)


GREY = np.zeros((2, 4, 4), np.uint8)
ONE = np.array([[0], [1]])


@pytest.mark.parametrize(
    ("arrays", "says"),
    [
        ({"train_images": GREY}, "a.npz train  has pictures or labels without the other"),
        (
            {"train_images": np.zeros((2, 4, 4, 4), np.uint8), "train_labels": ONE},
            "a.npz train_images  holds volumes, and pictures are read here",
        ),
        (
            {"train_images": GREY.astype(float), "train_labels": ONE},
            "a.npz train_images  has pixels of more than 8 bits, or no whole numbers",
        ),
        (
            {"train_images": GREY[0][:2], "train_labels": ONE},
            "a.npz train_images  is no list of pictures",
        ),
        (
            {"train_images": GREY, "train_labels": np.zeros((2, 14), int)},
            "a.npz train_labels  has several labels for each picture, which is another task",
        ),
        (
            {"train_images": GREY, "train_labels": ONE / 2},
            "a.npz train_labels  is no list of whole numbers",
        ),
        (
            {"train_images": GREY, "train_labels": ONE[:1]},
            "a.npz train_labels  has 1 labels for 2 pictures",
        ),
        ({"test_images": GREY, "test_labels": ONE}, "a.npz train_images  is missing"),
    ],
)
def test_what_is_no_set_is_told(tmp_path: Path, arrays: dict[str, Any], says: str) -> None:
    np.savez(tmp_path / "a.npz", **arrays)
    with pytest.raises(BadRecord) as caught:
        read_archive(tmp_path / "a.npz")
    assert str(caught.value) == (
        f"{says}\na.npz  is no classification set\n"
        "train_images, train_labels, val_images … as MedMNIST has them"
    )


@pytest.mark.parametrize("damage", ["pickled", "cut", "text"])
def test_nothing_pickled_or_damaged_is_read(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "a.npz"
    if damage == "pickled":
        np.savez(path, train_images=np.array([{"a": 1}], dtype=object), train_labels=ONE)
    else:
        path.write_bytes(
            write_npz(tmp_path / "b.npz").read_bytes()[:500] if damage == "cut" else b"hello"
        )
    with pytest.raises(BadRecord, match=r"a\.npz  cannot be read as arrays of numbers"):
        read_archive(path)
