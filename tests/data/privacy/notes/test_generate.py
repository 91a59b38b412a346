"""The ground truth itself: spans stand where they say, and held-out shares nothing with development."""

from __future__ import annotations

import itertools
import json
import re

import pytest

from tests.data.privacy.notes import generate

PARTS = ("development", "heldout")


@pytest.mark.parametrize("part", PARTS)
def test_spans_are_in_order_and_touch_only_what_was_put_in(part: str) -> None:
    for note in generate.notes(part, 3):
        places = sorted([*note.spans, *note.lookalikes], key=lambda place: place.start)
        assert all(a.end <= b.start for a, b in itertools.pairwise(places))
        for span in note.spans:
            value = note.text[span.start : span.end]
            assert value
            assert value == value.strip()
        assert "{" not in note.text


@pytest.mark.parametrize("part", PARTS)
def test_every_kind_that_can_be_made_is_in_each_part(part: str) -> None:
    kinds = {span.kind.partition(".")[0] for note in generate.notes(part, 1) for span in note.spans}
    assert kinds >= set(generate.CLASSES) - {"other"}


def test_the_same_seed_makes_the_same_notes() -> None:
    assert list(generate.notes("heldout", 2)) == list(generate.notes("heldout", 2))
    assert list(generate.notes("heldout", 2)) != list(generate.notes("heldout", 2, seed=1))


def test_the_parts_share_no_line_name_or_sentence() -> None:
    one, other = (json.loads((generate.HERE / part / "pools.json").read_text()) for part in PARTS)
    for pool in ("given", "surname", "city", "street", "hospital", "dates"):
        assert set(one[pool]) & set(other[pool]) == set()
    for kind, sentences in one["clean"].items():
        assert set(sentences) & set(other["clean"][kind]) == set()
    lines = [
        {line for text in generate.templates(part).values() for line in text.split("\n")}
        for part in PARTS
    ]
    assert {
        line
        for line in lines[0] & lines[1]
        if set(re.findall(r"{(\w+)", line)) - {"clean"} and len(line) > 20
    } == set()
