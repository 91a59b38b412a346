from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import pytest

from medgpt_cli.core.errors import BadRecord, InputError
from medgpt_cli.data.complaints import unfit
from medgpt_cli.data.sources.adapter import Access, Adapter
from medgpt_cli.data.sources.tables import Row, Table, table_adapter
from tests.data.sources.reading import read
from tests.data.sources.writing import as_csv, as_json, as_jsonl, as_parquet, text


def record(row: Row) -> dict[str, Any]:
    return {"text": row.text("note")}


def adapter(*tables: Table, **more: Any) -> Adapter:
    return table_adapter(
        **{
            "name": "ours",
            "title": "Ours",
            "licence": "CC0",
            "access": Access.OPEN,
            "home": "https://example.org",
            "use": ("midtrain",),
            "tables": tables,
            "record": record,
            "columns": ("note",),
            **more,
        }
    )


NOTES = Table("notes.csv", "train")


def test_what_a_record_leaves_out_is_filled_in_and_what_it_says_stands(tmp_path: Path) -> None:
    as_csv(tmp_path / "notes.csv", [{"note": "One."}])
    (written,) = adapter(NOTES).read(tmp_path)
    assert written.record == {
        "id": "notes.csv:2",
        "source": "ours",
        "licence": "CC0",
        "split": "train",
        "text": "One.",
    }
    assert (str(written.place), written.root) == (f"{tmp_path}/notes.csv:2", tmp_path)
    own = {"id": "7", "licence": "CC BY", "split": "test", "text": "x"}
    (written,) = adapter(NOTES, record=lambda row: own).read(tmp_path)
    assert written.record == {"source": "ours", **own}


def test_several_records_of_one_row_get_ids_of_their_own(tmp_path: Path) -> None:
    as_csv(tmp_path / "notes.csv", [{"note": "One."}])
    found = list(adapter(NOTES, record=lambda row: [{"text": "a"}, {"text": "b"}]).read(tmp_path))
    assert [each.record["id"] for each in found] == ["notes.csv:2.0", "notes.csv:2.1"]


def test_a_row_that_makes_no_record_is_told_without_its_values(tmp_path: Path) -> None:
    def refuse(row: Row) -> dict[str, Any]:
        raise unfit("note", "is empty")

    as_csv(tmp_path / "notes.csv", [{"note": "Mr Smith"}])
    (written,) = adapter(NOTES, record=refuse).read(tmp_path)
    assert (written.record, written.fault) == ({}, "note is empty")


def test_lines_that_are_no_json_and_rows_too_long_are_told_and_the_rest_is_read(tmp_path: Path) -> None:
    text(tmp_path / "notes.jsonl", '{"note": "One."}', '{"note": ', '{"note": "Three."}')
    good, faults = read(adapter(Table("notes.jsonl")), tmp_path)
    assert [sample.document for sample in good] == [("One.",), ("Three.",)]
    assert len(faults) == 1
    assert faults[0].startswith("2: ")
    text(tmp_path / "notes.csv", "note,other", "One.,1", "Two.,2,Mr Smith")
    good, faults = read(adapter(NOTES), tmp_path)
    assert (len(good), faults) == (1, ["3: has more fields than the header"])


def test_a_file_of_other_columns_is_refused_whole_with_what_it_lacks(tmp_path: Path) -> None:
    as_csv(tmp_path / "notes.csv", [{"remark": "One."}])
    ours = adapter(NOTES, columns=("note|text", "id"))
    assert not ours.detect(tmp_path)
    with pytest.raises(BadRecord) as caught:
        list(ours.read(tmp_path))
    assert caught.value.what == "lacks the columns note or text, id; it has remark"
    assert caught.value.where == str(tmp_path / "notes.csv")


def test_a_folder_without_its_files_is_refused_with_what_was_looked_for(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        list(adapter(NOTES, Table("more/*.csv")).read(tmp_path))
    assert caught.value.what == "holds no file of ours; looked for notes.csv, more/*.csv"


def test_either_of_two_columns_will_do(tmp_path: Path) -> None:
    as_csv(tmp_path / "notes.csv", [{"text": "One."}])
    ours = adapter(NOTES, columns=("note|text",), record=lambda row: {"text": row.text("note", "text")})
    assert ours.detect(tmp_path)
    assert read(ours, tmp_path)[1] == []


def test_columns_of_a_file_without_a_header_are_named_and_nothing_is_quoted(tmp_path: Path) -> None:
    text(tmp_path / "notes.txt", '1|"an open quote', "2|a|b", "", "3|\tlast ")
    ours = adapter(Table("notes.txt", names=("id", "note"), delimiter="|"))
    good, _ = read(ours, tmp_path)
    assert [sample.document[0] for sample in good] == ['"an open quote', "a|b", "last"]
    assert [sample.place.line for sample in good] == [1, 2, 4]


@pytest.mark.parametrize("name", ["notes.csv", "notes.txt", "notes.parquet"])
def test_control_characters_cost_their_row_as_they_do_in_json(name: str, tmp_path: Path) -> None:
    rows = [{"note": "One.\ttwo"}, {"note": "bad\x9b"}]
    if name.endswith(".parquet"):
        as_parquet(tmp_path / name, rows)
    else:
        text(
            tmp_path / name, *(["note"] if name.endswith(".csv") else []), *(row["note"] for row in rows)
        )
    names = ("note",) if name.endswith(".txt") else ()
    good, faults = read(adapter(Table(name, names=names, delimiter="|" if names else "")), tmp_path)
    assert len(good) == 1
    assert [fault.partition(": ")[2] for fault in faults] == ["text holds control characters"]


def test_gzipped_files_are_read_alike(tmp_path: Path) -> None:
    file = as_csv(tmp_path / "plain.csv", [{"note": "One."}])
    (tmp_path / "notes.csv.gz").write_bytes(gzip.compress(file.read_bytes()))
    as_jsonl(tmp_path / "notes.jsonl.gz", [{"note": "Two."}])
    ours = adapter(Table("notes.csv.gz"), Table("notes.jsonl.gz"))
    assert ours.detect(tmp_path)
    assert [sample.document[0] for sample in read(ours, tmp_path)[0]] == ["One.", "Two."]


def test_common_columns_are_believed_only_under_the_sets_name(tmp_path: Path) -> None:
    ours = adapter(NOTES, called=("the-set",))
    as_csv(tmp_path / "somewhere/notes.csv", [{"note": "One."}])
    as_csv(tmp_path / "The-Set/notes.csv", [{"note": "One."}])
    assert not ours.detect(tmp_path / "somewhere")
    assert ours.detect(tmp_path / "The-Set")
    text(tmp_path / "somewhere/README.md", "# The-Set")
    assert ours.detect(tmp_path / "somewhere")


def test_a_set_that_yields_has_to_be_named(tmp_path: Path) -> None:
    ours = adapter(NOTES, yields_to="open/*.csv")
    as_csv(tmp_path / "notes.csv", [{"note": "One."}])
    assert ours.detect(tmp_path)
    as_csv(tmp_path / "open/a.csv", [{"note": "One."}])
    assert not ours.detect(tmp_path)
    assert len(read(ours, tmp_path)[0]) == 1


def test_nothing_is_detected_in_files_that_cannot_be_read(tmp_path: Path) -> None:
    for name, data in (
        ("notes.csv", b""),
        ("notes.json", b"\xff\xfe["),
        ("notes.json.gz", b"\x1f\x8bnot gzip"),
        ("notes.parquet", b"PAR1 and nothing"),
    ):
        (tmp_path / name).write_bytes(data)
        assert not adapter(Table(name)).detect(tmp_path)
    (tmp_path / "notes.csv").unlink()
    (tmp_path / "notes.csv").mkdir()
    assert not adapter(NOTES).detect(tmp_path)


def test_only_the_head_of_a_file_is_looked_at(tmp_path: Path) -> None:
    file = as_json(tmp_path / "notes.json", [{"note": "One."}])
    file.write_bytes(file.read_bytes().rstrip()[:-1] + b"," + b" " * 2**21 + b"this is no JSON")
    assert adapter(Table("notes.json")).detect(tmp_path)


def test_a_file_git_did_not_fetch_is_called_that(tmp_path: Path) -> None:
    text(
        tmp_path / "notes.csv",
        "version https://git-lfs.github.com/spec/v1",
        "oid sha256:1d58",
        "size 169224662",
    )
    with pytest.raises(BadRecord) as caught:
        list(adapter(NOTES).read(tmp_path))
    assert caught.value.what == "is a pointer of Git LFS and not the file itself"
    assert caught.value.repair == "fetch the files: git lfs pull"


def test_elements_of_an_array_on_one_line_get_ids_of_their_own(tmp_path: Path) -> None:
    (tmp_path / "notes.json").write_text('[{"note": "a"}, {"note": "b"}, {"note": "c"},\n{"note": "d"}]')
    found = adapter(Table("notes.json", "train")).read(tmp_path)
    ids = [each.record["id"] for each in found]
    assert ids == ["notes.json:1", "notes.json:1/2", "notes.json:1/3", "notes.json:2"]
