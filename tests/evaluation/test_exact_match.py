import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medgpt_cli.evaluation.exact_match import is_closed, matches, normalise, yes_or_no

SAME = [
    ("left", "Left."),
    ("left", "  LEFT \n"),
    ("left", "**left**"),
    ("left", "**Left.**"),
    ("left", "**Left**."),
    ("left", "***left***"),
    ("left", "__left__"),
    ("left", "`left`"),
    ("left", "(left)"),
    ("left", "[Left]"),
    ("left", '"left"'),
    ("left", "“Left.”"),
    ("left", "- left"),
    ("left", "• left"),
    ("left", "left!?"),
    ("right lower lobe", "Right  lower\tlobe."),
    ("5", "5."),
    ("0.5", "0.5."),
    ("AB", "ＡＢ"),
    ("5 µm", "5 μm"),
    ("T2*", "**T2***"),
    ("Crohn's disease", "crohn's disease."),
    ("left", "\ufeffleft\u200b"),
    ("left", "- - left"),
]
NOT_SAME = [
    ("left", "the left"),
    ("left", "left lung"),
    ("left", "Answer: left"),
    ("yes", "yes, it is normal"),
    ("T2*", "T2"),
    ("5", "5 %"),
    (".5", "5"),
    ("-2", "2"),
    ("- 2", "2"),
    (",5", "5"),
    ("<5", "5"),
    ("2+", "2"),
    ("0.50", "0.5"),
    ("two", "2"),
    ("x-ray", "x ray"),
    ("effusions", "effusion"),
    ("left", ""),
    ("left", "..."),
]


@pytest.mark.parametrize(("gold", "answer"), SAME)
def test_differences_that_do_not_count(gold: str, answer: str) -> None:
    assert matches(answer, gold)
    assert matches(gold, answer)


@pytest.mark.parametrize(("gold", "answer"), NOT_SAME)
def test_differences_that_count(gold: str, answer: str) -> None:
    assert not matches(answer, gold)


@pytest.mark.parametrize("nothing", ["", " ", ".", "...", "?!", "\n", "\u200b", "\ufeff"])
def test_nothing_is_never_right_even_against_nothing(nothing: str) -> None:
    assert normalise(nothing) == ""
    assert not matches(nothing, nothing)


@pytest.mark.parametrize(
    "text",
    [text for pair in SAME + NOT_SAME for text in pair]
    + ["((a))", "(a) and (b)", "İ", "*a* b *c*", "- .5"],
)
def test_normalising_twice_changes_nothing_more(text: str) -> None:
    assert normalise(normalise(text)) == normalise(text)


@pytest.mark.parametrize("text", ["(a) and (b)", "*a* and *b*", "'crohn's'"])
def test_only_a_pair_around_the_whole_answer_is_removed(text: str) -> None:
    assert normalise(text) == text


@pytest.mark.parametrize(
    "gold", ["axial", "Pulmonary embolism", "T2*", "-2.5 mm", "yes", "5 %", "C5/6", "E. coli"]
)
@pytest.mark.parametrize(
    "style", ["{}", "{}.", "**{}**", "({})", "`{}`", "**{}.**", "({}).", " {}\n", "“{}”", "__{}__"]
)
@pytest.mark.parametrize("case", [str, str.upper, str.capitalize])
def test_a_perfect_answer_is_right_in_every_surface_style(gold: str, style: str, case: type) -> None:
    assert matches(style.format(case(gold)), gold)


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("(Aberrant artery (ARSA))", "aberrant artery (arsa)"),
        ("((with necrosis) abscess).", "(with necrosis) abscess"),
        ("(left) or (right)", "(left) or (right)"),
        ("(left) (right)", "(left) (right)"),
        ("((left)", "((left)"),
    ],
)
def test_brackets_around_an_answer_that_has_brackets(text: str, form: str) -> None:
    assert normalise(text) == form


def test_a_long_row_of_brackets_is_left_alone() -> None:
    assert normalise("(" * 5000 + "a" + ")" * 5000) == "(" * 5000 + "a" + ")" * 5000


@given(st.text(max_size=80) | st.text(".- *_(a1)", max_size=30))
def test_normalising_any_text_twice_changes_nothing_more(text: str) -> None:
    assert normalise(normalise(text)) == normalise(text)
    assert matches(text, text) == bool(normalise(text))


@pytest.mark.parametrize("junk", ["a\u0301\u0323", "\u0301\u0323", "- ", ". ", "((", "*_", "‘", "\n \t"])
def test_time_grows_with_length_and_no_faster(junk: str) -> None:
    def seconds(copies: int) -> float:
        began = time.process_time()
        normalise("x" + junk * copies)
        normalise(junk * copies + "x")
        return time.process_time() - began

    seconds(10)
    assert (
        min(seconds(40_000) for _ in range(2)) < max(min(seconds(2_500) for _ in range(3)), 0.001) * 40
    )


CLOSED = [
    ("yes", "yes"),
    ("No.", "no"),
    ("**Yes**", "yes"),
    ("**Yes**, there is an effusion.", "yes"),
    ("Yes, the heart is normal", "yes"),
    ("Yes, it is abnormal", "yes"),
    ("Yes, no pneumothorax is seen", "yes"),
    ("No, yes would be wrong", "no"),
    ("no: nothing is seen", "no"),
    ("No - clear", "no"),
    ("(no)", "no"),
    ("ＹＥＳ", "yes"),
    ("\nYes\nThe left one.", "yes"),
    ("", ""),
    ("normal", ""),
    ("not seen", ""),
    ("nothing", ""),
    ("none", ""),
    ("correct", ""),
    ("true", ""),
    ("y", ""),
    ("no-one", ""),
    ("yes's", ""),
    ("The answer is yes", ""),
    ("Yes or no", ""),
    ("Yes/no", ""),
    ("no and yes", ""),
    ("yes no", ""),
    ("No. Yes.", ""),
    ("是", ""),
]


@pytest.mark.parametrize(("reply", "said"), CLOSED)
def test_a_closed_question_is_answered_by_the_first_word(reply: str, said: str) -> None:
    assert yes_or_no(reply) == said


@pytest.mark.parametrize(
    ("reply", "gold"),
    [("Yes, the heart is normal", "yes"), ("Yes, it is abnormal", "yes"), ("not seen", "no")],
)
def test_a_peer_that_looks_for_yes_and_no_anywhere_errs(reply: str, gold: str) -> None:
    """MedEvalKit: right if one of `yes` and `no` is contained, and it is the right answer."""
    contained = [word for word in ("yes", "no") if word in reply.lower()]
    theirs = contained == [gold]
    assert theirs != (yes_or_no(reply) == gold)


@pytest.mark.parametrize(
    ("golds", "closed"),
    [(["Yes"], True), (["no."], True), (["yes", "left"], False), (["not"], False), ([], False)],
)
def test_a_question_is_closed_where_only_yes_or_no_can_be_right(golds: list[str], closed: bool) -> None:
    assert is_closed(golds) == closed
