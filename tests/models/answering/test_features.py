from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace

import torch

from medgpt_cli.core.errors import BadImage
from medgpt_cli.models.answering.features import Features


class Tower:
    """Sees the number in a picture's name, and counts how often."""

    device, dtype = torch.device("cpu"), torch.float32

    def __init__(self) -> None:
        self.saw: list[float] = []

    def get_image_features(self, pixel_values: torch.Tensor, return_dict: bool) -> SimpleNamespace:
        self.saw += pixel_values[:, 0, 0, 0].tolist()
        return SimpleNamespace(pooler_output=[each[0, :2, :4] for each in pixel_values])


def pixels(references: Sequence[str]) -> torch.Tensor:
    if "broken" in references:
        raise BadImage("is not a picture")
    return torch.stack([torch.full((3, 4, 4), float(reference)) for reference in references])


def test_each_picture_is_seen_once() -> None:
    tower = Tower()
    features = Features(tower, pixels)
    features.prepare(["1", "2", "1", "broken"])
    assert [float(features[name][0, 0]) for name in ("2", "1", "2")] == [2, 1, 2]
    assert tower.saw == [1, 2]
    assert features.errors == {"broken": "BAD_IMAGE"}


def test_what_was_used_longest_ago_is_let_go_and_seen_again() -> None:
    tower = Tower()
    features = Features(tower, pixels, held_bytes=2 * 2 * 4 * 4)
    features.prepare(["1"])
    features.prepare(["2"])
    assert features["1"] is not None
    features.prepare(["3"])
    assert float(features["1"][0, 0]) == 1
    assert tower.saw == [1, 2, 3]
    assert float(features["2"][0, 0]) == 2
    assert tower.saw == [1, 2, 3, 2]
