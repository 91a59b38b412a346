"""Word pieces as stock RoBERTa sees them with a space before, and the settings that decide the number."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from tokenizers import ByteLevelBPETokenizer
from transformers import RobertaModel

from medgpt_cli.core.errors import BadCheckpoint, Missing, UsageError
from medgpt_cli.evaluation.reports.extraction.bertscore import Extractor, _layer
from medgpt_cli.evaluation.reports.keys import report_key
from medgpt_cli.evaluation.reports.vectors import unpack
from tests.evaluation.reports.extraction.conftest import REPORTS

TEXTS = {report_key(text): text for text in REPORTS}


def expected(folder: Path, text: str, layer: int) -> np.ndarray:
    """By the bare tokenizer and the stock model, one report at a time."""
    tokenizer = ByteLevelBPETokenizer.from_file(str(folder / "vocab.json"), str(folder / "merges.txt"))
    ids = [0, *tokenizer.encode(text).ids, 2]
    model = RobertaModel.from_pretrained(folder).eval()
    with torch.inference_mode():
        return model(torch.tensor([ids]), output_hidden_states=True).hidden_states[layer][0].numpy()


@pytest.mark.parametrize("layer", [0, 1, 2])
def test_vectors_are_those_of_the_text_after_a_space(roberta_folder: Path, layer: int) -> None:
    extractor = Extractor(roberta_folder, layer=layer)
    rows = {row.sha256: row for row in extractor.rows(TEXTS, batch_size=3)}
    for key, text in TEXTS.items():
        found = unpack(rows[key].vectors, 16, "<f2")
        np.testing.assert_allclose(found, expected(roberta_folder, f" {text}", layer), atol=3e-3)
        assert not list(rows[key].faults(extractor.header))


def test_without_the_space_the_pieces_are_others(roberta_folder: Path) -> None:
    with_space, without = (expected(roberta_folder, text, 2) for text in (" lungs clear", "lungs clear"))
    assert with_space.shape != without.shape or not np.allclose(with_space, without, atol=1e-2)


def test_the_batch_changes_nothing(roberta_folder: Path) -> None:
    extractor = Extractor(roberta_folder, layer=2)
    together = {row.sha256: row for row in extractor.rows(TEXTS, batch_size=3)}
    for row in extractor.rows(TEXTS, batch_size=1):
        np.testing.assert_allclose(
            unpack(row.vectors, 16, "<f2"), unpack(together[row.sha256].vectors, 16, "<f2"), atol=3e-3
        )


def test_settings_stand_in_the_header(roberta_folder: Path) -> None:
    header = Extractor(roberta_folder, layer=1, baseline=0.8).header
    assert header.settings == {"layer": 1, "prefix_space": True, "idf": False, "baseline": 0.8}
    assert (header.model, header.dtype) == ("tiny-roberta", "<f2")
    assert "baseline" not in Extractor(roberta_folder, layer=1).header.settings


@pytest.mark.parametrize(
    ("size", "asked", "told"),
    [
        ((6, 768), None, (5, 0.8473319)),
        ((6, 768), 5, (5, 0.8473319)),
        ((6, 768), 4, (4, None)),
        ((24, 1024), None, (17, None)),
    ],
)
def test_published_layers(
    size: tuple[int, int], asked: int | None, told: tuple[int, float | None]
) -> None:
    config = SimpleNamespace(model_type="roberta", num_hidden_layers=size[0], hidden_size=size[1])
    assert _layer(config, asked) == told


def test_a_layer_must_be_named_and_be_there(roberta_folder: Path) -> None:
    with pytest.raises(UsageError, match="no layer is published for a model of this size"):
        Extractor(roberta_folder)
    with pytest.raises(UsageError, match="the model has no layer 3"):
        Extractor(roberta_folder, layer=3)


@pytest.mark.parametrize("name", ["model.safetensors", "config.json"])
def test_each_file_that_is_missing(roberta_folder: Path, name: str) -> None:
    (roberta_folder / name).unlink()
    with pytest.raises(Missing, match=name.replace(".", r"\.")):
        Extractor(roberta_folder, layer=1)


def test_tensors_that_are_missing_are_not_made_up(roberta_folder: Path) -> None:
    file = roberta_folder / "model.safetensors"
    state = load_file(file)
    state.pop("encoder.layer.1.output.dense.weight")
    save_file(state, file, metadata={"format": "pt"})
    with pytest.raises(BadCheckpoint, match="lacks 1 of the model's tensors"):
        Extractor(roberta_folder, layer=1)


def test_a_damaged_file_is_named(roberta_folder: Path) -> None:
    (roberta_folder / "config.json").write_text("{")
    with pytest.raises(BadCheckpoint, match="transformers cannot read these weights"):
        Extractor(roberta_folder, layer=1)
