from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from medgpt_cli.core.errors import BadRecord
from medgpt_cli.data.classification.table import read_table
from tests.data.classification.making import LABELS, patient_rows, picture, write_table


def test_rows_are_pictures_with_label_and_patient(tmp_path: Path) -> None:
    path = write_table(tmp_path / "cxr.csv", patient_rows(tmp_path, 3), ("image", "label", "patient"))
    labels, examples, opened = read_table(path)
    assert labels == LABELS
    assert [each.label for each in examples] == [0, 0, 1, 1, 2, 2]
    assert examples[3].case == "patient Miller 1"
    assert examples[3].place == "cxr.csv:5 image"
    assert np.array_equal(np.asarray(opened(examples[3]))[..., 0], picture(1, 11))


def test_splits_are_read_by_any_of_their_names(tmp_path: Path) -> None:
    rows = [
        {**row, "split": split}
        for row, split in zip(
            patient_rows(tmp_path, 2), ("train", "VALID", "dev", "heldout"), strict=True
        )
    ]
    _, examples, _ = read_table(
        write_table(tmp_path / "a.csv", rows, ("image", "label", "split", "patient"))
    )
    assert [each.split for each in examples] == ["train", "val", "val", "test"]


def test_two_frames_of_one_file_are_two_pictures(tmp_path: Path) -> None:
    frames = [Image.fromarray(picture(0, number)) for number in range(2)]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:])
    rows = [{"image": f"a.gif#frame={number}", "label": "x"} for number in range(2)]
    _, examples, opened = read_table(write_table(tmp_path / "a.csv", rows, ("image", "label")))
    assert examples[0].case != examples[1].case
    assert opened(examples[0]).tobytes() != opened(examples[1]).tobytes()


def test_everything_wrong_is_told_and_no_value_is_quoted(tmp_path: Path) -> None:
    rows = [
        {"image": "Mr Smith.png", "label": "x", "split": "train"},
        {"image": "../outside.png", "label": "x", "split": "train"},
        {"image": "https://example.org/a.png", "label": "", "split": "somewhere"},
        {"image": "here.png", "label": "The patient has a cough. " * 5, "split": "test"},
    ]
    Image.new("L", (4, 4)).save(tmp_path / "here.png")
    with pytest.raises(BadRecord) as caught:
        read_table(write_table(tmp_path / "a.csv", rows, ("image", "label", "split")))
    assert str(caught.value) == (
        "a.csv:2 image  there is no such file; paths are relative to the data file's folder or to --image-root\n"
        "a.csv:3 image  leaves the folder it is relative to; move the image inside, or name a folder above both "
        "with --image-root\n"
        "a.csv:4 label  is empty\n"
        "a.csv:4 split  is not train, val or test\n"
        "a.csv:4 image  is a URL, and URLs in records are never followed; download the image beside the data file\n"
        "a.csv:5 label  is longer than 80 characters, which no class is\n"
        f"{tmp_path / 'a.csv'}  4 of 4 rows cannot be used"
    )


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"image,class\na.png,x\n", "there is no column label\nthe first line names them"),
        (b"", "there is no column image and none called label"),
        (b"image,label\n\xff\xfe.png,x\n", "is no table in UTF-8\nsave it as CSV in UTF-8"),
        (b'image,label\n"a.png,x\n', "is no table in UTF-8"),
    ],
)
def test_what_is_no_table_is_refused(tmp_path: Path, data: bytes, says: str) -> None:
    (tmp_path / "a.csv").write_bytes(data)
    with pytest.raises(BadRecord, match=says):
        read_table(tmp_path / "a.csv")


def test_a_mark_of_byte_order_and_blanks_do_not_hide_a_column(tmp_path: Path) -> None:
    Image.new("L", (4, 4)).save(tmp_path / "a.png")
    (tmp_path / "a.csv").write_bytes("\ufeffimage , label\r\na.png, x \r\n".encode())
    labels, examples, _ = read_table(tmp_path / "a.csv")
    assert labels == ("x",)
    assert len(examples) == 1
