from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from medgpt_cli.data.sources.registry import find
from tests.data.sources.layouts import vqa_med_2019, vqa_med_2020, vqa_med_2021
from tests.data.sources.reading import facets, read, samples, shown
from tests.data.sources.writing import pictures, text

TRAINING = "ImageClef-2019-VQA-Med-Training"


def test_questions_get_their_category_from_the_files_that_repeat_them(tmp_path: Path) -> None:
    vqa_med_2019(tmp_path)
    found = samples("vqa-med-2019", tmp_path)
    assert [facets(each)["question_type"] for each in found[:4]] == [
        "modality",
        "plane",
        "organ",
        "abnormality",
    ]
    assert [each.split for each in found] == ["train"] * 4 + ["validation"] * 4 + ["test"] * 2
    assert found[0].turns[0].text == 'what modality is "this"?'
    assert shown(found[0], tmp_path) == (f"{TRAINING}/Train_images/synpic4109train.jpg",)


def test_brackets_of_a_training_answer_are_part_of_it(tmp_path: Path) -> None:
    vqa_med_2019(tmp_path)
    first = samples("vqa-med-2019", tmp_path)[0]
    assert first.answer == "ct w/contrast (iv)"
    assert "also" not in facets(first)


def test_files_by_category_alone_will_do(tmp_path: Path) -> None:
    vqa_med_2019(tmp_path)
    (tmp_path / TRAINING / "All_QA_Pairs_train.txt").unlink()
    found = [each for each in samples("vqa-med-2019", tmp_path) if each.split == "train"]
    assert [facets(each)["question_type"] for each in found] == [
        "modality",
        "plane",
        "organ",
        "abnormality",
    ]


def test_the_test_of_2019_has_alternatives_and_words_that_may_be_left_out(tmp_path: Path) -> None:
    vqa_med_2019(tmp_path)
    several, optional = samples("vqa-med-2019", tmp_path)[-2:]
    assert (several.answer, facets(several)) == (
        "glioma",
        {"question_type": "abnormality", "also": "multi-cystic complex mass"},
    )
    assert optional.answer == "(angioinvasive aspergillosis with) septic cerebral emboli"
    assert facets(optional)["also"] == "septic cerebral emboli"
    assert several.keys == ("image:medpix/synpic54143",)


def test_one_split_may_be_named_alone(tmp_path: Path) -> None:
    vqa_med_2019(tmp_path)
    shutil.move(tmp_path / "VQAMed2019Test", tmp_path / "elsewhere")
    found = samples("vqa-med-2019", tmp_path / "elsewhere")
    assert [each.split for each in found] == ["test", "test"]
    file = tmp_path / "elsewhere" / "VQAMed2019_Test_Questions_w_Ref_Answers.txt"
    assert len(samples("vqa-med-2019", file)) == 2


def test_a_line_short_of_a_field_or_not_utf_8_is_told(tmp_path: Path) -> None:
    file = text(tmp_path / "All_QA_Pairs_train.txt", "synpic1|what is it?|ct", "synpic2|what is it?")
    file.write_bytes(file.read_bytes() + b"synpic1|what\xff|ct\n" + "synpic1|was|größer\n".encode())
    pictures(tmp_path / "Train_images", "synpic1.jpg")
    good, faults = read("vqa-med-2019", tmp_path)
    assert [each.answer for each in good] == ["ct", "größer"]
    assert faults == ["2: has 2 of 3 fields", "3: is not UTF-8"]


def test_answers_of_2020_stand_in_a_file_of_their_own_and_brackets_belong_to_them(
    tmp_path: Path,
) -> None:
    vqa_med_2020(tmp_path)
    found = samples("vqa-med-2020", tmp_path)
    assert [each.split for each in found] == ["train", "validation", "test"]
    assert (found[2].answer, facets(found[2])) == ("aberrant artery (arsa)", {})


@pytest.mark.parametrize("name", ["vqa-med-2020", "vqa-med-2021"])
def test_a_question_without_a_reference_is_told(name: str, tmp_path: Path) -> None:
    {"vqa-med-2020": vqa_med_2020, "vqa-med-2021": vqa_med_2021}[name](tmp_path)
    for file in tmp_path.rglob("*ReferenceAnswers.txt"):
        file.unlink()
    assert read(name, tmp_path)[1][0] == "1: answer has no reference in the file beside"


def test_2021_has_one_category_and_answers_between_bars(tmp_path: Path) -> None:
    vqa_med_2021(tmp_path)
    found = samples("vqa-med-2021", tmp_path)
    assert [each.split for each in found] == ["validation", "test", "test"]
    assert found[1].answer == "cyst"
    assert (found[2].answer, facets(found[2])) == ("a", {"question_type": "abnormality", "also": "b\nc"})
    assert shown(found[2], tmp_path)[0].endswith("images/VQA-500-Images/synpic6.jpg")


def test_a_validation_question_of_2021_may_have_several_answers_too(tmp_path: Path) -> None:
    vqa_med_2021(tmp_path)
    (file,) = tmp_path.rglob("*New-ValidationSet.txt")
    text(file, "synpic4|what is abnormal?|cyst|a cyst")
    first = samples("vqa-med-2021", tmp_path)[0]
    assert (first.answer, facets(first)["also"]) == ("cyst", "a cyst")


def test_the_years_and_vqa_rad_share_pictures_under_one_key(tmp_path: Path) -> None:
    vqa_med_2020(tmp_path)
    assert samples("vqa-med-2020", tmp_path)[0].keys == ("image:medpix/synpic1",)


def test_only_the_licence_that_its_source_states_is_told() -> None:
    licences = {year: find(f"vqa-med-{year}").licence for year in (2019, 2020, 2021)}
    assert licences == {2019: "CC BY 4.0", 2020: "not established", 2021: "not established"}
