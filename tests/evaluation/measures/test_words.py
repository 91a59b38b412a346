import pytest
from hypothesis import given
from hypothesis import strategies as st

from medgpt_cli.evaluation.measures.words import rouge_words, words, words_without_articles


@pytest.mark.parametrize(
    ("text", "cut"),
    [
        ("Right lung.", ("right", "lung")),
        ("x-ray, PA", ("xray", "pa")),
        ("1.5 cm", ("1.5", "cm")),
        ("15 cm", ("15", "cm")),
        ("120/80 mmHg", ("120/80", "mmhg")),
        ("-2", ("-2",)),
        (".5", (".5",)),
        ("-.5", ("-.5",)),
        ("- 2", ("2",)),
        ("1,000", ("1000",)),
        ("It’s (left)", ("its", "left")),
        ("37 °C ± 1", ("37", "c", "1")),
        ("T2*", ("t2",)),
        ("肺炎。 CT", ("肺", "炎", "ct")),
        ("ＣＴ", ("ct",)),
        ("+", ("+",)),
        ("", ()),
        (" \n", ()),
    ],
)
def test_words(text: str, cut: tuple[str, ...]) -> None:
    assert words(text) == cut


@pytest.mark.parametrize(
    ("text", "cut"),
    [("The left lung", ("left", "lung")), ("an A", ("an", "a")), ("A", ("a",)), ("a mass", ("mass",))],
)
def test_articles_go_unless_nothing_else_is_left(text: str, cut: tuple[str, ...]) -> None:
    assert words_without_articles(text) == cut


def test_a_measurement_keeps_its_dot_which_other_harnesses_delete() -> None:
    """The SQuAD rule deletes every mark, so 1.5 cm and 15 cm are one answer to it."""

    def squad(text: str) -> str:
        return "".join(mark for mark in text if mark not in ".,-")

    assert squad("1.5 cm") == squad("15 cm")
    assert words("1.5 cm") != words("15 cm")


@given(st.text(max_size=60))
def test_cutting_what_was_cut_changes_nothing_more(text: str) -> None:
    assert words(" ".join(words(text))) == words(text)
    assert rouge_words(" ".join(rouge_words(text))) == rouge_words(text)


def test_rouge_keeps_letters_of_other_alphabets() -> None:
    assert rouge_words("Легкое, 肺: left-sided") == ("легкое", "肺", "left", "sided")
