"""Upstream checkpoints at toy size, written by the upstream classes themselves."""

from __future__ import annotations

from pathlib import Path

import torch
from tokenizers import AddedToken, Tokenizer
from tokenizers.processors import TemplateProcessing
from transformers import (
    CLIPConfig,
    CLIPImageProcessor,
    CLIPModel,
    CLIPVisionConfig,
    CLIPVisionModel,
    Dinov2Config,
    Dinov2Model,
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedTokenizerFast,
    SiglipVisionConfig,
    SiglipVisionModel,
)

from medgpt_cli.models.tiny import vocabulary

TOWER = {
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 3,
    "num_attention_heads": 2,
    "image_size": 28,
    "patch_size": 14,
}


def llama_tokenizer() -> PreTrainedTokenizerFast:
    """A byte-level tokenizer with nothing but <s> and </s>: no reserved tokens, no template, as LLaMA has it."""
    bare = Tokenizer.from_str(Tokenizer.from_file(str(vocabulary.FILE)).to_str())
    model = bare.model
    plain = Tokenizer(model)
    plain.pre_tokenizer = bare.pre_tokenizer
    plain.decoder = bare.decoder
    plain.add_special_tokens([AddedToken("<s>", special=True), AddedToken("</s>", special=True)])
    return PreTrainedTokenizerFast(tokenizer_object=plain, bos_token="<s>", eos_token="</s>")


def write_llama(folder: Path) -> Path:
    """A llama-shaped causal LM with its tokenizer, as PMC-LLaMA lies on disk."""
    torch.manual_seed(1)
    tokenizer = llama_tokenizer()
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=4,
        max_position_embeddings=2048,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
    )
    LlamaForCausalLM(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def write_tower(folder: Path, kind: str) -> Path:
    """A vision tower: `clip`, `siglip`, `dinov2`, or `clip-pair` (both halves of CLIP)."""
    torch.manual_seed(2)
    model = {
        "clip": lambda: CLIPVisionModel(CLIPVisionConfig(**TOWER)),
        "siglip": lambda: SiglipVisionModel(SiglipVisionConfig(**TOWER)),
        "dinov2": lambda: Dinov2Model(
            Dinov2Config(
                hidden_size=32, num_hidden_layers=3, num_attention_heads=2, image_size=28, patch_size=14
            )
        ),
        "clip-pair": lambda: CLIPModel(
            CLIPConfig(
                vision_config=TOWER,
                text_config={
                    "hidden_size": 32,
                    "intermediate_size": 64,
                    "num_hidden_layers": 1,
                    "num_attention_heads": 2,
                    "vocab_size": 99,
                },
                projection_dim=16,
            )
        ),
    }[kind]()
    model.save_pretrained(folder)
    return folder


def write_pair(folder: Path) -> Path:
    """A CLIP with both towers, its tokenizer and its picture rules, as it is published."""
    torch.manual_seed(3)
    tokenizer = llama_tokenizer()
    ends = [("<s>", tokenizer.bos_token_id), ("</s>", tokenizer.eos_token_id)]
    tokenizer.backend_tokenizer.post_processor = TemplateProcessing(
        single="<s> $A </s>", special_tokens=ends
    )
    text = {
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "vocab_size": len(tokenizer),
        "max_position_embeddings": 16,
        "bos_token_id": tokenizer.bos_token_id,
        "eos_token_id": tokenizer.eos_token_id,
    }
    config = CLIPConfig(vision_config=TOWER, text_config=text, projection_dim=16)
    CLIPModel(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    rules = CLIPImageProcessor(size={"shortest_edge": 28}, crop_size={"height": 28, "width": 28})
    rules.save_pretrained(folder)
    return folder
