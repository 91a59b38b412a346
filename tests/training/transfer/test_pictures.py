from __future__ import annotations

import numpy as np
import torch
from PIL import Image

from medgpt_cli.core.transfer import FineTune
from medgpt_cli.models.processor import MEAN_STD, picture_rules
from medgpt_cli.training.transfer.pictures import Normaliser

FILL = (122, 116, 104)


class Tower:
    model_type = "clip_vision_model"
    image_size = 28


def squares(count: int = 3, side: int = 28) -> torch.Tensor:
    draw = torch.Generator().manual_seed(0)
    return torch.randint(0, 256, (count, 3, side, side), generator=draw, dtype=torch.uint8)


def test_pixels_are_those_of_the_stock_processor() -> None:
    given = squares()
    pictures = [Image.fromarray(each.permute(1, 2, 0).numpy()) for each in given]
    stock = picture_rules(Tower())(pictures, return_tensors="pt")["pixel_values"]
    ours = Normaliser(*MEAN_STD["clip_vision_model"], FILL)(given)
    torch.testing.assert_close(ours, stock, rtol=0, atol=1e-5)


def test_a_recipe_without_changes_changes_nothing() -> None:
    normal = Normaliser(*MEAN_STD["clip_vision_model"], FILL)
    still = FineTune(shift=0.0, zoom=0.0, tone=0.0)
    made = normal.changed(squares(), still, torch.Generator().manual_seed(1))
    torch.testing.assert_close(made, normal(squares()), rtol=0, atol=1e-4)


def test_changes_come_from_the_generator_alone_and_differ_between_pictures() -> None:
    normal = Normaliser((0.0,) * 3, (1.0,) * 3, FILL)
    same = squares(1).repeat(2, 1, 1, 1)
    made = [normal.changed(same, FineTune(), torch.Generator().manual_seed(seed)) for seed in (1, 1, 2)]
    assert torch.equal(made[0], made[1])
    assert not torch.equal(made[0], made[2])
    assert not torch.equal(made[0][0], made[0][1])


def test_nothing_is_mirrored_and_shifts_stay_within_their_share() -> None:
    given = torch.zeros(64, 3, 50, 50, dtype=torch.uint8)
    given[:, :, :, :10] = 255  # light on the left
    normal = Normaliser((0.0,) * 3, (1.0,) * 3, (0, 0, 0))
    recipe = FineTune(shift=0.1, zoom=0.0, tone=0.0)
    made = normal.changed(given, recipe, torch.Generator().manual_seed(0))
    # Seen in the middle rows, where no shift upwards or downwards reaches.
    edges = [int((row > 0.5).nonzero().max()) for row in made[:, 0, 25]]
    assert all(abs(edge - 9) <= 5 for edge in edges)
    assert len(set(edges)) > 3


def test_what_comes_in_from_outside_is_the_padding() -> None:
    given = torch.tensor(FILL, dtype=torch.uint8).view(1, 3, 1, 1).expand(4, 3, 28, 28)
    normal = Normaliser((0.0,) * 3, (1.0,) * 3, FILL)
    recipe = FineTune(shift=0.5, zoom=0.5, tone=0.0)
    made = normal.changed(given, recipe, torch.Generator().manual_seed(0))
    wanted = torch.tensor(np.array(FILL) / 255, dtype=torch.float32).view(1, 3, 1, 1)
    torch.testing.assert_close(made, wanted.expand_as(made), rtol=0, atol=1e-6)
