from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest

from medgpt_cli.core.errors import BadRecord
from medgpt_cli.data.classification.folders import read_folders
from tests.data.classification.making import LABELS, picture, write_folders


def test_folders_are_labels(tmp_path: Path) -> None:
    labels, examples, opened = read_folders(write_folders(tmp_path / "set", 2))
    assert labels == LABELS
    assert [each.label for each in examples] == [0, 0, 1, 1, 2, 2]
    assert {each.split for each in examples} == {""}
    assert np.array_equal(np.asarray(opened(examples[3]))[..., 0], picture(1, 1))
    data = (tmp_path / "set" / "below" / "Mrs Miller 01.png").read_bytes()
    assert examples[3].digest == hashlib.sha256(data).hexdigest()


def test_folders_of_splits_are_told_by_name(tmp_path: Path) -> None:
    write_folders(tmp_path / "set", 1, ("train", "Validation", "test"))
    labels, examples, _ = read_folders(tmp_path / "set")
    assert labels == LABELS
    assert [each.split for each in examples] == ["val"] * 3 + ["test"] * 3 + ["train"] * 3
    assert examples[0].place == "Validation/above, picture 1 by name"


def test_hidden_files_are_passed_over(tmp_path: Path) -> None:
    write_folders(tmp_path / "set", 1)
    (tmp_path / "set" / ".cache").mkdir()
    (tmp_path / "set" / "above" / ".DS_Store").write_bytes(b"x")
    assert len(read_folders(tmp_path / "set")[1]) == 3


def test_what_leaves_the_set_is_refused_and_no_file_is_named(tmp_path: Path) -> None:
    write_folders(tmp_path / "set", 1)
    (tmp_path / "outside.png").write_bytes(b"x")
    (tmp_path / "set" / "above" / "Mr Smith.png").symlink_to(tmp_path / "outside.png")
    with pytest.raises(BadRecord) as caught:
        read_folders(tmp_path / "set")
    assert str(caught.value) == (
        "above, picture 1 by name  leaves the folder it is relative to; move the image inside, or name a folder "
        f"above both with --image-root\n{tmp_path / 'set'}  1 file cannot be used"
    )


def test_splits_beside_labels_are_refused(tmp_path: Path) -> None:
    write_folders(tmp_path / "set", 1)
    (tmp_path / "set" / "train").mkdir()
    with pytest.raises(BadRecord, match="folders of splits and folders of labels stand side by side"):
        read_folders(tmp_path / "set")


def test_an_empty_folder_is_no_set(tmp_path: Path) -> None:
    with pytest.raises(BadRecord, match="there are no folders of pictures\nmake it SET/label/picture"):
        read_folders(tmp_path)
