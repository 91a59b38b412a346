import itertools

import pytest

from medgpt_cli.data.sample.split import split_of, thin

PLANES = ("axial", "coronal", "sagittal")


@pytest.mark.parametrize("plane", PLANES)
def test_training_and_held_out_slices_are_never_closer_than_3_mm(plane):
    by_split = {"train": [], "heldout": [], "gap": []}
    for mm in range(-110, 111):
        by_split[split_of(plane, mm)].append(abs(mm) if plane == "sagittal" else mm)
    closest = min(abs(a - b) for a, b in itertools.product(by_split["train"], by_split["heldout"]))
    assert closest == 3
    assert len(by_split["train"]) > 2.5 * len(by_split["heldout"]) > 0


def test_mirror_images_are_on_the_same_side():
    assert all(split_of("sagittal", x) == split_of("sagittal", -x) for x in range(80))


@pytest.mark.parametrize(
    ("count", "share", "least", "kept"),
    [
        (10, 1.0, 2, list(range(10))),
        (10, 0.2, 2, [0, 9]),
        (10, 0.01, 3, [0, 4, 9]),
        (2, 0.5, 4, [0, 1]),
        (5, 0.2, 1, [0]),
        (0, 0.5, 4, []),
    ],
)
def test_thinning_is_even_and_keeps_the_ends(count, share, least, kept):
    assert thin(range(count), share, least) == kept
