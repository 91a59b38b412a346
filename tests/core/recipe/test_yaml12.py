from __future__ import annotations

import math
from typing import Any

import pytest

from medgpt_cli.core.recipe.yaml12 import NotYAML, parse


@pytest.mark.parametrize(
    ("text", "value"),
    [
        # What PyYAML reads otherwise.
        ("1e-4", 1e-4),
        ("2E5", 2e5),
        ("no", "no"),
        ("on", "on"),
        ("Yes", "Yes"),
        ("5_000", "5_000"),
        ("1:30", "1:30"),
        ("2026-01-01", "2026-01-01"),
        ("0o17", 15),
        ("012", 12),
        # What it reads alike.
        ("true", True),
        ("FALSE", False),
        ("~", None),
        ("null", None),
        ("", None),
        ("0x1F", 31),
        ("-7", -7),
        ("+7", 7),
        (".5", 0.5),
        ("1.", 1.0),
        ("-.INF", -math.inf),
        ("'1'", "1"),
        ('"1e-4"', "1e-4"),
        ("a=b#c", "a=b#c"),
        ("1e", "1e"),
        ("9" * 200, "9" * 200),
    ],
)
def test_scalars_of_yaml_1_2(text: str, value: Any) -> None:
    found = parse(f"a: {text}\n").tree["a"]
    assert (found, type(found)) == (value, type(value))


def test_not_a_number() -> None:
    assert math.isnan(parse("a: .NaN").tree["a"])


def test_every_key_and_item_knows_its_line() -> None:
    parsed = parse("a: 1\n\nb:\n  c: [x,\n      y]\n  d:\n    - e: 1\n      f: 2\n")
    assert parsed.tree == {"a": 1, "b": {"c": ["x", "y"], "d": [{"e": 1, "f": 2}]}}
    assert parsed.lines == {
        ("a",): 1,
        ("b",): 3,
        ("b", "c"): 4,
        ("b", "c", 0): 4,
        ("b", "c", 1): 5,
        ("b", "d"): 6,
        ("b", "d", 0): 7,
        ("b", "d", 0, "e"): 7,
        ("b", "d", 0, "f"): 8,
    }


def test_a_key_written_twice_is_a_fault_and_the_first_is_kept() -> None:
    parsed = parse("a: 1\nb:\n  c: 1\n  c: 2\na: 3\n")
    assert parsed.tree == {"a": 1, "b": {"c": 1}}
    assert parsed.faults == [
        (4, ("b", "c"), "written twice, first on line 3"),
        (5, ("a",), "written twice, first on line 1"),
    ]


@pytest.mark.parametrize("text", ["5: x", "true: x", "[a]: x", "? {a: 1}\n: x", "~: x"])
def test_a_key_must_be_a_word(text: str) -> None:
    assert parse(text).faults == [(1, (), "a key must be a word")]


def test_merge_keys_are_ordinary_words() -> None:
    assert parse("<<: {a: 1}").tree == {"<<": {"a": 1}}


@pytest.mark.parametrize("text", ["", "\n\n", "# only a comment\n"])
def test_nothing_is_an_empty_map(text: str) -> None:
    assert parse(text).tree == {}


@pytest.mark.parametrize(
    ("text", "says", "line"),
    [
        (
            "a: 1\nb: !!python/object/apply:os.system [x]",
            "cannot be read: tags (! and !!) are not allowed",
            2,
        ),
        ("a: !!float 5", "cannot be read: tags (! and !!) are not allowed", 1),
        ("a: !mine {}", "cannot be read: tags (! and !!) are not allowed", 1),
        ("a: &x 1\nb: *x", "cannot be read: anchors (& and *) are not allowed", 1),
        ("a: 1\nb: *x", "cannot be read: anchors (& and *) are not allowed", 2),
        ("a: 1\n---\nb: 2", "cannot be read: found another document", 2),
        ("a: b: c", "cannot be read: mapping values are not allowed here", 1),
        ("a: 1\n\tb: 2", "cannot be read: found character '\\t' that cannot start any token", 2),
        ("a: [1", "cannot be read: expected ',' or ']', but got '<stream end>'", 1),
        ("a: \0", "cannot be read: a character that no text file holds", 1),
        ("[" * 5000, "nested too deeply", 1),
        ("a: " + "x" * 2**20, "too long for a recipe", 1),
    ],
)
def test_what_cannot_be_read(text: str, says: str, line: int) -> None:
    with pytest.raises(NotYAML) as caught:
        parse(text)
    assert (str(caught.value), caught.value.line) == (says, line)


def test_anchors_cannot_grow_a_file() -> None:
    bomb = "a: &a [x, x]\n" + "".join(
        f"{chr(98 + n)}: &{chr(98 + n)} [*{chr(97 + n)}, *{chr(97 + n)}]\n" for n in range(20)
    )
    with pytest.raises(NotYAML, match="anchors"):
        parse(bomb)
