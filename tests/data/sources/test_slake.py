from __future__ import annotations

from pathlib import Path

from medgpt_cli.data.sources.registry import detect
from tests.data.sources.layouts import slake, slaked
from tests.data.sources.reading import facets, samples, shown
from tests.data.sources.writing import as_json, pictures


def test_a_picture_ties_its_questions_across_languages_and_splits(tmp_path: Path) -> None:
    slake(tmp_path)
    found = samples("slake", tmp_path)
    chinese_train, english_test = found[1], found[3]
    assert (chinese_train.split, english_test.split) == ("train", "test")
    assert chinese_train.keys == english_test.keys == ("image:slake/xmlab3",)
    assert facets(chinese_train)["language"] == "zh"
    assert facets(english_test) == {
        "language": "en",
        "modality": "CT",
        "anatomy": "Abdomen",
        "question_type": "Modality",
        "answer_type": "CLOSED",
        "base_type": "vqa",
    }
    assert shown(english_test, tmp_path) == ("imgs/xmlab3/source.jpg",)


def test_the_validation_file_has_two_names_and_is_read_once(tmp_path: Path) -> None:
    slake(tmp_path)
    (tmp_path / "validation.json").rename(tmp_path / "validate.json")
    assert [sample.split for sample in samples("slake", tmp_path)].count("validation") == 1
    as_json(tmp_path / "validation.json", [slaked(2, 2, "en")])
    assert [sample.split for sample in samples("slake", tmp_path)].count("validation") == 1


def test_the_archives_own_folder_is_looked_into(tmp_path: Path) -> None:
    slake(tmp_path / "Slake1.0")
    assert detect(tmp_path).name == "slake"
    assert len(samples("slake", tmp_path)) == 4


def test_a_byte_order_mark_is_nothing(tmp_path: Path) -> None:
    file = as_json(tmp_path / "test.json", [slaked(1, 0, "zh")])
    file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes())
    pictures(tmp_path / "imgs", "xmlab1/source.jpg")
    assert detect(tmp_path).name == "slake"
    (sample,) = samples("slake", tmp_path)
    assert sample.answer == "是"
