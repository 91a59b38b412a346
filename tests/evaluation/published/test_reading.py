"""What a sheet of published numbers may and may not say."""

import pytest

from medgpt_cli.core.errors import InputError
from medgpt_cli.evaluation.published.reading import Row, rows_in

SHEET = """\
source: Someone, 2026
known_from: a friend
tables:
  - table: table 2
    metric: exact match
    better: higher
    scale: 100
    protocol: greedy
    note: Of all.
    notes: {slake: Of the set., slake/M: Of the number.}
    values: {slake: {M: 71.5, N: 60}}
"""


def test_a_sheet_becomes_rows() -> None:
    m, n = rows_in("s.yaml", SHEET)
    assert m == Row(
        set="slake",
        model="M",
        metric="exact match",
        value=71.5,
        scale=100,
        better="higher",
        protocol="greedy",
        source="Someone, 2026",
        table="table 2",
        known_from="a friend",
        note="Of all. Of the set. Of the number.",
    )
    assert (n.value, n.share, n.note) == (60, 0.6, "Of all. Of the set.")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("scale: 100", "scale: 10", "Invalid enum value 10"),
        ("better: higher", "better: more", "Invalid enum value 'more'"),
        ("M: 71.5", "M: high", "Expected `float`, got `str`"),
        ("M: 71.5", "M: true", "Expected `float`, got `bool`"),
        ("M: 71.5", "M: 101", "s.yaml slake/M  the value is off its scale"),
        ("M: 71.5", "M: -1", "s.yaml slake/M  the value is off its scale"),
        ("M: 71.5", "M: .nan", "s.yaml slake/M  the value is off its scale"),
        ("protocol: greedy", 'protocol: " "', "s.yaml slake/M  protocol is empty"),
        ("    protocol: greedy\n", "", "missing required field `protocol`"),
        ("source: Someone, 2026\n", "", "missing required field `source`"),
        ("source: Someone", "year: 2026\nsource: Someone", "contains unknown field `year`"),
        ("better: higher", "better: higher\n    best: 1", "contains unknown field `best`"),
        ("{slake: {M", "{SLAKE en: {M", "the set is not written as a task is"),
        ("{slake: Of", "{slakes: Of", "s.yaml notes.slakes  the note belongs to no number"),
        ("slake/M: Of", "slake/X: Of", "s.yaml notes.slake/X  the note belongs to no number"),
        ("M: 71.5", "M: 71.5, M: 72.5", "twice"),
        ("tables:", "tables", "s.yaml"),
        ("M: 71.5", "M: *all", "anchors"),
    ],
)
def test_what_is_not_understood_is_refused(old: str, new: str, said: str) -> None:
    assert old in SHEET
    with pytest.raises(InputError) as caught:
        rows_in("s.yaml", SHEET.replace(old, new))
    assert said in str(caught.value)


def test_a_number_given_in_two_tables_is_refused() -> None:
    again = SHEET + SHEET[SHEET.index("  - table") :].replace("71.5", "70")
    with pytest.raises(InputError) as caught:
        rows_in("s.yaml", again)
    assert str(caught.value).splitlines() == [
        "s.yaml slake/M  exact match is given twice",
        "s.yaml slake/N  exact match is given twice",
        "s.yaml is no sheet of published numbers",
    ]
