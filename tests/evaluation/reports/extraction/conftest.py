"""Stand-ins: small random models in the published layouts on disk."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from tokenizers import ByteLevelBPETokenizer
from transformers import (
    BertConfig,
    BertForTokenClassification,
    BertModel,
    RobertaConfig,
    RobertaModel,
)

from medgpt_cli.evaluation.reports.rows import ENTITY_TYPES

MARKS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", ".", ","]
WORDS = [
    *MARKS,
    *["no", "left", "right", "lung", "lungs", "clear", "effusion", "edema", "small", "the", "is", "are"],
]
REPORTS = ["No effusion. Lungs are clear.", "Small left effusion.", "lungs clear"]


def bert(**more: object) -> BertConfig:
    sizes = {
        "hidden_size": 16,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "intermediate_size": 24,
    }
    return BertConfig(vocab_size=len(WORDS), max_position_embeddings=64, **sizes, **more)


def write_vocabulary(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "vocab.txt").write_text("\n".join(WORDS) + "\n")


@pytest.fixture
def chexbert_folder(tmp_path: Path) -> Path:
    """config.json, vocab.txt and chexbert.pth, its tensors named as published, `position_ids` included."""
    folder = tmp_path / "chexbert"
    write_vocabulary(folder)
    torch.manual_seed(1)
    config = bert(initializer_range=1.0)  # else reports hardly differ
    config.save_pretrained(folder)
    state = {f"module.bert.{name}": tensor for name, tensor in BertModel(config).state_dict().items()}
    state["module.bert.embeddings.position_ids"] = torch.arange(64)[None]
    for head in range(14):
        state[f"module.linear_heads.{head}.weight"] = torch.randn(4 if head < 13 else 2, 16)
        state[f"module.linear_heads.{head}.bias"] = torch.randn(4 if head < 13 else 2)
    torch.save({"epoch": 7, "model_state_dict": state}, folder / "chexbert.pth")
    return folder


@pytest.fixture
def roberta_folder(tmp_path: Path) -> Path:
    """A byte-level RoBERTa of two blocks."""
    folder = tmp_path / "tiny-roberta"
    folder.mkdir()
    tokenizer = ByteLevelBPETokenizer()
    marks = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    tokenizer.train_from_iterator(
        REPORTS * 20, vocab_size=320, special_tokens=marks, show_progress=False
    )
    tokenizer.save_model(str(folder))
    torch.manual_seed(2)
    config = RobertaConfig(
        vocab_size=tokenizer.get_vocab_size(),
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=24,
        max_position_embeddings=66,
        bos_token_id=0,
        pad_token_id=1,
        eos_token_id=2,
    )
    RobertaModel(config).save_pretrained(folder)
    words = {"tokenizer_class": "RobertaTokenizer", "model_max_length": 64}
    (folder / "tokenizer_config.json").write_text(json.dumps(words))
    return folder


@pytest.fixture
def rate_folder(tmp_path: Path) -> Path:
    """ner/, whose head tags `effusion` a disease and `left` an anatomy, and encoder/."""
    folder = tmp_path / "rate"
    tags = ["O", *(f"{mark}-{kind}" for kind in ENTITY_TYPES for mark in "BI")]
    torch.manual_seed(3)
    ner = BertForTokenClassification(bert(num_labels=len(tags)))
    ner.config.id2label = dict(enumerate(tags))
    ner.config.label2id = {tag: number for number, tag in enumerate(tags)}
    by_hand = {"effusion": "B-DISEASE", "edema": "B-DISEASE", "left": "B-ANATOMY", "lung": "I-ANATOMY"}
    with torch.no_grad():
        # The blocks add nothing, so a word's embedding reaches the head, which reads one number for each word.
        for layer in ner.bert.encoder.layer:
            for part in (layer.attention.output.dense, layer.output.dense):
                part.weight.zero_()
                part.bias.zero_()
        ner.bert.embeddings.word_embeddings.weight.normal_()
        ner.bert.embeddings.position_embeddings.weight.zero_()
        ner.bert.embeddings.token_type_embeddings.weight.zero_()
        ner.eval()
        hidden = ner.bert(torch.arange(len(WORDS))[None]).last_hidden_state[0]
        wanted = torch.zeros(len(WORDS), len(tags))
        for number, word in enumerate(WORDS):
            wanted[number, tags.index(by_hand.get(word, "O"))] = 10
        ner.classifier.weight.copy_(torch.linalg.lstsq(hidden, wanted).solution.T)
        ner.classifier.bias.zero_()
    ner.save_pretrained(folder / "ner")
    write_vocabulary(folder / "ner")
    BertModel(bert()).save_pretrained(folder / "encoder")
    write_vocabulary(folder / "encoder")
    return folder
