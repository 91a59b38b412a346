"""Images of a copy: read for text, rewritten under new names, read again."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from medgpt_cli.core.errors import BadImage
from medgpt_cli.data.privacy.burned_in import text_boxes
from medgpt_cli.data.privacy.header_profile import HeaderProfile
from medgpt_cli.data.privacy.ocr_policy import OcrMode
from medgpt_cli.data.privacy.pictures import Pictures, Written, code_of
from medgpt_cli.data.privacy.profile import Profile
from medgpt_cli.data.privacy.standins import StandIns
from medgpt_cli.data.privacy.surrogates import Surrogates
from medgpt_cli.data.privacy.text import find_text
from tests.data.privacy.seeded import seeded

SURROGATES = Surrogates(bytes(32))


def pictures(root: Path = Path("/")) -> Pictures:
    profile = HeaderProfile(StandIns(SURROGATES, Profile.SHIFTED), find_text)
    return Pictures(SURROGATES, profile, find_text, root)


def with_name(path: Path, mode: str = "L") -> Path:
    # Square, since the reader enlarges the shorter side and takes as long as the larger one then is.
    image = Image.new("L", (160, 160), 60)
    ImageDraw.Draw(image).text((12, 12), "BROWN\n48291035", fill=250, font=ImageFont.load_default(22))
    if mode == "I;16":
        Image.fromarray(np.asarray(image).astype(np.uint16) * 200).save(path)
    else:
        image.convert(mode).save(path)
    return path


@pytest.mark.parametrize(("name", "mode"), [("a.png", "L"), ("b.png", "I;16"), ("c.jpg", "RGB")])
def test_a_name_in_the_pixels_is_gone_and_counted(tmp_path: Path, name: str, mode: str) -> None:
    source = with_name(tmp_path / name, mode)
    copy, tally = pictures(), Written()
    picture = copy.add(str(source), modality="ultrasound")
    assert copy.read_pixels(OcrMode.AUTO, lambda: None) == []
    (tmp_path / "out").mkdir()
    copy.write(picture, tmp_path / "out", tally)
    (written,) = (tmp_path / "out").iterdir()
    with Image.open(written) as new:
        shown = np.asarray(new)
    eight = (shown // 200).astype(np.uint8) if shown.dtype == np.uint16 else shown
    assert text_boxes(eight) == []
    assert (tally.read, tally.with_text) == (1, 1)
    assert tally.blanked >= 1
    assert "BROWN" not in written.name


def test_one_file_is_taken_in_once_and_named_by_the_key(tmp_path: Path) -> None:
    source = str(seeded(tmp_path / "brown.dcm"))
    copy = pictures(tmp_path)
    assert copy.add(source) is copy.add(source)
    assert copy.add(source).name == f"{SURROGATES.token('image', 'brown.dcm')}.dcm"
    assert copy.add(source).modality == "CR"


def test_what_cannot_be_rewritten_is_refused(tmp_path: Path) -> None:
    (tmp_path / "t.parquet").write_bytes(b"PAR1" + bytes(40))
    with pytest.raises(BadImage, match="PARQUET"):
        pictures().add(str(tmp_path / "t.parquet"))
    with pytest.raises(BadImage, match="cannot be read"):
        pictures().add(str(tmp_path / "gone"))


def test_a_picture_that_cannot_be_decoded_is_told(tmp_path: Path) -> None:
    source = with_name(tmp_path / "a.png")
    source.write_bytes(source.read_bytes()[:200])
    copy = pictures()
    picture = copy.add(str(source))
    ((bad, error),) = copy.read_pixels(OcrMode.ALL, lambda: None)
    assert bad is picture
    assert error.what == "is damaged or cut short"


@pytest.mark.parametrize(
    ("word", "code"),
    [("Ultrasound", "US"), ("CT", "CT"), ("angiography", "XA"), ("", ""), ("x-ray", "X-RAY")],
)
def test_what_sets_call_a_modality(word: str, code: str) -> None:
    assert code_of(word) == code
