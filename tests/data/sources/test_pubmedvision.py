from __future__ import annotations

from pathlib import Path

from medgpt_cli.core.types import Role
from tests.data.sources.layouts import pubmedvision, vision
from tests.data.sources.reading import facets, read, samples, shown
from tests.data.sources.writing import as_json, pictures


def test_a_dialogue_without_tags_shows_all_its_pictures_first(tmp_path: Path) -> None:
    pubmedvision(tmp_path)
    one, two, _ = samples("pubmedvision", tmp_path)
    assert one.turns[0].role is Role.USER
    assert one.turns[0].parts == (0, "What is shown?")
    assert two.turns[0].parts == (0, 1, "What is shown?")
    assert shown(two, tmp_path) == ("images/pmc_2_0.jpg", "images/pmc_2_1.jpg")


def test_both_configurations_of_one_picture_are_tied_and_told_apart(tmp_path: Path) -> None:
    pubmedvision(tmp_path)
    alignment, _, instruction = samples("pubmedvision", tmp_path)
    assert alignment.keys == instruction.keys == ("image:pubmedvision/pmc_1_0",)
    assert [alignment.id, instruction.id] == ["alignment/identity_0", "instruction/identity_0"]
    assert facets(instruction) == {
        "subset": "instruction",
        "modality": "Computed Tomography",
        "anatomy": "Chest",
    }


def test_its_own_count_of_articles_is_not_taken_for_a_pmc_number(tmp_path: Path) -> None:
    pubmedvision(tmp_path)
    assert not any("pmcid" in key for sample in samples("pubmedvision", tmp_path) for key in sample.keys)


def test_a_picture_never_published_costs_its_record_alone(tmp_path: Path) -> None:
    as_json(
        tmp_path / "PubMedVision_Alignment_VQA.json",
        [vision(0, "pmc_9_0.jpg"), vision(1, "pmc_1_0.jpg")],
    )
    pictures(tmp_path / "images", "pmc_1_0.jpg")
    good, faults = read("pubmedvision", tmp_path)
    assert [sample.id for sample in good] == ["alignment/identity_1"]
    assert faults == ["2: images[0] there is no such file"]


def test_a_picture_that_is_no_list_of_paths_is_told(tmp_path: Path) -> None:
    as_json(tmp_path / "PubMedVision_Alignment_VQA.json", [{**vision(0), "image": 3}])
    assert read("pubmedvision", tmp_path)[1] == ["2: image is a number where a list of paths belongs"]
