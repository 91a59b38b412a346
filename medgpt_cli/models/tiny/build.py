"""`tiny`: the architecture of MedGPT-oss at a five-thousandth of its size, made from a seed.

Every mechanism of the 20B model is here: a mixture of experts behind a top-k router, attention sinks, sliding and
full layers in turn, YaRN, the special tokens of harmony, a CLIP-shaped tower read at its last block but one, and the
two-layer projector.  It knows nothing until it is trained.  `tiny-siglip` is the same with a SigLIP-shaped tower.
This module builds; `embedded` caches.
"""

from __future__ import annotations

import torch
from transformers import (
    CLIPVisionConfig,
    CLIPVisionModel,
    GptOssConfig,
    GptOssForCausalLM,
    LlavaForConditionalGeneration,
    LlavaProcessor,
    PreTrainedModel,
    PreTrainedTokenizerFast,
    SiglipVisionConfig,
    SiglipVisionModel,
)

from medgpt_cli.models.compose import compose
from medgpt_cli.models.processor import build_processor
from medgpt_cli.models.tiny import vocabulary

SEED = 20
WIDTH = 128
LICENCES = {
    "weights": "Apache-2.0 (random, from a seed)",
    "tokenizer": "Apache-2.0 (merges learned from ICD-10-CM descriptions, public domain, and our own questions)",
}
IMAGE_SIZE = 112
PATCH_SIZE = 14
TOWER = {
    "hidden_size": 128,
    "intermediate_size": 512,
    "num_hidden_layers": 6,
    "num_attention_heads": 4,
    "image_size": IMAGE_SIZE,
    "patch_size": PATCH_SIZE,
}
"""64 patches of 14 pixels: the patch of ViT-L/14, a third of its picture."""

POSITIONS = 0.6
"""Standard deviation of the tower's position table, as large as that of the patches beside which it stands.

CLIP's own is 0.02, hardly visible beside patches of 0.6.  Held-out planes of brain slices, one trial run each, so an
indication and no more: 0.02 gave 0.60 after 200 steps at a rate of 1e-3; at 5e-4, 0.2 gave 0.68 and 0.6 gave 0.75
after 120 steps.
"""


def tokenizer() -> PreTrainedTokenizerFast:
    """The shipped tokenizer with gpt-oss's roles for its special tokens."""
    return PreTrainedTokenizerFast(
        tokenizer_file=str(vocabulary.FILE),
        bos_token="<|startoftext|>",
        eos_token="<|return|>",
        pad_token="<|endoftext|>",
        model_max_length=131_072,
        clean_up_tokenization_spaces=False,
    )


def language_model_config() -> GptOssConfig:
    """gpt-oss-20b's configuration with fewer and narrower layers; positions, YaRN and sinks are its own."""
    return GptOssConfig(
        vocab_size=vocabulary.SIZE,
        hidden_size=WIDTH,
        intermediate_size=64,
        num_hidden_layers=4,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=32,
        num_local_experts=8,
        num_experts_per_tok=2,
        sliding_window=32,
        initializer_range=WIDTH
        ** -0.5,  # 0.02 suits a width of 2,880; here it would leave every layer nearly silent
        bos_token_id=vocabulary.SIZE - vocabulary.SPECIALS,
        pad_token_id=vocabulary.SIZE - vocabulary.SPECIALS + 1,
        eos_token_id=vocabulary.SIZE - vocabulary.SPECIALS + 4,
    )


def build(
    tower: str = "clip", *, date: str, reasoning: str
) -> tuple[LlavaForConditionalGeneration, LlavaProcessor]:
    """Makes the model and its processor; the same seed gives the same bytes.

    Args:
        tower: `clip` or `siglip`.
        date: Fixed date of the dialogue template.
        reasoning: Default effort of the dialogue template.
    """
    vision_config: CLIPVisionConfig | SiglipVisionConfig
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(SEED)
        llm = GptOssForCausalLM(language_model_config())
        vision: PreTrainedModel
        if tower == "siglip":
            vision_config = SiglipVisionConfig(**TOWER, vision_use_head=False)
            vision = SiglipVisionModel(vision_config)
        else:
            vision_config = CLIPVisionConfig(**TOWER, projection_dim=128)
            vision = CLIPVisionModel(vision_config)
        torch.nn.init.normal_(vision.embeddings.position_embedding.weight, std=POSITIONS)
    processor = build_processor(
        tokenizer(), vision_config, template="harmony", date=date, reasoning=reasoning
    )
    return compose(llm, vision, processor, seed=SEED), processor
