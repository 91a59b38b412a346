"""The single images that pydicom and scikit-image carry: what each is, and its pixels as 8-bit grey or RGB.

What an image is comes from its DICOM header (modality, body part) or from the note of the package that carries it;
never from a guess.  Boxes leave out the text that scanners burn into ultrasound pictures.  Each original is wholly on
one side of the split; where a modality has only one original, it is trained on and not held out.

Knows nothing of crops or questions.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pydicom
from numpy.typing import NDArray
from PIL import Image
from pydicom.pixels.processing import apply_color_lut, apply_rescale

from medgpt_cli.data.sample.installed import package_file
from medgpt_cli.data.sample.material import HELD_OUT, TRAIN

PYDICOM, SKIMAGE = "pydicom", "skimage"
FOLDERS = {PYDICOM: "data/test_files", SKIMAGE: "data"}
TEST_FILE = "MIT (pydicom test file)"


@dataclass(frozen=True, slots=True)
class Original:
    """One image as a package carries it.

    Attributes:
        file: File name in the package's data folder.
        package: `pydicom` or `skimage`.
        modality: The answer to "what kind of image is this".
        split: The one side of the split all its crops are on.
        licence: Short name of its terms.
        region: The part of the body, where header or note say so; else empty.
        box: Left, top, right, bottom of the part to cut from, in pixels; the whole image when None.
        frames: Frames to use of a multi-frame file.
        windows: CT display windows (centre, width) in Hounsfield units, one after the other.
        smallest: Side of the smallest crop, as a part of the box's short side.
        green: Also show crops as their green channel alone, as eye clinics do.
    """

    file: str
    package: str
    modality: str
    split: str
    licence: str
    region: str = ""
    box: tuple[int, int, int, int] | None = None
    frames: tuple[int, ...] = (0,)
    windows: tuple[tuple[int, int], ...] = ()
    smallest: float = 0.5
    green: bool = False


BRAIN_AND_BONE = ((40, 100), (500, 2000))

ORIGINALS = (
    Original(
        "J2K_pixelrep_mismatch.dcm", PYDICOM, "CT", TRAIN, TEST_FILE, "head", windows=BRAIN_AND_BONE
    ),
    Original(
        "CT_small.dcm",
        PYDICOM,
        "CT",
        HELD_OUT,
        TEST_FILE,
        windows=((40, 400), (500, 2000)),
        smallest=0.6,
    ),
    Original("examples_overlay.dcm", PYDICOM, "MR", TRAIN, TEST_FILE, "abdomen"),
    Original("MR_small.dcm", PYDICOM, "MR", HELD_OUT, TEST_FILE, smallest=0.7),
    Original("examples_jpeg2k.dcm", PYDICOM, "ultrasound", TRAIN, TEST_FILE, box=(45, 108, 595, 336)),
    Original("examples_palette.dcm", PYDICOM, "ultrasound", TRAIN, TEST_FILE, box=(334, 66, 600, 200)),
    Original(
        "examples_ybr_color.dcm",
        PYDICOM,
        "ultrasound",
        HELD_OUT,
        TEST_FILE,
        box=(44, 12, 280, 206),
        frames=(0, 10, 20),
    ),
    Original("JPEG2000.dcm", PYDICOM, "nuclear medicine", TRAIN, TEST_FILE, "whole body", smallest=0.6),
    Original(
        "retina.jpg", SKIMAGE, "fundus photograph", TRAIN, "CC0-1.0", "eye", smallest=0.2, green=True
    ),
    Original(
        "microaneurysms.png", SKIMAGE, "fundus photograph", HELD_OUT, "CC0-1.0", "eye", smallest=0.6
    ),
    Original(
        "ihc.png", SKIMAGE, "histology", TRAIN, "no known copyright restrictions", "colon", smallest=0.3
    ),
)

MODALITIES = tuple(dict.fromkeys(original.modality for original in ORIGINALS))


def views(original: Original) -> list[tuple[dict[str, object], NDArray[np.uint8]]]:
    """The pictures crops are cut from: one a frame or a window, with what tells them apart.

    Args:
        original: A row of `ORIGINALS`.

    Returns:
        Facts and `(H, W)` or `(H, W, 3)` pixels, already cut to the original's box.

    Raises:
        Missing: The package, or the file in it, is not there.
    """
    path = package_file(original.package, f"{FOLDERS[original.package]}/{original.file}")
    found: list[tuple[dict[str, object], NDArray[np.uint8]]]
    if original.package == PYDICOM:
        dataset = pydicom.dcmread(path)
        found = _windows(dataset, original) if original.windows else _frames(dataset, original)
    else:
        with Image.open(path) as image:
            pixels = np.asarray(image)
        found = [({}, pixels)]
        if original.green:
            found.append(({"channel": "green"}, pixels[..., 1]))
    left, top, right, bottom = original.box or (0, 0, found[0][1].shape[1], found[0][1].shape[0])
    return [(facts, pixels[top:bottom, left:right]) for facts, pixels in found]


def _windows(
    dataset: pydicom.Dataset, original: Original
) -> list[tuple[dict[str, object], NDArray[np.uint8]]]:
    units = apply_rescale(dataset.pixel_array, dataset)
    return [
        ({"window": window}, _stretch(units, window[0] - window[1] / 2, window[0] + window[1] / 2))
        for window in original.windows
    ]


def _frames(
    dataset: pydicom.Dataset, original: Original
) -> list[tuple[dict[str, object], NDArray[np.uint8]]]:
    stored = dataset.pixel_array
    if dataset.PhotometricInterpretation == "PALETTE COLOR":
        stored = (apply_color_lut(stored, dataset) >> 8).astype(np.uint8)  # its palette has 16 bits
    if int(dataset.get("NumberOfFrames", 1)) > 1:
        return [({"frame": frame}, stored[frame]) for frame in original.frames]
    if stored.ndim == 3:
        return [({}, stored)]
    low, high = np.percentile(stored, (0.5, 99.5))
    return [({}, _stretch(stored, float(low), float(high)))]


def _stretch(values: NDArray[np.generic], low: float, high: float) -> NDArray[np.uint8]:
    """Maps `low` to black and `high` to white, clipping what lies outside."""
    share = (values.astype(np.float64) - low) / (high - low)
    return np.rint(np.clip(share, 0, 1) * 255).astype(np.uint8)
