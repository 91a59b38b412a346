"""What the benchmarks of a training step train: small gpt-oss vision-language models, and records of skewed lengths.

The models have every mechanism of the big one (sinks, a window of 128, experts, YaRN); one has the vocabulary of
gpt-oss, 201,088, the other 4,160.  Both read with the embedded tokenizer, whose ids lie in both.  Records are drawn
from a seed: questions about a picture with short answers, reports of a picture, dialogues without one, and now and
then a long one.  Written as JSONL and PNG, and read back as any training data.
"""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import torch
from transformers import LlavaConfig, LlavaForConditionalGeneration

from medgpt_cli.data.batches import Pixels
from medgpt_cli.data.dialogue import Encoded
from medgpt_cli.data.prepared.opening import samples_of
from medgpt_cli.models.processor import build_processor
from medgpt_cli.models.tiny.build import tokenizer
from medgpt_cli.workflows.loading import encoder_of, pixels_of
from tests.pictures import film

TEXT: dict[str, Any] = {
    "model_type": "gpt_oss",
    "hidden_size": 512,
    "intermediate_size": 512,
    "num_hidden_layers": 4,
    "num_attention_heads": 8,
    "num_key_value_heads": 2,
    "head_dim": 64,
    "num_local_experts": 8,
    "num_experts_per_tok": 2,
    "sliding_window": 128,
    "pad_token_id": 0,
}
TOWER: dict[str, Any] = {
    "model_type": "clip_vision_model",
    "hidden_size": 256,
    "intermediate_size": 1024,
    "num_hidden_layers": 6,
    "num_attention_heads": 4,
    "image_size": 224,
    "patch_size": 14,
}
VOCABULARIES = {"vocabulary 201,088": 201_088, "vocabulary 4,160": 4_160}
SAYINGS = (
    "the heart is of normal size and the lungs are clear without effusion or pneumothorax there is a small "
    "opacity in left lower lobe which may represent atelectasis mild cardiomegaly unchanged from prior study "
    "no acute osseous abnormality seen tip of the catheter projects over superior vena cava patient reports "
    "chest pain and shortness of breath for two days history of hypertension treated with lisinopril"
)


def config(vocabulary: str) -> dict[str, Any]:
    """`config.json` of one of the two models."""
    reader = tokenizer()
    return {
        "text_config": TEXT | {"vocab_size": VOCABULARIES[vocabulary]},
        "vision_config": TOWER,
        "image_token_id": max(reader.get_added_vocab().values()),
        "vision_feature_layer": -2,
        "vision_feature_select_strategy": "default",
    }


def model_and_processor(vocabulary: str) -> tuple[Any, Any]:
    """The same weights in every process, and the processor beside them."""
    torch.manual_seed(0)
    model = LlavaForConditionalGeneration(LlavaConfig(**config(vocabulary)))
    processor = build_processor(
        tokenizer(), model.config.vision_config, template="harmony", date="2026-01-01", reasoning="low"
    )
    model.config.image_token_id = processor.tokenizer.convert_tokens_to_ids(processor.image_token)
    return model, processor


def write_records(folder: Path, count: int, seed: int) -> Path:
    """Writes `records.jsonl` and its pictures.

    Lengths are log-normal, as those of reports and notes are: most short, few many times as long.  Six records in
    ten show a picture; half of these are questions with an answer of a few words.
    """
    draw = random.Random(seed)
    said = SAYINGS.split()

    def words(middle: float, spread: float, most: int) -> str:
        return " ".join(
            draw.choices(said, k=min(most, max(2, round(draw.lognormvariate(middle, spread)))))
        )

    lines = []
    for number in range(count):
        kind = draw.random()
        question = words(2.3, 0.4, 30)
        record: dict[str, Any] = {"question": question, "answer": words(1.0, 0.6, 12)}
        if kind < 0.6:
            film(seed * 1000 + number, 256, 224).save(folder / f"{number}.png")
            record["image"] = f"{number}.png"
            if kind >= 0.3:
                record["answer"] = words(4.3, 0.6, 400)
        else:
            record["question"] = words(5.0, 1.1, 2000)
            record["answer"] = words(4.0, 0.8, 500)
        lines.append(json.dumps(record))
    (folder / "records.jsonl").write_text("\n".join(lines) + "\n")
    return folder / "records.jsonl"


def read_records(path: Path, processor: Any) -> tuple[list[Encoded], Pixels]:
    """The records as a model sees them, and what opens their pictures."""
    encoder = encoder_of(processor)
    return [encoder.encode(sample) for sample in samples_of(path)], pixels_of(processor)
