"""Decoders that are not trusted run in a process apart: what ends that process ends nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image, ImageChops
from pydicom.data import get_testdata_file

from medgpt_cli.app import main
from medgpt_cli.core.errors import BadImage
from medgpt_cli.data.images import apart
from medgpt_cli.data.images.apart import check_apart, open_apart
from medgpt_cli.data.images.flags import INFO
from medgpt_cli.data.images.reading import open_image
from tests.data.images.pictures import dicom, noise, save
from tests.workflows.prep.making import pair, picture, prep, written


@pytest.fixture(autouse=True)
def _ended() -> Iterator[None]:
    yield
    apart.stop()


@pytest.fixture(name="broken")
def _broken(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every child is the one whose decoders fail by the file's name."""
    apart.stop()
    monkeypatch.setattr(apart, "CHILD", "tests.data.images.broken_child")
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[3]))


def tiff(path: Path, rows: int = 64) -> str:
    noise(rows).save(path, "TIFF", compression="tiff_lzw")
    return str(path)


def test_what_is_decoded_apart_is_what_is_decoded_here(tmp_path: Path) -> None:
    deep = np.random.default_rng(1).integers(0, 4096, (40, 30)).astype(np.uint16)
    Image.fromarray(deep).save(tmp_path / "deep.tif")
    paths = [str(tmp_path / "deep.tif"), tiff(tmp_path / "a.tif")]
    names = "JPEG2000.dcm", "JPEG-lossy.dcm", "MR_small_RLE.dcm", "SC_rgb_jpeg_gdcm.dcm"
    paths += [str(get_testdata_file(name)) for name in names]
    for path in paths:
        here, there = open_image(path), open_apart(path)
        assert there.mode == "RGB"
        assert ImageChops.difference(here, there).getbbox() is None
        assert there.info == here.info
        assert INFO in there.info
    assert apart._child._process is not None


def test_trusted_formats_start_no_process(tmp_path: Path) -> None:
    noise().save(tmp_path / "a.png")
    save(dicom(np.zeros((20, 20), np.uint16)), tmp_path / "plain.dcm")
    for name in ("a.png", "plain.dcm"):
        assert open_apart(str(tmp_path / name)).mode == "RGB"
        check_apart(str(tmp_path / name))
    assert apart._child._process is None


def test_a_picture_in_a_cell_of_a_table_is_decoded_apart_too(tmp_path: Path) -> None:
    data = Path(tiff(tmp_path / "a.tif")).read_bytes()
    pq.write_table(pa.table({"image": [data]}), tmp_path / "t.parquet")
    shown = open_apart(f"{tmp_path}/t.parquet#row=0&column=image")
    assert ImageChops.difference(shown, open_image(str(tmp_path / "a.tif"))).getbbox() is None
    assert apart._child._process is not None


@pytest.mark.parametrize("name", ["crash", "eat", "fail"])
@pytest.mark.usefixtures("broken")
def test_a_decoder_that_breaks_costs_one_picture(tmp_path: Path, name: str) -> None:
    said = {
        "crash": "crashes its decoder",
        "eat": "takes over 2,048 MB to decode",
        "fail": "makes its decoder fail (ZeroDivisionError)",
    }
    good, bad = tiff(tmp_path / "good.tif"), tiff(tmp_path / f"{name}.tif")
    for opener in (open_apart, check_apart):
        with pytest.raises(BadImage) as caught:
            opener(bad)
        assert caught.value.what == said[name]
        assert "words of a file" not in str(caught.value)
        assert open_apart(good).size == noise().size


@pytest.mark.usefixtures("broken")
def test_a_decoder_that_hangs_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bad = tiff(tmp_path / "hang.tif")
    monkeypatch.setattr(apart, "CPU_SECONDS", 0)
    with pytest.raises(BadImage, match="takes over 0 seconds to decode"):
        open_apart(bad)
    monkeypatch.setattr(apart, "CPU_SECONDS", 60)
    monkeypatch.setattr(apart, "SECONDS", 0.1)  # as where a disk does not answer
    with pytest.raises(BadImage, match=r"takes over 0\.1 seconds to decode"):
        open_apart(bad)
    assert apart._child._process is None


def test_an_interrupted_answer_is_not_taken_for_the_next_pictures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = tiff(tmp_path / "1.tif", 40), tiff(tmp_path / "2.tif", 41)
    open_apart(one)

    def interrupted(answer: object) -> Image.Image:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(apart._child, "_shown", interrupted)
        with pytest.raises(KeyboardInterrupt):
            open_apart(one)
    assert ImageChops.difference(open_apart(two), open_image(two)).getbbox() is None


@pytest.mark.usefixtures("broken")
def test_a_hostile_picture_is_one_reject_and_the_preparation_goes_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    picture(tmp_path / "0.png", 0)
    tiff(tmp_path / "crash.tif")
    picture(tmp_path / "2.png", 2)
    names = ["0.png", "crash.tif", "2.png"]
    path = written(tmp_path / "a.jsonl", *(pair(n, image=name) for n, name in enumerate(names)))
    assert prep(path, "--out", tmp_path / "set", "--max-bad", "1") == 0
    assert [
        json.loads(line) for line in (tmp_path / "set" / "rejects.jsonl").read_text().splitlines()
    ] == [{"file": str(path), "line": 2, "stage": "image", "reason": "images[0] crashes its decoder"}]
    capsys.readouterr()
    assert main(["data", "check", str(path)]) == 3
    assert f"{path}:2 images[0]  crashes its decoder" in capsys.readouterr().err
    assert apart._child._process is None


def test_nothing_in_the_current_folder_is_run_by_the_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("msgspec", "imagecodecs", "medgpt_cli"):
        (tmp_path / f"{name}.py").write_text("open('ran', 'w').close()\n")
    monkeypatch.chdir(tmp_path)
    assert open_apart(tiff(tmp_path / "a.tif")).mode == "RGB"
    assert apart._child._process is not None
    assert not (tmp_path / "ran").exists()


def test_the_childs_crash_leaves_no_picture_on_the_disk(tmp_path: Path) -> None:
    open_apart(tiff(tmp_path / "a.tif"))
    assert apart._child._process is not None
    limits = Path(f"/proc/{apart._child._process.pid}/limits").read_text().splitlines()
    [core] = [line.split() for line in limits if line.startswith("Max core file size")]
    assert core[4] == "0"
