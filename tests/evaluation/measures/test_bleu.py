"""BLEU against NLTK and sacrebleu, and against what NLTK 3.2.5 printed."""

import random
import string

import pytest
import sacrebleu
from nltk.translate.bleu_score import corpus_bleu, sentence_bleu

from medgpt_cli.evaluation.measures import MEASURES, measure_item
from medgpt_cli.evaluation.measures.stop_words import content_words
from tests.evaluation_items import question

STYLES = {"bare": "{}", "cased and stopped": "{}.", "in a sentence": "The answer is {}."}


def pairs(count: int = 200) -> list[tuple[str, str]]:
    """Answers as PathVQA's: half of them yes or no, six in ten right, the others of one to four words."""
    chance = random.Random(3)
    words = ["granuloma", "lung", "the", "cells", "of", "hering", "liver", "with", "fibrosis", "chronic"]
    made = []
    for _ in range(count):
        closed = chance.random() < 0.5
        gold = (
            chance.choice(["yes", "no"])
            if closed
            else " ".join(chance.sample(words, chance.randint(1, 4)))
        )
        wrong = (
            chance.choice(["yes", "no"])
            if closed
            else " ".join(chance.sample(words, chance.randint(1, 3)))
        )
        made.append((gold, gold if chance.random() < 0.6 else wrong))
    return made


def said(style: str) -> list[tuple[str, str]]:
    return [
        (gold, STYLES[style].format(reply if style == "bare" else reply.capitalize()))
        for gold, reply in pairs()
    ]


def score(name: str, answers: list[tuple[str, str]]) -> float:
    value = MEASURES[name].score(
        [measure_item(question(gold), reply, [name]) for gold, reply in answers]
    )
    assert value is not None
    return value


def plain(text: str) -> list[str]:
    return text.lower().translate(str.maketrans("", "", string.punctuation)).split()


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("style", STYLES)
def test_each_is_that_of_nltk_with_punctuation_stripped(style: str) -> None:
    answers = said(style)
    mean = [sentence_bleu([plain(gold)], plain(reply), weights=(1,)) for gold, reply in answers]
    assert score("bleu1_sent", answers) == pytest.approx(sum(mean) / len(mean))
    together = corpus_bleu(
        [[plain(gold)] for gold, _ in answers], [plain(reply) for _, reply in answers], weights=(1,)
    )
    assert score("bleu1_corpus", answers) == pytest.approx(together)


@pytest.mark.parametrize("style", STYLES)
def test_together_is_that_of_sacrebleu(style: str) -> None:
    answers = said(style)
    theirs = sacrebleu.BLEU(max_ngram_order=1, lowercase=True, tokenize="none", smooth_method="none")
    golds, replies = ([" ".join(plain(text)) for text in texts] for texts in zip(*answers, strict=True))
    assert score("bleu1_corpus", answers) * 100 == pytest.approx(
        theirs.corpus_score(replies, [golds]).score
    )


def test_case_and_full_stop_do_not_count_but_a_sentence_does() -> None:
    """Other normalisations lose fifty points to a capital and a full stop."""
    for name in ("bleu1_sent", "bleu1_corpus"):
        bare, stopped, sentence = (score(name, said(style)) for style in STYLES)
        assert bare == stopped
        assert sentence < bare / 2
    naive = [
        sentence_bleu([gold.split()], reply.lower().split(), weights=(1,))
        for gold, reply in said("cased and stopped")
    ]
    assert sum(naive) / len(naive) < score("bleu1_sent", said("cased and stopped")) - 0.4


def test_the_mean_of_answers_and_all_answers_together_are_two_numbers() -> None:
    answers = said("bare")
    assert abs(score("bleu1_sent", answers) - score("bleu1_corpus", answers)) > 0.01
    assert score("exact", answers) < score("bleu1_sent", answers)


def test_strict_match_gives_a_sentence_nothing() -> None:
    assert score("exact", said("in a sentence")) == 0


@pytest.mark.parametrize(
    ("golds", "reply", "value"),
    [
        (["right lung"], "right lung", 1),
        (["right lung"], "lung right", 1),
        (["right lung"], "right right right", 1 / 3),
        (["right lower lobe"], "right", 0.1353352832366127),
        (
            ["ct", "mri scan"],
            "mri",
            1,
        ),  # the reference nearest in length is `ct`, so nothing is too short
        (["mri", "mri scan"], "mri scan", 1),
        (["ct", "x y z"], "x y", 1),
        (["ct"], "", 0),
        (["lung", "left lung"], "lung lung", 1 / 2),
    ],
)
def test_by_hand(golds: list[str], reply: str, value: float) -> None:
    assert MEASURES["bleu1_sent"].per_item(question(*golds), reply) == pytest.approx(value)
    assert sentence_bleu([gold.split() for gold in golds], reply.split(), weights=(1,)) == pytest.approx(
        value
    )


@pytest.mark.parametrize(
    ("gold", "reply", "value"),
    [
        ("ct", "ct", 1.0),
        ("right lung", "left lung", 0.840896415254),
        ("right lung", "lung right", 1.0),
        ("axial plane", "axial", 0.367879441171),
        ("axial", "axial plane", 0.840896415254),
        ("skull contents", "skull contents contents", 0.759835685652),
        ("t2 weighted axial", "t2 weighted sagittal", 0.759835685652),
        ("acute infarct left mca", "acute infarct left mca", 1.0),
        ("large left renal mass fat", "left renal mass", 0.513417119033),
        ("ct", "mri", 0),
        ("ct mri pet us xr", "ct mri pet us xr ecg", 0.759835685652),
    ],
)
def test_the_legacy_is_what_nltk_3_2_5_printed(gold: str, reply: str, value: float) -> None:
    assert MEASURES["vqamed_bleu_legacy"].per_item(question(gold), reply) == pytest.approx(value)


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_todays_nltk_gives_a_right_answer_of_one_word_nothing() -> None:
    assert sentence_bleu([["yes"]], ["yes"]) < 1e-9
    assert MEASURES["vqamed_bleu_legacy"].per_item(question("yes"), "yes") == 1


@pytest.mark.parametrize(
    ("gold", "reply", "value"),
    [
        ("no", "not", 1),  # both are stop words, and nothing equals nothing
        ("no", "cannot", 1),
        ("the left lung", "left lung", 1),
        ("Left-lung", "leftlung!", 1),
        ("no", "ct", 0),
        ("ct", "no", 0),
        ("no", "", 0),
        ("no", "...", 0),
        ("effusions", "effusion", 0),  # the evaluator's stemmer would have made them one
    ],
)
def test_the_legacy_leaves_out_stop_words_and_does_not_stem(gold: str, reply: str, value: float) -> None:
    assert MEASURES["vqamed_bleu_legacy"].per_item(question(gold), reply) == value


def test_the_legacy_takes_the_best_of_several_right_answers() -> None:
    assert MEASURES["vqamed_bleu_legacy"].per_item(question("ct", "mri scan"), "mri scan") == 1


def test_stop_words() -> None:
    assert content_words("There is NO fracture of the left femur, and it isn't new.") == (
        "fracture",
        "left",
        "femur",
        "isnt",
        "new",
    )
