"""Which record comes when: a mixture of sources as a pure function of the position, the seed and nothing else.

    offer   s_i = min(cap_i, round(epochs_i · n_i))                    records a source may give in one pass
    share   p_i = w_i / Σ w             where weights are given
            p_i = s_i^(1/T) / Σ s^(1/T) where a temperature is given (T = 1: by size; T large: all alike)
            p_i = s_i / Σ s             otherwise
    pass    L   = Σ s, or less: no source with a cap or epochs gives more than it offers, so L <= s_i / p_i
    counts  m_i = L · p_i to whole records, by largest remainders, so that Σ m = L

One pass holds m_i records of source i.  A source that gives fewer than it has goes on in the next pass where it
stopped, so after any number of passes its records were seen equally often, give or take once.  The state of a mixture
is the position alone: a run resumed at position k sees what it would have seen, whatever the batch size.

A temperature of this kind is that of multilingual BERT and T5 (arXiv 1910.10683, section 3.5.2).  This module knows
nothing of what a record holds but its length.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
import numpy.typing as npt
import torch

from medgpt_cli.core.errors import BadRecipe

Order = Literal["shuffled", "as-given", "short-first"]
Numbers = npt.NDArray[np.int64]


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


class Mixture:
    """Sources mixed; a record is named by its number in all sources laid end to end.

    Args:
        ingredients: The sources, in the order in which they are laid.
        seed: Seeds every order.
        order: Of the records in one pass: shuffled, as given (source after source), or from short to long.
        temperature: T in p_i ~ s_i^(1/T); not beside weights.
        lengths: The length of each record, by its number; needed where the short come first.

    Raises:
        BadRecipe: A share is so small that its source would never be seen.
    """

    def __init__(
        self,
        ingredients: Sequence[Ingredient],
        *,
        seed: int,
        order: Order = "shuffled",
        temperature: float | None = None,
        lengths: Sequence[int] | None = None,
    ) -> None:
        self.ingredients = tuple(ingredients)
        self.order: Order = order
        self.shares = shares(self.ingredients, temperature)
        self.counts = counts(self.ingredients, self.shares)
        self._seed = seed
        self._lengths = None if lengths is None else np.asarray(lengths)
        self._first: Numbers = np.cumsum([0, *(each.records for each in self.ingredients)])
        self._slots = np.cumsum([0, *self.counts])
        self._pass = lru_cache(maxsize=2)(self._pass_order)

    def __len__(self) -> int:
        return int(self._slots[-1])

    def of_pass(self, number: int) -> Numbers:
        """The numbers of the records of one pass, in order, (L,)."""
        return self._pass(number)

    def at(self, position: int) -> tuple[int, int]:
        """What stands at a position of the endless mixture, as (source, record of that source)."""
        number = int(self.of_pass(position // len(self))[position % len(self)])
        source = self.source_of(number)
        return source, number - int(self._first[source])

    def source_of(self, number: int) -> int:
        """The source a record belongs to."""
        return int(np.searchsorted(self._first, number, side="right")) - 1

    def _pass_order(self, number: int) -> Numbers:
        drawn = np.concatenate([self._drawn(i, number) for i in range(len(self.ingredients))])
        if self.order == "as-given":
            return drawn
        # The seed of the first release: what one source or several without shares gave then, they give now.
        shuffled: Numbers = drawn[_permutation(self._seed * 1_000_003 + number, len(self))]
        if self.order == "shuffled":
            return shuffled
        if self._lengths is None:
            raise ValueError("the short can only come first where lengths are known")
        sorted_by_length: Numbers = shuffled[np.argsort(self._lengths[shuffled], kind="stable")]
        return sorted_by_length

    def _drawn(self, source: int, number: int) -> Numbers:
        """The records of one source in one pass, (m,): draws number·m to number·m + m - 1 of the source."""
        size, count = self.ingredients[source].records, self.counts[source]
        draws = np.arange(number * count, (number + 1) * count)
        records: Numbers = draws % size
        if self.order == "as-given" or count % size == 0:  # whole rounds are shuffled with the pass
            return records + int(self._first[source])
        rounds = draws // size
        records = np.concatenate(
            [
                _permutation(_derived(self._seed, source, int(each)), size)[records[rounds == each]]
                for each in np.unique(rounds)
            ]
        )
        return records + int(self._first[source])


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


def _permutation(seed: int, size: int) -> Numbers:
    generator = torch.Generator().manual_seed(seed)
    order: Numbers = torch.randperm(size, generator=generator).numpy()
    return order


def _derived(seed: int, source: int, number: int) -> int:
    """A seed of its own for each round through each source."""
    digest = hashlib.blake2b(f"{seed}/{source}/{number}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> 1
