from __future__ import annotations

import gzip
import struct
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest
from nibabel.orientations import apply_orientation, axcodes2ornt, io_orientation, ornt_transform
from PIL import Image

from medgpt_cli.core.errors import BadImage
from medgpt_cli.data.images import nifti
from medgpt_cli.data.images.flags import flags_of
from medgpt_cli.data.images.reading import open_image
from medgpt_cli.data.images.whole import verify_image

EXACT = "&window=127.5/255"
"""Shows values of 0 to 255 as they are."""


def volume(*shape: int, dtype: Any = np.uint8) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, shape or (20, 24, 28)).astype(dtype)


def written(
    path: Path,
    data: np.ndarray,
    affine: np.ndarray | None = None,
    kind: Any = nib.Nifti1Image,
    **header: Any,
) -> Path:
    """A file whose voxels lie as given, in right-anterior-superior order unless the affine says otherwise."""
    image = kind(data, np.eye(4) if affine is None else affine)
    for name, value in header.items():
        image.header[name] = value
    image.to_filename(path)
    return path


def shown(path: Path | str, fragment: str) -> np.ndarray:
    image = open_image(f"{path}#{fragment}")
    assert image.mode == "RGB"
    return np.asarray(image)[..., 0]


def refusal(path: Path | str, fragment: str = "plane=axial&slice=1") -> str:
    with pytest.raises(BadImage) as caught:
        open_image(f"{path}#{fragment}" if fragment else str(path))
    return caught.value.what


def test_the_display_convention(tmp_path: Path) -> None:
    # One bright voxel well to the patient's right, front and top; the standard's words say where it is seen.
    data = np.zeros((20, 24, 28), np.uint8)
    data[17, 20, 25] = 255
    path = written(tmp_path / "a.nii", data)
    place = {
        plane: tuple(int(v) for v in np.argwhere(shown(path, f"plane={plane}&slice={index}{EXACT}"))[0])
        for plane, index in (("axial", 25), ("coronal", 20), ("sagittal", 17))
    }
    assert place == {
        "axial": (24 - 1 - 20, 20 - 1 - 17),  # front up, the patient's right at the left
        "coronal": (28 - 1 - 25, 20 - 1 - 17),  # head up, the patient's right at the left
        "sagittal": (28 - 1 - 25, 24 - 1 - 20),  # head up, front at the left
    }


@pytest.mark.parametrize("codes", ["RAS", "LPS", "LAS", "PIR", "SRA", "ASL", "IPL"])
@pytest.mark.parametrize("ending", [".nii", ".nii.gz"])
def test_every_stored_order_gives_the_same_pictures(tmp_path: Path, codes: str, ending: str) -> None:
    data = volume()
    canonical = nib.Nifti1Image(data, np.eye(4))
    turned = canonical.as_reoriented(
        ornt_transform(io_orientation(np.eye(4)), axcodes2ornt(tuple(codes)))
    )
    assert "".join(nib.aff2axcodes(turned.affine)) == codes
    path = tmp_path / f"a{ending}"
    turned.to_filename(path)
    assert np.array_equal(
        nib.as_closest_canonical(nib.load(path)).get_fdata(), data
    )  # nibabel's own answer is ours
    for plane, axis, index in (("axial", 2, 5), ("coronal", 1, 6), ("sagittal", 0, 7)):
        expected = data.take(index, axis=axis).T[::-1, ::-1]
        assert np.array_equal(shown(path, f"plane={plane}&slice={index}{EXACT}"), expected), plane


@pytest.mark.parametrize("block", [1, 500, 4_000_000])
def test_slices_picked_out_of_a_few_planes_at_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, block: int
) -> None:
    monkeypatch.setattr(nifti, "BLOCK", block)
    data = volume(17, 18, 40)
    path = written(tmp_path / "a.nii.gz", data)
    assert np.array_equal(shown(path, f"plane=sagittal&slice=3{EXACT}"), data[3].T[::-1, ::-1])


def test_one_slice_is_read_and_not_the_volume(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path / "a.nii", volume(64, 64, 100))
    read: list[int] = []
    real = nifti.open_volume

    def counted(stream: Any) -> Any:
        class Counting:
            def __getattr__(self, name: str) -> Any:
                return getattr(stream, name)

            def read(self, size: int = -1) -> bytes:
                data: bytes = stream.read(size)
                read.append(len(data))
                return data

            def readinto(self, buffer: Any) -> int:
                got: int = stream.readinto(buffer)
                read.append(got)
                return got

        return real(Counting())

    monkeypatch.setattr(nifti, "open_volume", counted)
    shown(path, "plane=axial&slice=50")
    assert 64 * 64 <= sum(read) < 3 * 64 * 64


def test_coarse_slices_are_shown_with_square_pixels(tmp_path: Path) -> None:
    path = written(tmp_path / "a.nii", volume(40, 48, 10), np.diag([1.0, 1.0, 4.0, 1.0]))
    assert shown(path, "plane=axial&slice=1").shape == (48, 40)
    assert shown(path, "plane=coronal&slice=1").shape == (40, 40)
    assert shown(path, "plane=sagittal&slice=1").shape == (40, 48)
    expected = np.asarray(
        Image.fromarray(volume(40, 48, 10)[:, 1].T[::-1, ::-1]).resize(
            (40, 40), Image.Resampling.BICUBIC
        )
    )
    assert np.array_equal(shown(path, f"plane=coronal&slice=1{EXACT}"), expected)


def test_brightness_by_window_then_header_then_percentiles(tmp_path: Path) -> None:
    data = (np.random.default_rng(1).normal(0, 300, (30, 30, 3))).astype(np.int16)
    plain = written(tmp_path / "a.nii", data)
    ranged = written(tmp_path / "b.nii", data, cal_min=-100, cal_max=200)

    def expected(low: float, high: float) -> np.ndarray:
        return np.rint(np.clip((data[..., 1].astype(float) - low) / (high - low), 0, 1) * 255).T[
            ::-1, ::-1
        ]

    assert np.array_equal(shown(plain, "plane=axial&slice=1&window=40/400"), expected(-160, 240))
    assert np.array_equal(shown(ranged, "plane=axial&slice=1&window=40/400"), expected(-160, 240))
    assert np.array_equal(shown(ranged, "plane=axial&slice=1"), expected(-100, 200))
    assert np.array_equal(
        shown(plain, "plane=axial&slice=1"), expected(*np.percentile(data[..., 1], [0.5, 99.5]))
    )


def test_slope_and_intercept_count_and_no_number_means_one(tmp_path: Path) -> None:
    data = volume(20, 20, 3, dtype=np.int16)
    path = written(tmp_path / "a.nii", data)
    raw = bytearray(path.read_bytes())
    for slope, intercept, low, high in (
        (2.0, -10.0, -10, 500),
        (float("nan"), 7.0, 0, 255),
        (0.0, 7.0, 0, 255),
    ):
        raw[112:120] = struct.pack("<2f", slope, intercept)
        path.write_bytes(raw)
        window = f"&window={(low + high) / 2}/{high - low}"
        assert np.array_equal(shown(path, f"plane=axial&slice=1{window}"), data[..., 1].T[::-1, ::-1])


@pytest.mark.parametrize(
    "dtype",
    [np.uint8, np.int8, np.int16, np.uint16, np.int32, np.uint32, np.int64, np.float32, np.float64],
)
@pytest.mark.parametrize("kind", [nib.Nifti1Image, nib.Nifti2Image])
def test_every_type_and_both_versions(tmp_path: Path, dtype: Any, kind: Any) -> None:
    data = (volume() // 2).astype(dtype)
    image = kind(data, np.eye(4), dtype=dtype)
    image.to_filename(tmp_path / "a.nii")
    assert np.array_equal(
        shown(tmp_path / "a.nii", f"plane=axial&slice=9{EXACT}"), data[..., 9].astype(int).T[::-1, ::-1]
    )


def test_colour(tmp_path: Path) -> None:
    dtype = np.dtype([("R", "u1"), ("G", "u1"), ("B", "u1")])
    data = volume(20, 24, 5, 3)
    written(tmp_path / "a.nii", data.view(dtype)[..., 0])
    found = np.asarray(open_image(f"{tmp_path}/a.nii#plane=axial&slice=2"))
    assert np.array_equal(found, data[:, :, 2].transpose(1, 0, 2)[::-1, ::-1])


def test_a_series_asks_for_a_volume(tmp_path: Path) -> None:
    data = volume(20, 20, 4, 3)
    path = written(tmp_path / "a.nii.gz", data)
    assert refusal(path) == "holds 3 volumes"
    assert refusal(path, "plane=axial&slice=1&volume=3") == "has no volume 3: it holds 3, counted from 0"
    for number in range(3):
        found = shown(path, f"plane=axial&slice=1&volume={number}{EXACT}")
        assert np.array_equal(found, data[..., 1, number].T[::-1, ::-1])
    single = written(tmp_path / "b.nii", data[..., :1])
    assert np.array_equal(shown(single, f"plane=axial&slice=1{EXACT}"), data[..., 1, 0].T[::-1, ::-1])


def test_volumes_of_several_series_are_counted_as_they_lie_in_the_file(tmp_path: Path) -> None:
    data = volume(20, 20, 4, 2, 3)
    path = written(tmp_path / "a.nii", data)
    assert refusal(path) == "holds 6 volumes"
    for number in range(6):
        found = shown(path, f"plane=axial&slice=1&volume={number}{EXACT}")
        assert np.array_equal(found, data[..., 1, number % 2, number // 2].T[::-1, ::-1])


def test_a_flat_file_is_one_axial_slice(tmp_path: Path) -> None:
    data = volume(20, 24)
    path = written(tmp_path / "a.nii", data)
    assert np.array_equal(shown(path, f"plane=axial&slice=0{EXACT}"), data.T[::-1, ::-1])


def test_what_is_constant_is_black_and_what_is_no_number_too(tmp_path: Path) -> None:
    data = np.full((20, 20, 3), 7, np.float32)
    data[0, 0, 1] = np.nan
    data[..., 2] = np.nan
    path = written(tmp_path / "a.nii", data)
    assert not shown(path, "plane=axial&slice=1").any()
    assert refusal(path, "plane=axial&slice=2") == "holds no finite value"
    assert "almost-constant" in flags_of(open_image(f"{path}#plane=axial&slice=0"))


@pytest.mark.parametrize(
    ("fragment", "what"),
    [
        ("", "is a volume of 28 axial, 24 coronal, 20 sagittal slices"),
        ("plane=axial", "is a volume of 28 axial, 24 coronal, 20 sagittal slices"),
        ("slice=3", "is a volume of 28 axial, 24 coronal, 20 sagittal slices"),
        ("plane=axial&slice=28", "has no axial slice 28: it holds 28, counted from 0"),
        ("plane=axial&slice=1&volume=1", "has no volume 1: it holds 1, counted from 0"),
        ("frame=1", "is NIfTI and cannot be asked for frame"),
    ],
)
def test_which_slice_is_never_guessed(tmp_path: Path, fragment: str, what: str) -> None:
    path = written(tmp_path / "a.nii", volume())
    assert refusal(path, fragment) == what
    if fragment != "frame=1":
        with pytest.raises(BadImage) as caught:
            verify_image(f"{path}#{fragment}" if fragment else str(path))
        assert caught.value.what == what


def test_the_repair_names_a_slice_that_opens(tmp_path: Path) -> None:
    path = written(tmp_path / "a.nii", volume())
    with pytest.raises(BadImage) as caught:
        open_image(str(path))
    fragment = caught.value.repair.split()[2]
    assert open_image(f"{path}{fragment}").size == (20, 24)


@pytest.mark.parametrize("sizes", [(32767, 32767, 32767), (32767, 32767, 2), (2000, 2000, 2000)])
def test_a_header_of_gigantic_sizes_is_refused_before_voxels(
    tmp_path: Path, sizes: tuple[int, ...]
) -> None:
    path = written(tmp_path / "a.nii", volume(20, 20, 3, dtype=np.int16))
    raw = bytearray(path.read_bytes())
    raw[40:48] = struct.pack("<4h", 3, *sizes)
    path.write_bytes(raw)
    expected = (
        "is over 4 GB unpacked" if np.prod(sizes, dtype=float) * 2 > 2**32 else "is 32767 x 32767 pixels"
    )
    assert refusal(path).startswith(expected)


def test_no_sizes_or_impossible_ones_are_damage(tmp_path: Path) -> None:
    path = written(tmp_path / "a.nii", volume(20, 20, 3))
    raw = bytearray(path.read_bytes())
    for sizes in ((0, 0, 0, 0), (3, -5, 20, 3), (3, 0, 20, 3)):
        raw[40:48] = struct.pack("<4h", *sizes)
        path.write_bytes(raw)
        assert refusal(path) == "is damaged or cut short"


def test_complex_numbers_are_refused(tmp_path: Path) -> None:
    path = written(tmp_path / "a.nii", volume(20, 20, 3).astype(np.complex64))
    assert refusal(path) == "holds complex numbers"


@pytest.mark.parametrize("ending", [".nii", ".nii.gz"])
def test_a_file_cut_short_is_refused(tmp_path: Path, ending: str) -> None:
    path = written(tmp_path / f"a{ending}", volume())
    path.write_bytes(path.read_bytes()[:-3000])
    assert refusal(path, "plane=axial&slice=27") == "is damaged or cut short"
    assert refusal(path, "plane=sagittal&slice=1") == "is damaged or cut short"
    if ending == ".nii":
        with pytest.raises(BadImage, match="is cut short"):
            verify_image(f"{path}#plane=axial&slice=1")


def test_a_whole_file_is_verified_without_reading_voxels(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path / "a.nii.gz", volume())
    monkeypatch.setattr(nifti, "_slice", None)
    verify_image(f"{path}#plane=axial&slice=27")


def test_a_packed_bomb_is_read_in_pieces_and_no_further_than_the_slice(tmp_path: Path) -> None:
    image = nib.Nifti1Image(np.zeros((20, 20, 2), np.uint8), np.eye(4))
    plain = tmp_path / "a.nii"
    image.to_filename(plain)
    path = tmp_path / "b.nii.gz"
    path.write_bytes(gzip.compress(plain.read_bytes() + bytes(200 * 2**20), 1))
    assert shown(path, "plane=axial&slice=1").shape == (20, 20)


def test_where_it_lies_is_said_to_be_guessed_or_oblique(tmp_path: Path) -> None:
    path = written(tmp_path / "a.nii", volume(20, 20, 20))
    raw = bytearray(path.read_bytes())
    raw[252:256] = struct.pack("<2h", 0, 0)
    path.write_bytes(raw)
    assert "orientation-guessed" in flags_of(open_image(f"{path}#plane=axial&slice=1"))
    turn = np.eye(4)
    turn[:2, :2] = [[np.cos(0.4), -np.sin(0.4)], [np.sin(0.4), np.cos(0.4)]]
    path = written(tmp_path / "b.nii", volume(20, 20, 20), turn)
    assert "oblique" in flags_of(open_image(f"{path}#plane=axial&slice=1"))


def test_damage_anywhere_in_the_header_is_refused_or_read_and_never_more(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    whole = written(tmp_path / "a.nii", volume(20, 20, 3, dtype=np.int16)).read_bytes()
    draw = np.random.default_rng(4)
    path = tmp_path / "b.nii"
    outcomes = set()
    for _ in range(300):
        broken = bytearray(whole)
        for position in draw.integers(4, 344, 3):
            broken[position] = draw.integers(0, 256)
        path.write_bytes(broken)
        try:
            outcomes.add(open_image(f"{path}#plane=axial&slice=1").mode)
        except BadImage:
            outcomes.add("refused")
    assert outcomes == {"RGB", "refused"}
    assert capfd.readouterr() == ("", "")


def test_the_reference_reader_agrees_on_a_real_volume() -> None:
    name = Path(nib.__file__).parent / "tests/data/anatomical.nii"
    data = nib.as_closest_canonical(nib.load(name)).get_fdata()
    low, high = np.percentile(data[:, :, 12], [0.5, 99.5])
    expected = np.rint(np.clip((data[:, :, 12] - low) / (high - low), 0, 1) * 255).T[::-1, ::-1]
    assert np.array_equal(shown(name, "plane=axial&slice=12"), expected)
    assert apply_orientation(data, io_orientation(np.eye(4))).shape == (33, 41, 25)
