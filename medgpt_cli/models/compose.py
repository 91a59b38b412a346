"""A stock LLaVA from a causal language model and a vision tower, parts unchanged, projector fresh.

The one place that knows both parts.  Nothing of ours ends up in the checkpoint: the result is a
`LlavaForConditionalGeneration` that transformers loads without us.  This module knows nothing of where the parts
came from, nor of training.
"""

from __future__ import annotations

from typing import Any

import torch
from transformers import (
    GenerationConfig,
    LlavaConfig,
    LlavaForConditionalGeneration,
    LlavaProcessor,
    PreTrainedModel,
)

from medgpt_cli.core.errors import BadCheckpoint
from medgpt_cli.models.processor import select_strategy, tokens_per_image

ROW_MULTIPLE = 64
"""Embedding rows are padded to a multiple of this when a token is added (matrix shapes that kernels like)."""

END_OF_TURN = ("<|return|>", "<|call|>", "<|im_end|>")
"""Tokens that end an answer in one of our dialogue formats, beside the tokenizer's own end token."""


def compose(
    llm: PreTrainedModel,
    vision: PreTrainedModel,
    processor: LlavaProcessor,
    *,
    feature_layer: int = -2,
    seed: int = 0,
) -> LlavaForConditionalGeneration:
    """Joins the parts by reference; only the projector is new.

    Args:
        llm: A causal LM (`.model` and `.lm_head`), any architecture transformers knows.
        vision: A vision tower with hidden states.
        processor: The processor built for exactly these two parts.
        feature_layer: Which of the tower's hidden states is projected; -2 is the last block but one (LLaVA, §4).
        seed: Seeds the projector, and the embedding rows of an added image token.

    Returns:
        The model in float32 or the dtype of `llm`, on CPU.

    Raises:
        BadCheckpoint: The language model is not of a shape LLaVA can hold.
    """
    tokenizer = processor.tokenizer
    image_token_id = tokenizer.convert_tokens_to_ids(processor.image_token)
    if not (hasattr(llm, "model") and hasattr(llm, "lm_head")):
        raise BadCheckpoint(
            f"{type(llm).__name__} cannot be joined: LLaVA needs a decoder called model and a head called lm_head",
            where="model.llm",
            repair="use a llama- or gpt-oss-shaped language model",
        )
    if image_token_id >= llm.config.vocab_size:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)  # new rows are drawn around the mean of the old ones
            llm.resize_token_embeddings(len(tokenizer), pad_to_multiple_of=ROW_MULTIPLE)
    llm.config.architectures = [type(llm).__name__]
    vision.config.architectures = [type(vision).__name__]
    config = LlavaConfig(
        text_config=llm.config,
        vision_config=vision.config,
        image_token_id=image_token_id,
        image_seq_length=tokens_per_image(processor),
        projector_hidden_act="gelu",
        vision_feature_layer=feature_layer,
        vision_feature_select_strategy=select_strategy(vision.config.model_type),
        tie_word_embeddings=llm.config.tie_word_embeddings,
    )
    with torch.device("meta"):
        model = LlavaForConditionalGeneration(config)
    model.model.vision_tower = vision
    model.model.language_model = llm.model
    model.lm_head = llm.lm_head
    model.model.multi_modal_projector.to_empty(device="cpu").to(llm.dtype)
    _seed_projector(model.model.multi_modal_projector, seed)
    model.tie_weights()
    model.generation_config = generation_config(tokenizer)
    return model.eval()


def _seed_projector(projector: Any, seed: int) -> None:
    # Xavier for both layers keeps the variance of the features, whatever the two widths are.
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for layer in (projector.linear_1, projector.linear_2):
            weight = torch.empty(layer.weight.shape)
            torch.nn.init.xavier_uniform_(weight, generator=generator)
            layer.weight.copy_(weight)
            if layer.bias is not None:
                layer.bias.zero_()


def generation_config(tokenizer: Any) -> GenerationConfig:
    """Greedy decoding, with every token that ends an answer in one of our dialogue formats."""
    vocabulary = tokenizer.get_vocab()
    ends = [vocabulary[name] for name in END_OF_TURN if name in vocabulary]
    if tokenizer.eos_token_id is not None and tokenizer.eos_token_id not in ends:
        ends.append(tokenizer.eos_token_id)
    return GenerationConfig(
        do_sample=False,
        eos_token_id=ends,
        pad_token_id=tokenizer.pad_token_id,
        bos_token_id=tokenizer.bos_token_id,
    )
