"""Tags to entities, sentences, and the whole way through small stand-ins."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import BertModel, BertTokenizer

from medgpt_cli.core.errors import BadCheckpoint, Missing
from medgpt_cli.evaluation.reports.extraction.rate import Extractor, Span, sentences, spans
from medgpt_cli.evaluation.reports.keys import report_key
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
