from collections.abc import Callable

import pytest

from medgpt_cli.core.types import Sample
from medgpt_cli.evaluation.items import items_from
from medgpt_cli.evaluation.scoring import Verdict, judge, profile

OPTIONS = (("A", "left"), ("B", "right"))


@pytest.mark.parametrize(
    ("reply", "verdict"),
    [
        ("Left.", Verdict(True, True, "em_v1")),
        ("right", Verdict(False, True, "em_v1")),
        ("...", Verdict(False, False)),
    ],
)
def test_a_short_answer(sample: Callable[..., Sample], reply: str, verdict: Verdict) -> None:
    [item], _ = items_from([sample(1, "Which side?", "left")])
    assert judge(item, reply) == verdict


@pytest.mark.parametrize(
    ("reply", "verdict"),
    [
        ("A", Verdict(True, True, "letter", "A")),
        ("left", Verdict(True, True, "text", "A")),
        ("Answer: B", Verdict(False, True, "cue", "B")),
        ("perhaps", Verdict(False, False)),
    ],
)
def test_a_choice(sample: Callable[..., Sample], reply: str, verdict: Verdict) -> None:
    [item], _ = items_from([sample(1, "Which side?", "left", options=OPTIONS)])
    assert judge(item, reply) == verdict


def test_the_profile_names_every_scorer_used(sample: Callable[..., Sample]) -> None:
    items, _ = items_from([sample(1, "q", "left", options=OPTIONS), sample(2, "q", "left")])
    assert profile(items) == "em_v1+letters_v1"
    assert profile(items[:1]) == "letters_v1"
    assert profile(items[1:]) == "em_v1"
