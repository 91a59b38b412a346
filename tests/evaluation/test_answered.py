"""What one reply comes to: every fault counts as wrong, and leaves a row that can be read again."""

from collections.abc import Callable
from dataclasses import replace

import msgspec
import pytest

from medgpt_cli.core.types import Reply, Sample
from medgpt_cli.evaluation.answered import outcome_of, request_of
from medgpt_cli.evaluation.items import Item, Kind, items_from
from medgpt_cli.evaluation.outcomes import Outcome
from medgpt_cli.evaluation.tasks.task import Task

OPTIONS = (("A", "left lung"), ("B", "right lung"))


@pytest.fixture
def item(sample: Callable[..., Sample]) -> Item:
    [made], _ = items_from(
        [sample(1, "Which?", "B", options=OPTIONS, id="q", facets=(("sex", "F"),), source="s")]
    )
    return made


def task(item: Item, **words: object) -> Task:
    return Task("t", "0" * 64, [item], **words)  # type: ignore[arg-type]


def test_what_is_asked(item: Item) -> None:
    plain = request_of(task(item, max_new_tokens=5), item)
    assert (plain.turns, plain.max_new_tokens, plain.choices, plain.generate) == (
        item.turns,
        5,
        (),
        True,
    )
    both = request_of(task(item, measures=("exact", "accuracy_likelihood")), item)
    assert (both.choices, both.generate) == (("A", "B"), True)
    by_letter = request_of(task(item, choices_by="likelihood"), item)
    assert (by_letter.choices, by_letter.generate) == (("A", "B"), False)
    by_text = request_of(task(item, choices_by="likelihood", likelihood_of="text"), item)
    assert by_text.choices == ("left lung", "right lung")


def test_a_question_without_options_is_answered_in_words_whatever_the_task_says(
    sample: Callable[..., Sample],
) -> None:
    [short], _ = items_from([sample(1, "Which side?", "left")])
    asked = request_of(task(short, choices_by="likelihood"), short)
    assert (asked.choices, asked.generate) == ((), True)
    assert outcome_of(task(short, choices_by="likelihood"), short, Reply("Left.")).correct


@pytest.mark.parametrize(
    ("reply", "status", "correct", "parsed"),
    [
        (Reply("B"), "ok", True, True),
        (Reply("B", finished=False), "truncated", False, False),
        (Reply("B", error="ENDPOINT_TIMEOUT"), "error", False, False),
        (Reply(""), "ok", False, False),
        (Reply("the A or B"), "ok", False, False),
    ],
)
def test_verdicts(item: Item, reply: Reply, status: str, correct: bool, parsed: bool) -> None:
    row = outcome_of(task(item), item, reply)
    assert (row.status, row.correct, row.parsed) == (status, correct, parsed)
    assert row.measures == {"exact": float(correct)}
    assert (row.kind, row.options, row.facets, row.error) == ("choice", 2, {"sex": "F"}, reply.error)


def test_a_cut_report_is_measured_as_far_as_it_goes_and_a_cut_short_answer_is_none(
    sample: Callable[..., Sample],
) -> None:
    [short], _ = items_from([sample(1, "Which?", "left lung base")])
    cut = Reply("left lung", finished=False)
    measures = ("token_f1", "rouge_l")
    assert outcome_of(task(short, measures=measures), short, cut).measures["token_f1"] == 0.0
    report = replace(short, kind=Kind.REPORT)
    row = outcome_of(task(report, measures=("rouge_l",), kind=Kind.REPORT), report, cut)
    assert row.measures["rouge_l"] > 0.5
    assert (row.status, row.correct, row.parsed) == ("truncated", False, True)


def test_every_row_can_be_read_again(item: Item) -> None:
    weighed = task(item, measures=("exact", "accuracy_likelihood"))
    for likelihoods in ((float("nan"), -1.0), (float("-inf"), -1.0), (-1.0,), ()):
        reply = Reply("half a character \ud800", likelihoods=likelihoods)
        row = outcome_of(weighed, item, reply, keep_text=True)
        again = msgspec.json.decode(msgspec.json.encode(row), type=Outcome)
        assert again == row
        assert row.likelihoods == ()


@pytest.mark.parametrize(
    ("weights", "letter", "correct", "parsed"),
    [
        ((-1.0, -2.0), "A", False, True),
        ((-2.0, -1.0), "B", True, True),
        ((-1.0, -1.0), "", False, True),  # both are chosen, and one of them is wrong
        ((float("nan"), -1.0), "", False, False),
        ((-1.0,), "", False, False),
        ((), "", False, False),
    ],
)
def test_the_likeliest_option_is_the_answer(
    item: Item, weights: tuple[float, ...], letter: str, correct: bool, parsed: bool
) -> None:
    weighing = task(item, choices_by="likelihood", measures=("accuracy_likelihood", "exact"))
    row = outcome_of(weighing, item, Reply("", likelihoods=weights))
    assert (row.letter, row.correct, row.parsed) == (letter, correct, parsed)
    assert row.measures == {"accuracy_likelihood": float(correct), "exact": float(correct)}


def test_likelihoods_by_length_decide_where_they_are_the_headline(
    sample: Callable[..., Sample],
) -> None:
    options = (("A", "no"), ("B", "a very long one"))
    [long], _ = items_from([sample(1, "Which?", "B", options=options)])
    reply = Reply("", likelihoods=(-4.0, -6.0))
    for headline, correct in (("accuracy_likelihood", False), ("accuracy_likelihood_norm", True)):
        weighing = task(long, choices_by="likelihood", likelihood_of="text", measures=(headline,))
        assert outcome_of(weighing, long, reply).correct is correct
