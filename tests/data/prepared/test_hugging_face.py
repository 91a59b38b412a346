"""A prepared set opens with `datasets` alone, and its pictures are decoded by it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from medgpt_cli.app import main
from medgpt_cli.data.images.reading import open_image
from medgpt_cli.data.prepared.opening import PreparedSet
from tests.workflows.prep.making import pair, picture, prep, written


@pytest.fixture
def datasets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    import datasets

    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", str(tmp_path / "cache"))
    datasets.disable_progress_bars()
    return datasets


@pytest.fixture
def source(tmp_path: Path) -> Path:
    picture(tmp_path / "a.png", 1)
    Image.open(picture(tmp_path / "b.png", 2)).save(tmp_path / "b.jpg")
    grey = np.linspace(0, 65535, 64 * 64).reshape(64, 64).astype(np.uint16)
    Image.fromarray(grey).save(tmp_path / "deep.tiff")
    noted = Image.open(tmp_path / "a.png").transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    exif = noted.getexif()
    exif[0x010E] = "a note about the patient"
    noted.save(tmp_path / "noted.jpg", exif=exif)
    return written(
        tmp_path / "a.jsonl",
        pair(1, images=["a.png", "b.jpg"], split="train"),
        pair(2, image="deep.tiff", split="train", options=["x", "y"], answer="x"),
        pair(3, image="noted.jpg", split="train"),
        {"text": "no picture at all", "split": "train", "facets": {"kind": "note"}},
    )


def load(datasets, folder: Path, tmp_path: Path):  # type: ignore[no-untyped-def]
    files = {"train": str(folder / "data" / "train-*.parquet")}
    return datasets.load_dataset("parquet", data_files=files, cache_dir=str(tmp_path / "cache"))["train"]


def test_embedded_pictures_are_what_the_model_sees(datasets, source: Path, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    assert prep(source, "--out", tmp_path / "set", "output.images=embed") == 0
    loaded = load(datasets, tmp_path / "set", tmp_path)
    assert loaded.num_rows == 4
    samples = list(PreparedSet.open(tmp_path / "set").samples())
    for row, sample in zip(loaded, samples, strict=True):
        assert len(row["images"]) == len(sample.images)
        for decoded, reference in zip(row["images"], sample.images, strict=True):
            assert np.array_equal(np.asarray(decoded.convert("RGB")), np.asarray(open_image(reference)))
    originals = [
        open_image(str(tmp_path / name)) for name in ("a.png", "b.jpg", "deep.tiff", "noted.jpg")
    ]
    shown = [picture for row in loaded for picture in row["images"]]
    for decoded, original in zip(shown, originals, strict=True):
        assert np.array_equal(np.asarray(decoded.convert("RGB")), np.asarray(original))


def test_jpegs_stay_jpegs_and_notes_are_left_behind(source: Path, tmp_path: Path) -> None:
    assert prep(source, "--out", tmp_path / "set", "output.images=embed") == 0
    [shard] = (tmp_path / "set" / "data").glob("train-*")
    data = shard.read_bytes()
    assert (tmp_path / "b.jpg").read_bytes() in data
    assert b"a note about the patient" not in data


def test_columns_and_words(datasets, source: Path, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    assert prep(source, "--out", tmp_path / "set") == 0
    loaded = load(datasets, tmp_path / "set", tmp_path)
    assert loaded[0]["images"] == [str(tmp_path / "a.png"), str(tmp_path / "b.jpg")]
    assert loaded[0]["messages"][0]["content"].startswith("<image><image>")
    assert loaded[1]["options"] == [{"letter": "A", "text": "x"}, {"letter": "B", "text": "y"}]
    assert loaded[1]["messages"][1]["content"] == "A"
    assert loaded[3]["text"] == "no picture at all"
    assert loaded[3]["facets"] == [{"name": "kind", "value": "note"}]


def test_the_folder_of_shards_is_found_without_naming_files(
    datasets, source: Path, tmp_path: Path
) -> None:  # type: ignore[no-untyped-def]
    assert prep(source, "--out", tmp_path / "set") == 0
    loaded = datasets.load_dataset(str(tmp_path / "set" / "data"), cache_dir=str(tmp_path / "cache"))
    assert loaded["train"].num_rows == 4


@pytest.mark.parametrize("images", ["reference", "embed"])
def test_the_folder_itself_opens_with_every_split(
    datasets, source: Path, tmp_path: Path, images: str
) -> None:  # type: ignore[no-untyped-def]
    held = written(tmp_path / "b.jsonl", *(pair(n, split="test") for n in range(10, 13)))
    assert prep(source, held, "--out", tmp_path / "set", f"output.images={images}") == 0
    loaded = datasets.load_dataset(str(tmp_path / "set"), cache_dir=str(tmp_path / "cache"))
    assert {name: split.num_rows for name, split in loaded.items()} == {"train": 4, "test": 3}
    assert "options" in loaded["train"].column_names
    card = tmp_path / "set" / "README.md"
    header = card.read_text().split("# ")[0]
    assert main(["data", "card", str(tmp_path / "set"), "--out", str(card), "--force"]) == 0
    assert card.read_text().startswith(f"{header}# Datasheet of set\n")


def test_the_index_leads_to_the_rows(source: Path, tmp_path: Path) -> None:
    import pyarrow.parquet as pq

    assert prep(source, "--out", tmp_path / "set", "output.shard_rows=3") == 0
    index = pq.read_table(tmp_path / "set" / "index.parquet").to_pylist()
    assert [(row["shard"][:11], row["row"], row["images"]) for row in index] == [
        ("train-00000", 0, 2),
        ("train-00000", 1, 1),
        ("train-00001", 0, 1),
        ("train-00001", 1, 0),
    ]
    assert index[3]["characters"] == len("no picture at all")
