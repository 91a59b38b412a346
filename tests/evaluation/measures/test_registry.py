"""What holds for every measure, whichever it is."""

from collections.abc import Sequence

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from medgpt_cli.evaluation.exact_match import normalise
from medgpt_cli.evaluation.items import Kind
from medgpt_cli.evaluation.measures import MEASURES, Measure, measure_item, not_computed
from tests.evaluation_items import question

NAMES = [
    "exact",
    "exact_mxq",
    "normalised",
    "token_f1",
    "bleu1_sent",
    "bleu1_corpus",
    "vqamed_bleu_legacy",
    "rouge_l",
    "macro_f1",
    "accuracy_likelihood",
    "accuracy_likelihood_norm",
]
OF_TEXT = [name for name, measure in MEASURES.items() if not measure.by_likelihood]
OF_WORDS = [name for name in OF_TEXT if name != "macro_f1"]
OPTIONS = (("A", "left lung"), ("B", "right lung"))
WORDS = st.lists(
    st.sampled_from(["left", "right", "lung", "1.5", "cm", "肺", "T2*", "mass,", "The", "yes", "no"]),
    max_size=6,
).map(" ".join)


def score(name: str, golds: Sequence[str], replies: Sequence[str]) -> float | None:
    """A measure over short answers, by way of the rows that a log would hold."""
    rows = [
        measure_item(question(gold, line=line), reply, [name])
        for line, (gold, reply) in enumerate(zip(golds, replies, strict=True))
    ]
    return MEASURES[name].score(rows)


def test_the_names_and_shapes() -> None:
    assert list(MEASURES) == NAMES
    for name, measure in MEASURES.items():
        shapes = [measure.per_item, measure.tally and measure.combine, measure.by_likelihood]
        assert sum(shape is not None for shape in shapes) == 1
        assert (measure.name, measure.better) == (name, "higher")
        assert measure.version >= 1
        assert measure.title
        assert (measure.corpus is None) == (measure.tally is None)


@pytest.mark.parametrize("name", OF_WORDS)
@pytest.mark.parametrize(
    "gold",
    ["yes", "right lower lobe", "1.5 cm", "Left Lung, Right", "肺炎", "A", "+", "T2*", "x-ray", "no"],
)
@pytest.mark.parametrize("style", ["{}", "{}.", " {}\n"])
def test_a_perfect_answer_scores_one(name: str, gold: str, style: str) -> None:
    assert score(name, [gold], [style.format(gold)]) == pytest.approx(1)


@pytest.mark.parametrize("name", OF_WORDS)
@pytest.mark.parametrize("nothing", ["", " ", "\n\t", "...", "\u200b"])
@pytest.mark.parametrize("gold", ["yes", "no", "the", "right lung", "not"])
def test_an_unanswered_question_scores_zero_and_is_not_dropped(
    name: str, nothing: str, gold: str
) -> None:
    assert score(name, [gold], [nothing]) == 0


@pytest.mark.parametrize("name", OF_WORDS)
@settings(max_examples=40)
@given(st.lists(st.tuples(WORDS.filter(normalise), WORDS), min_size=1, max_size=5), st.randoms())
def test_scores_lie_between_zero_and_one_and_know_no_order(
    name: str, pairs: list, random: object
) -> None:
    golds, replies = zip(*pairs, strict=True)
    value = score(name, golds, replies)
    assert value is not None
    assert 0 <= value <= 1 + 1e-12
    shuffled = list(pairs)
    random.shuffle(shuffled)
    assert score(name, *zip(*shuffled, strict=True)) == pytest.approx(value)


@pytest.mark.parametrize("name", OF_WORDS)
@settings(max_examples=40)
@given(st.lists(WORDS.filter(normalise), min_size=2, max_size=3), WORDS)
def test_more_right_answers_never_make_a_reply_worse(name: str, golds: list[str], reply: str) -> None:
    assume(not {"yes", "no"} & {normalise(gold) for gold in golds})
    measure = MEASURES[name]
    one = measure.score([measure_item(question(golds[0]), reply, [name])])
    all_of_them = measure.score([measure_item(question(*golds), reply, [name])])
    assert one is not None
    assert all_of_them is not None
    # BLEU's brevity is measured by the reference nearest in length, which may be another one.
    assert all_of_them >= one - 1e-12 or name.startswith("bleu1")


@pytest.mark.parametrize("name", OF_WORDS)
def test_a_huge_reply_is_measured(name: str) -> None:
    assert score(name, ["right lung"], ["((( lung \u0301" * 20_000]) < 0.1


@pytest.mark.parametrize("name", NAMES)
def test_the_score_over_nothing_is_none_and_not_zero(name: str) -> None:
    assert MEASURES[name].score([]) is None
    assert MEASURES[name].score([{}, {"other": 1.0}]) is None


@pytest.mark.parametrize("name", NAMES)
def test_one_row_that_lacks_the_measure_does_not_count_as_zero(name: str) -> None:
    measure = MEASURES[name]
    choice = question("A", options=OPTIONS)
    right = (choice, "A") if measure.by_likelihood or name == "macro_f1" else (question("cyst"), "cyst")
    row = measure.row(*right, likelihoods=[-1.0, -2.0])
    assert measure.score([row, {}]) == measure.score([row]) is not None


def test_what_does_not_apply_is_absent() -> None:
    names = list(MEASURES)
    assert measure_item(question("mass"), "mass", names).keys() == {
        "exact",
        "exact_mxq",
        "normalised",
        "token_f1",
        "bleu1_sent",
        *(f"bleu1_corpus#{place}" for place in range(3)),
        "vqamed_bleu_legacy",
        "rouge_l",
    }
    choice = question("A", options=OPTIONS)
    of_a_choice = {"exact", *(f"macro_f1#{place}" for place in range(6))}
    assert measure_item(choice, "A", names).keys() == of_a_choice
    assert measure_item(choice, "A", names, [-1, -2]).keys() == of_a_choice | {
        "accuracy_likelihood",
        "accuracy_likelihood_norm",
    }
    report = question("No acute finding.", kind=Kind.REPORT)
    assert not {"exact", "exact_mxq", "macro_f1#0"} & measure_item(report, "None.", names).keys()


def test_what_cannot_be_computed_says_why() -> None:
    names = list(MEASURES)
    short = [question("mass"), question("cyst")]
    none = "no item here is of the kind it measures"
    assert not_computed(short, names) == {
        "macro_f1": none,
        "accuracy_likelihood": none,
        "accuracy_likelihood_norm": none,
    }
    two = [
        question("A", options=OPTIONS),
        question("A", options=(("A", "yes"), ("B", "no"))),
    ]
    reasons = not_computed(two, ["exact", "macro_f1", "rouge_l"])
    assert reasons == {"macro_f1": "the questions do not share one list of classes", "rouge_l": none}
    assert MEASURES["macro_f1"].corpus(two, ["A", "A"]) is None


@pytest.mark.parametrize("name", ["bleu1_corpus", "macro_f1"])
def test_rows_of_a_log_make_the_score_that_the_texts_make(name: str) -> None:
    items = [question(gold, line=line) for line, gold in enumerate(["yes", "no", "no"])]
    replies = ["Yes.", "yes", "no"]
    measure: Measure = MEASURES[name]
    rows = [measure_item(item, reply, [name]) for item, reply in zip(items, replies, strict=True)]
    assert measure.corpus(items, replies) == measure.score(rows)
    sums = [sum(column) for column in zip(*measure.tallies(rows), strict=True)]
    assert measure.combine(sums) == measure.score(rows) < 1


def test_an_unknown_measure_is_no_zero() -> None:
    with pytest.raises(KeyError):
        measure_item(question("a"), "a", ["bleu"])
