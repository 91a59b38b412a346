from string import Formatter

import pytest

from medgpt_cli.data.sample import wordings
from medgpt_cli.data.sample.wordings import ANSWERS, SLOTS, WORDINGS


def test_every_kind_has_wordings_and_answers():
    assert set(WORDINGS) == set(ANSWERS)
    assert all(len(set(texts)) == len(texts) >= 2 for texts in WORDINGS.values())


@pytest.mark.parametrize("kind", WORDINGS)
def test_slots_are_known(kind):
    used = {name for text in WORDINGS[kind] for _, name, _, _ in Formatter().parse(text) if name}
    assert used <= set(SLOTS)


def test_answers_are_one_to_three_words():
    assert all(1 <= len(answer.split()) <= 3 for answers in ANSWERS.values() for answer in answers)


def test_every_wording_is_spelled_out_without_a_slot_left():
    lines = list(wordings.every_wording())
    assert not [line for line in lines if "{" in line]
    assert "Is this a sagittal slice?" in lines
    assert "Is this a fundus photograph?" in lines
    assert "Is this coronal slice from the anterior third of the brain?" in lines
    assert "histology" in lines


@pytest.mark.parametrize(
    ("plane", "with_article"),
    [("axial", "an axial"), ("coronal", "a coronal"), ("sagittal", "a sagittal")],
)
def test_articles(plane, with_article):
    assert wordings.a_plane(plane) == with_article


def test_whatever_the_set_asks_is_among_the_spelled_out(whole):
    lines = set(wordings.every_wording())
    assert {record["question"] for record in whole.heldout} <= lines
