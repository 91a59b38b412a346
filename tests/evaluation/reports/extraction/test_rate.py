"""Tags to entities, sentences, and the whole way through small stand-ins."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer, models, pre_tokenizers, processors, trainers
from transformers import (
    BertModel,
    BertTokenizer,
    DebertaV2Config,
    DebertaV2ForTokenClassification,
    MPNetConfig,
    MPNetModel,
    MPNetTokenizer,
)

from medgpt_cli.core.errors import BadCheckpoint, Missing
from medgpt_cli.evaluation.reports.extraction.rate import Extractor, Span, sentences, spans
from medgpt_cli.evaluation.reports.keys import report_key
from medgpt_cli.evaluation.reports.rows import ENTITY_TYPES
from medgpt_cli.evaluation.reports.vectors import unpack

MARK = (0, 0)


@pytest.mark.parametrize(
    ("tags", "found"),
    [
        ("O B-DISEASE O", [(2, 3)]),
        ("B-DISEASE I-DISEASE O", [(0, 3)]),
        ("B-DISEASE B-DISEASE O", [(0, 1), (2, 3)]),
        ("B-DISEASE I-DISEASE I-DISEASE", [(0, 5)]),
        ("I-DISEASE I-DISEASE O", []),
        ("B-DISEASE O I-DISEASE", [(0, 1)]),
        ("O O O", []),
    ],
)
def test_spans(tags: str, found: list[tuple[int, int]]) -> None:
    places = [MARK, (0, 1), (2, 3), (4, 5), MARK]
    row = ["B-ANATOMY", *tags.split(), "I-ANATOMY"]  # marks are passed over whatever their tags
    assert spans(row, places) == [Span(*place, "DISEASE") for place in found]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("No effusion. Lungs are\nclear.", ["No effusion.", "Lungs are clear."]),
        ("FINDINGS\n\nClear. ok", ["FINDINGS", "Clear. ok"]),
        ("Nodule of 3.5 cm.", ["Nodule of 3.5 cm."]),
        (". A", []),
        ("", []),
    ],
)
def test_sentences(text: str, found: list[str]) -> None:
    assert sentences(text) == found


def test_entities_and_their_vectors(rate_folder: Path) -> None:
    text = "Small left effusion. The left lung is clear. Edema."
    extractor = Extractor(rate_folder)
    (row,) = extractor.rows({report_key(text): text}, batch_size=2)
    assert row.types == ("ANATOMY", "DISEASE", "ANATOMY", "DISEASE")
    encoder = BertModel.from_pretrained(rate_folder / "encoder").eval()
    tokenizer = BertTokenizer.from_pretrained(rate_folder / "encoder")
    found = unpack(row.vectors, 16, "<f4")
    for vector, words in zip(found, ["left", "effusion", "left lung", "edema"], strict=True):
        with torch.inference_mode():
            alone = encoder(**tokenizer(words, return_tensors="pt")).last_hidden_state[0, 0]
        np.testing.assert_allclose(vector, alone.numpy(), atol=1e-5)
    assert not list(row.faults(extractor.header))


def test_the_published_architectures(tmp_path: Path) -> None:
    """DeBERTa-v2 with a tokenizer of word pieces that begin with their space, MPNet as the encoder."""
    sizes = {
        "hidden_size": 16,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "intermediate_size": 24,
    }
    ner, encoder = tmp_path / "ner", tmp_path / "encoder"
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    marks = ["[PAD]", "[CLS]", "[SEP]", "[UNK]", "[MASK]"]
    trainer = trainers.UnigramTrainer(
        vocab_size=40, special_tokens=marks, unk_token="[UNK]", show_progress=False
    )
    tokenizer.train_from_iterator(["small left effusion", "left effusion"] * 9, trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 1), ("[SEP]", 2)]
    )
    tags = ["O", *(f"{mark}-{kind}" for kind in ENTITY_TYPES for mark in "BI")]
    config = DebertaV2Config(
        vocab_size=tokenizer.get_vocab_size(),
        max_position_embeddings=64,
        relative_attention=True,
        position_buckets=8,
        pos_att_type=["p2c", "c2p"],
        id2label=dict(enumerate(tags)),
        label2id={tag: number for number, tag in enumerate(tags)},
        **sizes,
    )
    tagger = DebertaV2ForTokenClassification(config)
    with torch.no_grad():
        tagger.classifier.bias[tags.index("B-DISEASE")] = 100  # every piece begins an entity
    tagger.save_pretrained(ner)
    tokenizer.save(str(ner / "tokenizer.json"))
    names = dict(
        zip(("pad_token", "cls_token", "sep_token", "unk_token", "mask_token"), marks, strict=True)
    )
    words = json.dumps({"tokenizer_class": "DebertaV2Tokenizer"} | names)
    (ner / "tokenizer_config.json").write_text(words)
    vocabulary = ["<s>", "<pad>", "</s>", "<unk>", "[UNK]", "<mask>", "left", "effusion", "small"]
    vocabulary += [
        f"{hashes}{letter}" for letter in "abcdefghijklmnopqrstuvwxyz" for hashes in ("", "##")
    ]
    MPNetModel(MPNetConfig(vocab_size=len(vocabulary), **sizes)).save_pretrained(encoder)
    (encoder / "vocab.txt").write_text("\n".join(vocabulary) + "\n")
    extractor = Extractor(tmp_path)
    (row,) = extractor.rows({"0" * 64: "small left effusion"}, batch_size=1)
    pieces = [piece.strip("▁") for piece in tokenizer.encode("small left effusion").tokens[1:-1]]
    assert row.types == ("DISEASE",) * len(pieces)
    stock, words_of = MPNetModel.from_pretrained(encoder).eval(), MPNetTokenizer.from_pretrained(encoder)
    compared = 0
    for vector, piece in zip(unpack(row.vectors, 16, "<f4"), pieces, strict=True):
        if piece and "small left effusion".count(piece) == 1:
            with torch.inference_mode():
                alone = stock(**words_of(piece, return_tensors="pt")).last_hidden_state[0, 0]
            np.testing.assert_allclose(vector, alone.numpy(), atol=1e-5)
            compared += 1
    assert compared
    assert not list(row.faults(extractor.header))


def test_a_tokenizer_of_sentencepiece_alone_is_not_enough(rate_folder: Path) -> None:
    (rate_folder / "ner" / "vocab.txt").rename(rate_folder / "ner" / "spm.model")
    (rate_folder / "ner" / "tokenizer.json").unlink(missing_ok=True)
    with pytest.raises(Missing, match=r"ner lacks tokenizer\.json or vocab\.txt or vocab\.json"):
        Extractor(rate_folder)


def test_a_report_without_entities(rate_folder: Path) -> None:
    extractor = Extractor(rate_folder)
    (row,) = extractor.rows({report_key("clear"): "clear"}, batch_size=2)
    assert (row.types, row.vectors) == ((), "")
    assert not list(row.faults(extractor.header))


@pytest.mark.parametrize(
    "name", ["ner", "encoder", "ner/vocab.txt", "encoder/model.safetensors", "ner/config.json"]
)
def test_each_part_that_is_missing(rate_folder: Path, name: str) -> None:
    part = rate_folder / name
    shutil.rmtree(part) if part.is_dir() else part.unlink()
    with pytest.raises(Missing, match=f"rate/{name.partition('/')[0]} lacks "):
        Extractor(rate_folder)


def test_a_tagger_of_other_types_is_refused(rate_folder: Path) -> None:
    file = rate_folder / "ner" / "config.json"
    config = json.loads(file.read_text())
    config["id2label"]["1"] = "B-PERSON"
    file.write_text(json.dumps(config))
    with pytest.raises(BadCheckpoint, match="its tags are not RaTEScore's five types"):
        Extractor(rate_folder)
