from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from medgpt_cli.data.sources.registry import detect
from tests.data.sources.layouts import omni, omnimedvqa
from tests.data.sources.reading import facets, read, samples, shown
from tests.data.sources.writing import as_json, pictures


def one(root: Path, **more: Any) -> tuple[list[Any], list[str]]:
    as_json(root / "QA_information/Open-access/Any.json", [omni(0, **more)])
    pictures(root / "Images/Chest CT Scan", "0.png")
    return read("omnimedvqa", root)


def test_two_to_four_choices_and_the_letter_of_the_answers_text(tmp_path: Path) -> None:
    omnimedvqa(tmp_path)
    two, four = samples("omnimedvqa", tmp_path)
    assert (two.options, two.answer) == ((("A", "MR"), ("B", "CT")), "B")
    assert [text for _, text in four.options] == ["MR", "CT", "X-ray", "US"]
    assert shown(two, tmp_path) == ("Images/Chest CT Scan/0.png",)
    assert two.keys == ("image:omnimedvqa/Images/Chest CT Scan/0.png",)


def test_modality_stands_under_either_name(tmp_path: Path) -> None:
    omnimedvqa(tmp_path)
    assert {facets(each)["modality"] for each in samples("omnimedvqa", tmp_path)} == {
        "CT(Computed Tomography)"
    }


def test_the_restricted_part_is_read_only_when_it_is_named(tmp_path: Path) -> None:
    omnimedvqa(tmp_path)
    assert detect(tmp_path).name == "omnimedvqa"
    (sample,) = samples("omnimedvqa-restricted", tmp_path)
    assert sample.source == "omnimedvqa-restricted"


@pytest.mark.parametrize(
    ("choices", "answer", "letter"),
    [
        ({"option_A": "ct.", "option_B": "MR"}, "CT", "A"),
        ({"option_A": "No.", "option_B": "No"}, "No", "B"),
    ],
)
def test_an_answer_may_differ_in_case_and_full_stop(
    choices: dict[str, str], answer: str, letter: str, tmp_path: Path
) -> None:
    (sample,), _ = one(tmp_path, gt_answer=answer, **choices)
    assert sample.answer == letter


def test_a_letter_that_is_another_choices_text_is_told(tmp_path: Path) -> None:
    found = one(tmp_path, option_A="B", option_B="A", gt_answer="A")
    assert found == ([], ["2: answer may mean option A or B"])


@pytest.mark.parametrize(
    ("more", "fault"),
    [
        ({"gt_answer": "PET"}, "gt_answer is the text of no choice"),
        ({"option_A": "CT"}, "gt_answer is the text of several choices"),
        ({"gt_answer": None}, "gt_answer is empty"),
        ({"option_A": ["CT"]}, "option_A is a list where a text belongs"),
    ],
)
def test_answers_that_fit_no_one_choice_are_told(
    more: dict[str, Any], fault: str, tmp_path: Path
) -> None:
    assert one(tmp_path, **more) == ([], [f"2: {fault}"])
