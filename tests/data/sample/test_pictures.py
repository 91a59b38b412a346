import random

import numpy as np
import pytest
from PIL import Image

from medgpt_cli.core.errors import Missing
from medgpt_cli.data.sample import originals
from medgpt_cli.data.sample.originals import ORIGINALS, Original
from medgpt_cli.data.sample.pictures import CROPS, single_pictures


@pytest.fixture(scope="module")
def pictures():
    return single_pictures(random.Random(0), 1.0)


def test_every_modality_has_the_same_number_of_training_crops(pictures):
    modalities = {o.modality for o in ORIGINALS}
    assert len(modalities) == 6
    for modality in modalities:
        assert sum(p.facts["modality"] == modality and p.split == "train" for p in pictures) == CROPS


def test_a_crop_is_its_box_of_the_original(pictures):
    for picture in pictures[::5]:
        original = next(o for o in ORIGINALS if o.file == picture.facts["original"])
        wanted = {k: picture.facts[k] for k in ("window", "frame", "channel") if k in picture.facts}
        whole = next(pixels for facts, pixels in originals.views(original) if facts == wanted)
        left, top, right, bottom = picture.facts["box"]
        assert 0 <= left < right <= whole.shape[1]
        assert 0 <= top < bottom <= whole.shape[0]
        assert right - left == bottom - top >= 40
        expected = Image.fromarray(whole[top:bottom, left:right]).resize(
            (112, 112), Image.Resampling.LANCZOS
        )
        assert np.abs(np.asarray(expected, float) - picture.pixels).mean() < 2


def test_the_box_within_the_file_is_recorded(pictures):
    recorded = {p.facts["original"]: p.facts["within"] for p in pictures}
    assert recorded == {o.file: o.box for o in ORIGINALS}


def test_held_out_crops_do_not_depend_on_the_seed(pictures):
    others = single_pictures(random.Random(1), 1.0)
    moved = 0
    for one, other in zip(pictures, others, strict=True):
        if one.split == "heldout":
            assert one.pixels.tobytes() == other.pixels.tobytes()
        else:
            moved += one.pixels.tobytes() != other.pixels.tobytes()
    assert moved > 100


def test_a_crop_that_shows_nothing_is_drawn_again(monkeypatch):
    flat = np.zeros((400, 400), np.uint8)
    flat[300:, 300:] = np.tile([0, 255], (100, 50))
    monkeypatch.setattr("medgpt_cli.data.sample.pictures.views", lambda _: [({}, flat)])
    monkeypatch.setattr(
        "medgpt_cli.data.sample.pictures.ORIGINALS",
        (Original("x.png", "skimage", "CT", "train", "", smallest=0.2),),
    )
    assert all(p.pixels.std() > 5 for p in single_pictures(random.Random(0), 1.0))


def test_an_image_that_shows_nothing_is_given_up(monkeypatch):
    black = np.zeros((400, 400), np.uint8)
    monkeypatch.setattr("medgpt_cli.data.sample.pictures.views", lambda _: [({}, black)])
    with pytest.raises(Missing) as caught:
        single_pictures(random.Random(0), 1.0)
    file = ORIGINALS[0].file
    assert (
        str(caught.value) == f"{file} of the installed pydicom shows nothing\npip install 'medgpt[demo]'"
    )
