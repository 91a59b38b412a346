"""Every question about pictures in the whole set, answered again from coordinates and headers."""

import re
from collections import Counter

import pytest

from medgpt_cli.data.records import read_records
from medgpt_cli.data.sample.wordings import ANSWERS, WORDINGS

MODALITY_WORDS = {
    "an MR image": "MR",
    "a CT image": "CT",
    "an ultrasound image": "ultrasound",
    "a nuclear medicine image": "nuclear medicine",
    "a fundus photograph": "fundus photograph",
    "a histology image": "histology",
}


def yes(truth):
    return "yes" if truth else "no"


def expected(kind, text, facts):
    """The answer, from the words of the question and what is known of the pictures."""
    first = facts[0]
    match kind:
        case "mni152/plane":
            return first["plane"]
        case "mni152/plane-check":
            (named,) = re.findall(r"axial|coronal|sagittal", text)
            return yes(named == first["plane"])
        case "mni152/level":
            assert first["plane"] in text
            return first["level"]
        case "mni152/level-check":
            (named,) = re.findall(r"inferior|middle|superior|posterior|anterior", text)
            assert first["plane"] in text
            return yes(named == first["level"])
        case "mni152/side":
            return "midline" if abs(first["mm"]) <= 12 else "left" if first["mm"] < 0 else "right"
        case "mni152/hemisphere":
            return {"left": "right", "right": "left"}[first["hidden"]]
        case "mni152/tissue":
            return "grey matter" if first["grey"] > first["white"] else "white matter"
        case "mni152/white-share":
            (percent,) = re.findall(r"(\d+) percent", text)
            assert first["plane"] in text
            return yes(100 * first["white"] > int(percent) * (first["white"] + first["grey"]))
        case "mni152/same-plane":
            return yes(first["plane"] == facts[1]["plane"])
        case "mni152/order":
            assert {f["plane"] for f in facts} == {"axial" if "superior" in text else "coronal"}
            return "first" if first["mm"] > facts[1]["mm"] else "second"
        case "pictures/modality":
            return first["modality"]
        case "pictures/modality-check":
            (named,) = [word for phrase, word in MODALITY_WORDS.items() if phrase in text]
            return yes(named == first["modality"])
        case "pictures/region":
            return first["region"]


def asked(made, name):
    """(kind, question, answer, facts of the pictures) of each single question, whatever its form."""
    for sample in read_records(made.folder / name).samples:
        spoken = [turn.text for turn in sample.turns if turn.role != "system"]
        talk = sample.source.endswith("/dialogue")
        if sample.source not in ANSWERS and not talk:
            continue
        options = dict(sample.options)
        facts = [made.truth[image.removeprefix(f"{made.folder}/")] for image in sample.images]
        for text, reply in zip(spoken[::2], spoken[1::2], strict=True):
            yield kind_of(text) if talk else sample.source, text, options.get(reply, reply), facts


def kind_of(text):
    """The kind a question of a conversation has, by its wording."""
    kinds = [
        kind
        for kind, wordings in WORDINGS.items()
        for wording in wordings
        if re.fullmatch(re.sub(r"\\\{\w+\\\}", "(.+)", re.escape(wording)), text)
    ]
    return kinds[0]


@pytest.fixture(scope="module", params=["local.jsonl", "heldout.jsonl"])
def questions(whole, request):
    return list(asked(whole, request.param))


def test_every_answer_is_true(questions):
    assert len(questions) >= 300
    for kind, text, answer, facts in questions:
        stem = text.split("\nA. ")[0]
        assert answer == expected(kind, stem, facts), (kind, stem)
        assert answer in ANSWERS[kind]


def test_the_commonest_answer_is_no_giveaway(questions):
    by_kind = {}
    for kind, _, answer, _ in questions:
        by_kind.setdefault(kind, Counter())[answer] += 1
    for kind, counter in by_kind.items():
        share = counter.most_common(1)[0][1] / counter.total()
        # A region that is held out is either of the only two that both sides have.
        limit = 0.55 if len(ANSWERS[kind]) == 2 else 0.62 if kind == "pictures/region" else 0.45
        assert share <= limit, (kind, counter)


def test_the_words_of_a_yes_no_question_give_nothing_away(questions):
    by_text = {}
    for kind, text, answer, _ in questions:
        if kind in ("mni152/plane-check", "mni152/level-check", "pictures/modality-check"):
            words = tuple(
                re.findall(
                    "|".join(
                        [
                            *MODALITY_WORDS,
                            "axial|coronal|sagittal|inferior|middle|superior|posterior|anterior",
                        ]
                    ),
                    text,
                )
            )
            by_text.setdefault((kind, *words), Counter())[answer] += 1
    assert by_text
    for words, counter in by_text.items():
        assert counter["yes"] == counter["no"], words


def test_held_out_questions_show_one_picture_and_have_short_answers(whole):
    for record in whole.heldout:
        assert set(record) == {"id", "question", "answer", "image", "source", "licence", "split"}
        assert len(record["answer"].split()) <= 3
