"""Records whose text does not fit their picture, by a toy CLIP that transformers wrote."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from transformers import AutoImageProcessor, AutoTokenizer, CLIPModel

from tests.parts import write_pair
from tests.workflows.prep.making import contents, pair, picture, prep, rejected, text, written


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    write_pair(Path("clip"))
    for number in range(10):
        picture(Path(f"{number}.png"), number)
    return written(Path("a.jsonl"), *(pair(n, image=f"{n}.png") for n in range(10)), pair(50))


def cosines() -> list[float]:
    """What CLIPModel itself says, by the logits of its forward."""
    model = CLIPModel.from_pretrained("clip").eval()
    tokenizer, rules = AutoTokenizer.from_pretrained("clip"), AutoImageProcessor.from_pretrained("clip")
    found = []
    for number in range(10):
        words = tokenizer(text(-number - 1), truncation=True, max_length=16, return_tensors="pt")
        pixels = rules(Image.open(f"{number}.png").convert("RGB"), return_tensors="pt")["pixel_values"]
        with torch.no_grad():
            made = model(
                input_ids=words["input_ids"],
                attention_mask=words["attention_mask"],
                pixel_values=pixels,
            )
        found.append((made.logits_per_image / model.logit_scale.detach().exp()).item())
    return found


WORDS = ("filters.mismatch.model=clip", "filters.mismatch.percentile=30", "output.block=3")


def test_the_worst_fitting_share_is_left_out_and_resumes_alike(source: Path) -> None:
    assert prep(source, "--out", "out", *WORDS) == 0
    scores = np.array(cosines())
    worst = np.flatnonzero(scores < np.percentile(scores, 30)) + 1
    assert len(worst) == 3
    reason = "mismatch: the text does not fit the picture"
    assert rejected(Path("out")) == [(int(line), "filter", reason) for line in worst]
    manifest = json.loads(Path("out/manifest.json").read_text())
    assert manifest["dropped"] == {"filter": {reason: 3}}
    for share in ("1/2", "2/2"):
        assert prep(source, "--out", "two", *WORDS, "--shards", share) == 0
    assert prep(source, "--out", "two", *WORDS, "--merge") == 0
    assert contents("two") == contents("out")


def test_a_folder_without_both_towers_is_told_first(
    source: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("empty").mkdir()
    assert prep(source, "--out", "out", "filters.mismatch.model=empty") == 3
    assert "empty  holds no CLIP or SigLIP with both towers" in capsys.readouterr().err
    assert not Path("out").exists()
