import random
from collections import Counter

import numpy as np
import pytest

from medgpt_cli.data.records import read_records
from medgpt_cli.data.sample import forms
from medgpt_cli.data.sample.material import Picture, Question

FACTS = {"plane": "axial", "level": "superior", "side": ""}
PICTURE = Picture("a.png", "train", "mni152", "MNI", np.zeros((112, 112), np.uint8), FACTS)
ASKED = Question("mni152/plane", "Is this slice axial, coronal or sagittal?", "axial", (PICTURE,))


def test_plain_is_question_answer_image():
    assert forms.plain(ASKED) == {
        "question": "Is this slice axial, coronal or sagittal?",
        "answer": "axial",
        "image": "images/a.png",
    }
    assert forms.plain(Question("icd10cm/code", "Code?", "A00")) == {
        "question": "Code?",
        "answer": "A00",
    }
    assert (
        forms.plain(Question("mni152/same-plane", "Same?", "yes", (PICTURE, PICTURE)))["images"]
        == ["images/a.png"] * 2
    )


def test_every_form_is_reached_from_one_question():
    rng = random.Random(0)
    seen = Counter()
    for _ in range(600):
        record = forms.varied(ASKED, rng)
        content = record["messages"][0]["content"] if "messages" in record else ""
        shown = record["conversations"][0]["value"] if "conversations" in record else ""
        seen[
            (
                next(
                    k
                    for k in (
                        "options",
                        "question",
                        "prompt",
                        "messages",
                        "conversations",
                        "conversatons",
                    )
                    if k in record
                ),
                type(content).__name__,
                "<image>" in shown,
            )
        ] += 1
    assert set(seen) == {
        ("options", "str", False),
        ("question", "str", False),
        ("prompt", "str", False),
        ("messages", "str", False),
        ("messages", "list", False),
        ("conversations", "str", True),
        ("conversations", "str", False),
        ("conversatons", "str", False),
    }


def test_options_hold_the_answer_under_its_letter():
    rng = random.Random(0)
    chosen = [r for r in (forms.varied(ASKED, rng) for _ in range(300)) if "options" in r]
    assert {r["options"][r["answer"]] for r in chosen} == {"axial"}
    assert {r["answer"] for r in chosen} == {"A", "B", "C"}


def test_yes_and_no_are_never_options():
    check = Question("mni152/plane-check", "Is this an axial slice?", "yes", (PICTURE,))
    rng = random.Random(0)
    assert not any("options" in forms.varied(check, rng) for _ in range(300))


def test_a_system_line_stands_only_over_pictures():
    rng = random.Random(0)
    text = Question("hpo/definition", "What does it mean?", "A long definition.")
    assert not any("system" in forms.varied(text, rng) for _ in range(300))
    assert any("system" in forms.varied(ASKED, rng) for _ in range(300))


def test_a_dialogue_shows_its_picture_once():
    rng = random.Random(0)
    for _ in range(20):
        record = forms.dialogue([ASKED, ASKED, ASKED], rng)
        turns = record.get("messages") or record["conversations"]
        said = [turn.get("content") or turn["value"] for turn in turns]
        assert sum(text.count("<image>") for text in said) == 1
        assert [text for text in said if text == "axial"] == ["axial"] * 3


@pytest.mark.parametrize(
    ("facts", "where"),
    [
        (FACTS, "superior third"),
        ({"plane": "sagittal", "level": "", "side": "left"}, "left hemisphere"),
        ({"plane": "sagittal", "level": "", "side": "midline"}, "near the midline"),
    ],
)
def test_a_description_names_plane_and_place(facts, where):
    picture = Picture("a.png", "train", "mni152", "MNI", PICTURE.pixels, facts)
    for seed in range(10):
        said = forms.describe(picture, random.Random(seed))
        assert facts["plane"] in said.lower()
        assert where in said
        assert said[0].isupper()


def test_the_whole_set_has_every_form_and_the_reader_has_no_complaint(whole):
    read = read_records(whole.folder / "local.jsonl")
    assert read.bad == ()
    assert len(read.samples) == len(whole.local)
    assert set(read.counts) == {"messages", "LLaVA", "pair", "caption", "text"}
    assert min(read.counts.values()) >= 60
    assert any(len(s.images) == 2 and s.document for s in read.samples)
    assert any(len(s.images) == 2 and s.turns for s in read.samples)
    assert any(len(s.turns) >= 5 for s in read.samples)
    assert any(s.turns and s.turns[0].role == "system" for s in read.samples)
    assert any(s.options for s in read.samples)
    held = read_records(whole.folder / "heldout.jsonl")
    assert held.bad == ()
    assert held.counts == {"pair": len(whole.heldout)}
