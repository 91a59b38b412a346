"""The processor saved beside the weights: tokenizer, dialogue template, image placeholder, letterbox.

It is a stock `LlavaProcessor`, so other programs read pictures and prompts exactly as we do.  The image token is a
reserved special of the tokenizer where it has any (gpt-oss has hundreds); otherwise one is added.
This module knows nothing of records.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from transformers import LlavaImageProcessor, LlavaProcessor, PreTrainedTokenizerBase

from medgpt_cli.core.errors import BadCheckpoint
from medgpt_cli.models import templates

ADDED_IMAGE_TOKEN = "<image>"
RESERVED = re.compile(r"<\|reserved_(?:special_token_)?(\d+)\|>")
Statistics = tuple[Sequence[float], Sequence[float]]
"""Mean and standard deviation of the three colours."""

MEAN_STD: dict[str, Statistics] = {
    "clip_vision_model": ((0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)),
    "siglip_vision_model": ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5)),
    "dinov2": ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
    "vit": ((0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)),
}
"""Mean and standard deviation a tower was trained with, by its `model_type` (`vit` stands for BiomedCLIP's)."""

WITHOUT_CLASS_TOKEN = frozenset({"siglip_vision_model"})
"""Towers whose first output is already a patch."""


def image_token(tokenizer: PreTrainedTokenizerBase) -> str:
    """The special token that shall stand for an image.

    The highest reserved special, which no dialogue format has claimed; where the tokenizer has none, `<image>`
    is added to it (the caller then widens the embedding).
    """
    reserved = [
        (int(match[1]), match[0])
        for name in tokenizer.get_added_vocab()
        if (match := RESERVED.fullmatch(name))
    ]
    if reserved:
        return max(reserved)[1]
    tokenizer.add_special_tokens({"additional_special_tokens": [ADDED_IMAGE_TOKEN]})
    return ADDED_IMAGE_TOKEN


def select_strategy(vision_type: str) -> str:
    """LLaVA's word for whether the class token is dropped: `default` drops it, `full` keeps everything."""
    return "full" if vision_type in WITHOUT_CLASS_TOKEN else "default"


def picture_rules(
    vision_config: Any, *, size: int | None = None, statistics: Statistics | None = None
) -> LlavaImageProcessor:
    """The stock image processor that letterboxes: pads to a square, never crops.

    Args:
        vision_config: The tower's configuration.
        size: Pixels a side; the tower's own when None.
        statistics: Mean and standard deviation; those usual for the tower's kind when None.
    """
    side = size or vision_config.image_size
    mean, std = statistics or MEAN_STD[vision_config.model_type]
    return LlavaImageProcessor(
        do_resize=True,
        size={"height": side, "width": side},
        resample=3,  # bicubic
        do_center_crop=False,
        crop_size={"height": side, "width": side},
        do_pad=True,
        image_mean=list(mean),
        image_std=list(std),
        do_convert_rgb=True,
    )


def build_processor(
    tokenizer: PreTrainedTokenizerBase,
    vision_config: Any,
    *,
    template: str | None,
    date: str,
    reasoning: str,
    image_size: int | None = None,
    statistics: Statistics | None = None,
) -> LlavaProcessor:
    """Joins a tokenizer and the picture rules of a vision tower.

    Args:
        tokenizer: A fast tokenizer.  It gains one token if it has no reserved special.
        vision_config: The tower's stock configuration (`image_size`, `patch_size` in pixels, `model_type`).
        template: `harmony`, `chatml` or `plain`; None chooses by the tokenizer's special tokens.
        date: The fixed date in harmony's system message.
        reasoning: Harmony's default effort.
        image_size: Pixels a side, for a tower that takes any size; the tower's own when None.
        statistics: Mean and standard deviation of the pixels the tower was trained with; those usual for its kind
            when None.

    Raises:
        BadCheckpoint: The tower's mean and standard deviation are not known, or the tokenizer is not a fast one.
    """
    if vision_config.model_type not in MEAN_STD:
        raise BadCheckpoint(
            f"a vision tower of type {vision_config.model_type} is not known here",
            repair=f"use one of: {', '.join(sorted(MEAN_STD))}",
        )
    if not tokenizer.is_fast:
        raise BadCheckpoint(
            "the tokenizer has no tokenizer.json", repair="convert it with transformers' AutoTokenizer"
        )
    name = template or templates.choose(tokenizer.get_vocab())
    token = image_token(tokenizer)
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    tokenizer.padding_side = "right"
    pictures = picture_rules(vision_config, size=image_size, statistics=statistics)
    strategy = select_strategy(vision_config.model_type)
    tokenizer.chat_template = templates.render(name, image_token=token, date=date, reasoning=reasoning)
    return LlavaProcessor(
        image_processor=pictures,
        tokenizer=tokenizer,
        patch_size=vision_config.patch_size,
        vision_feature_select_strategy=strategy,
        num_additional_image_tokens=0 if strategy == "full" else 1,
        image_token=token,
        chat_template=tokenizer.chat_template,
    )


def set_template(processor: LlavaProcessor, *, date: str, reasoning: str) -> None:
    """Gives a processor our dialogue template, unless it has one of its own that marks what the assistant says.

    A template without such marks is replaced, because no loss mask can be made from it.
    """
    own = processor.chat_template
    if own is not None and templates.marks_answers(own) and not templates.is_ours(own):
        processor.tokenizer.chat_template = own
        return
    name = templates.choose(processor.tokenizer.get_vocab())
    text = templates.render(name, image_token=processor.image_token, date=date, reasoning=reasoning)
    processor.chat_template = text
    processor.tokenizer.chat_template = text


def tokens_per_image(processor: LlavaProcessor) -> int:
    """How many tokens one image, or one tile of it, takes in a sequence, as the stock processor counts them."""
    patches = int(processor.image_processor.size["height"] // processor.patch_size) ** 2
    dropped = 1 if processor.vision_feature_select_strategy == "default" else 0
    return patches + int(processor.num_additional_image_tokens) - dropped
