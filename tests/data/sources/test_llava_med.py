from __future__ import annotations

from pathlib import Path

import pytest

from tests.data.sources.layouts import TURNS, llava, llava_med_alignment, llava_med_instruct
from tests.data.sources.reading import facets, read, samples, shown
from tests.data.sources.writing import as_json, pictures


def test_the_misspelt_key_reads_as_the_right_one(tmp_path: Path) -> None:
    pictures(tmp_path / "images", "1_F1.jpg")
    rows = [llava("1_F1", "conversations"), llava("1_F1", "conversatons")]
    as_json(tmp_path / "llava_med_alignment_500k.json", rows)
    right, misspelt = samples("llava-med-alignment", tmp_path)
    assert right.turns == misspelt.turns
    assert [turn.text for turn in right.turns] == ["What is shown?", "A lung."]


def test_a_pair_is_tied_to_its_article_by_pubmed_id_and_where_known_by_pmc_number(
    tmp_path: Path,
) -> None:
    llava_med_alignment(tmp_path)
    known, other = samples("llava-med-alignment", tmp_path)
    assert known.keys == ("image:llava-med/18063892_F3", "pmid:18063892", "pmcid:PMC2629018")
    assert other.keys == ("image:llava-med/18318598_g001", "pmid:18318598")
    assert shown(known, tmp_path) == ("images/18063892_F3.jpg",)
    assert facets(known) == {"subset": "alignment_500k", "modality": "histology, gross"}


def test_inline_mentions_come_as_texts_or_as_tokens_and_disturb_nothing(tmp_path: Path) -> None:
    llava_med_instruct(tmp_path)
    found = samples("llava-med-instruct", tmp_path)
    assert [sample.id for sample in found] == [
        "instruct_10k/18063892_F3",
        "instruct_60k_inline_mention/18063892_F3",
    ]
    assert found[0].turns == found[1].turns


@pytest.mark.parametrize("folder", ["images", "data/images", ""])
def test_pictures_are_found_where_the_script_or_a_person_put_them(folder: str, tmp_path: Path) -> None:
    as_json(tmp_path / "data/alignment/llava_med_alignment_500k.json", [llava("1_F1")])
    pictures(tmp_path / folder, "1_F1.jpg")
    (sample,) = samples("llava-med-alignment", tmp_path)
    assert shown(sample, tmp_path) == (f"{folder}/1_F1.jpg".lstrip("/"),)


def test_a_pair_id_names_the_picture_where_image_is_left_out(tmp_path: Path) -> None:
    row = {"id": "x", "pair_id": "1_F1", "conversatons": TURNS, "domain": {}}
    as_json(tmp_path / "llava_med_instruct_60k.json", [row])
    pictures(tmp_path / "images", "1_F1.jpg")
    (sample,) = samples("llava-med-instruct", tmp_path)
    assert shown(sample, tmp_path) == ("images/1_F1.jpg",)


def test_one_file_may_be_named_and_its_pictures_are_still_found(tmp_path: Path) -> None:
    llava_med_instruct(tmp_path)
    file = tmp_path / "instruct/llava_med_instruct_60k_inline_mention.json"
    (sample,) = samples("llava-med-instruct", file)
    assert shown(sample, tmp_path) == ("images/18063892_F3.jpg",)


def test_a_row_without_a_dialogue_is_told_and_the_others_are_read(tmp_path: Path) -> None:
    as_json(tmp_path / "llava_med_instruct_10k.json", [llava("1_F1"), llava("2_F1", conversatons=None)])
    pictures(tmp_path / "images", "1_F1.jpg")
    good, faults = read("llava-med-instruct", tmp_path)
    assert len(good) == 1
    assert [fault.partition(": ")[2] for fault in faults] == ["conversations is missing"]
