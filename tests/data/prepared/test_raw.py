from __future__ import annotations

from pathlib import Path

import pytest

from medgpt_cli.data.complaints import Unfit
from medgpt_cli.data.prepared.raw import checked, source_at
from tests.data.sources.layouts_reports import pmc_articles
from tests.data.sources.writing import as_jsonl


def test_articles_are_cut_when_a_length_is_asked(tmp_path: Path) -> None:
    pmc_articles(tmp_path)
    (whole,) = checked(source_at(tmp_path))
    pieces = list(checked(source_at(tmp_path, cut=30)))
    assert not isinstance(whole, list)
    texts = [part for piece in pieces if not isinstance(piece, list) for part in piece.document]
    assert len(pieces) > 2
    assert all(len(part) <= 30 for part in texts if isinstance(part, str))
    assert texts.count(0) == sum(isinstance(part, int) for part in whole.document) == 1


def test_records_of_our_own_forms_are_cut_as_documents(tmp_path: Path) -> None:
    path = as_jsonl(
        tmp_path / "notes.jsonl", [{"id": "n", "text": "One.\n\nTwo."}, {"question": "q", "answer": "a"}]
    )
    source = source_at(path, cut=5)
    found = []
    for item in source.items():
        try:
            found.append(source.judge(item).id)
        except Unfit as error:
            found.append(error.faults[0].what)
    assert found == ["n/1", "n/2", "text is null where a text belongs"]


@pytest.mark.parametrize("asked", [None, 10_000])
def test_a_short_document_stays_whole(tmp_path: Path, asked: int | None) -> None:
    path = as_jsonl(tmp_path / "notes.jsonl", [{"id": "n", "text": "One.\n\nTwo."}])
    (sample,) = checked(source_at(path, cut=asked))
    assert not isinstance(sample, list)
    assert (sample.id, sample.document) == ("n", ("One.\n\nTwo.",))
