"""The published checkpoint layout against stock BERT, one report at a time, and hostile files."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import BertConfig, BertModel, BertTokenizer

from medgpt_cli.core.errors import BadCheckpoint, Missing
from medgpt_cli.evaluation.reports.extraction.chexbert import Extractor
from medgpt_cli.evaluation.reports.keys import report_key
from medgpt_cli.evaluation.reports.vectors import unpack
from tests.evaluation.reports.extraction.conftest import REPORTS

TEXTS = {report_key(text): text for text in REPORTS}


def test_labels_and_vectors_are_those_of_stock_bert(chexbert_folder: Path) -> None:
    extractor = Extractor(chexbert_folder)
    rows = {row.sha256: row for row in extractor.rows(TEXTS, batch_size=2)}
    state = torch.load(chexbert_folder / "chexbert.pth", weights_only=True)["model_state_dict"]
    model = BertModel(BertConfig.from_pretrained(chexbert_folder)).eval()
    own = {
        name.removeprefix("module.bert."): tensor
        for name, tensor in state.items()
        if "bert." in name and not name.endswith("position_ids")
    }
    model.load_state_dict(own)
    tokenizer = BertTokenizer.from_pretrained(chexbert_folder)
    labels = set()
    for key, text in TEXTS.items():
        first = model(**tokenizer(text, return_tensors="pt")).last_hidden_state[0, 0]
        heads = [
            state[f"module.linear_heads.{n}.weight"] @ first + state[f"module.linear_heads.{n}.bias"]
            for n in range(14)
        ]
        assert rows[key].labels == tuple(int(head.argmax()) for head in heads)
        found = unpack(rows[key].vector, 16, "<f4")[0]
        np.testing.assert_allclose(found, first.detach().numpy(), atol=1e-5)
        labels.add(rows[key].labels)
        assert not list(rows[key].faults(extractor.header))
    assert len(labels) > 1  # else nothing was compared
    assert (extractor.header.width, len(extractor.header.model_sha256)) == (16, 64)


def test_white_space_is_squeezed(chexbert_folder: Path) -> None:
    extractor = Extractor(chexbert_folder)
    one, two = ({"0" * 64: text} for text in ("lungs\n\n  are\tclear", "lungs are clear"))
    assert list(extractor.rows(one, 1)) == list(extractor.rows(two, 1))


@pytest.mark.parametrize("name", ["chexbert.pth", "config.json", "vocab.txt"])
def test_each_file_that_is_missing(chexbert_folder: Path, name: str) -> None:
    (chexbert_folder / name).unlink()
    with pytest.raises(Missing, match=name.replace(".", r"\.")) as caught:
        Extractor(chexbert_folder)
    assert (
        "holds chexbert.pth, and config.json and vocab.txt of bert-base-uncased" in caught.value.repair
    )


class _Hostile:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (exec, ("raise SystemExit('a pickle was run')",))


def test_a_hostile_pickle_is_refused_and_not_run(chexbert_folder: Path) -> None:
    (chexbert_folder / "chexbert.pth").write_bytes(pickle.dumps({"model_state_dict": _Hostile()}))
    with pytest.raises(BadCheckpoint, match="is not a checkpoint of tensors"):
        Extractor(chexbert_folder)
    torch.save({"model_state_dict": _Hostile()}, chexbert_folder / "chexbert.pth")
    with pytest.raises(BadCheckpoint, match="is not a checkpoint of tensors"):
        Extractor(chexbert_folder)


@pytest.mark.parametrize("change", ["remove", "reshape", "other", "cut"])
def test_other_checkpoints_are_refused(chexbert_folder: Path, change: str) -> None:
    file = chexbert_folder / "chexbert.pth"
    saved = torch.load(file, weights_only=True)
    state = saved["model_state_dict"]
    if change == "remove":
        del state["module.linear_heads.13.bias"]
    elif change == "reshape":
        state["module.linear_heads.13.bias"] = torch.zeros(4)
    elif change == "other":
        saved = {"state": state}
    torch.save(saved, file)
    if change == "cut":
        file.write_bytes(file.read_bytes()[:-100])
    with pytest.raises(BadCheckpoint):
        Extractor(chexbert_folder)
