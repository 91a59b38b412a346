import numpy as np
import pydicom
import pytest
from pydicom.data import get_testdata_file

from medgpt_cli.core.errors import Missing
from medgpt_cli.data.sample import originals
from medgpt_cli.data.sample.originals import ORIGINALS, Original, views

WORDS = {"CT": "CT", "MR": "MR", "US": "ultrasound", "NM": "nuclear medicine"}
DICOM = [o for o in ORIGINALS if o.package == "pydicom"]


def header(original):
    return pydicom.dcmread(get_testdata_file(original.file, download=False))


@pytest.mark.parametrize("original", DICOM, ids=lambda o: o.file)
def test_modality_and_region_stand_in_the_header(original):
    dataset = header(original)
    assert WORDS[dataset.Modality] == original.modality
    if original.region:
        assert dataset.BodyPartExamined.lower() == original.region


@pytest.mark.parametrize("original", ORIGINALS, ids=lambda o: o.file)
def test_pixels_are_8_bit_and_use_the_range(original):
    for _, pixels in views(original):
        assert pixels.dtype == np.uint8
        assert pixels.ndim == 2 or pixels.shape[2] == 3
        assert min(pixels.shape[:2]) >= 60
        assert pixels.std() > 5
        assert np.ptp(pixels) > 50


def test_no_original_is_on_both_sides():
    assert len({(o.package, o.file) for o in ORIGINALS}) == len(ORIGINALS)
    # The same picture in another encoding must not come in by another name.
    assert "examples_rgb_color.dcm" not in {o.file for o in ORIGINALS}
    for patient in {header(o).get("PatientID") for o in DICOM}:
        assert len({o.split for o in DICOM if header(o).get("PatientID") == patient}) == 1


def test_a_ct_window_maps_hounsfield_units():
    original = next(o for o in ORIGINALS if o.file == "CT_small.dcm")
    (facts, pixels), _ = views(original)
    dataset = header(original)
    units = dataset.pixel_array * float(dataset.RescaleSlope) + float(dataset.RescaleIntercept)
    centre, width = facts["window"]
    expected = np.interp(units, (centre - width / 2, centre + width / 2), (0, 255))
    assert np.abs(pixels - expected).max() <= 0.5 + 1e-6


def test_text_burned_into_ultrasound_is_outside_the_box():
    original = next(o for o in ORIGINALS if o.file == "examples_jpeg2k.dcm")
    stored = header(original).pixel_array
    # The name of the hospital and a number, white on black, in the upper left corner.
    text = np.argwhere(stored[:120, :200].min(axis=2) > 200)
    assert len(text) > 500
    left, top, right, bottom = original.box
    assert text[:, 0].max() < top
    ((_, pixels),) = views(original)
    assert np.array_equal(pixels, stored[top:bottom, left:right])


def test_frames_are_those_named():
    original = next(o for o in ORIGINALS if o.frames != (0,))
    stored = header(original).pixel_array
    left, top, right, bottom = original.box
    for facts, pixels in views(original):
        assert np.array_equal(pixels, stored[facts["frame"], top:bottom, left:right])


def test_a_file_that_the_package_does_not_carry_is_missing():
    with pytest.raises(Missing) as caught:
        views(Original("none.dcm", originals.PYDICOM, "CT", "train", ""))
    assert str(caught.value) == (
        "the installed pydicom does not carry data/test_files/none.dcm\npip install 'medgpt[demo]'"
    )
