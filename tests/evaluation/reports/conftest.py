"""Extractions written by hand: graphs from words, vectors from short lists of numbers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from medgpt_cli.evaluation.reports.keys import report_key, word_key
from medgpt_cli.evaluation.reports.rows import (
    Entity,
    EntityRow,
    GraphRow,
    Header,
    JudgementRow,
    LabelRow,
    TokenRow,
)
from medgpt_cli.evaluation.reports.tables import write_table
from medgpt_cli.evaluation.reports.vectors import pack

Node = tuple[str, str, tuple[tuple[str, int], ...]]


class Bench:
    """A folder of extractions, and the rows to fill it with."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def graph(self, text: str, *nodes: tuple[Any, ...]) -> GraphRow:
        """Nodes are (words, label) or (words, label, relations)."""
        entities = tuple(
            Entity(word_key(words), word_key(words.lower()), label, *rest)
            for words, label, *rest in nodes
        )
        return GraphRow(sha256=report_key(text), entities=entities)

    def found(self, text: str, *entities: tuple[str, Sequence[float]]) -> EntityRow:
        vectors = np.array([vector for _, vector in entities], dtype="<f4")
        return EntityRow(
            sha256=report_key(text), types=tuple(kind for kind, _ in entities), vectors=pack(vectors)
        )

    def labels(self, text: str, labels: Sequence[int], vector: Sequence[float] = (1, 0)) -> LabelRow:
        packed = pack(np.array([vector], dtype="<f4"))
        return LabelRow(sha256=report_key(text), labels=tuple(labels), vector=packed)

    def tokens(self, text: str, *vectors: Sequence[float]) -> TokenRow:
        packed = pack(np.array(vectors, dtype="<f2"))
        return TokenRow(sha256=report_key(text), count=len(vectors), vectors=packed)

    def judged(self, candidate: str, reference: str, **counts: Any) -> JudgementRow:
        return JudgementRow(candidate=report_key(candidate), reference=report_key(reference), **counts)

    def write(self, kind: str, rows: Sequence[Any], **header: Any) -> Path:
        shape = {"entities": (2, "<f4"), "labels": (2, "<f4"), "tokens": (2, "<f2")}.get(kind, (0, ""))
        words = {"extractor": "by hand", "model": "toy", "width": shape[0], "dtype": shape[1]} | header
        path = self.folder / f"{kind}.jsonl"
        write_table(path, Header(kind=kind, **words), rows)
        return path


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    folder = tmp_path / "extracted"
    folder.mkdir()
    return Bench(folder)
