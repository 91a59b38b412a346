import random
from collections import Counter

from medgpt_cli.data.sample.balance import balanced
from medgpt_cli.data.sample.material import Question


def asked(kind, answers, stratum=""):
    return [Question(kind, f"{kind} {i}", answer, stratum=stratum) for i, answer in enumerate(answers)]


def answers(questions, stratum=None):
    return Counter(q.answer for q in questions if stratum in (None, q.stratum))


def test_yes_and_no_come_out_equal_in_each_stratum():
    questions = asked("mni152/plane-check", ["yes"] * 9 + ["no"] * 2, "axial") + asked(
        "mni152/plane-check", ["no"] * 7 + ["yes"] * 3, "coronal"
    )
    kept = balanced(questions, random.Random(0))
    assert answers(kept, "axial") == {"yes": 2, "no": 2}
    assert answers(kept, "coronal") == {"yes": 3, "no": 3}
    assert kept == [q for q in questions if q in kept]


def test_two_answers_are_evened_like_yes_and_no():
    kept = balanced(asked("mni152/tissue", ["grey matter"] * 9 + ["white matter"]), random.Random(0))
    assert answers(kept) == {"grey matter": 1, "white matter": 1}


def test_a_stratum_with_one_of_two_answers_is_dropped():
    assert balanced(asked("mni152/level-check", ["no"] * 4), random.Random(0)) == []


def test_open_answers_stand_at_most_twice_as_often_as_the_rarest():
    kept = balanced(
        asked("mni152/side", ["left"] * 9 + ["right"] * 3 + ["midline"] * 2), random.Random(0)
    )
    assert answers(kept) == {"left": 4, "right": 3, "midline": 2}


def test_one_open_answer_alone_is_kept():
    questions = asked("mni152/plane", ["axial"] * 3)
    assert balanced(questions, random.Random(0)) == questions
