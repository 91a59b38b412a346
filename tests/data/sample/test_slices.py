import numpy as np
import pytest

from medgpt_cli.data.sample.slices import level_of, side_of, slices_of
from medgpt_cli.data.sample.volumes import mni152


@pytest.mark.parametrize(
    ("plane", "mm", "level"),
    [
        ("axial", -90, "inferior"),
        ("axial", -32.1, "inferior"),
        ("axial", -31.9, ""),
        ("axial", -28.1, ""),
        ("axial", -28, "middle"),
        ("axial", 30, ""),
        ("axial", 32, "superior"),
        ("axial", 90, "superior"),
        ("coronal", -90, "posterior"),
        ("coronal", 0, "middle"),
        ("coronal", 90, "anterior"),
        ("sagittal", 0, ""),
    ],
)
def test_levels_are_thirds_with_no_level_near_a_border(plane, mm, level):
    assert level_of(plane, mm, low=-90, high=90) == level


@pytest.mark.parametrize(
    ("x", "side"),
    [
        (-60, "left"),
        (-16, "left"),
        (-15, ""),
        (-12, "midline"),
        (0, "midline"),
        (12, "midline"),
        (13, ""),
        (16, "right"),
    ],
)
def test_sides(x, side):
    assert side_of(x) == side


def test_areas_and_positions_agree_with_the_maps(head):
    slices = slices_of(mni152())
    assert {s.plane for s in slices} == {"axial", "coronal", "sagittal"}
    axis = {"sagittal": 0, "coronal": 1, "axial": 2}
    for piece in slices[::17]:
        at = [0.0, 0.0, 0.0, 1.0]
        at[axis[piece.plane]] = piece.mm
        index = round((np.linalg.inv(head["affine"]) @ at)[axis[piece.plane]])
        assert piece.index == index
        grey = sum(map(sum, np.moveaxis(head["gm"], axis[piece.plane], 0)[index])) / 255
        white = sum(map(sum, np.moveaxis(head["wm"], axis[piece.plane], 0)[index])) / 255
        assert piece.grey == pytest.approx(grey)
        assert piece.white_share == pytest.approx(white / (white + grey))


def test_slices_with_hardly_any_brain_are_left_out():
    slices = slices_of(mni152())
    for plane in ("axial", "coronal", "sagittal"):
        own = [s.grey + s.white for s in slices if s.plane == plane]
        assert min(own) > 0.1 * max(own)
        assert len(own) > 120
