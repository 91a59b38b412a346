"""Against pydicom's own functions, which compute every pixel, and against numbers worked out by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from pydicom import Dataset
from pydicom.pixels.processing import apply_modality_lut, apply_voi_lut

from medgpt_cli.data.images.dicom_grey import grey_of
from tests.data.images.pictures import dicom

EVERY_12_BIT = np.arange(4096, dtype=np.uint16).reshape(64, 64)
CT = np.random.default_rng(0).integers(-1024, 3000, (64, 64), np.int16)


def tags(pixels: np.ndarray, **more: Any) -> Dataset:
    dataset = dicom(pixels, **more)
    dataset.set_original_encoding(False, True)
    return dataset


def lut(first: int, entries: list[int], bits: int, packed: bool = False) -> Dataset:
    item = Dataset()
    item.add_new("LUTDescriptor", "SS" if first < 0 else "US", [len(entries) % 65536, first, bits])
    if packed:
        item.add_new("LUTData", "OW", np.asarray(entries, "<u2").tobytes())
    else:
        item.add_new("LUTData", "US", entries)
    return item


def by_pydicom(pixels: np.ndarray, dataset: Dataset, low: float, high: float) -> np.ndarray:
    """Eight bits from pydicom's chain, whose output runs from `low` to `high`."""
    with np.errstate(over="ignore"):
        shown = apply_voi_lut(apply_modality_lut(pixels, dataset), dataset)
    return np.rint((np.asarray(shown, np.float64) - low) / (high - low) * 255)


@pytest.mark.parametrize("function", ["LINEAR", "LINEAR_EXACT", "SIGMOID", None])
@pytest.mark.parametrize(
    ("centre", "width"), [(40, 400), (-600, 1500), (300.5, 1.0), ([40, 500], [80, 2000])]
)
def test_windows_agree_with_pydicom(function: str | None, centre: Any, width: Any) -> None:
    pixels = (CT + 1024).astype(np.uint16)
    more = {"VOILUTFunction": function} if function else {}
    dataset = tags(
        pixels, BitsStored=12, HighBit=11, RescaleSlope=1, RescaleIntercept=-1024,
        WindowCenter=centre, WindowWidth=width, **more,
    )  # fmt: skip
    if (
        function in ("LINEAR", None) and width == 1.0
    ):  # pydicom divides by zero here; the standard's answer is a step
        expected = np.where(pixels.astype(float) - 1024 > centre - 0.5, 255, 0)
    else:
        expected = by_pydicom(pixels, dataset, -1024, 4095 - 1024)
    assert np.array_equal(grey_of(pixels, dataset, 0), expected)


def test_signed_values_without_rescaling() -> None:
    dataset = tags(CT, WindowCenter=40, WindowWidth=400)
    assert np.array_equal(grey_of(CT, dataset, 0), by_pydicom(CT, dataset, -32768, 32767))


@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize("first", [0, 1000, -50])
def test_a_voi_lut_agrees_with_pydicom_and_wins_over_a_window(first: int, packed: bool) -> None:
    pixels = CT if first < 0 else EVERY_12_BIT
    entries = [int(1023 * (i / 1499) ** 0.5) for i in range(1500)]
    dataset = tags(
        pixels, VOILUTSequence=[lut(first, entries, 10, packed)], WindowCenter=40, WindowWidth=400
    )
    assert np.array_equal(grey_of(pixels, dataset, 0), by_pydicom(pixels, dataset, 0, 1023))


def test_a_modality_lut_comes_before_the_window() -> None:
    entries = [int(v) for v in np.linspace(0, 60_000, 4096)]
    dataset = tags(
        EVERY_12_BIT, ModalityLUTSequence=[lut(0, entries, 16)], WindowCenter=30_000, WindowWidth=20_000
    )
    assert np.array_equal(
        grey_of(EVERY_12_BIT, dataset, 0), by_pydicom(EVERY_12_BIT, dataset, 0, 65_535)
    )


def test_a_voi_lut_after_rescaling_maps_values_beyond_its_ends() -> None:
    dataset = tags(
        EVERY_12_BIT, RescaleSlope=20, RescaleIntercept=0, VOILUTSequence=[lut(0, list(range(256)), 8)]
    )
    expected = np.clip(EVERY_12_BIT.astype(int) * 20, 0, 255)
    assert np.array_equal(grey_of(EVERY_12_BIT, dataset, 0), expected)


@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
@pytest.mark.parametrize("shape", ["INVERSE", "IDENTITY"])
def test_inversion_comes_once_and_after_the_window(photometric: str, shape: str) -> None:
    window = {"WindowCenter": 500, "WindowWidth": 300}
    plain = grey_of(EVERY_12_BIT, tags(EVERY_12_BIT, **window), 0)
    wish = {"PhotometricInterpretation": photometric, "PresentationLUTShape": shape}
    inverted = photometric == "MONOCHROME1" or shape == "INVERSE"
    expected = 255 - plain if inverted else plain
    assert np.array_equal(grey_of(EVERY_12_BIT, tags(EVERY_12_BIT, **window, **wish), 0), expected)
    assert plain.min() == 0 < plain.max() == 255


@pytest.mark.parametrize(
    "window",
    [
        {},
        {"WindowCenter": 5},
        {"WindowCenter": 5, "WindowWidth": 0},
        {"WindowCenter": None, "WindowWidth": None},
    ],
)
def test_without_a_usable_window_the_middle_99_percent_are_shown(window: dict[str, Any]) -> None:
    pixels = np.random.default_rng(1).normal(1000, 100, (80, 90)).astype(np.uint16)
    low, high = np.percentile(pixels, [0.5, 99.5])
    expected = np.rint(np.clip((pixels - low) / (high - low), 0, 1) * 255)
    assert np.array_equal(grey_of(pixels, tags(pixels, **window), 0), expected)


def test_percentiles_of_a_large_frame_are_taken_from_a_grid() -> None:
    pixels = np.random.default_rng(1).integers(0, 4096, (2400, 2000), np.uint16)
    low, high = np.percentile(pixels[::2, ::2], [0.5, 99.5])
    expected = np.rint(np.clip((pixels - low) / (high - low), 0, 1) * 255)
    assert np.array_equal(grey_of(pixels, tags(pixels), 0), expected)


@pytest.mark.parametrize("value", [0, 7, 65535])
def test_a_constant_frame_is_black(value: int) -> None:
    pixels = np.full((16, 16), value, np.uint16)
    assert not grey_of(pixels, tags(pixels), 0).any()


def test_a_mark_on_an_empty_frame_is_seen_though_percentiles_miss_it() -> None:
    pixels = np.zeros((64, 64), np.uint16)
    pixels[3, 4] = 900
    assert grey_of(pixels, tags(pixels), 0)[3, 4] == 255


@pytest.mark.parametrize(
    ("value", "limit"), [(-2000, None), (63_536, None), (-2000, -1900), (-1900, -2000)]
)
def test_padding_is_black_and_not_measured(value: int, limit: int | None) -> None:
    pixels = CT.copy()
    pixels[:20] = -2000
    pixels[20] = -1950
    padded = pixels == -2000 if limit is None else pixels < -1899
    dataset = tags(pixels, PhotometricInterpretation="MONOCHROME1")
    dataset.add_new("PixelPaddingValue", "US" if value > 0 else "SS", value)
    if limit is not None:
        dataset.add_new("PixelPaddingRangeLimit", "SS", limit)
    low, high = np.percentile(pixels[~padded], [0.5, 99.5])
    expected = np.rint((1 - np.clip((pixels - low) / (high - low), 0, 1)) * 255)
    assert np.array_equal(grey_of(pixels, dataset, 0), np.where(padded, 0, expected))


@pytest.mark.parametrize(
    "dtype", [np.uint8, np.int8, np.uint16, np.int16, np.uint32, np.int32, np.float32, np.float64]
)
def test_every_type_gives_the_same_picture(dtype: Any) -> None:
    pixels = np.arange(100, dtype=dtype).reshape(10, 10)
    window = {"WindowCenter": 50, "WindowWidth": 83, "VOILUTFunction": "LINEAR_EXACT"}
    expected = np.rint(np.clip((np.arange(100) - 50) / 83 + 0.5, 0, 1) * 255).reshape(10, 10)
    swapped = pixels.astype(pixels.dtype.newbyteorder(">"))
    for each in (pixels, swapped, np.asfortranarray(pixels)):
        assert np.array_equal(grey_of(each, tags(pixels, **window), 0), expected)


def test_an_enhanced_file_brings_a_window_for_each_frame() -> None:
    def group(**sequences: Dataset) -> Dataset:
        item = Dataset()
        for name, inner in sequences.items():
            setattr(item, name, [inner])
        return item

    def macro(**values: float) -> Dataset:
        item = Dataset()
        for keyword, value in values.items():
            setattr(item, keyword, value)
        return item

    exact = {"VOILUTFunction": "LINEAR_EXACT"}
    dataset = tags(
        EVERY_12_BIT,
        SharedFunctionalGroupsSequence=[
            group(PixelValueTransformationSequence=macro(RescaleSlope=2, RescaleIntercept=-100))
        ],
        PerFrameFunctionalGroupsSequence=[
            group(FrameVOILUTSequence=macro(WindowCenter=centre, WindowWidth=1000, **exact))
            for centre in (500, 4000)
        ],
    )
    for frame, centre in enumerate((500, 4000)):
        expected = np.rint(
            np.clip((EVERY_12_BIT.astype(int) * 2 - 100 - centre) / 1000 + 0.5, 0, 1) * 255
        )
        assert np.array_equal(grey_of(EVERY_12_BIT, dataset, frame), expected)
    assert "WindowCenter" not in dataset
