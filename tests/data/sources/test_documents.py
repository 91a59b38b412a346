from __future__ import annotations

from pathlib import Path

import pytest

from medgpt_cli.core.errors import InputError
from medgpt_cli.data.sources.documents import ADAPTER
from medgpt_cli.data.sources.paragraphs import cut
from tests.data.sources.reading import read, samples
from tests.data.sources.writing import as_json, as_jsonl, pictures, text


def test_columns_of_a_table_of_notes_are_no_misspelt_words(tmp_path: Path) -> None:
    row = {"note_id": "1-DS-1", "text": "A long note.", "imag": "x", "patient_id": 7, "charttime": None}
    as_jsonl(tmp_path / "notes.jsonl", [row])
    (sample,) = samples(ADAPTER, tmp_path)
    assert (sample.document, sample.patient_id, sample.source) == (("A long note.",), "7", "notes")
    assert sample.id == "notes.jsonl:1"


def test_figures_keys_and_licence_are_kept_and_pieces_cut(tmp_path: Path) -> None:
    row = {
        "id": "b",
        "text": "One.\n\n<image>\nFigure.\n\nTwo.",
        "images": ["1.png"],
        "licence": "CC BY 4.0",
        "keys": ["isbn:1"],
    }
    as_jsonl(tmp_path / "books.jsonl.gz", [row])
    pictures(tmp_path, "1.png")
    pieces = list(cut(ADAPTER.read(tmp_path), 10))
    assert [piece.record["text"] for piece in pieces] == ["One.", "<image>\nFigure.", "Two."]
    assert [piece.record["id"] for piece in pieces] == ["b/1", "b/2", "b/3"]
    assert {piece.record["licence"] for piece in pieces} == {"CC BY 4.0"}
    assert pieces[1].record["images"] == ["1.png"]


def test_an_array_on_one_line_gives_each_its_own_id(tmp_path: Path) -> None:
    text(tmp_path / "a.json", '[{"text": "x"}, {"text": "y"}]')
    assert [sample.id for sample in samples(ADAPTER, tmp_path / "a.json")] == ["a.json:1", "a.json:2"]


def test_what_has_no_text_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no JSON lines"):
        read(ADAPTER, tmp_path)
    as_json(tmp_path / "a.json", [{"body": "x"}, {"text": ""}, {"text": "y"}])
    found, faults = read(ADAPTER, tmp_path)
    assert [sample.document for sample in found] == [("y",)]
    assert faults == ["2: text is null where a text belongs", "5: text is empty"]
