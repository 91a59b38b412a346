from __future__ import annotations

from typing import Any

import pytest

from medgpt_cli.data.complaints import Unfit, key_name, key_names, kind, text_of


def test_keys_that_may_be_names_are_not_read_out() -> None:
    assert key_name("Doe, Jane") == key_name("MRN123456") == "(a key not shown)"
    assert key_name("image_2") == "image_2"
    assert key_names(["findings", "Doe", "impression"]) == "findings, impression and 1 more"
    assert key_names(["Doe", "Roe"]) == "2 not shown"
    assert key_names([]) == "none"
    assert (
        key_names([f"key{i}" for i in range(10)])
        == "key0, key1, key2, key3, key4, key5, key6, key7 and 2 more"
    )


@pytest.mark.parametrize(
    ("value", "word"),
    [
        (None, "null"),
        (True, "true or false"),
        (1, "a number"),
        (1.5, "a number"),
        ("", "a text"),
        ([], "a list"),
        ({}, "an object"),
    ],
)
def test_kinds(value: Any, word: str) -> None:
    assert kind(value) == word


@pytest.mark.parametrize("value", ["", " \n\t", "\u00a0", 3, None, ["x"]])
def test_a_text_must_say_something(value: Any) -> None:
    with pytest.raises(Unfit):
        text_of(value, "text")


def test_a_text_is_kept_as_written() -> None:
    assert text_of(" x\n", "text") == " x\n"
