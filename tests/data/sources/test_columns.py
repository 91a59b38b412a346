from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import datasets
import pytest

from medgpt_cli.core.errors import BadRecipe, BadRecord, InputError, NotThere
from medgpt_cli.core.types import Sample
from medgpt_cli.data.images.reading import open_image
from medgpt_cli.data.sources.adapter import Written
from medgpt_cli.data.sources.columns import column_adapter, mapped
from tests.data.sources.reading import facets, read, samples, shown
from tests.data.sources.writing import as_csv, as_json, as_jsonl, as_parquet, embedded, pictures

ASKED = {"question": "Q", "answer": "A"}


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    datasets.disable_progress_bars()
    yield
    datasets.enable_progress_bars()


def records(path: Path, columns: Any, root: Path | None = None) -> list[dict[str, Any]]:
    found = list(mapped(path, columns, root or (path if path.is_dir() else path.parent)))
    assert all(not written.fault for written in found)
    return [written.record for written in found]


def test_a_csv_of_ones_own(tmp_path: Path) -> None:
    row = {
        "Q": "Is it?",
        "A": "yes",
        "path": "1.png",
        "pid": "17",
        "Mod": "CT",
        "pmc": "PMC7",
        "other": "x",
    }
    as_csv(tmp_path / "local.csv", [row, {**row, "path": "", "Mod": ""}])
    pictures(tmp_path, "1.png")
    columns = {
        **ASKED,
        "image": "path",
        "patient_id": "pid",
        "facet.modality": "Mod",
        "key.pmcid": "pmc",
    }
    first, second = samples(column_adapter(columns), tmp_path / "local.csv")
    assert (first.turns[0].parts, first.answer, first.patient_id) == ((0, "Is it?"), "yes", "17")
    assert (facets(first), first.keys, first.source) == ({"modality": "CT"}, ("pmcid:PMC7",), "local")
    assert (second.images, second.facets) == ((), ())
    assert second.id == "local.csv:2"


@pytest.mark.parametrize("name", ["a.jsonl", "a.json", "a.csv", "a.tsv", "a.parquet", "a.csv.gz"])
def test_every_kind_of_table(tmp_path: Path, name: str) -> None:
    rows = [{"Q": "Is it?", "A": "yes"}, {"Q": "Or not?", "A": "no"}]
    if name.endswith("jsonl"):
        as_jsonl(tmp_path / name, rows)
    elif name.endswith("json"):
        as_json(tmp_path / name, rows)
    elif name.endswith("parquet"):
        as_parquet(tmp_path / name, rows)
    elif name.endswith("tsv"):
        (tmp_path / name).write_text("Q\tA\nIs it?\tyes\nOr not?\tno\n")
    else:
        data = b"Q,A\nIs it?,yes\nOr not?,no\n"
        (tmp_path / name).write_bytes(gzip.compress(data) if name.endswith("gz") else data)
    assert [(r["question"], r["answer"]) for r in records(tmp_path / name, ASKED)] == [
        ("Is it?", "yes"),
        ("Or not?", "no"),
    ]
    assert records(tmp_path, ASKED) == records(tmp_path / name, ASKED)


def hub() -> datasets.Dataset:
    features = datasets.Features(
        {"Q": datasets.Value("string"), "A": datasets.Value("string"), "image": datasets.Image(),
         "more": datasets.List(datasets.Image())}
    )  # fmt: skip
    return datasets.Dataset.from_dict(
        {
            "Q": ["one?", "two?", "three?"],
            "A": ["1", "2", "3"],
            "image": [embedded(10), None, embedded(30)],
            "more": [[embedded(11), embedded(12)], [], None],
        },
        features=features,
    )


SHADES = [[10, 11, 12], [], [30]]


def shades(sample: Sample) -> list[int]:
    return [open_image(path).getpixel((0, 0))[0] for path in sample.images]


@pytest.mark.parametrize("saved", ["disk", "splits", "parquet"])
def test_what_the_datasets_library_writes_with_its_pictures(tmp_path: Path, saved: str) -> None:
    folder = tmp_path / "set"
    if saved == "disk":
        hub().save_to_disk(str(folder))
        (folder / "cache-0123.arrow").write_bytes(b"no table")
    elif saved == "splits":
        datasets.DatasetDict({"train": hub(), "validation": hub()}).save_to_disk(str(folder))
    else:
        (folder / "data").mkdir(parents=True)
        hub().to_parquet(str(folder / "data/train-00000-of-00001.parquet"))
    adapter = column_adapter({**ASKED, "images": ["image", "more"]})
    found = samples(adapter, folder)
    assert [shades(sample) for sample in found[:3]] == SHADES
    assert [s.split for s in found] == {
        "disk": [""] * 3,
        "splits": ["train"] * 3 + ["validation"] * 3,
        "parquet": ["train"] * 3,
    }[saved]
    assert len({sample.id for sample in found}) == len(found)


def test_several_shards_are_read_in_order_and_rows_counted_by_file(tmp_path: Path) -> None:
    hub().save_to_disk(str(tmp_path / "set"), num_shards=3)
    found = list(mapped(tmp_path / "set", {**ASKED, "image": "image"}, tmp_path))
    assert [written.record.get("images") for written in found] == [
        ["set/data-00000-of-00003.arrow#row=0&column=image"],
        None,
        ["set/data-00002-of-00003.arrow#row=0&column=image"],
    ]


def test_a_selection_kept_as_indices_is_refused(tmp_path: Path) -> None:
    as_json(
        tmp_path / "state.json",
        {"_data_files": [{"filename": "data.arrow"}], "_indices_files": [{"filename": "indices.arrow"}]},
    )
    with pytest.raises(InputError, match="is a selection of rows kept as indices"):
        list(mapped(tmp_path, ASKED, tmp_path))


def test_a_saved_set_names_no_file_elsewhere(tmp_path: Path) -> None:
    as_json(tmp_path / "set/state.json", {"_data_files": [{"filename": "../secret.arrow"}]})
    hub().save_to_disk(str(tmp_path / "other"))
    (tmp_path / "other/data-00000-of-00001.arrow").rename(tmp_path / "secret.arrow")
    with pytest.raises(BadRecord):
        list(mapped(tmp_path / "set", ASKED, tmp_path))


@pytest.mark.parametrize(
    ("options", "answer", "columns"),
    [
        (["x", "y", "z"], "y", {"options": "O", "answer": "A"}),
        ("['x', 'y', 'z']", "B", {"options": "O", "answer": "A"}),
        ({"A": "x", "B": "y"}, "B", {"options": "O", "answer": "A"}),
        (["x", "y"], 1, {"options": "O", "answer_index": "A"}),
        (["x", "y"], 2, {"options": "O", "answer_number": "A"}),
    ],
)
def test_options_and_answers_as_sets_write_them(
    tmp_path: Path, options: Any, answer: Any, columns: Any
) -> None:
    as_jsonl(tmp_path / "a.jsonl", [{"Q": "Which?", "O": options, "A": answer}])
    (sample,) = samples(column_adapter({"question": "Q", **columns}), tmp_path)
    assert sample.turns[1].text == "B"


def test_options_may_stand_in_columns(tmp_path: Path) -> None:
    as_csv(tmp_path / "a.csv", [{"Q": "Which?", "a": "x", "b": "y", "c": "", "k": "1"}])
    columns = {"question": "Q", "options": ["a", "b", "c"], "answer_index": "k"}
    (sample,) = samples(column_adapter(columns), tmp_path)
    assert (sample.options, sample.answer) == ((("A", "x"), ("B", "y")), "B")


def test_turns_and_texts_pass_as_they_are(tmp_path: Path) -> None:
    turns = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}]
    as_parquet(tmp_path / "turns/a.parquet", [{"t": turns}])
    (sample,) = samples(column_adapter({"messages": "t"}), tmp_path / "turns")
    assert sample.turns[1].text == "Hello"
    as_jsonl(tmp_path / "notes/a.jsonl", [{"body": "A note.", "pid": 4}])
    (sample,) = samples(column_adapter({"text": "body", "patient_id": "pid"}), tmp_path / "notes")
    assert (sample.document, sample.patient_id) == (("A note.",), "4")


def test_the_map_is_checked_before_anything_is_read(tmp_path: Path) -> None:
    columns: Any = {
        "qestion": "Q",
        "answer": ["A", "B"],
        "answer_index": "C",
        "image": "i",
        "images": "j",
        "zzzz": "z",
    }
    with pytest.raises(BadRecipe) as caught:
        list(mapped(tmp_path / "absent", columns, tmp_path))
    assert [str(complaint) for complaint in caught.value.complaints] == [
        "columns.qestion  is no word of a record; did you mean question?",
        "columns.answer  names no column, or several; name one column",
        "columns.zzzz  is no word of a record; words: " + WORDS,
        "columns.image  stands beside images; keep one of the two",
        "columns.answer  stands beside answer_index; keep one of the two",
        "columns.answer_index  has no options to count; map options too",
    ]
    with pytest.raises(BadRecipe):
        column_adapter(columns)


WORDS = (
    "question, answer, prompt, response, caption, text, system, thinking, id, patient_id, study_id, source, licence, "
    "split, messages, conversations, images, image, options, answer_index, answer_number, facet.NAME, key.KIND"
)


def test_what_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(NotThere):
        list(mapped(tmp_path / "absent", ASKED, tmp_path))
    with pytest.raises(InputError, match="holds no table"):
        list(mapped(tmp_path, ASKED, tmp_path))
    as_csv(tmp_path / "a.csv", [{"Q": "x", "B": "y"}])
    with pytest.raises(BadRecord, match="lacks the column A"):
        list(mapped(tmp_path, ASKED, tmp_path))


def test_bad_rows_are_told_and_the_rest_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text(
        '{"Q": "one?", "A": "1"}\n{"Q": \n{"Q": {"x": 1}, "A": "2"}\n{"Q": null, "A": "3"}\n{"Q": "five?", "A": 5}\n'
    )
    found, faults = read(column_adapter(ASKED), tmp_path / "a.jsonl")
    assert [sample.answer for sample in found] == ["1", "5"]
    assert faults[1:] == [
        "3: Q is an object where a text belongs",
        "4:  has answer and no question",
    ]


def test_tables_outside_the_image_root_are_refused(tmp_path: Path) -> None:
    as_csv(tmp_path / "a/a.csv", [{"Q": "x", "A": "y"}])
    (tmp_path / "b").mkdir()
    with pytest.raises(InputError, match="lies outside the folder that image paths are relative to"):
        list(mapped(tmp_path / "a", ASKED, tmp_path / "b"))


def test_pictures_may_be_lists_of_paths(tmp_path: Path) -> None:
    as_jsonl(tmp_path / "a.jsonl", [{"Q": "x?", "A": "y", "i": ["1.png", "2.png"], "j": None}])
    pictures(tmp_path, "1.png", "2.png")
    (sample,) = samples(column_adapter({**ASKED, "images": ["i", "j"]}), tmp_path)
    assert shown(sample, tmp_path) == ("1.png", "2.png")


def test_places_are_lines_and_ids_are_rows(tmp_path: Path) -> None:
    as_csv(tmp_path / "a.csv", [{"Q": "x", "A": "y"}] * 2)
    found: list[Written] = list(mapped(tmp_path, ASKED, tmp_path))
    assert [(w.place.line, w.record["id"]) for w in found] == [(2, "a.csv:1"), (3, "a.csv:2")]
    (tmp_path / "b").mkdir()
    (tmp_path / "b/b.json").write_text('[{"Q": "x", "A": "y"}, {"Q": "x", "A": "y"}]')
    found = list(mapped(tmp_path / "b", ASKED, tmp_path))
    assert [(w.place.line, w.record["id"]) for w in found] == [(1, "b/b.json:1"), (1, "b/b.json:2")]


@pytest.mark.parametrize(
    ("name", "split"),
    [
        ("train-00000-of-00001.csv", "train"),
        ("valid.csv", "validation"),
        ("test_2.csv", "test"),
        ("dev/part.csv", "validation"),
        ("trained.csv", ""),
        ("tests/part.csv", ""),
        ("latest.csv", ""),
    ],
)
def test_names_that_tell_a_split(tmp_path: Path, name: str, split: str) -> None:
    as_csv(tmp_path / name, [{"Q": "x", "A": "y"}])
    assert records(tmp_path, ASKED)[0].get("split", "") == split


def test_a_column_of_splits_goes_before_names(tmp_path: Path) -> None:
    as_csv(tmp_path / "train.csv", [{"Q": "x", "A": "y", "S": "test"}])
    assert records(tmp_path, {**ASKED, "split": "S"})[0]["split"] == "test"
