"""What is left of fine-tuning once experts are rounded to MXFP4.

gpt-oss's experts lie on the lattice of the format.  A change that is small beside the distance of its points (below
about 3 % of a weight's norm) is rounded back to where it came from: the folder would hold the old model.  So what
training changed is held against what is still changed after rounding.  `retained` is the share of the intended change
that arrives, along its own direction: 1 where all of it does (also where rounding scatters the rest, as it does with
weights that were on no lattice before), 0 where none does.  This module is handed matrices.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import torch

from medgpt_cli.core.errors import GateRefusal
from medgpt_cli.core.microscaling import on_lattice

ERASED = "erased-delta"
"""The waiver."""
LEAST = 0.5
"""Share of the change that must arrive: below one half the folder is nearer to the old experts than to the new."""


@dataclass
class Survival:
    """Intended and effective change of some weights, as sums over them.

    Attributes:
        weights: How many numbers.
        moved: Of which come out otherwise after rounding than they did before training.
        before: Sum of squares of what they were.
        intended: Of what training added.
        effective: Of what is added after rounding.
        shared: Sum of products of the two.
    """

    weights: int = 0
    moved: int = 0
    before: float = 0.0
    intended: float = 0.0
    effective: float = 0.0
    shared: float = 0.0

    def add(self, other: Survival) -> None:
        """Adds the sums of other weights."""
        self.weights += other.weights
        self.moved += other.moved
        self.before += other.before
        self.intended += other.intended
        self.effective += other.effective
        self.shared += other.shared

    @property
    def delta(self) -> float:
        """Norm of what training added, relative to what it was added to."""
        return (self.intended / self.before) ** 0.5 if self.before else 0.0

    @property
    def codes(self) -> float:
        """Share of the numbers that come out otherwise."""
        return self.moved / self.weights if self.weights else 0.0

    @property
    def cosine(self) -> float:
        """Between intended and effective change; 0 where nothing arrives."""
        length = (self.intended * self.effective) ** 0.5
        return self.shared / length if length else 0.0

    @property
    def retained(self) -> float:
        """Share of the intended change that arrives; 1 where none was intended."""
        return self.shared / self.intended if self.intended else 1.0

    def as_json(self) -> dict[str, float]:
        """The row of the document."""
        return {
            "delta": self.delta,
            "codes_changed": self.codes,
            "cosine": self.cosine,
            "retained": self.retained,
        }


def survival(trained: torch.Tensor, before: torch.Tensor, *, packed: bool = False) -> Survival:
    """Holds experts against what they were, one at a time.

    Args:
        trained: [experts, inputs, outputs], inputs a multiple of 32.
        before: The same.
        packed: Whether `before` lies on the lattice, so that rounding does not change it.
    """
    found = Survival()
    for one, other in zip(trained, before, strict=True):
        new, old = one.float(), other.float()
        added = new - old
        arrived = on_lattice(new) - (old if packed else on_lattice(old))
        found.add(
            Survival(
                weights=new.numel(),
                moved=int(arrived.count_nonzero()),
                before=_sum(old.square()),
                intended=_sum(added.square()),
                effective=_sum(arrived.square()),
                shared=_sum(added.mul_(arrived)),
            )
        )
    return found


def _sum(numbers: torch.Tensor) -> float:
    return float(numbers.sum(dtype=torch.float64))


@dataclass(frozen=True)
class Comparison:
    """A model's experts held against those of a model behind it.

    Attributes:
        against: How that is called.
        layers: By layer, where its experts were trained.
    """

    against: str
    layers: Mapping[int, Survival]

    @property
    def total(self) -> Survival:
        """All layers together."""
        found = Survival()
        for each in self.layers.values():
            found.add(each)
        return found

    @property
    def erased(self) -> bool:
        """Whether less arrives than must."""
        return bool(self.layers) and self.total.retained < LEAST

    def as_json(self) -> dict[str, Any]:
        """The entry of the document."""
        return {
            "against": self.against,
            "layers": {str(layer): each.as_json() for layer, each in self.layers.items()},
            "total": self.total.as_json() if self.layers else None,
        }

    def lines(self) -> list[str]:
        """The table for a person; empty where no expert was trained."""
        if not self.layers:
            return []
        rows = [*((str(layer), each) for layer, each in self.layers.items()), ("all", self.total)]
        return [
            f"experts beside {self.against}: what training changed, and what is left of it in MXFP4",
            "layer   change    codes   cosine   arrives",
            *(
                f"{name:<5} {each.delta:>8.2%} {each.codes:>8.2%} {each.cosine:>8.3f} {each.retained:>8.0%}"
                for name, each in rows
            ),
        ]


def refuse_erased(found: Iterable[Comparison], *, unrounded: str, waived: bool) -> list[str]:
    """The gate: training that rounding would erase is not exported unless somebody says so.

    Args:
        found: What was held against what.
        unrounded: The words of `export` that keep experts as they are.
        waived: Whether `erased-delta` was allowed.

    Returns:
        Warnings for whoever uses the folder; some only where the gate was waived.

    Raises:
        GateRefusal: Less of it arrives than must.
    """
    told = [
        f"of what training changed in the experts since {each.against}, {each.total.retained:.0%} arrives after "
        f"rounding to MXFP4 (change {each.total.delta:.2%} of their norm, {each.total.codes:.2%} of the codes)"
        for each in found
        if each.erased
    ]
    if told and not waived:
        raise GateRefusal(
            f"rounding would erase the training: {told[0]}; at least {LEAST:.0%} must",
            repair=ways_out(unrounded),
        )
    return told


def refuse_unknown(*, unrounded: str, waived: bool) -> list[str]:
    """The gate where what stood before training is not at hand, and rounding changes the experts.

    Args:
        unrounded: The words of `export` that keep experts as they are.
        waived: Whether `erased-delta` was allowed.

    Raises:
        GateRefusal: It was not allowed.
    """
    told = (
        "no model that stood before training is at hand, so nobody can tell what rounding to MXFP4 leaves of what "
        "training changed in the experts"
    )
    if not waived:
        raise GateRefusal(
            told,
            repair=f"put the base back where the manifests name it (medgpt verify), or {ways_out(unrounded)}",
        )
    return [told]


def ways_out(unrounded: str) -> str:
    """How fine-tuned experts reach whoever is to use them."""
    return (
        f"keep the experts unrounded ({unrounded}), ship the adapter beside its base instead, train the last stretch "
        f"with train.qat=mxfp4, or waive it: --allow {ERASED}"
    )
