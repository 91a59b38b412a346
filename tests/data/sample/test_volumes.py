import numpy as np
import pytest

from medgpt_cli.data.sample.material import SIDE
from medgpt_cli.data.sample.volumes import FIELD, Volume, draw, mni152, seen_from


@pytest.fixture(scope="module")
def volume():
    return mni152()


def test_the_head_is_the_file_of_nilearn_in_ras(volume, head):
    assert np.array_equal(volume.affine, head["affine"])
    assert (np.diag(volume.affine)[:3] == 1).all()
    for ours, theirs in ((volume.t1, "t1"), (volume.grey, "gm"), (volume.white, "wm")):
        assert np.array_equal(ours, head[theirs])


def test_the_template_is_its_own_mirror_image(volume):
    # Both the split by |x| and the way sagittal slices are shown rest on this.
    assert volume.world(0, 0) == -volume.world(0, volume.t1.shape[0] - 1)
    assert np.array_equal(volume.t1, volume.t1[::-1])


def test_left_is_where_x_is_negative(volume):
    left = volume.world(0, 10)
    assert left < 0 < volume.world(0, volume.t1.shape[0] - 10)
    assert (volume.affine @ [10, 0, 0, 1])[0] == left


@pytest.mark.parametrize(
    ("plane", "x", "side"),
    [
        ("axial", 9, "feet"),
        ("coronal", -9, "front"),
        ("sagittal", -1, "left"),
        ("sagittal", 0, "left"),
        ("sagittal", 1, "right"),
    ],
)
def test_slices_are_seen_from_a_stated_side(plane, x, side):
    assert seen_from(plane, x) == side


def marked(at):
    """An empty head with one bright cube around a world position (x, y, z)."""
    t1 = np.zeros((197, 233, 189), np.uint8)
    affine = np.eye(4)
    affine[:3, 3] = (-98, -134, -72)
    i, j, k = (int(v) for v in np.asarray(at) - affine[:3, 3])
    t1[i - 6 : i + 7, j - 6 : j + 7, k - 6 : k + 7] = 255
    return Volume(t1, t1, t1, affine, (98, 117, 78)), (i, j, k)


def bright_half(picture):
    rows, columns = np.nonzero(picture > 128)
    return ("top" if rows.mean() < SIDE / 2 else "bottom"), (
        "left" if columns.mean() < SIDE / 2 else "right"
    )


@pytest.mark.parametrize(
    ("plane", "at", "where"),
    [
        # Radiological convention: the patient's left (x < 0) is on the right of the picture.
        ("axial", (-40, 40, 0), ("top", "right")),
        ("axial", (40, -60, 0), ("bottom", "left")),
        ("coronal", (-40, 0, 50), ("top", "right")),
        ("coronal", (40, 0, -30), ("bottom", "left")),
        # From the left side of the head the face looks to the left; from the right side, to the right.
        ("sagittal", (-40, 40, 50), ("top", "left")),
        ("sagittal", (-40, -60, -30), ("bottom", "right")),
        ("sagittal", (40, 40, 50), ("top", "right")),
        ("sagittal", (40, -60, -30), ("bottom", "left")),
    ],
)
def test_front_and_top_are_up_and_sides_as_stated(plane, at, where):
    volume, index = marked(at)
    picture = draw(volume, plane, index[{"sagittal": 0, "coronal": 1, "axial": 2}[plane]])
    assert picture.shape == (SIDE, SIDE)
    assert bright_half(picture) == where


def test_a_shift_moves_the_head_right_and_down_by_millimetres():
    volume, index = marked((0, 0, 0))
    still, moved = (
        np.argwhere(draw(volume, "axial", index[2], shift=s) > 128).mean(axis=0)
        for s in ((0, 0), (7, -7))
    )
    assert moved - still == pytest.approx(np.array([-7, 7]) * SIDE / FIELD, abs=0.2)


@pytest.mark.parametrize("plane", ["axial", "coronal"])
def test_a_hidden_hemisphere_is_black_and_the_other_is_not(volume, plane):
    index = {"axial": 90, "coronal": 120}[plane]
    without_right = draw(volume, plane, index, hidden="right")
    # x < 0, the left hemisphere, is on the right of the picture.
    assert not without_right[:, : SIDE // 2 - 1].any()
    assert without_right[:, SIDE // 2 + 1 :].mean() > 40
    assert np.array_equal(draw(volume, plane, index, hidden="left"), without_right[:, ::-1])
