from __future__ import annotations

from medgpt_cli.core.tables import aligned, folded, markdown, numeric

ROWS = [("lr", "1e-3"), ("a|b", "")]


def test_aligned() -> None:
    assert aligned(("field", "value"), ROWS) == "field  value\nlr     1e-3\na|b"


def test_markdown_keeps_a_bar_inside_its_cell() -> None:
    assert markdown(("field", "value"), ROWS) == (
        "| field | value |\n| --- | --- |\n| lr | 1e-3 |\n| a\\|b |  |"
    )


def test_numbers_are_told_from_words_and_set_to_the_right() -> None:
    rows = [
        ("2019", "bleu1_sent", "0.5", "+0.1", "<0.001", "40/127", "-", "CC0 1.0"),
        ("b", "exact", "not computed", "-", "0.25", "4", "-", "MIT"),
    ]
    right = numeric(rows)
    assert right == {2, 3, 4, 5}
    assert aligned(["t", "m", "s", "d", "p", "k", "x", "l"], rows, right=right).splitlines() == [
        "t     m                      s     d       p       k  x  l",
        "2019  bleu1_sent           0.5  +0.1  <0.001  40/127  -  CC0 1.0",
        "b     exact       not computed     -    0.25       4  -  MIT",
    ]
    assert numeric([]) == frozenset()


def test_folding_breaks_between_words_and_keeps_what_is_longer_than_a_line() -> None:
    text = "one two three\n/a/path/longer/than/that x"
    assert folded(text, 9, indent="  ") == "one two\n  three\n/a/path/longer/than/that\n  x"
