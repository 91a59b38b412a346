import pytest

from medgpt_cli.evaluation.exact_match import matches, normalise

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


@pytest.mark.parametrize("nothing", ["", " ", ".", "...", "?!", "\n"])
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
