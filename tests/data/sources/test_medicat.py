from __future__ import annotations

from pathlib import Path

from tests.data.sources.layouts import medicat
from tests.data.sources.reading import facets, samples, shown


def test_figures_of_one_paper_are_tied_and_named_by_hash_and_place(tmp_path: Path) -> None:
    medicat(tmp_path)
    first, second = samples("medicat", tmp_path)
    paper = "a" * 40
    assert first.keys == second.keys == (f"paper:s2/{paper}",)
    assert shown(first, tmp_path) == (f"release/figures/{paper}_2-Figure1-1.png",)
    assert facets(first) == {"type": "Medical images", "subset": "radiology"}


def test_the_other_caption_stands_in_where_one_is_missing(tmp_path: Path) -> None:
    medicat(tmp_path)
    assert [each.turns[1].text for each in samples("medicat", tmp_path)] == ["Figure 1. A CT.", "A CT."]
