from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import torch
from transformers import AutoProcessor

from medgpt_cli.core.errors import BadCheckpoint
from medgpt_cli.core.manifest import file_hashes
from medgpt_cli.models import checkpoint
from medgpt_cli.models.tiles import max_tiles, save_tiles, set_max_tiles, tiles_of, use_tiles_of
from tests.pictures import film


def test_the_number_is_saved_and_loaded_and_stock_processors_pay_no_heed(
    tiny: Path, tmp_path: Path
) -> None:
    processor = checkpoint.load_processor(tiny)
    assert max_tiles(processor) == tiles_of(tiny) == 1
    set_max_tiles(processor, 6)
    processor.save_pretrained(tmp_path)
    assert tiles_of(tmp_path) == 6
    stock = AutoProcessor.from_pretrained(tmp_path)
    assert max_tiles(stock) == 6
    said = {"text": processor.image_token, "images": [film(0, 300, 280)], "return_tensors": "pt"}
    ours, plain = stock(**said), checkpoint.load_processor(tiny)(**said)
    assert torch.equal(ours["pixel_values"], plain["pixel_values"])
    assert ours["input_ids"].tolist() == plain["input_ids"].tolist()


def test_a_model_that_shows_pictures_whole_is_saved_as_ever(tiny: Path, tmp_path: Path) -> None:
    processor = checkpoint.load_processor(tiny)
    processor.save_pretrained(tmp_path / "before")
    set_max_tiles(processor, 1)
    processor.save_pretrained(tmp_path / "after")
    assert file_hashes(tmp_path / "before") == file_hashes(tmp_path / "after")
    (tmp_path / "adapter").mkdir()
    save_tiles(processor, tmp_path / "adapter")
    assert not list((tmp_path / "adapter").iterdir())


def test_an_adapter_has_its_own_number_and_without_one_that_of_its_model(
    tiny: Path, tmp_path: Path
) -> None:
    base, adapter = checkpoint.load_processor(tiny), tmp_path / "adapter"
    adapter.mkdir()
    set_max_tiles(base, 4)
    base.save_pretrained(tmp_path / "base")
    use_tiles_of(base, adapter)
    assert max_tiles(base) == tiles_of(tmp_path / "base", adapter) == 4
    set_max_tiles(base, 1)  # trained on whole pictures, though its model was not
    save_tiles(base, adapter)
    assert tiles_of(tmp_path / "base", adapter) == 1
    again = checkpoint.load_processor(tiny)
    set_max_tiles(again, 4)
    use_tiles_of(again, adapter)
    assert max_tiles(again) == 1


@pytest.mark.parametrize("number", [0, -1, 41, "4", 2.0, True, None, [4]])
def test_what_is_no_number_of_tiles_is_refused(tiny: Path, tmp_path: Path, number: object) -> None:
    folder = tmp_path / "model"
    shutil.copytree(tiny, folder, ignore=shutil.ignore_patterns("manifest.json", "*.safetensors"))
    document = json.loads((folder / "processor_config.json").read_text())
    document["image_processor"]["max_tiles"] = number
    (folder / "processor_config.json").write_text(json.dumps(document))
    with pytest.raises(BadCheckpoint, match="no number of tiles from 1 to 40"):
        tiles_of(folder)
    with pytest.raises(BadCheckpoint, match="no number of tiles from 1 to 40"):
        max_tiles(AutoProcessor.from_pretrained(folder))


def test_a_folder_without_a_processor_shows_pictures_whole(tmp_path: Path) -> None:
    assert tiles_of(tmp_path) == 1
    (tmp_path / "processor_config.json").write_text("[")
    assert tiles_of(tmp_path) == 1
    (tmp_path / "preprocessor_config.json").write_text('{"max_tiles": 3}')  # transformers before 5
    assert tiles_of(tmp_path) == 3
