"""Files of reports: every field that may hold one, and every fault with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from medgpt_cli.core.errors import BadRecord, NotThere
from medgpt_cli.evaluation.reports.extraction.texts import read_reports
from medgpt_cli.evaluation.reports.keys import report_key


def write(path: Path, *lines: str) -> Path:
    path.write_bytes("\n".join(lines).encode("utf-8", "surrogateescape"))
    return path


def test_fields_and_pairs(tmp_path: Path) -> None:
    file = write(
        tmp_path / "r",
        '\ufeff{"id": 1, "candidate": "a", "reference": "b"}',
        "",
        '{"prediction": "c", "reference": "b"}',
        '{"report": "d"}',
        '{"text": "e", "answer": "a "}',
        '{"texts": {"question": "q", "gold": "g", "answer": ""}}',
        '{"candidate": "a", "reference": "b"}',
    )
    found = read_reports([file])
    assert sorted(text.strip() for text in found.texts.values()) == list("abcdeg")
    assert all(key == report_key(text) for key, text in found.texts.items())
    assert found.pairs == (("a", "b"), ("c", "b"), ("", "g"))


def test_every_fault_with_its_line_and_no_word_of_it(tmp_path: Path) -> None:
    file = write(
        tmp_path / "r",
        '{"question": "Smith"}',
        '{"report": ["Smith"]}',
        "Smith",
        '"Smith"',
        '{"texts": {"gold": 1}}',
        '{"report": "\udcff"}',
    )
    with pytest.raises(BadRecord) as caught:
        read_reports([file])
    assert [str(complaint) for complaint in caught.value.complaints] == [
        f"{file}:1  holds none of the fields of a report",
        f"{file}:2 report  is not a text",
        f"{file}:3  is not a line of JSON in UTF-8",
        f"{file}:4  is not an object",
        f"{file}:5 texts.gold  is not a text",
        f"{file}:6  is not a line of JSON in UTF-8",
    ]
    assert "Smith" not in str(caught.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(NotThere):
        read_reports([tmp_path / "none"])
    with pytest.raises(BadRecord, match="cannot be read: Is a directory"):
        read_reports([tmp_path])
