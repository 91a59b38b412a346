from __future__ import annotations

from pathlib import Path
from typing import Any

from medgpt_cli.data.images.reading import open_image
from medgpt_cli.data.sources.mmmu import ASK_VISION
from medgpt_cli.data.sources.registry import find
from tests.data.sources.layouts_questions import massive, mmmu, mmmu_pro, with_pictures
from tests.data.sources.reading import facets, read, samples


def one(tmp_path: Path, *arguments: Any, **more: Any) -> dict[str, Any]:
    rows = [massive("validation_Pharmacy_9", *arguments, **more)]
    with_pictures(tmp_path / "Pharmacy/validation-00000-of-00001.parquet", rows)
    (written,) = find("mmmu-medical").read(tmp_path)
    return written.record or {"fault": written.fault}


def columns(record: dict[str, Any]) -> list[str]:
    return [name.rpartition("=")[2] for name in record["images"]]


def test_pictures_come_in_the_order_the_text_names_them(tmp_path: Path) -> None:
    record = one(tmp_path, "See <image 2>, then <image 1>, then <image 2>.", "['a', 'b']", "A", 3)
    assert record["question"] == "See <image>, then <image>, then <image>."
    # the third is named by nobody: it belongs to the explanation
    assert columns(record) == ["image_2", "image_1", "image_2"]


def test_options_may_name_pictures_in_any_order(tmp_path: Path) -> None:
    record = one(tmp_path, "Which, unlike <image 1>?", "['<image 3>', '<image 2>']", "B", 3)
    assert record["options"] == {"A": "<image>", "B": "<image>"}
    assert columns(record) == ["image_1", "image_3", "image_2"]


def test_the_model_sees_each_picture_where_it_is_named(tmp_path: Path) -> None:
    one(tmp_path, "Which, unlike <image 1>?", "['<image 3>', '<image 2>']", "B", 3)
    (sample,) = samples("mmmu-medical", tmp_path)
    assert sample.turns[0].parts == ("Which, unlike ", 0, "?\nA. ", 1, "B. ", 2)
    assert [open_image(path).getpixel((0, 0))[0] for path in sample.images] == [1, 3, 2]
    assert sample.turns[1].text == "B"


def test_where_none_is_named_all_come_first(tmp_path: Path) -> None:
    assert columns(one(tmp_path, "What is it?", "['a', 'b']", "A", 2)) == ["image_1", "image_2"]


def test_a_picture_that_is_named_and_null_is_told(tmp_path: Path) -> None:
    assert one(tmp_path, "See <image 2>.", "['a', 'b']", "A", 1) == {
        "fault": "image_2 is named in the text and holds no picture"
    }


def test_open_questions_may_have_several_answers(tmp_path: Path) -> None:
    record = one(tmp_path, "How much?", "[]", "['7.5', '7,5', 7.5]", 0, question_type="open")
    assert (record["answer"], record["facets"]["also"]) == ("7.5", "7,5")
    assert "options" not in record
    assert record["facets"]["question_type"] == "open"


def test_options_are_a_literal_and_nothing_else(tmp_path: Path) -> None:
    assert one(tmp_path, "What?", "[__import__('os')]", "A", 0) == {
        "fault": "options is no list written as a text"
    }


def test_hidden_answers_are_skipped_with_the_reason(tmp_path: Path) -> None:
    row = massive("test_Pharmacy_1", "What?", "['a', 'b']", "?", 0)
    with_pictures(tmp_path / "Pharmacy/test-00000-of-00001.parquet", [row])
    assert read("mmmu-medical", tmp_path) == ([], ["1: label not published"])


def test_only_medical_subjects_are_read_from_the_merged_copy(tmp_path: Path) -> None:
    rows = [
        massive("dev_Clinical_Medicine_3", "What?", "['a', 'b']", "A", 0),
        massive("dev_Art_3", "What?", "['a', 'b']", "A", 0),
    ]
    with_pictures(tmp_path / "data/dev-00000-of-00001.parquet", rows)
    (sample,) = samples("mmmu-medical", tmp_path)
    assert (sample.id, facets(sample)["subject"]) == ("dev_Clinical_Medicine_3", "Clinical_Medicine")


def test_splits_and_subjects(tmp_path: Path) -> None:
    mmmu(tmp_path)
    found = samples("mmmu-medical", tmp_path)
    assert [(s.split, s.answer, facets(s)["subject"]) for s in found] == [
        ("dev", "A", "Pharmacy"),
        ("validation", "7.5", "Pharmacy"),
    ]


def test_the_three_configurations_of_pro(tmp_path: Path) -> None:
    mmmu_pro(tmp_path)
    four, ten, vision = samples("mmmu-pro-medical", tmp_path)
    assert [facets(s)["configuration"] for s in (four, ten, vision)] == [
        "standard (4 options)",
        "standard (10 options)",
        "vision",
    ]
    assert [len(s.options) for s in (four, ten, vision)] == [4, 10, 0]
    # in the vision configuration the options stand in the picture alone
    assert vision.turns[0].parts == (0, ASK_VISION)
    assert vision.answer == "B"
    assert four.keys == vision.keys == ("question:mmmu/test_Public_Health_5",)
