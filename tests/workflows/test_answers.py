"""Files of answers in every form, and every fault of one by file, line and field."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from medgpt_cli.core.errors import BadRecord, NotThere
from medgpt_cli.core.types import Place
from medgpt_cli.evaluation.answers_file import Answer
from medgpt_cli.workflows.answers import read_answers

JSONL = (
    '{"id": "a", "answer": "Größe 5\\tcm", "model": "x"}\n'
    "\n"
    '{"id": 7, "answer": null, "thinking": null}\n'
    '{"id": "c", "answer": "cut", "thinking": "hm", "finished": false}\n'
)


def read(name: str, data: str | bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.chdir(tmp_path)
    Path(name).write_bytes(data if isinstance(data, bytes) else data.encode())
    return read_answers(Path(name), "slake")


@pytest.mark.parametrize("start", [b"", b"\xef\xbb\xbf"])
def test_json_lines(start: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answers, complaints = read("a.jsonl", start + JSONL.encode(), tmp_path, monkeypatch)
    assert complaints == []
    assert answers == [
        Answer("a", Place("a.jsonl", 1), "Größe 5\tcm"),
        Answer("7", Place("a.jsonl", 3), None),
        Answer("c", Place("a.jsonl", 4), "cut", "hm", finished=False),
    ]


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("name", ["a.csv", "A.TSV"])
def test_tables(
    separator: str, end: str, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [
        ["answer", " id ", "finished", "note"],
        ['"two', 'lines"', "TRUE", ""],
        ["Größe", "b", "0", "x"],
        ["", "c", "", ""],
    ]
    rows[1] = ['"two' + end + 'lines, and a comma; ""quoted"""', "a", "TRUE", ""]
    text = end.join(separator.join(row) for row in rows) + end
    answers, complaints = read(name, "\ufeff" + text, tmp_path, monkeypatch)
    assert complaints == []
    assert [(answer.id, answer.text, answer.finished) for answer in answers] == [
        ("a", f'two{end}lines, and a comma; "quoted"', True),
        ("b", "Größe", False),
        ("c", "", True),
    ]
    assert [answer.place.line for answer in answers] == [3, 4, 5]


def row(**fields: Any) -> str:
    logged = {
        "task": "slake",
        "id": "a",
        "status": "ok",
        "prompt_hash": "0",
        "texts": {"answer": "Axial"},
    }
    return json.dumps({**logged, **fields}) + "\n"


def test_the_log_of_an_evaluation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = (
        row() + row(id="b", status="truncated") + row(id="c", status="error") + row(task="other", id="a")
    )
    answers, complaints = read("samples.jsonl", log, tmp_path, monkeypatch)
    assert complaints == []
    assert [(answer.id, answer.text, answer.finished) for answer in answers] == [
        ("a", "Axial", True),
        ("b", "Axial", False),
        ("c", None, True),
    ]


def test_the_task_column_of_other_files_means_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers, _ = read("a.jsonl", '{"id": "a", "answer": "x", "task": "vqa"}\n', tmp_path, monkeypatch)
    assert len(answers) == 1


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("a.jsonl", '{"answer": "Jane"}', ":1  has no id; it has answer"),
        ("a.jsonl", '{"id": "Jane"}', ":1  has no answer; it has id"),
        ("a.jsonl", '{"Jane Doe": 1}', ":1  has no id and no answer; it has 1 not shown"),
        (
            "a.jsonl",
            '{"id": "a", "answer": 5}',
            ":1 answer  is a number where a text belongs; write it in quotes",
        ),
        (
            "a.jsonl",
            '{"id": "a", "answer": ["x"]}',
            ":1 answer  is a list where a text belongs; write it in quotes",
        ),
        (
            "a.jsonl",
            '{"id": null, "answer": "x"}',
            ":1 id  is null where a text belongs; write it in quotes",
        ),
        (
            "a.jsonl",
            '{"id": true, "answer": "x"}',
            ":1 id  is true or false where a text belongs; write it in quotes",
        ),
        (
            "a.jsonl",
            '{"id": "a", "answer": "x", "thinking": 1}',
            ":1 thinking  is a number where a text belongs; write it in quotes",
        ),
        (
            "a.jsonl",
            '{"id": "a", "answer": "x", "finished": "maybe"}',
            ":1 finished  is neither true nor false; leave it out where it is unknown",
        ),
        (
            "a.jsonl",
            '{"id": "a", "answer": "x", "answer": "y"}',
            ":1 answer  the key stands twice in one object; keep one of the two",
        ),
        ("a.jsonl", '"Jane"', ':1  is no object; write {"id": …, "answer": …}'),
        (
            "a.jsonl",
            '{"id": "a", "answer": "Jane',
            ":1  truncated JSON; one whole record stands on each line; jq -c . a.jsonl writes it so",
        ),
        (
            "a.jsonl",
            '{"id": "a", "answer": "Größe"}'.encode("latin-1"),
            ":1  the text is not UTF-8, perhaps LATIN1; iconv -f LATIN1 -t UTF-8 a.jsonl > utf8.jsonl",
        ),
        (
            "a.jsonl",
            '{"id": "a", "answer": "\\ud800"}',
            ":1  holds a lone surrogate (half a character); write the file again with valid Unicode",
        ),
        (
            "samples.jsonl",
            row(texts=None),
            ":1 texts  are not kept; run the evaluation again with --keep-text",
        ),
        ("samples.jsonl", row(id=3), ":1 id  is a number where a text belongs"),
        (
            "a.csv",
            "id,answer\na,Größe\n".encode("latin-1"),
            ":2  the text is not UTF-8, perhaps LATIN1; iconv -f LATIN1 -t UTF-8 a.csv > utf8.csv",
        ),
        (
            "a.csv",
            "id,answer\na,Jane, Doe\n",
            ":2  has 3 cells under 2 columns; put cells with separators into quotes",
        ),
        (
            "a.csv",
            'id,answer\na,"Jane\n',
            ":2  is no row of a table: a quote is not closed, or a cell is too long; save the table as CSV again",
        ),
        (
            "a.csv",
            f"id,answer\na,{'x' * 140_000}\n",
            ":2  is no row of a table: a quote is not closed, or a cell is too long; save the table as CSV again",
        ),
        (
            "a.csv",
            "id,answer,finished\na,x,perhaps\n",
            ":2 finished  is neither true nor false; leave it out where it is unknown",
        ),
    ],
    ids=range(21),
)
def test_faults_of_a_line(
    name: str, data: str | bytes, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers, complaints = read(name, data, tmp_path, monkeypatch)
    assert answers == []
    assert [str(complaint) for complaint in complaints] == [name + says]
    assert "Jane" not in says


@pytest.mark.parametrize(
    ("name", "data", "error", "says"),
    [
        ("a.csv", "", BadRecord, "has no column id and no column answer, or has it twice"),
        ("a.csv", "question,answer\nx,y\n", BadRecord, "has no column id, or has it twice"),
        ("a.csv", "id,answer,answer\nx,y,z\n", BadRecord, "has no column answer, or has it twice"),
        ("a.csv", "id,answer\n".encode("utf-16"), BadRecord, "the file is UTF-16, not UTF-8"),
        ("a.jsonl", "{}".encode("utf-16"), BadRecord, "the file is UTF-16, not UTF-8"),
        ("absent/a.jsonl", None, NotThere, "there is no such file"),
        ("absent/a.csv", None, NotThere, "there is no such file"),
    ],
)
def test_faults_of_a_file(
    name: str,
    data: Any,
    error: type[BadRecord],
    says: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if data is not None:
        (tmp_path / name).write_bytes(data.encode() if isinstance(data, str) else data)
    with pytest.raises(error) as caught:
        read_answers(tmp_path / name, "slake")
    assert caught.value.what == says


def test_every_line_that_is_not_utf8_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = "id,answer\na,Größe\nb,plain\nc,Größe\n".encode("latin-1")
    _, complaints = read("a.csv", data, tmp_path, monkeypatch)
    assert [complaint.where for complaint in complaints] == ["a.csv:2", "a.csv:4"]
