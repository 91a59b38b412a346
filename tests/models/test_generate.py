from __future__ import annotations

from pathlib import Path

import pytest
import torch
from PIL import Image
from transformers import AutoModelForImageTextToText, AutoProcessor

from medgpt_cli.core.errors import UsageError
from medgpt_cli.core.types import Role, Turn
from medgpt_cli.workflows.loading import load_model


@pytest.fixture(scope="module")
def picture(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("pictures") / "square.png"
    Image.linear_gradient("L").resize((112, 112)).convert("RGB").save(path)
    return str(path)


ASKED = [Turn(Role.USER, (0, "Which plane is this?"))]


def test_tokens_are_those_of_plain_generate(tiny: Path, picture: str) -> None:
    reply = load_model(str(tiny)).generate(ASKED, [picture], max_new_tokens=12)
    processor = AutoProcessor.from_pretrained(tiny)
    model = AutoModelForImageTextToText.from_pretrained(tiny).eval()
    inputs = processor.apply_chat_template(
        [
            {
                "role": "user",
                "content": [
                    {"type": "image", "image": Image.open(picture)},
                    {"type": "text", "text": "Which plane is this?"},
                ],
            }
        ],
        add_generation_prompt=True,
        tokenize=True,
        return_dict=True,
        return_tensors="pt",
    )
    with torch.no_grad():
        expected = model.generate(**inputs, max_new_tokens=12)
    assert reply.prompt_tokens == inputs["input_ids"].shape[1]
    assert reply.tokens == expected.shape[1] - reply.prompt_tokens == 12
    assert not reply.finished
    assert 0 < reply.first_token_seconds <= reply.seconds


def test_the_same_question_gets_the_same_answer(tiny: Path, picture: str) -> None:
    model = load_model(str(tiny))
    first = model.generate(ASKED, [picture], max_new_tokens=6)
    second = model.generate(ASKED, [picture], max_new_tokens=6)
    assert (first.text, first.thinking, first.tokens) == (second.text, second.thinking, second.tokens)


def test_a_reply_stops_when_asked(tiny: Path, picture: str) -> None:
    asked = []

    def stop() -> bool:
        asked.append(1)
        return len(asked) == 3

    reply = load_model(str(tiny)).generate(ASKED, [picture], max_new_tokens=50, stop=stop)
    assert reply.tokens == 3
    assert not reply.finished


def test_a_dialogue_longer_than_the_model_is_refused(tiny: Path) -> None:
    with pytest.raises(UsageError, match="the model holds 131,072"):
        load_model(str(tiny)).generate([Turn(Role.USER, ("x",))], [], max_new_tokens=131_072)
