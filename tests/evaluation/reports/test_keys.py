"""The names of reports and words."""

from __future__ import annotations

import hashlib

import pytest

from medgpt_cli.evaluation.reports.keys import is_hex, pairs, report_key, word_key


def test_a_report_is_the_sha256_of_its_text_without_outer_space() -> None:
    assert report_key(" Clear lungs.\n") == hashlib.sha256(b"Clear lungs.").hexdigest()
    assert report_key("Clear  lungs.") != report_key("Clear lungs.")
    assert len(report_key("\ud800")) == 64


def test_a_word_is_a_short_hash() -> None:
    assert word_key("lung") == hashlib.sha256(b"lung").hexdigest()[:16]
    assert word_key("Lung") != word_key("lung")


@pytest.mark.parametrize("value", ["lung", "A" * 16, "a" * 15, "g" * 16, "a" * 15 + "\n"])
def test_what_is_no_hash(value: str) -> None:
    assert not is_hex(value, 16)


def test_pairs_must_be_equally_many() -> None:
    with pytest.raises(ValueError, match="zip"):
        pairs(["a"], ["a", "b"])
