from __future__ import annotations

from medgpt_cli.core.tables import aligned, markdown

ROWS = [("lr", "1e-3"), ("a|b", "")]


def test_aligned() -> None:
    assert aligned(("field", "value"), ROWS) == "field  value\nlr     1e-3\na|b"


def test_markdown_keeps_a_bar_inside_its_cell() -> None:
    assert markdown(("field", "value"), ROWS) == (
        "| field | value |\n| --- | --- |\n| lr | 1e-3 |\n| a\\|b |  |"
    )
