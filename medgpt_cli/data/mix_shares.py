"""What share of a mixture each source has, and how many of its records stand in one pass.

The formula stands in `mixing`.  This module knows counts alone.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from medgpt_cli.core.errors import BadRecipe


@dataclass(frozen=True, slots=True)
class Ingredient:
    """One source of a mixture.

    Attributes:
        name: What reports call it.
        records: How many it has, n; at least 1.
        weight: Its share of the mixture relative to the other weights; None for all sources or for none.
        cap: Records it gives in one pass at most.
        epochs: How often it is gone through in one pass at most; once when None.
    """

    name: str
    records: int
    weight: float | None = None
    cap: int | None = None
    epochs: float | None = None

    @property
    def bounded(self) -> bool:
        """Whether a limit of its own was given."""
        return self.cap is not None or self.epochs is not None

    @property
    def offer(self) -> int:
        """Records it may give in one pass, s."""
        asked = self.records if self.epochs is None else max(1, round(self.epochs * self.records))
        return asked if self.cap is None else min(self.cap, asked)


def shares(ingredients: Sequence[Ingredient], temperature: float | None) -> tuple[float, ...]:
    """The share of each source, adding up to 1."""
    if any(each.weight is not None for each in ingredients):
        mass = [each.weight or 0.0 for each in ingredients]
    else:
        # Logarithms, because a size to the power of 1/T leaves the numbers where T is near 0.
        logs = [math.log(each.offer) / (temperature or 1.0) for each in ingredients]
        mass = [math.exp(log - max(logs)) for log in logs]
    return tuple(each / math.fsum(mass) for each in mass)


def counts(ingredients: Sequence[Ingredient], parts: Sequence[float]) -> tuple[int, ...]:
    """Records of each source in one pass.

    Raises:
        BadRecipe: One of them would be 0.
    """
    offers = [each.offer for each in ingredients]
    length = sum(offers)
    if math.isclose(
        max(abs(p * length - s) for p, s in zip(parts, offers, strict=True)), 0, abs_tol=1e-6
    ):
        return tuple(offers)
    for each, part in zip(ingredients, parts, strict=True):
        if each.bounded and part > 0:
            length = min(length, math.floor(each.offer / part + 1e-9))
    quotas = [part * length for part in parts]
    whole = [math.floor(quota) for quota in quotas]
    left = sorted(range(len(quotas)), key=lambda i: (whole[i] - quotas[i], i))
    for i in left[: length - sum(whole)]:
        whole[i] += 1
    if 0 in whole:
        i = whole.index(0)
        raise BadRecipe(
            f"{ingredients[i].name} has a share of {parts[i]:.2g}, no record in a pass of {length:,}",
            where=f"data.mix.{i}",
            repair="raise its weight, or leave it out",
        )
    return tuple(whole)
