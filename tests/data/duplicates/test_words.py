"""Words, their hashes, and n-grams."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from medgpt_cli.data.duplicates.words import digest, hashes, ngrams, words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("No Focal-consolidation, 3.5 cm!", ["no", "focal", "consolidation", "3", "5", "cm"]),
        ("Ｐｎｅｕｍｏ　ﬁbrosis", ["pneumo", "fibrosis"]),
        ("STRASSE straße", ["strasse", "strasse"]),
        ("CT图像显示", ["ct", "图", "像", "显", "示"]),
        ("심장 ok", ["심", "장", "ok"]),
        ("under_score", ["under", "score"]),
        (" \n ", []),
    ],
)
def test_words(text: str, expected: list[str]) -> None:
    assert words(text) == expected


def test_ascii_and_other_texts_are_told_alike() -> None:
    text = "Heart size is normal. No 2 mm nodule_here."
    assert words(text) == words(text + "…")


def test_a_run_of_words_has_one_hash_wherever_it_stands() -> None:
    one = ngrams(hashes(["a", "b", "c", "d", "e", "f"]), 3)
    other = ngrams(hashes(["x", "y", "b", "c", "d", "z"]), 3)
    assert np.intersect1d(one, other).tolist() == [one[1]] == [other[2]]
    assert len(ngrams(hashes(["a", "b"]), 3)) == 0
    assert ngrams(hashes(["b", "a"]), 2) != ngrams(hashes(["a", "b"]), 2)


def test_hashes_are_the_same_in_another_process() -> None:
    code = (
        "from medgpt_cli.data.duplicates.words import *; h = hashes(['heart', 'size']);"
        "print(h.tolist(), ngrams(h, 2).tolist(), digest(h).hex())"
    )
    told = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout
    mine = hashes(["heart", "size"])
    assert told.strip() == f"{mine.tolist()} {ngrams(mine, 2).tolist()} {digest(mine).hex()}"


def test_a_lone_surrogate_is_a_word_like_any_other() -> None:
    assert len(hashes(words("a\ud800b"))) == len(words("a\ud800b"))
