import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rouge_score.rouge_scorer import RougeScorer

from medgpt_cli.evaluation.measures import MEASURES
from medgpt_cli.evaluation.measures.words import words_without_articles
from tests.evaluation_items import question

ROUGE = RougeScorer(["rouge1", "rougeL"])
WORDS = ("no", "acute", "left", "right", "lung", "mass", "1", "effusion", "opacity,", "heart.", "size")


def measured(name: str, reply: str, *golds: str) -> float:
    return MEASURES[name].per_item(question(*golds), reply)


def pairs(count: int) -> list[tuple[str, str]]:
    chance = random.Random(7)
    made = []
    for _ in range(count):
        gold, reply = (" ".join(chance.choices(WORDS, k=chance.randint(1, 12))) for _ in "gr")
        made.append((gold, reply))
    return made


def test_rouge_l_is_that_of_rouge_score() -> None:
    for gold, reply in pairs(300):
        assert measured("rouge_l", reply, gold) == pytest.approx(
            ROUGE.score(gold, reply)["rougeL"].fmeasure
        )


ENGLISH = st.text(st.characters(codec="ascii"), max_size=60).filter(
    lambda text: any(map(str.isalnum, text))
)


@given(ENGLISH, ENGLISH)
def test_rouge_l_is_that_of_rouge_score_on_any_english(gold: str, reply: str) -> None:
    assert measured("rouge_l", reply, gold) == pytest.approx(ROUGE.score(gold, reply)["rougeL"].fmeasure)


def test_token_f1_is_rouge_1_of_the_words_without_articles() -> None:
    for gold, reply in pairs(300):
        plain = [" ".join(words_without_articles(text)) for text in (gold, reply)]
        assert measured("token_f1", reply, gold) == pytest.approx(ROUGE.score(*plain)["rouge1"].fmeasure)


@pytest.mark.parametrize(
    ("gold", "reply", "f1"),
    [
        ("left lung", "the left lung.", 1),
        ("left lung", "left", 2 / 3),
        ("left lung", "left left", 0.5),
        ("left lung", "right kidney", 0),
        ("left lung", "", 0),
        ("the", "", 0),
        ("右肺", "左肺", 0.5),
        ("1.5 cm", "15 cm", 0.5),
    ],
)
def test_token_f1_by_hand(gold: str, reply: str, f1: float) -> None:
    assert measured("token_f1", reply, gold) == pytest.approx(f1)


@pytest.mark.parametrize(
    ("gold", "reply", "same"),
    [
        ("X-ray", "xray", 1),
        ("left lung", "The left lung!", 1),
        ("left lung", "lung left", 0),
        ("left lung", "left lungs", 0),
        ("yes", "yes, it is", 0),
        ("1.5", "15", 0),
        ("A", "the", 0),
        ("A", "a", 1),
    ],
)
def test_normalised(gold: str, reply: str, same: float) -> None:
    assert measured("normalised", reply, gold) == same


@pytest.mark.parametrize("name", ["normalised", "token_f1", "rouge_l"])
def test_the_best_of_several_right_answers_counts(name: str) -> None:
    assert measured(name, "mri", "ct", "mri") == 1
