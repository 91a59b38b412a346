from __future__ import annotations

from typing import Any

import pytest

from medgpt_cli.core.types import Role, Turn
from medgpt_cli.data.complaints import Unfit
from medgpt_cli.data.questions import CAPTION_PROMPT, caption, letter_of, options_of, pair

USER, ASSISTANT, SYSTEM = Role.USER, Role.ASSISTANT, Role.SYSTEM


def test_a_pair_without_a_tag_shows_its_images_first() -> None:
    turns, options, answer = pair({"question": " Q? ", "answer": " A "}, 2, "question", "answer")
    assert turns == (Turn(USER, (0, 1, " Q? ")), Turn(ASSISTANT, (" A ",)))
    assert (options, answer) == ((), " A ")


def test_a_pair_with_tags_shows_them_there() -> None:
    turns, _, _ = pair(
        {"prompt": "Compare <image> with\n<image>", "response": "A"}, 2, "prompt", "response"
    )
    assert turns[0].parts == ("Compare ", 0, " with", 1)


def test_system_and_thinking() -> None:
    record = {"question": "Q", "answer": "A", "system": "S", "thinking": "T"}
    assert pair(record, 0, "question", "answer")[0] == (
        Turn(SYSTEM, ("S",)), Turn(USER, ("Q",)), Turn(ASSISTANT, ("A",), "T"),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("options", "answer"),
    [(["no", "yes"], "Yes "), ({"a": "no", "b": "yes"}, "b"), ({"B": "yes", "A": "no"}, "B")],
)
def test_options_are_lettered_and_answered_with_the_letter(options: Any, answer: str) -> None:
    turns, kept, written = pair(
        {"question": "Q?", "options": options, "answer": answer}, 1, "question", "answer"
    )
    assert sorted(kept) == [("A", "no"), ("B", "yes")]
    lines = "\n".join(f"{letter}. {text}" for letter, text in kept)
    assert turns == (Turn(USER, (0, f"Q?\n{lines}")), Turn(ASSISTANT, ("B",)))
    assert written == answer


def test_a_caption_is_asked_for_in_one_fixed_line() -> None:
    assert CAPTION_PROMPT == "Describe this image."
    assert caption({"caption": "C"}, 2) == (
        Turn(USER, (0, 1, "Describe this image.")),
        Turn(ASSISTANT, ("C",)),
    )


@pytest.mark.parametrize(
    ("answer", "options", "letter"),
    [
        ("b", ("x", "y"), "B"),
        ("Y", ("x", "y"), "B"),
        ("A", ("A", "B", "AB", "0"), "A"),
        ("A", ("x", "x"), "A"),
        ("ab", ("A", "B", "AB", "0"), "C"),
    ],
)
def test_an_answer_is_a_letter_or_a_text(answer: str, options: tuple[str, ...], letter: str) -> None:
    assert letter_of(answer, tuple(zip("ABCD", options, strict=False)), "answer") == letter


@pytest.mark.parametrize(
    ("answer", "options"),
    [("A", ("B", "A")), ("x", ("x", "X ")), ("A.", ("x", "y")), ("A. x", ("x", "y"))],
)
def test_an_answer_that_could_be_two_things_or_none_is_refused(
    answer: str, options: tuple[str, ...]
) -> None:
    with pytest.raises(Unfit):
        letter_of(answer, tuple(zip("AB", options, strict=True)), "answer")


@pytest.mark.parametrize(
    ("value", "field"),
    [
        ([], "options"),
        (["x"], "options"),
        (["x"] * 27, "options"),
        ("x, y", "options"),
        ({"A": "x"}, "options"),
        ({"AB": "x", "C": "y"}, "options"),
        ({"1": "x", "2": "y"}, "options"),
        ({"": "x", "B": "y"}, "options"),
        (["x", ""], "options[1]"),
        (["x", 2], "options[1]"),
        ({"A": "x", "B": None}, "options.B"),
    ],
)
def test_options_that_are_none(value: Any, field: str) -> None:
    with pytest.raises(Unfit) as caught:
        options_of(value)
    assert caught.value.faults[0].field == field


def test_twenty_six_options_have_letters() -> None:
    assert [letter for letter, _ in options_of(list(map(str, range(26))))] == list(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    )


@pytest.mark.parametrize("key", ["question", "answer"])
def test_tags_need_images_and_never_stand_in_answers(key: str) -> None:
    with pytest.raises(Unfit) as caught:
        pair({"question": "Q", "answer": "A"} | {key: "<image>"}, 0, "question", "answer")
    assert caught.value.faults[0].field == key
