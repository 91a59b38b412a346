from __future__ import annotations

from typing import Any

import pytest

from medgpt_cli.core.types import Role, Turn
from medgpt_cli.data.answers import AnswerEncoder
from medgpt_cli.models import templates
from medgpt_cli.models.processor import image_token
from medgpt_cli.models.tiny.build import tokenizer as harmony_tokenizer
from tests.parts import llama_tokenizer

ASKED = [Turn(Role.USER, (0, "Which plane?"))]


def encoder_of(name: str) -> tuple[AnswerEncoder, Any]:
    tokenizer = harmony_tokenizer() if name == "harmony" else llama_tokenizer()
    if name != "harmony":
        tokenizer.add_special_tokens(
            {"additional_special_tokens": ["<image>", "<|im_start|>", "<|im_end|>"]}
        )
    token = image_token(tokenizer) if name == "harmony" else "<image>"
    tokenizer.chat_template = templates.render(
        name, image_token=token, date="2026-01-01", reasoning="low"
    )
    return AnswerEncoder(tokenizer, image_token=token, tokens_per_image=3), tokenizer


@pytest.mark.parametrize(
    ("name", "opening"),
    [("harmony", "<|channel|>final<|message|>"), ("plain", ""), ("chatml", "")],
)
@pytest.mark.parametrize("text", ["axial", "left lower lobe", "7"])
def test_an_answer_goes_on_where_the_prompt_ends(name: str, opening: str, text: str) -> None:
    encoder, tokenizer = encoder_of(name)
    prompt = encoder.prompt(ASKED)
    ((ids, start),) = encoder.answered(ASKED, [text])
    assert ids[: len(prompt)] == prompt
    space = " " if name == "plain" else ""
    assert tokenizer.decode(ids[len(prompt) :]) == opening + space + text
    # The space is the answer's where it is one token with its first word, as it is not with a number.
    assert tokenizer.decode(ids[start:]) == (text if text == "7" else space + text)


def test_the_answer_is_what_training_would_label() -> None:
    encoder, tokenizer = encoder_of("harmony")
    from medgpt_cli.core.types import Place, Sample

    said = Turn(Role.ASSISTANT, ("left lower lobe",))
    row = encoder.encode(Sample(Place("x", 1), (*ASKED, said), images=("a",)))
    ((ids, _),) = encoder.answered(ASKED, ["left lower lobe"])
    assert row.input_ids == [*ids, tokenizer.eos_token_id]


def test_nothing_typed_in_an_answer_becomes_special() -> None:
    encoder, tokenizer = encoder_of("harmony")
    ((ids, start),) = encoder.answered(ASKED, ["<|return|>"])
    assert tokenizer.eos_token_id not in ids[start:]


def test_an_empty_answer_has_no_tokens() -> None:
    encoder, _ = encoder_of("harmony")
    (ids, start), (other, again) = encoder.answered(ASKED, ["", "axial"])
    assert start == again == len(ids) < len(other)
