from __future__ import annotations

from pathlib import Path

import pytest

from medgpt_cli.core.errors import InputError
from medgpt_cli.data.sources.registry import detect
from tests.data.sources.layouts import PART, pmc_oa, pmc_oa_beta
from tests.data.sources.reading import samples, shown
from tests.data.sources.writing import as_csv, as_jsonl, pictures

NAME = "PMC212319_Fig3_4.jpg"


def test_parts_of_one_figure_are_tied_by_article_and_figure(tmp_path: Path) -> None:
    pmc_oa(tmp_path)
    first, second = samples("pmc-oa", tmp_path)
    assert first.keys == second.keys == ("pmcid:PMC212319", "figure:PMC212319_Fig3")
    assert shown(first, tmp_path) == (f"{PART}/{NAME}",)
    assert first.split == ""


def test_the_older_release_keeps_its_splits_and_brings_the_article_in_a_column(tmp_path: Path) -> None:
    folder = tmp_path / "pmc_oa"
    for split in ("train", "valid", "test"):
        row = {"pmcid": "PMC42", "url_name": f"{split}.jpg", "image": f"{split}.jpg", "caption": "C"}
        as_jsonl(folder / f"{split}.jsonl", [row])
        pictures(folder / "images", f"{split}.jpg")
    assert detect(folder).name == "pmc-oa"
    found = samples("pmc-oa", folder)
    assert [sample.split for sample in found] == ["train", "validation", "test"]
    assert {sample.keys for sample in found} == {("pmcid:PMC42",)}


def test_the_older_cut_is_left_alone_beside_the_newer_list(tmp_path: Path) -> None:
    pmc_oa(tmp_path)
    as_jsonl(tmp_path / "train.jsonl", [{"pmcid": "PMC42", "image": NAME, "caption": "C"}])
    assert len(samples("pmc-oa", tmp_path)) == 2


def test_the_trainers_csv_is_read_alike(tmp_path: Path) -> None:
    folder = tmp_path / "pmc_oa"
    as_csv(folder / "train.csv", [{"image": NAME, "caption": 'A "quoted", caption'}])
    pictures(folder, NAME)
    assert detect(folder).name == "pmc-oa"
    (sample,) = samples("pmc-oa", folder)
    assert sample.turns[1].text == 'A "quoted", caption'
    assert sample.keys == ("pmcid:PMC212319", "figure:PMC212319_Fig3")


def test_whole_captions_and_their_parts_are_never_mixed_by_accident(tmp_path: Path) -> None:
    pmc_oa(tmp_path)
    pmc_oa_beta(tmp_path)
    with pytest.raises(InputError, match="may be any of pmc-oa, pmc-oa-beta"):
        detect(tmp_path)
    assert len(samples("pmc-oa", tmp_path)) == 2
    (whole,) = samples("pmc-oa-beta", tmp_path)
    assert whole.keys == ("pmcid:PMC212319", "figure:PMC212319_Fig3")
