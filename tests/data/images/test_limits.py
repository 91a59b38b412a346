from __future__ import annotations

import pytest

from medgpt_cli.core.errors import BadImage
from medgpt_cli.data.images.limits import pick_frame, refuse_size


@pytest.mark.parametrize("size", [(16, 16), (320, 16), (16, 320), (8000, 8000), (35_000, 1_800)])
def test_allowed_sizes(size: tuple[int, int]) -> None:
    refuse_size(*size)


@pytest.mark.parametrize(
    "size", [(15, 16), (16, 15), (0, 16), (321, 16), (16, 321), (8001, 8000), (10**9, 10**9)]
)
def test_forbidden_sizes(size: tuple[int, int]) -> None:
    with pytest.raises(BadImage):
        refuse_size(*size)


def test_a_frame_is_picked_and_never_guessed() -> None:
    assert (pick_frame(1, None), pick_frame(1, 0), pick_frame(9, 8)) == (0, 0, 8)
    for frames, wanted in ((2, None), (1, 1), (9, 9)):
        with pytest.raises(BadImage):
            pick_frame(frames, wanted)
