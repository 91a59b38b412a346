from __future__ import annotations

import pytest

from medgpt_cli.data.complaints import Unfit
from medgpt_cli.data.forms import form_of


@pytest.mark.parametrize(
    ("keys", "form"),
    [
        (("messages", "images"), "messages"),
        (("id", "conversations", "image"), "LLaVA"),
        (("conversatons",), "LLaVA"),
        (("question", "answer", "options", "qid", "answer_type"), "pair"),
        (("prompt", "response", "thinking", "system"), "pair"),
        (("image", "caption", "sources", "ids"), "caption"),
        (("text", "images", "licence"), "text"),
    ],
)
def test_a_form_is_told_by_its_keys_in_any_order(keys: tuple[str, ...], form: str) -> None:
    assert form_of(keys) == form_of(keys[::-1]) == form


@pytest.mark.parametrize(
    ("key", "word"),
    [
        ("imgae", "image"),
        ("imag", "image"),
        ("Image", "image"),
        ("iimages", "images"),
        ("optoins", "options"),
        ("sistem", "system"),
        ("patientid", "patient_id"),
        ("license", "licence"),
        ("thinkin", "thinking"),
    ],
)
def test_one_slip_is_a_misspelling(key: str, word: str) -> None:
    with pytest.raises(Unfit) as caught:
        form_of(("text", key))
    assert caught.value.faults[0][:2] == (key, f"is no key of a record; did you mean {word}?")


@pytest.mark.parametrize(
    ("key", "word"),
    [
        ("anwser", "answer"),
        ("Answer", "answer"),
        ("message", "messages"),
        ("conversation", "conversations"),
    ],
)
def test_a_form_that_is_not_whole_is_looked_at_for_slips(key: str, word: str) -> None:
    with pytest.raises(Unfit) as caught:
        form_of(("question", key))
    assert caught.value.faults[0][:2] == (key, f"is no key of a record; did you mean {word}?")


def test_a_slip_beside_the_word_itself_is_a_column_of_its_own() -> None:
    assert (
        form_of(("question", "answer", "answers", "Prompt", "Caption", "texts", "image", "imag"))
        == "pair"
    )


@pytest.mark.parametrize(
    "key", ["image_id", "texture", "tex", "idx", "answer_type", "img", "sys", "captions_en"]
)
def test_other_columns_are_let_through(key: str) -> None:
    assert form_of(("question", "answer", key)) == "pair"


@pytest.mark.parametrize(
    "keys",
    [
        ("messages", "conversations"),
        ("question", "answer", "text"),
        ("conversations", "conversatons"),
        ("question", "answer", "prompt", "response"),
        ("prompt",),
        ("answer",),
        (),
        ("image",),
        ("messages", "options"),
        ("text", "thinking"),
    ],
)
def test_no_form_is_guessed(keys: tuple[str, ...]) -> None:
    with pytest.raises(Unfit):
        form_of(keys)
