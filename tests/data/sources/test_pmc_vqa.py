from __future__ import annotations

from pathlib import Path

import pytest

from tests.data.sources.layouts import asked, pmc_vqa, pmc_vqa_2
from tests.data.sources.reading import facets, read, samples, shown
from tests.data.sources.writing import as_csv, pictures

OPTIONS = (("A", "Red"), ("B", "Blue"), ("C", "Green"), ("D", "White"))


def test_version_1_gives_the_letter_of_the_text_and_bare_choices(tmp_path: Path) -> None:
    pmc_vqa(tmp_path)
    train, other, clean = samples("pmc-vqa", tmp_path)
    assert train.options == OPTIONS
    assert train.answer == "B"
    assert train.turns[1].text == "B"
    assert train.turns[0].text == "Which colour?\nA. Red\nB. Blue\nC. Green\nD. White"
    assert train.keys == ("pmcid:PMC8253797", "figure:PMC8253797_Fig4")
    assert [each.split for each in (train, other, clean)] == ["train", "test", "test"]


def test_the_part_people_read_is_marked_and_not_read_twice(tmp_path: Path) -> None:
    pmc_vqa(tmp_path)
    assert [facets(sample) for sample in samples("pmc-vqa", tmp_path)] == [{}, {}, {"subset": "clean"}]


def test_the_part_people_read_may_stand_alone(tmp_path: Path) -> None:
    pmc_vqa(tmp_path)
    (tmp_path / "test.csv").unlink()
    _, clean = samples("pmc-vqa", tmp_path)
    assert (clean.split, facets(clean)) == ("test", {"subset": "clean"})


@pytest.mark.parametrize("column", ["Answer", "Anwser"])
@pytest.mark.parametrize("written", ["Blue", " B:Blue", "blue", "B"])
def test_an_answer_is_found_under_either_header_however_it_is_written(
    column: str, written: str, tmp_path: Path
) -> None:
    as_csv(tmp_path / "train.csv", [asked("PMC1_Fig1_1.jpg", **{column: written})])
    pictures(tmp_path / "images", "PMC1_Fig1_1.jpg")
    (sample,) = samples("pmc-vqa", tmp_path)
    assert sample.turns[1].text == "B"


def test_a_letter_and_a_text_that_name_two_choices_are_told(tmp_path: Path) -> None:
    as_csv(tmp_path / "train.csv", [asked("PMC1_Fig1_1.jpg", Answer="Blue", Answer_label="A")])
    assert read("pmc-vqa", tmp_path)[1] == [
        "2: Answer_label names another choice than the answer's text"
    ]


def test_an_answer_that_is_no_choice_is_told_and_not_quoted(tmp_path: Path) -> None:
    as_csv(tmp_path / "train.csv", [asked("PMC1_Fig1_1.jpg", Answer="Violet")])
    pictures(tmp_path / "images", "PMC1_Fig1_1.jpg")
    assert read("pmc-vqa", tmp_path)[1] == ["2: answer is none of the options"]


def test_three_choices_are_three(tmp_path: Path) -> None:
    row = asked("PMC1_Fig1_1.jpg", Answer="Blue", Answer_label="B") | {"Choice D": " D: "}
    as_csv(tmp_path / "train.csv", [row])
    pictures(tmp_path / "images", "PMC1_Fig1_1.jpg")
    (sample,) = samples("pmc-vqa", tmp_path)
    assert sample.options == OPTIONS[:3]


def test_version_2_gives_the_letter_alone(tmp_path: Path) -> None:
    pmc_vqa_2(tmp_path)
    train, test = samples("pmc-vqa-2", tmp_path)
    assert (train.options, train.answer, train.split, test.split) == (OPTIONS, "B", "train", "test")
    assert shown(train, tmp_path) == ("figures/PMC3_Fig1_train.jpg",)


@pytest.mark.parametrize("folder", ["figures", "images", "images_2", ""])
def test_version_2_pictures_lie_here_or_there(folder: str, tmp_path: Path) -> None:
    as_csv(tmp_path / "test_2.csv", [asked("PMC3_Fig1_1.jpg", Answer="B", split="test")])
    (tmp_path / "images").mkdir()
    pictures(tmp_path / folder, "PMC3_Fig1_1.jpg")
    (sample,) = samples("pmc-vqa-2", tmp_path)
    assert shown(sample, tmp_path) == (f"{folder}/PMC3_Fig1_1.jpg".lstrip("/"),)
