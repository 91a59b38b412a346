"""Clusters of texts."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np

from medgpt_cli.data.duplicates.near_texts import cluster_texts
from medgpt_cli.data.duplicates.texts import text_prints

DRAW = random.Random(7)
WORDS = [f"word{number}" for number in range(2000)]


def report(length: int = 100) -> str:
    return " ".join(DRAW.choices(WORDS, k=length))


def edited(text: str, count: int) -> str:
    said = text.split()
    for place in DRAW.sample(range(len(said)), count):
        said[place] = "other"
    return " ".join(said)


def clustered(texts: list[str], folder: Path | None = None) -> np.ndarray:
    prints = text_prints(texts)
    exact = np.frombuffer(b"".join(each.exact for each in prints), dtype="V16")
    signed = np.frombuffer(b"".join(each.signature for each in prints), np.uint8).reshape(-1, 128)
    if folder is not None:
        np.save(folder / "signatures.npy", signed)
        signed = np.load(folder / "signatures.npy", mmap_mode="r")
    return cluster_texts(exact, signed, empty=np.array([each.words == 0 for each in prints]))


def test_near_copies_are_found_and_distinct_reports_stay_apart() -> None:
    reports = [report() for _ in range(400)]
    copies = [edited(each, 1) for each in reports]
    labels = clustered(reports + copies)
    assert (labels[400:] == np.arange(400)).mean() >= 0.99
    assert (labels[:400] == np.arange(400)).all()


def test_a_template_of_thousands_is_one_cluster_and_a_chain_holds(tmp_path: Path) -> None:
    normal = report()
    # 3,000 equal reports of different patients, 40 with an edit each, and one that nobody wrote twice.
    labels = clustered([normal] * 3000 + [edited(normal, 1) for _ in range(40)] + [report()], tmp_path)
    assert (labels[:3040] == 0).all()
    assert labels[3040] == 3040


def test_texts_without_a_word_are_no_cluster() -> None:
    assert clustered(["", "?", "one", "One."]).tolist() == [0, 1, 2, 2]


def test_half_alike_is_not_alike() -> None:
    one = report()
    other = " ".join(one.split()[:70] + report(30).split())
    assert clustered([one, other]).tolist() == [0, 1]


def test_the_order_of_texts_does_not_change_who_belongs_together() -> None:
    reports = [report() for _ in range(50)]
    texts = [each for one in reports for each in (one, edited(one, 1), one.upper())]
    order = DRAW.sample(range(len(texts)), len(texts))
    straight, mixed = clustered(texts), clustered([texts[place] for place in order])
    parts = {frozenset(np.flatnonzero(straight == label).tolist()) for label in set(straight.tolist())}
    again = {
        frozenset(order[place] for place in np.flatnonzero(mixed == label))
        for label in set(mixed.tolist())
    }
    assert parts == again
