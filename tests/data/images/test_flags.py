from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from pydicom.uid import SecondaryCaptureImageStorage

from medgpt_cli.data.images.flags import Flag, flags_of, with_flags
from medgpt_cli.data.images.reading import open_image
from tests.data.images.pictures import dicom, gradient, noise, save

WINDOW = {"WindowCenter": 128, "WindowWidth": 256}


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        (noise(), ()),
        (Image.new("L", (64, 64)), ("almost-black", "almost-constant")),
        (Image.new("RGB", (100, 100), (200, 10, 10)), ("almost-constant",)),
        (noise(63, 64), ("small",)),
        (noise(64, 257), ("long",)),
        (noise(64, 256), ()),
        (noise(2000, 1500), ()),
    ],
)
def test_what_is_measured(image: Image.Image, expected: tuple[str, ...]) -> None:
    assert flags_of(image) == expected


def test_a_mark_on_black_is_still_almost_black_and_a_dark_film_is_not() -> None:
    marked = np.zeros((200, 200), np.uint8)
    marked[:10, :10] = 255
    assert flags_of(Image.fromarray(marked)) == ("almost-black",)
    film = gradient(200, 200, top=40)
    assert flags_of(Image.fromarray(film)) == ()


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        (WINDOW, ()),
        ({}, ("no-window",)),
        ({"WindowCenter": [128, 90], "WindowWidth": [256, 100]}, ("first-of-several-windows",)),
        ({**WINDOW, "PresentationIntentType": "FOR PROCESSING"}, ("for-processing",)),
        ({**WINDOW, "SOPClassUID": SecondaryCaptureImageStorage}, ("secondary-capture",)),
        ({**WINDOW, "BurnedInAnnotation": "YES"}, ("burned-in-text",)),
        ({**WINDOW, "BurnedInAnnotation": "NO"}, ()),
    ],
)
def test_what_a_dicom_header_says_travels_with_the_picture(
    tmp_path: Path, tags: dict[str, object], expected: tuple[str, ...]
) -> None:
    path = save(dicom(gradient(80, 90), **tags), tmp_path / "a")
    assert flags_of(open_image(str(path))) == expected


@pytest.mark.parametrize(
    "magic",
    [
        b"MZ\x90\0",
        b"\x7fELF",
        b"\xcf\xfa\xed\xfe",
        b"\xce\xfa\xed\xfe",
        b"\xfe\xed\xfa\xcf",
        b"\xca\xfe\xba\xbe",
    ],
)
def test_a_program_in_front_of_a_dicom_file_is_said(tmp_path: Path, magic: bytes) -> None:
    path = save(dicom(gradient(80, 90), **WINDOW), tmp_path / "a")
    whole = path.read_bytes()
    path.write_bytes(magic + whole[len(magic) :])
    assert flags_of(open_image(str(path))) == ("executable-preamble",)


def test_a_guessed_syntax_is_said(tmp_path: Path) -> None:
    path = save(dicom(gradient(80, 90), **WINDOW), tmp_path / "a")
    whole = path.read_bytes()
    path.write_bytes(whole[whole.index(b"\x08\x00\x16\x00") :])
    assert flags_of(open_image(str(path))) == ("syntax-guessed",)


def test_nothing_a_file_says_in_passing_is_kept(tmp_path: Path) -> None:
    said = PngInfo()
    said.add_text("Comment", "Jane Doe")
    noise().save(tmp_path / "a.png", pnginfo=said, dpi=(72, 72))
    noise().save(tmp_path / "a.jpg", comment=b"Jane Doe")
    with Image.open(tmp_path / "a.png") as image:
        assert "Comment" in image.info
    for name in ("a.png", "a.jpg"):
        assert list(open_image(str(tmp_path / name)).info) == ["medgpt_flags"]
    assert with_flags(noise(), [Flag.OBLIQUE]).info == {"medgpt_flags": (Flag.OBLIQUE,)}
