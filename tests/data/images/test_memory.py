"""The stated bound on memory: a child process opens the worst files that are allowed, and its peak is measured."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
from PIL import Image
from pydicom.uid import JPEG2000Lossless

from medgpt_cli.data.images.limits import MAX_FRAME_BYTES, MAX_OPEN_BYTES, MAX_PIXELS, MAX_PIXELS_WEBP
from tests.data.images.pictures import dicom, encapsulated, save

SIDE = 8000
MEASURE = """
import sys
from medgpt_cli.data.images import embedded, nifti
from medgpt_cli.data.images.reading import open_image

def peak():
    return next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM")) * 1024

open_image(sys.argv[1])
before = peak()
open_image(sys.argv[2])
print(peak() - before)
"""


def colour_j2k(path: Path) -> None:
    zeros = np.zeros((SIDE, SIDE, 3), np.uint8)
    frame = bytes(imagecodecs.jpeg2k_encode(zeros, level=0, codecformat="j2k"))
    colour = {"SamplesPerPixel": 3, "PhotometricInterpretation": "RGB", "PlanarConfiguration": 0}
    save(encapsulated([frame], JPEG2000Lossless, SIDE, SIDE, **colour), path)


WORST = {
    "PNG, RGBA": lambda path: Image.new("RGBA", (SIDE, SIDE)).save(path, "PNG", compress_level=1),
    "TIFF, float": lambda path: Image.new("F", (SIDE, SIDE)).save(
        path, "TIFF", compression="tiff_deflate"
    ),
    "WebP": lambda path: Image.new("RGBA", (SIDE, MAX_PIXELS_WEBP // SIDE)).save(
        path, "WEBP", lossless=True, method=0
    ),
    "DICOM, YBR": lambda path: save(
        dicom(np.zeros((SIDE, SIDE, 3), np.uint8), PhotometricInterpretation="YBR_FULL"), path
    ),
    "DICOM, JPEG 2000": colour_j2k,
}


@pytest.mark.skipif(sys.platform != "linux", reason="the peak is read from /proc")
@pytest.mark.slow
@pytest.mark.parametrize("kind", WORST)
def test_the_worst_allowed_file_stays_within_the_bound(tmp_path: Path, kind: str) -> None:
    assert SIDE * SIDE == MAX_PIXELS
    small, worst = tmp_path / "small", tmp_path / "worst"
    Image.new("L", (32, 32)).save(small, "PNG")
    make: Callable[[Path], object] = WORST[kind]
    make(worst)
    added = peak_of(small, worst)
    assert 3 * MAX_PIXELS // 2 < added < MAX_OPEN_BYTES


def test_a_film_of_64_megapixels_stays_within_the_bound(tmp_path: Path) -> None:
    small, film = tmp_path / "small", tmp_path / "film"
    Image.new("L", (32, 32)).save(small, "PNG")
    save(dicom(np.zeros((SIDE, SIDE), np.uint16), BitsStored=12, HighBit=11), film)
    assert MAX_FRAME_BYTES < peak_of(small, film) < MAX_OPEN_BYTES // 2


def peak_of(small: Path, large: Path) -> int:
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, str(small), str(large)],
        capture_output=True,
        text=True,
        check=True,
    )
    return int(done.stdout)
