"""Every slice of the whole set, held against the template read and sampled without our code."""

import itertools

import numpy as np
import pytest
from PIL import Image

AXIS = {"sagittal": 0, "coronal": 1, "axial": 2}
SIDE, FIELD = 112, 196


def pixels(made, path):
    return np.asarray(Image.open(made.folder / path))


def middle(head, axis):
    """World coordinate half-way through the head, by shrinking it to one line."""
    others = tuple(a for a in range(3) if a != axis)
    touched = np.nonzero(head["t1"].max(axis=others))[0]
    return head["affine"][axis, 3] + (touched[0] + touched[-1]) / 2


def sampled(head, facts):
    """What the picture should show: for each pixel its world position, and the voxel there."""
    offset = (np.arange(SIDE) - (SIDE - 1) / 2) * FIELD / SIDE
    down, right = np.meshgrid(offset, offset, indexing="ij")
    x, y, z = (middle(head, axis) for axis in range(3))
    world = {
        "axial": (x - right, y - down, np.full_like(down, facts["mm"])),
        "coronal": (x - right, np.full_like(down, facts["mm"]), z - down),
        "sagittal": (
            np.full_like(down, facts["mm"]),
            y + right if facts["mm"] > 0 else y - right,
            z - down,
        ),
    }[facts["plane"]]
    inverse = np.linalg.inv(head["affine"])
    i, j, k = np.rint(
        np.einsum("ab,b...->a...", inverse, np.stack([*world, np.ones_like(down)]))[:3]
    ).astype(int)
    inside = np.ones(down.shape, bool)
    for index, size in zip((i, j, k), head["t1"].shape, strict=True):
        inside &= (index >= 0) & (index < size)
    return np.where(inside, head["t1"][i % 197, j % 233, k % 189], 0)


def plain(made):
    return [(p, f) for p, f in made.facts(source="mni152") if "hidden" not in f and "jitter" not in f]


def test_a_plain_picture_is_the_slice_at_its_coordinates(whole, head):
    for path, facts in plain(whole):
        shown, expected = pixels(whole, path).astype(float), sampled(head, facts)
        assert np.corrcoef(shown.ravel(), expected.ravel())[0, 1] > 0.97, path
        # Up and down tell apart in every plane, left and right in a sagittal one.
        flips = [expected[::-1]] + ([expected[:, ::-1]] if facts["plane"] == "sagittal" else [])
        right = np.abs(shown - expected).mean()
        assert all(right < np.abs(shown - flipped).mean() for flipped in flips), path


def test_level_and_side_follow_from_the_coordinates(whole, head):
    brain = head["gm"] + head["wm"] > 127.5
    words = {"axial": ("inferior", "middle", "superior"), "coronal": ("posterior", "middle", "anterior")}
    seen = set()
    for path, facts in whole.facts(source="mni152"):
        axis, mm = AXIS[facts["plane"]], facts["mm"]
        touched = (
            np.nonzero(brain.max(axis=tuple(a for a in range(3) if a != axis)))[0]
            + head["affine"][axis, 3]
        )
        if facts["level"]:
            part = (mm - touched[0]) / (touched[-1] - touched[0])
            assert facts["level"] == words[facts["plane"]][int(part * 3)], path
        if facts["side"] in ("left", "right"):
            assert (mm < 0) == (facts["side"] == "left"), path
            assert abs(mm) >= 16
        if facts["side"] == "midline":
            assert abs(mm) <= 12
        seen |= {facts["level"], facts["side"]}
    assert seen == {
        "",
        "inferior",
        "middle",
        "superior",
        "posterior",
        "anterior",
        "left",
        "right",
        "midline",
    }


def test_tissue_follows_from_the_maps(whole, head):
    for path, facts in plain(whole)[::7]:
        axis = AXIS[facts["plane"]]
        index = round(facts["mm"] - head["affine"][axis, 3])
        grey, white = (np.moveaxis(head[name], axis, 0)[index].sum() / 255 for name in ("gm", "wm"))
        assert facts["grey"] == pytest.approx(grey, abs=0.06), path
        assert facts["white_share"] == pytest.approx(white / (grey + white), abs=1e-4)


def test_the_hidden_hemisphere_is_the_one_on_its_side_of_the_picture(whole):
    found = [(p, f["hidden"]) for p, f in whole.facts(source="mni152") if "hidden" in f]
    assert len(found) >= 60
    for path, hidden in found:
        left_half, right_half = np.split(pixels(whole, path).astype(float), 2, axis=1)
        # x < 0, the patient's left, is on the right of the picture.
        shown, black = (left_half, right_half) if hidden == "left" else (right_half, left_half)
        assert shown.mean() > 5
        assert black[:, 1:-1].max() == 0


def test_jitter_is_recorded_and_for_training_alone(whole):
    jittered = [(p, f) for p, f in whole.facts(source="mni152") if "jitter" in f]
    assert {f["split"] for _, f in jittered} == {"train"}
    for path, facts in jittered:
        same = [p for p, f in plain(whole) if (f["plane"], f["mm"]) == (facts["plane"], facts["mm"])]
        before, after = pixels(whole, same[0]).astype(float), pixels(whole, path).astype(float)
        jitter = facts["jitter"]
        right, down = (mm * SIDE / FIELD for mm in jitter["shift_mm"])
        # The centre of what is not black moves as recorded; the tones are those of the formula.
        moved = np.argwhere(after > 20).mean(axis=0) - np.argwhere(before > 20).mean(axis=0)
        assert moved == pytest.approx((down, right), abs=1.5), path
        brightest = 255 * jitter["gain"] * (before.max() / 255) ** jitter["gamma"]
        assert after.max() == pytest.approx(min(255, brightest), abs=12), path


def test_held_out_slices_lie_3_mm_from_all_that_is_trained_on(whole):
    for plane in AXIS:
        train, heldout = (
            {
                abs(f["mm"]) if plane == "sagittal" else f["mm"]
                for _, f in whole.facts(plane=plane, split=split)
            }
            for split in ("train", "heldout")
        )
        assert len(train) > 30
        assert len(heldout) >= 16
        assert min(abs(a - b) for a, b in itertools.product(train, heldout)) >= 3


def test_no_held_out_picture_is_trained_on_even_mirrored(whole):
    train = {pixels(whole, path).tobytes() for path, _ in whole.facts(split="train")}
    for path, _ in whole.facts(split="heldout"):
        picture = pixels(whole, path)
        assert picture.tobytes() not in train
        assert picture[:, ::-1].tobytes() not in train


def test_there_are_as_many_slices_as_promised(whole):
    assert 350 <= whole.report.slice_images["train"] <= 500
    assert len(plain(whole)) - len([1 for _, f in plain(whole) if f["split"] == "train"]) >= 80
