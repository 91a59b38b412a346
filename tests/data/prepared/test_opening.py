import json
from pathlib import Path

import pytest

from medgpt_cli.core.errors import BadRecord, InputError, NotThere
from medgpt_cli.core.types import Role
from medgpt_cli.data.prepared.opening import PreparedSet, is_prepared, samples_of

GOOD = {"question": "what is shown?", "answer": "a lung"}


def written(path: Path, *lines: object) -> Path:
    path.write_text(
        "".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines)
    )
    return path


def test_a_record_file_is_read_line_by_line(tmp_path: Path) -> None:
    path = written(tmp_path / "a.jsonl", GOOD, {"text": "a note"})
    first, second = samples_of(path)
    assert [turn.role for turn in first.turns] == [Role.USER, Role.ASSISTANT]
    assert str(second.place) == f"{path}:2"
    assert second.document == ("a note",)


def test_a_folder_of_record_files_is_read_in_the_order_of_names(tmp_path: Path) -> None:
    written(tmp_path / "b.jsonl", {**GOOD, "id": "2"})
    written(tmp_path / "a.jsonl", {**GOOD, "id": "1"})
    assert [sample.id for sample in samples_of(tmp_path)] == ["1", "2"]


def test_bad_records_end_the_reading_after_the_good_ones(tmp_path: Path) -> None:
    path = written(tmp_path / "a.jsonl", GOOD, '{"question": ', GOOD)
    read = samples_of(path)
    next(read), next(read)
    with pytest.raises(BadRecord, match="1 of 3 records cannot be used") as caught:
        next(read)
    assert [fault.where for fault in caught.value.complaints] == [f"{path}:2"]


def test_bad_records_are_left_out_when_someone_listens(tmp_path: Path) -> None:
    path = written(tmp_path / "a.jsonl", GOOD, {"question": "why?", "answer": ""})
    told: list[str] = []
    assert len(list(samples_of(path, on_bad=lambda fault: told.append(str(fault))))) == 1
    assert told == [f"{path}:2 answer  is empty; fill it in, or leave the record out"]


def test_a_file_that_breaks_off_keeps_what_came_before(tmp_path: Path) -> None:
    import gzip

    whole = gzip.compress(json.dumps(GOOD).encode() + b"\n", mtime=0) + gzip.compress(b"x" * 999)[:-9]
    path = tmp_path / "a.jsonl.gz"
    path.write_bytes(whole)
    told: list[str] = []
    assert len(list(samples_of(path, on_bad=lambda fault: told.append(fault.what)))) == 1
    assert told == ["the gzip stream is broken or cut short"]


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadRecord, match="holds no records"):
        list(samples_of(written(tmp_path / "a.jsonl")))


def test_nothing_there(tmp_path: Path) -> None:
    with pytest.raises(NotThere):
        list(samples_of(tmp_path / "a.jsonl"))


def test_a_folder_that_no_adapter_knows(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is no data set known by its files"):
        list(samples_of(tmp_path))


def test_an_unfinished_set_is_refused(tmp_path: Path) -> None:
    (tmp_path / "preparation.json").write_text('{"state": "running", "kind": "data prep"}')
    assert is_prepared(tmp_path)
    with pytest.raises(InputError, match="the preparation has not finished"):
        PreparedSet.open(tmp_path)


def test_a_set_of_another_layout_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "preparation.json").write_text('{"state": "done", "kind": "data prep"}')
    (tmp_path / "manifest.json").write_text('{"format": 9}')
    with pytest.raises(InputError, match="layout 9; this medgpt reads 1"):
        PreparedSet.open(tmp_path)
