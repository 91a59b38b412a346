from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from medgpt_cli.core.errors import BadImage
from medgpt_cli.data.images import embedded
from medgpt_cli.data.images.reading import open_image
from medgpt_cli.data.images.whole import verify_image
from tests.data.images.pictures import dicom, gradient, save

IMAGE = pa.struct([("bytes", pa.binary()), ("path", pa.string())])


def png(shade: int) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (20, 20), (shade, 0, 255 - shade)).save(buffer, "PNG")
    return buffer.getvalue()


def table(rows: int = 25) -> pa.Table:
    """The columns that public sets use, each showing its row's number as red."""
    pictures = [png(i) for i in range(rows)]
    return pa.table(
        {
            "text": [f"row {i}" for i in range(rows)],
            "raw": pa.array(pictures, pa.binary()),
            "large": pa.array(pictures, pa.large_binary()),
            "image": pa.array([{"bytes": b, "path": "Doe.png"} for b in pictures], IMAGE),
            "images": pa.array(
                [[{"bytes": b, "path": None}, {"bytes": png(200), "path": None}] for b in pictures],
                pa.list_(IMAGE),
            ),
            "one": pa.array([[b] for b in pictures], pa.list_(pa.binary())),
        }
    )


def parquet(path: Path, data: pa.Table | None = None, **options: Any) -> Path:
    pq.write_table(table() if data is None else data, path, **({"row_group_size": 10} | options))
    return path


def arrow_file(path: Path, data: pa.Table | None = None) -> Path:
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, (data or table()).schema) as writer:
        writer.write_table(table() if data is None else data, max_chunksize=10)
    return path


def arrow_stream(path: Path, data: pa.Table | None = None) -> Path:
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_stream(sink, (data or table()).schema) as writer:
        writer.write_table(table() if data is None else data, max_chunksize=10)
    return path


WRITERS = [parquet, arrow_file, arrow_stream]


def red(path: Path, row: int, column: str, more: str = "") -> int:
    image = open_image(f"{path}#row={row}&column={column}{more}")
    return int(np.asarray(image)[3, 3, 0])


@pytest.mark.parametrize("write", WRITERS)
@pytest.mark.parametrize("column", ["raw", "large", "image", "one"])
def test_the_cell_that_is_named_is_shown(tmp_path: Path, write: Any, column: str) -> None:
    path = write(tmp_path / "a")
    assert [red(path, row, column) for row in (24, 0, 9, 10)] == [24, 0, 9, 10]
    verify_image(f"{path}#row=24&column={column}")


@pytest.mark.parametrize("write", WRITERS)
def test_an_item_of_a_list(tmp_path: Path, write: Any) -> None:
    path = write(tmp_path / "a")
    assert (red(path, 7, "images", "&item=0"), red(path, 7, "images", "&item=1")) == (7, 200)


@pytest.mark.parametrize("write", WRITERS)
@pytest.mark.parametrize(
    ("fragment", "what"),
    [
        ("", "is a table, and no cell of it is named"),
        ("#row=1", "is a table, and no cell of it is named"),
        ("#column=raw", "is a table, and no cell of it is named"),
        ("#row=25&column=raw", "has no row 25: it holds 25, counted from 0"),
        ("#row=1&column=nope", "has no column of that name"),
        ("#row=1&column=text", "holds no bytes in that column"),
        ("#row=1&column=images", "holds 2 pictures in that cell"),
        ("#row=1&column=images&item=2", "has no item 2: the cell holds 2, counted from 0"),
        ("#row=1&column=raw&item=1", "has no item 1: the cell holds one picture"),
        ("#row=1&column=raw&plane=axial", "is PNG and cannot be asked for plane"),
        ("#row=1&column=raw&frame=1", "has no frame 1: it holds 1 frame, counted from 0"),
    ],
)
def test_what_is_not_there_is_said(tmp_path: Path, write: Any, fragment: str, what: str) -> None:
    with pytest.raises(BadImage) as caught:
        open_image(f"{write(tmp_path / 'a')}{fragment}")
    assert caught.value.what == what


@pytest.mark.parametrize("write", WRITERS)
def test_an_empty_cell_says_how_to_embed(tmp_path: Path, write: Any) -> None:
    data = pa.table({"image": pa.array([{"bytes": None, "path": "a.png"}, None], IMAGE)})
    path = write(tmp_path / "a", data)
    for row in (0, 1):
        with pytest.raises(BadImage, match="holds nothing in that cell"):
            open_image(f"{path}#row={row}&column=image")


def test_a_row_is_asked_of_tables_alone(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(png(3))
    with pytest.raises(BadImage) as caught:
        open_image(f"{path}#row=1&column=image")
    assert str(caught.value) == "is PNG and cannot be asked for row, column\nit takes frame"


def test_what_is_embedded_may_be_dicom_or_nifti(tmp_path: Path) -> None:
    frames = np.stack([gradient(), gradient()[::-1]])
    scan = save(dicom(frames, NumberOfFrames=2), tmp_path / "scan").read_bytes()
    data = np.random.default_rng(0).integers(0, 256, (20, 24, 4)).astype(np.uint8)
    nib.Nifti1Image(data, np.eye(4)).to_filename(tmp_path / "v.nii.gz")
    path = parquet(
        tmp_path / "a", pa.table({"image": pa.array([scan, (tmp_path / "v.nii.gz").read_bytes()])})
    )
    found = np.asarray(open_image(f"{path}#row=0&column=image&frame=1"))
    assert np.array_equal(found, np.asarray(open_image(f"{tmp_path / 'scan'}#frame=1")))
    found = np.asarray(open_image(f"{path}#row=1&column=image&plane=axial&slice=2&window=127.5/255"))
    assert np.array_equal(found[..., 0], data[..., 2].T[::-1, ::-1])


def test_a_table_inside_a_table_is_refused(tmp_path: Path) -> None:
    inner = parquet(tmp_path / "inner").read_bytes()
    path = parquet(tmp_path / "a", pa.table({"image": pa.array([inner])}))
    with pytest.raises(BadImage, match="is a table inside a table"):
        open_image(f"{path}#row=0&column=image")


@pytest.mark.parametrize("write", WRITERS)
@pytest.mark.parametrize("kept", [0.1, 0.5, 0.9, 0.999])
def test_a_torn_file_is_refused(tmp_path: Path, write: Any, kept: float) -> None:
    path = write(tmp_path / "a")
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * kept)])
    for opener in (open_image, verify_image):
        with pytest.raises(BadImage, match=r"is a torn or damaged (Parquet|Arrow) file"):
            opener(f"{path}#row=1&column=raw")


def test_a_stream_torn_between_two_batches_is_refused(tmp_path: Path) -> None:
    path = arrow_stream(tmp_path / "a")
    whole = path.read_bytes()
    path.write_bytes(whole[:-8])  # all batches, and no end: more may have been meant
    with pytest.raises(BadImage, match="torn"):
        open_image(f"{path}#row=1&column=raw")


def test_a_flipped_bit_in_a_page_is_told_where_the_writer_left_checksums(tmp_path: Path) -> None:
    path = parquet(
        tmp_path / "a",
        table().select(["raw"]),
        write_page_checksum=True,
        compression="none",
        use_dictionary=False,
    )
    whole = bytearray(path.read_bytes())
    whole[len(whole) // 4] ^= 1
    path.write_bytes(whole)
    with pytest.raises(BadImage, match="torn or damaged"):
        open_image(f"{path}#row=3&column=raw")


@pytest.mark.parametrize("write", WRITERS)
def test_damage_anywhere_is_refused_or_read_and_never_more(tmp_path: Path, write: Any) -> None:
    whole = write(tmp_path / "a").read_bytes()
    draw = np.random.default_rng(5)
    path = tmp_path / "b"
    outcomes = set()
    for _ in range(120):
        broken = bytearray(whole)
        for position in draw.integers(8, len(whole), 3):
            broken[position] = draw.integers(0, 256)
        path.write_bytes(broken)
        try:
            outcomes.add(open_image(f"{path}#row=11&column=raw").mode)
        except BadImage:
            outcomes.add("refused")
    assert outcomes == {"RGB", "refused"}


def noise_table(rows: int, size: int) -> pa.Table:
    draw = np.random.default_rng(0)
    return pa.table({"image": pa.array([png(i) + draw.bytes(size) for i in range(rows)])})


def test_a_large_row_group_is_read_in_pieces_and_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = parquet(tmp_path / "a", noise_table(200, 20_000), row_group_size=200)
    monkeypatch.setattr(embedded, "KEPT_BYTES", 2**20)
    monkeypatch.setattr(embedded, "_column", None)
    assert [red(path, row, "image") for row in (199, 0, 55)] == [199, 0, 55]


def test_a_row_group_that_would_not_fit_in_memory_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = parquet(tmp_path / "a", noise_table(200, 20_000), row_group_size=200)
    monkeypatch.setattr(embedded, "KEPT_BYTES", 2**20)
    monkeypatch.setattr(embedded, "MAX_GROUP_BYTES", 3 * 2**20)
    with pytest.raises(BadImage) as caught:
        open_image(f"{path}#row=3&column=image")
    assert str(caught.value) == (
        "has a row group of 3 MB, over the limit of 3\n"
        "write it again with a smaller row_group_size; 16 to 64 rows are read fastest"
    )


def test_only_the_row_group_and_column_that_are_needed_are_read(tmp_path: Path) -> None:
    path = parquet(tmp_path / "a", noise_table(100, 50_000), row_group_size=10)
    embedded._column.cache_clear()
    before = pa.total_allocated_bytes()
    red(path, 55, "image")
    assert 400_000 < pa.total_allocated_bytes() - before < 2_000_000  # of 5 MB


def test_neighbours_come_from_what_is_kept_and_little_is_kept(tmp_path: Path) -> None:
    path = parquet(tmp_path / "a")
    embedded._column.cache_clear()
    for row in range(25):
        red(path, row, "image")
    found = embedded._column.cache_info()
    assert (found.misses, found.hits, found.maxsize) == (3, 22, 2)


def test_a_file_written_anew_is_read_anew(tmp_path: Path) -> None:
    path = parquet(tmp_path / "a")
    assert red(path, 3, "raw") == 3
    parquet(path, pa.table({"raw": pa.array([png(99)] * 30)}))
    assert red(path, 3, "raw") == 99


def test_the_size_of_a_cell_is_capped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "MAX_FRAME_BYTES", 50)
    with pytest.raises(BadImage, match="MB in that cell"):
        open_image(f"{parquet(tmp_path / 'a')}#row=1&column=raw")


def test_a_set_of_the_datasets_library_opens(tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets")
    features = datasets.Features({"image": datasets.Image(), "images": datasets.List(datasets.Image())})
    rows = [
        {"image": {"bytes": png(i), "path": None}, "images": [{"bytes": png(i), "path": None}]}
        for i in range(5)
    ]
    made = datasets.Dataset.from_list(rows, features=features)
    made.to_parquet(tmp_path / "a.parquet")
    made.save_to_disk(tmp_path / "disk")
    arrow = next((tmp_path / "disk").glob("*.arrow"))
    for path in (tmp_path / "a.parquet", arrow):
        assert (red(path, 4, "image"), red(path, 3, "images")) == (4, 3)
