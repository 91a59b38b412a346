from __future__ import annotations

from importlib import import_module
from pathlib import Path

import pytest

from medgpt_cli.core.errors import InputError, NotThere, UsageError
from medgpt_cli.data.sources.adapter import Access
from medgpt_cli.data.sources.registry import adapters, detect, find, listing
from tests.data.sources.reading import read
from tests.data.sources.writing import as_csv, as_json, as_parquet, embedded

LAYOUTS = {
    name: build
    for file in sorted(Path(__file__).parent.glob("layouts*.py"))
    for name, build in import_module(f"tests.data.sources.{file.stem}").LAYOUTS.items()
}
NAMES = [adapter.name for adapter in adapters()]
VARIANTS = import_module("tests.data.sources.layouts_reports").VARIANTS
"""Readings of a set that have to be named, by the set its folder is known as."""
SOURCES = import_module("tests.data.sources.layouts_reports").SOURCES
"""What copies and readings of a set call their records' source, so that patients are the same in all of them."""


@pytest.mark.parametrize("name", NAMES)
def test_a_set_as_published_is_known_by_one_adapter_and_all_its_records_are_fit(
    name: str, tmp_path: Path
) -> None:
    folder = tmp_path / name
    folder.mkdir()
    expected = LAYOUTS[name](folder)
    known = VARIANTS.get(name, name)
    assert [adapter.name for adapter in adapters() if adapter.detect(folder)] == (
        [known] if known else []
    )
    adapter = find(name) if name in VARIANTS else detect(folder)
    samples, faults = read(adapter, folder)
    assert faults == []
    assert len(samples) == expected > 0
    assert {sample.source for sample in samples} == {SOURCES.get(name, name)}
    assert all(sample.licence for sample in samples)
    assert len({sample.id for sample in samples}) == len(samples)
    assert all(":" in key for sample in samples for key in sample.keys)


@pytest.mark.parametrize("name", [name for name in NAMES if find(name).read_splits])
def test_some_splits_are_those_of_the_whole(name: str, tmp_path: Path) -> None:
    folder = tmp_path / name
    LAYOUTS[name](folder)
    whole = list(find(name).read(folder))
    splits = {written.record.get("split", "") for written in whole}
    for split in splits - {""}:
        some = list(find(name).read_splits(folder, {split}))
        assert [each for each in some if each.record.get("split") == split] == [
            each for each in whole if each.record.get("split") == split
        ]
        if name in (
            "slake",
            "medqa",
            "medmcqa",
            "mmlu-medical",
            "mimic-cxr",
        ):  # split by split in files of their own
            assert [each.record["split"] for each in some] == [split] * len(some)


@pytest.mark.parametrize("name", NAMES)
def test_every_adapter_says_what_it_is_and_under_which_terms(name: str) -> None:
    adapter = find(name)
    assert adapter.title
    assert adapter.licence
    assert adapter.access in Access
    assert adapter.home.startswith("https://") or adapter.access is Access.LOCAL
    assert set(adapter.use) <= {"align", "midtrain", "sft", "eval"}
    assert adapter.use


def test_names_are_told_apart() -> None:
    assert len(set(NAMES)) == len(NAMES)
    assert find("VQA_Rad").name == "vqa-rad"


def test_a_word_near_a_name_is_answered_with_the_name() -> None:
    with pytest.raises(UsageError) as caught:
        find("slak")
    assert caught.value.what == "no data set is called 'slak'"
    assert "slake" in caught.value.repair


def test_a_word_near_nothing_is_answered_with_all_names() -> None:
    with pytest.raises(UsageError) as caught:
        find("zzzzzz")
    assert caught.value.repair == f"known: {', '.join(sorted(NAMES))}"


def test_nothing_is_detected_where_nothing_is(tmp_path: Path) -> None:
    with pytest.raises(NotThere):
        detect(tmp_path / "absent")
    with pytest.raises(InputError) as caught:
        detect(tmp_path)
    assert (
        caught.value.what == f"is no data set known by its files; looked for {', '.join(sorted(NAMES))}"
    )


def test_two_versions_in_one_folder_have_to_be_told_apart(tmp_path: Path) -> None:
    LAYOUTS["pmc-vqa"](tmp_path)
    LAYOUTS["pmc-vqa-2"](tmp_path)
    with pytest.raises(InputError) as caught:
        detect(tmp_path)
    assert caught.value.what == "may be any of pmc-vqa, pmc-vqa-2"
    assert caught.value.repair == "name the one it is: NAME=PATH"


def test_ones_own_files_of_common_columns_are_not_taken_for_a_public_set(tmp_path: Path) -> None:
    folder = tmp_path / "ours"
    as_parquet(
        folder / "data/train-00000-of-00001.parquet",
        [{"image": embedded(), "question": "Q", "answer": "A"}],
    )
    as_csv(folder / "train.csv", [{"image": "a.png", "caption": "C"}])
    as_json(folder / "test.json", [{"question": "Q", "answer": "A"}])
    with pytest.raises(InputError, match="is no data set known by its files"):
        detect(folder)


def test_the_listing_holds_what_a_person_chooses_by() -> None:
    rows = {row["name"]: row for row in listing()}
    assert list(rows) == NAMES
    assert rows["quilt-1m"] == {
        "name": "quilt-1m",
        "title": "Quilt-1M",
        "licence": "by request; research only, no redistribution",
        "access": "restricted",
        "verified": True,
        "use": ["align"],
        "home": "https://github.com/wisdomikezogwo/quilt1m",
    }
    assert rows["vqa-med-2020"]["verified"] is False
