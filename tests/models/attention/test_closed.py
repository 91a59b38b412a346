"""Packed rows against rows of their own: gpt-oss and llama, text and images, through the stock LLaVA wrapper."""

from __future__ import annotations

import pytest
import torch
from transformers import (
    CLIPVisionConfig,
    GptOssConfig,
    LlamaConfig,
    LlavaConfig,
    LlavaForConditionalGeneration,
)

from medgpt_cli.core.documents import OURS
from medgpt_cli.models.attention.closed import close_documents, no_mask
from tests.models.attention.masks import bounds_of, pair_of_masks, restarted

LENGTHS = [19, 5, 33, 1, 14]
WINDOW = 8
IMAGE, TILE_TOKENS = 5, 4
COMMON = {
    "vocab_size": 64,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 8,
    "num_hidden_layers": 4,
    "max_position_embeddings": 131072,
}


def llava(kind: str) -> LlavaForConditionalGeneration:
    torch.manual_seed(0)
    if kind == "gpt-oss":
        text = GptOssConfig(
            **COMMON, sliding_window=WINDOW, num_local_experts=4, num_experts_per_tok=2, pad_token_id=0
        )
    else:
        shared = {"num_key_value_heads": 1} if kind == "one key-value head" else {}
        text = LlamaConfig(**COMMON | shared, pad_token_id=0)
    vision = CLIPVisionConfig(
        hidden_size=16, intermediate_size=32, num_hidden_layers=3, num_attention_heads=2,
        image_size=28, patch_size=14,
    )  # fmt: skip
    model = LlavaForConditionalGeneration(
        LlavaConfig(text_config=text, vision_config=vision, image_token_index=IMAGE)
    ).eval()
    for name, parameter in model.named_parameters():
        if name.endswith("sinks"):
            torch.nn.init.normal_(parameter)
        elif "experts" in name or "router" in name:
            torch.nn.init.normal_(parameter, std=0.2)
    model.model.language_model.config._experts_implementation = (
        "eager"  # the grouped one knows no doubles
    )
    return model.double()  # so that what differs is a leak and not a rounding


def packed() -> dict[str, torch.Tensor]:
    """Five documents in one row; the first and the third show an image."""
    generator = torch.Generator().manual_seed(1)
    ids = torch.randint(6, 64, (1, sum(LENGTHS)), generator=generator)
    for start in (2, 30):
        ids[0, start : start + TILE_TOKENS] = IMAGE
    return {"input_ids": ids, "pixel_values": torch.randn(2, 3, 28, 28, generator=generator).double()}


def separately(model, batch):
    """Each document in a row of its own, by the stock attention; (1, S, hidden)."""
    pieces, start, shown = [], 0, 0
    for length in LENGTHS:
        ids = batch["input_ids"][:, start : start + length]
        images = int((ids == IMAGE).sum()) // TILE_TOKENS
        pixels = batch["pixel_values"][shown : shown + images] if images else None
        pieces.append(model.model(input_ids=ids, pixel_values=pixels, use_cache=False).last_hidden_state)
        start, shown = start + length, shown + images
    return torch.cat(pieces, dim=1)


def gradients(model, hidden):
    model.zero_grad()
    torch.manual_seed(2)
    (hidden * torch.randn(hidden.shape)).sum().backward()
    return {n: p.grad.clone() for n, p in model.named_parameters() if p.grad is not None}


@pytest.mark.parametrize("kind", ["gpt-oss", "llama"])
def test_packed_rows_equal_rows_of_their_own_in_output_and_every_gradient(kind):
    batch = packed()
    model = llava(kind)
    expected = separately(model, batch)
    reference = gradients(model, expected)
    close_documents(model)
    got = model.model(
        **batch, position_ids=restarted(LENGTHS), cu_seq_lens_q=bounds_of(LENGTHS), use_cache=False
    ).last_hidden_state
    torch.testing.assert_close(got, expected, atol=1e-6, rtol=0)
    ours = gradients(model, got)
    assert ours.keys() == reference.keys()
    assert kind == "llama" or any("sinks" in name for name in ours)
    for name, gradient in reference.items():
        torch.testing.assert_close(ours[name], gradient, atol=1e-5, rtol=1e-5, msg=name)


def test_the_pair_of_masks_is_the_same_thing_at_the_cost_of_the_square():
    batch, model = packed(), llava("gpt-oss")
    masks = pair_of_masks(LENGTHS, WINDOW)
    expected = model.model(
        **batch, attention_mask=masks, position_ids=restarted(LENGTHS), use_cache=False
    ).last_hidden_state
    close_documents(model)
    got = model.model(
        **batch, position_ids=restarted(LENGTHS), cu_seq_lens_q=bounds_of(LENGTHS), use_cache=False
    ).last_hidden_state
    torch.testing.assert_close(got, expected, atol=1e-5, rtol=0)


def test_restarting_positions_alone_leaks():
    batch, model = packed(), llava("gpt-oss")
    leaking = model.model(**batch, position_ids=restarted(LENGTHS), use_cache=False).last_hidden_state
    assert (leaking - separately(model, batch)).abs().max() > 0.1


def test_rows_padded_on_the_right_are_one_document_each():
    torch.manual_seed(0)
    ids = torch.randint(6, 64, (2, 30))
    mask = torch.ones_like(ids)
    mask[1, 21:] = 0
    model = llava("gpt-oss")
    expected = model.model(input_ids=ids, attention_mask=mask, use_cache=False).last_hidden_state
    close_documents(model)
    got = model.model(input_ids=ids, attention_mask=mask, use_cache=False).last_hidden_state
    torch.testing.assert_close(got[mask.bool()], expected[mask.bool()], atol=1e-5, rtol=0)


def test_only_the_language_model_attends_this_way():
    model = llava("gpt-oss")
    close_documents(model)
    assert model.model.language_model.config._attn_implementation == OURS
    assert model.model.vision_tower.config._attn_implementation != OURS


def test_padding_on_the_left_is_refused():
    with pytest.raises(ValueError, match="padded on the right"):
        no_mask(attention_mask=torch.tensor([[0, 1, 1]]))


def test_bounds_that_do_not_cover_the_row_are_refused():
    model = llava("llama")
    close_documents(model)
    with pytest.raises(ValueError, match="must begin at 0 and end"):
        model.model(input_ids=torch.full((1, 9), 7), cu_seq_lens_q=bounds_of([4, 4]), use_cache=False)
