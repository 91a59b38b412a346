from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from transformers import AutoModel, AutoModelForImageTextToText, AutoProcessor

from medgpt_cli.core.errors import BadCheckpoint
from medgpt_cli.models import checkpoint
from medgpt_cli.models.compose import compose
from medgpt_cli.models.parts import load_language_model, load_vision_tower
from medgpt_cli.models.processor import build_processor, set_template, tokens_per_image
from tests.parts import write_llama, write_tower


def joined(tmp_path: Path, kind: str):
    llm, tokenizer = load_language_model(write_llama(tmp_path / "llm"))
    vision = load_vision_tower(write_tower(tmp_path / "vision", kind))
    processor = build_processor(
        tokenizer, vision.config, template=None, date="2026-01-01", reasoning="low"
    )
    return compose(llm, vision, processor), processor


@pytest.mark.parametrize("kind", ["clip", "siglip", "dinov2", "clip-pair"])
def test_any_tower_joins_and_transformers_alone_loads_the_result(tmp_path: Path, kind: str) -> None:
    model, processor = joined(tmp_path, kind)
    (tmp_path / "out").mkdir()
    checkpoint.save(model, processor, tmp_path / "out")

    stock_processor = AutoProcessor.from_pretrained(tmp_path / "out")
    stock, info = AutoModelForImageTextToText.from_pretrained(tmp_path / "out", output_loading_info=True)
    assert not any(info[key] for key in ("missing_keys", "unexpected_keys", "mismatched_keys"))
    picture = Image.fromarray(np.arange(90 * 140 * 3, dtype=np.uint8).reshape(90, 140, 3))
    dialogue = [
        {
            "role": "user",
            "content": [{"type": "image", "image": picture}, {"type": "text", "text": "plane?"}],
        }
    ]
    inputs = stock_processor.apply_chat_template(
        dialogue, add_generation_prompt=True, tokenize=True, return_dict=True, return_tensors="pt"
    )
    assert (inputs["input_ids"] == stock.config.image_token_id).sum() == tokens_per_image(processor) == 4
    with torch.no_grad():
        ours = model(**inputs).logits
        theirs = stock.eval()(**inputs).logits
    torch.testing.assert_close(ours, theirs, rtol=0, atol=0)


@pytest.mark.parametrize("kind", ["clip", "siglip", "dinov2"])
def test_the_tower_keeps_its_features(tmp_path: Path, kind: str) -> None:
    model, _ = joined(tmp_path, kind)
    upstream = AutoModel.from_pretrained(tmp_path / "vision").eval()
    pixels = torch.randn(2, 3, 28, 28, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        expected = upstream(pixels, output_hidden_states=True).hidden_states[-2]
        ours = model.model.vision_tower(pixels, output_hidden_states=True).hidden_states[-2]
    torch.testing.assert_close(ours, expected, rtol=0, atol=0)


def test_a_tokenizer_without_reserved_tokens_gains_one_and_rows_are_padded(tmp_path: Path) -> None:
    model, processor = joined(tmp_path, "clip")
    assert processor.image_token == "<image>"
    assert model.get_input_embeddings().weight.shape[0] % 64 == 0
    assert model.get_input_embeddings().weight.shape[0] > model.config.image_token_id
    assert model.lm_head.weight.shape[0] == model.get_input_embeddings().weight.shape[0]


def test_the_projector_is_two_layers_and_seeded(tmp_path: Path) -> None:
    first, _ = joined(tmp_path / "a", "clip")
    second, _ = joined(tmp_path / "b", "clip")
    one, two = first.model.multi_modal_projector, second.model.multi_modal_projector
    assert one.linear_1.weight.shape == (64, 32)
    assert one.linear_2.weight.shape == (64, 64)
    torch.testing.assert_close(one.linear_1.weight, two.linear_1.weight, rtol=0, atol=0)
    assert one.linear_1.weight.std() > 0.05


def test_a_language_model_is_no_vision_tower(tmp_path: Path) -> None:
    with pytest.raises(BadCheckpoint, match="a vision tower of type llama is not known here"):
        load_vision_tower(write_llama(tmp_path))


def test_a_vision_tower_is_no_language_model(tmp_path: Path) -> None:
    with pytest.raises(BadCheckpoint, match="no causal language model can be loaded from here"):
        load_language_model(write_tower(tmp_path, "clip"))


def test_a_template_that_marks_answers_is_kept_and_another_is_replaced(tmp_path: Path) -> None:
    _, processor = joined(tmp_path, "clip")
    own = "{{ messages[0].content }}{% generation %}x{% endgeneration %}"
    processor.chat_template = own
    set_template(processor, date="2026-02-02", reasoning="low")
    assert processor.chat_template == own
    processor.chat_template = "{{ messages[0].content }}"
    set_template(processor, date="2026-02-02", reasoning="low")
    assert "ASSISTANT:" in processor.chat_template
    assert processor.tokenizer.chat_template == processor.chat_template
