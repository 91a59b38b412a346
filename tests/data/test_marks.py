from __future__ import annotations

from typing import Any

import pytest

from medgpt_cli.core.errors import BadImage
from medgpt_cli.data.complaints import Fault, Unfit
from medgpt_cli.data.marks import image_paths, says_something, split, split_turn


@pytest.mark.parametrize(
    ("text", "whole", "turn"),
    [
        ("", (), ()),
        ("a", ("a",), ("a",)),
        ("<image>", (5,), (5,)),
        ("<image>\na", (5, "\na"), (5, "a")),
        ("a\n<image>", ("a\n", 5), ("a", 5)),
        ("a\n\n<image>\nb\n", ("a\n\n", 5, "\nb\n"), ("a\n", 5, "b\n")),
        ("<image>\n<image>\na", (5, "\n", 6, "\na"), (5, 6, "a")),
        ("1: <image> 2: <image>?", ("1: ", 5, " 2: ", 6, "?"), ("1: ", 5, " 2: ", 6, "?")),
        ("<images> <Image>", ("<images> <Image>",), ("<images> <Image>",)),
    ],
)
def test_marks_become_images_in_reading_order(
    text: str, whole: tuple[Any, ...], turn: tuple[Any, ...]
) -> None:
    assert split(text, 5) == whole
    assert split_turn(text, 5) == turn


@pytest.mark.parametrize(
    ("parts", "says"), [((), False), ((" \n",), False), ((0,), True), ((" ", "a"), True)]
)
def test_blank_parts_say_nothing(parts: tuple[Any, ...], says: bool) -> None:
    assert says_something(parts) is says


@pytest.mark.parametrize(
    ("record", "paths"),
    [
        ({}, ()),
        ({"image": "a"}, ("/a",)),
        ({"images": "a"}, ("/a",)),
        ({"image": ["a", "b", "a"]}, ("/a", "/b", "/a")),
        ({"images": []}, ()),
    ],
)
def test_either_word_names_a_path_or_a_list(record: dict[str, Any], paths: tuple[str, ...]) -> None:
    assert image_paths(record, lambda written: f"/{written}") == paths


def test_every_bad_path_of_a_record_is_told() -> None:
    def resolve(written: str) -> str:
        if written == "good":
            return written
        raise BadImage("is bad", repair="mend it")

    with pytest.raises(Unfit) as caught:
        image_paths({"images": ["x", "good", {"path": "x"}, "y"]}, resolve)
    assert caught.value.faults == (
        Fault("images[0]", "is bad", "mend it"),
        Fault("images[2]", "is an object where a path belongs", "write the path in quotes"),
        Fault("images[3]", "is bad", "mend it"),
    )
