"""The lengths index of a prepared set: as training counts tokens, and only where a model is named."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from medgpt_cli.core.recipe.sections import Chat
from medgpt_cli.data.prepared.opening import PreparedSet
from medgpt_cli.models.checkpoint import load_processor
from medgpt_cli.models.processor import set_template
from medgpt_cli.workflows.loading import encoder_of
from medgpt_cli.workflows.naming import model_folder
from medgpt_cli.workflows.prep.lengths import encoder_hash
from tests.workflows.prep.making import pair, picture, prep, written


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    picture(Path("a.png"), 1)
    return written(
        Path("a.jsonl"),
        *(pair(n, split="test") for n in range(3)),
        pair(9, image="a.png", split="train"),
        {"text": "an <image> in a text", "images": ["a.png"], "split": "train"},
    )


def index(folder: str) -> list[int | None]:
    return pq.read_table(f"{folder}/index.parquet")["tokens"].to_pylist()


def test_lengths_are_those_of_training(source: Path) -> None:
    words = ("output.tokenizer=tiny", "output.images=embed", "output.shard_rows=2")
    assert prep(source, "--out", "out", *words) == 0
    processor = load_processor(model_folder("tiny"))
    set_template(processor, date=Chat().date, reasoning=Chat().reasoning)
    encoder = encoder_of(processor)
    prepared = PreparedSet.open(Path("out"))
    lengths = [len(encoder.encode(sample).input_ids) for sample in prepared.samples()]
    assert index("out") == lengths
    assert len(set(lengths)) > 2
    assert prepared.manifest["tokens"] == {"model": "tiny", "encoder": encoder_hash(processor)}
    # Another template gives other lengths, so it is another encoder.
    set_template(processor, date="2001-01-01", reasoning=Chat().reasoning)
    assert encoder_hash(processor) != prepared.manifest["tokens"]["encoder"]
    # What a batch was padded or cut to is not.
    known = encoder_hash(processor)
    processor.tokenizer(["a b c", "a"], padding=True, truncation=True, max_length=2)
    assert encoder_hash(processor) == known


def test_without_a_model_nothing_is_counted_and_no_torch_is_imported(source: Path) -> None:
    code = (
        "import sys; from medgpt_cli.app import main; "
        f"main(['data', 'prep', {str(source)!r}, '--out', 'out', '--workers', '1']); "
        "print('torch' in sys.modules, 'transformers' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "False False"
    assert index("out") == [None] * 5
    assert json.loads(Path("out/manifest.json").read_text())["tokens"] is None


def test_a_model_that_is_not_there_is_told_first(source: Path) -> None:
    assert prep(source, "--out", "out", "output.tokenizer=nowhere") == 3
    assert not Path("out").exists()
