from __future__ import annotations

import numpy as np
import pytest
from pydicom import Dataset, dcmread
from pydicom.data import get_testdata_file
from pydicom.pixels.processing import apply_color_lut

from medgpt_cli.data.images.dicom_colour import palette_of, rgb_of
from tests.data.images.pictures import dicom


def palette(first: int, colours: np.ndarray, bits: int) -> Dataset:
    tags = dicom(np.zeros((16, 16), np.uint16))
    tags.set_original_encoding(False, True)
    for name, channel in zip(("Red", "Green", "Blue"), colours.T, strict=True):
        setattr(tags, f"{name}PaletteColorLookupTableDescriptor", [len(colours), first, bits])
        setattr(tags, f"{name}PaletteColorLookupTableData", channel.astype(f"<u{bits // 8}").tobytes())
    return tags


@pytest.mark.parametrize("bits", [8, 16])
def test_a_palette_gives_its_colours_and_its_ends_beyond(bits: int) -> None:
    colours = np.random.default_rng(0).integers(0, 2**bits, (300, 3))
    stored = np.array([[0, 99, 100, 101, 398, 399, 400, 65535]], np.uint16)
    expected = colours[np.clip(stored[0].astype(int) - 100, 0, 299)] / (2**bits - 1) * 255
    assert np.array_equal(palette_of(stored, palette(100, colours, bits))[0], np.rint(expected))


def test_a_real_palette_agrees_with_pydicom() -> None:
    tags = dcmread(get_testdata_file("examples_palette.dcm", download=False))
    theirs = apply_color_lut(tags.pixel_array, tags)
    assert np.array_equal(palette_of(tags.pixel_array, tags), np.rint(theirs / 65535 * 255))


def test_a_segmented_palette_is_expanded() -> None:
    tags = palette(0, np.zeros((256, 3), int), 16)
    for name in ("Red", "Green", "Blue"):
        delattr(tags, f"{name}PaletteColorLookupTableData")
        ramp = np.array(
            [0, 1, 0, 1, 255, 65535], "<u2"
        )  # one entry 0, then 255 more in a line up to 65535
        setattr(tags, f"Segmented{name}PaletteColorLookupTableData", ramp.tobytes())
    stored = np.arange(256, dtype=np.uint16).reshape(16, 16)
    assert np.array_equal(palette_of(stored, tags)[..., 1], stored)


def test_deep_samples_are_scaled_by_the_bits_they_use() -> None:
    stored = np.array([[[0, 2048, 4095]]], np.uint16)
    assert rgb_of(stored, dicom(stored, BitsStored=12), "RGB").tolist() == [[[0, 128, 255]]]
    assert rgb_of(stored, dicom(stored), "RGB").tolist() == [[[0, 8, 16]]]
    eight = stored.astype(np.uint8)
    assert rgb_of(eight, dicom(eight), "RGB") is eight
