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
from collections.abc import Sequence
from functools import lru_cache
from typing import Literal

import numpy as np
import numpy.typing as npt
import torch

from medgpt_cli.data.mix_shares import Ingredient, counts, shares

Order = Literal["shuffled", "as-given", "short-first"]
Numbers = npt.NDArray[np.int64]


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


def _permutation(seed: int, size: int) -> Numbers:
    generator = torch.Generator().manual_seed(seed)
    order: Numbers = torch.randperm(size, generator=generator).numpy()
    return order


def _derived(seed: int, source: int, number: int) -> int:
    """A seed of its own for each round through each source."""
    digest = hashlib.blake2b(f"{seed}/{source}/{number}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> 1
