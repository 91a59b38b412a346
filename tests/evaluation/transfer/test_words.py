from __future__ import annotations

from collections.abc import Sequence

import msgspec
import pytest

from medgpt_cli.evaluation.transfer.means import Compared, adjusted, compare
from medgpt_cli.evaluation.transfer.outcomes import Answers
from medgpt_cli.evaluation.transfer.words import sentences
from tests.evaluation.transfer.test_outcomes import answered, gold

SETS = [gold("a", 60), gold("b", 40, classes=4), gold("c", 240, classes=2)]


def told(first: Sequence[Answers], second: Sequence[Answers]) -> list[str]:
    return sentences(adjusted(compare(SETS, first, second)))


@pytest.fixture(scope="module")
def good() -> list[Answers]:
    return [answered(each, 2, 0.9) for each in SETS]


@pytest.fixture(scope="module")
def poor() -> list[Answers]:
    return [answered(each, 2, 0.5, tower="scratch", first=5) for each in SETS]


def test_a_lead_is_said_with_its_interval_and_where_it_was_seen(
    good: list[Answers], poor: list[Answers]
) -> None:
    pairs = adjusted(compare(SETS, poor, good))
    mean = pairs[-1].result
    assert {each.set: each.result.verdict for each in pairs}["mean"] == "better"
    assert sentences(pairs) == [
        f"ours is ahead of scratch by a linear probe: macro-F1 {mean.difference:+.3f} "
        f"(95 % {mean.low:.3f}–{mean.high:.3f}, p {mean.adjusted:.4f}) in the mean over 3 sets; ahead on a, b, c."
    ]


def test_a_lag_is_said_as_well(good: list[Answers], poor: list[Answers]) -> None:
    [sentence] = told(good, poor)
    assert sentence.startswith("scratch is behind ours by a linear probe: macro-F1 -0.")
    assert sentence.endswith("; behind on a, b, c.")


def test_a_draw_is_no_lead_and_says_what_would_have_been_seen(good: list[Answers]) -> None:
    again = [answered(each, 2, 0.9, tower="other", first=20) for each in SETS]
    pairs = adjusted(compare(SETS, again, good))
    visible = pairs[-1].result.visible
    assert visible is not None
    [sentence] = sentences(pairs)
    assert sentence.startswith("ours is not shown to be ahead of other by a linear probe: macro-F1 ")
    assert sentence.endswith(
        f"; undecided on a, b, c; a difference of {visible:.3f} would have shown four times in five."
    )


def test_sets_that_disagree_are_named_apart(good: list[Answers], poor: list[Answers]) -> None:
    mixed = [good[0], answered(SETS[1], 2, 0.5, first=30), poor[2]]
    mixed = [msgspec.structs.replace(each, tower="ours") for each in mixed]
    other = [poor[0], poor[1], msgspec.structs.replace(good[2], tower="scratch")]
    [sentence] = told(other, mixed)
    assert "; ahead on a; behind on c; undecided on b" in sentence


def test_each_tower_and_each_mode_has_its_sentence_and_one_set_needs_no_mean(
    good: list[Answers], poor: list[Answers]
) -> None:
    def one(mode: str, tower: str) -> list[Compared]:
        own = [msgspec.structs.replace(poor[0], mode=mode, tower=tower)]
        return compare(SETS[:1], own, [msgspec.structs.replace(good[0], mode=mode)])

    found = sentences([*one("probe", "x"), *one("probe", "y"), *one("finetune", "x")])
    assert [sentence.partition(": ")[0] for sentence in found] == [
        "ours is ahead of x by a linear probe",
        "ours is ahead of y by a linear probe",
        "ours is ahead of x by full fine-tuning",
    ]
    assert all(sentence.endswith(") in a.") for sentence in found)
