"""The experts of the models behind a model: what they were before training, and how upstream packed them.

Found by the chain of manifests and believed by their hashes.  Two of them count: the model that training began with,
whose bytes untouched experts keep, and the one the last stage began with, beside which that stage alone is judged.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from medgpt_cli.core import console
from medgpt_cli.core.microscaling import on_lattice
from medgpt_cli.export.survival import (
    Comparison,
    Survival,
    refuse_erased,
    refuse_unknown,
    survival,
)
from medgpt_cli.models.upstream.packed import Place, Unpacked
from medgpt_cli.models.upstream.weights import Weights
from medgpt_cli.workflows import lineage
from medgpt_cli.workflows.naming import Named, named_model

MODELS = ("model", "base", "llm")
"""Links that hold experts."""


class Behind:
    """One model behind another.

    Args:
        name: How its manifest calls it.
        folder: Where it lies.
    """

    def __init__(self, name: str, folder: Path) -> None:
        self.name = name
        self.folder = folder
        self.tensors = Unpacked(Weights(folder))
        self.experts = self.tensors.experts()

    def matrices(self, place: Place, shape: torch.Size) -> torch.Tensor | None:
        """Its experts at a place; None where it has none of that shape."""
        name = self.experts.get(place)
        found = None if name is None else self.tensors[name]
        return found if found is not None and found.shape == shape else None

    def is_packed(self, place: Place) -> bool:
        """Whether its experts at a place lie on the lattice as they are."""
        return self.tensors.is_packed(self.experts[place])


@dataclass
class Experts:
    """What is known of a model's experts, filled in while they are gone through.

    Attributes:
        start: The model that training began with; None where it is not at hand.
        last: The model the last stage began with, where that is another.
        trained: Whether anything is recorded that could have trained them.
        kept: Tensors whose bytes are upstream's.
        exact: Tensors rounded to MXFP4 without changing a number.
        rounded: Tensors that rounding changed.
        lost: Sum of squares of what it changed.
        whole: Sum of squares of all that was rounded.
    """

    start: Behind | None
    last: Behind | None
    trained: bool
    kept: int = 0
    exact: int = 0
    rounded: int = 0
    lost: float = 0.0
    whole: float = 0.0

    def __post_init__(self) -> None:
        self._layers: dict[str, dict[int, Survival]] = {
            each.name: {} for each in (self.start, self.last) if each is not None
        }

    @property
    def comparisons(self) -> list[Comparison]:
        """Beside each model at hand, by layer."""
        return [Comparison(name, dict(sorted(layers.items()))) for name, layers in self._layers.items()]

    @property
    def error(self) -> float:
        """What rounding changed, relative to the norm of what was rounded."""
        return (self.lost / self.whole) ** 0.5 if self.whole else 0.0

    def look(self, place: Place, weight: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor] | None:
        """Takes one tensor into account.

        Args:
            place: Which.
            weight: [experts, inputs, outputs].

        Returns:
            Upstream's blocks and scales, where they stand for these very numbers.
        """
        start = self.start.matrices(place, weight.shape) if self.start is not None else None
        if start is not None and torch.equal(start.to(weight.dtype), weight):
            self._judge(self.last, place, weight)
            found = self.start.tensors.packed(self.start.experts[place]) if self.start else None
            if found is not None:
                self.kept += 1
                return found
        else:
            self._judge(self.start, place, weight)
            self._judge(self.last, place, weight, unless=start)
        lost = 0.0
        for each in weight:  # an expert at a time
            exact = each.float()
            lost += float((on_lattice(exact) - exact).square().sum(dtype=torch.float64))
            self.whole += float(exact.square().sum(dtype=torch.float64))
        self.lost += lost
        self.exact, self.rounded = self.exact + (lost == 0), self.rounded + (lost > 0)
        return None

    def _judge(
        self,
        beside: Behind | None,
        place: Place,
        weight: torch.Tensor,
        unless: torch.Tensor | None = None,
    ) -> None:
        """Holds a tensor against that of another model, unless they are the same, or that was done already."""
        before = beside.matrices(place, weight.shape) if beside is not None else None
        if beside is None or before is None or torch.equal(before.to(weight.dtype), weight):
            return
        if unless is not None and torch.equal(before.to(weight.dtype), unless.to(weight.dtype)):
            return
        layers = self._layers[beside.name]
        found = survival(weight, before, packed=beside.is_packed(place))
        layers.setdefault(place.layer, Survival()).add(found)

    def gate(self, *, unrounded: str, waived: bool) -> list[str]:
        """Tells what rounding leaves, and refuses where it would erase the training.

        Args:
            unrounded: The words of `export` that keep experts as they are.
            waived: Whether `erased-delta` was allowed.

        Returns:
            What the gate would have refused.

        Raises:
            GateRefusal: It does.
        """
        for each in self.comparisons:
            for line in each.lines():
                console.say(line)
        if self.start is None and self.trained and self.rounded:
            return refuse_unknown(unrounded=unrounded, waived=waived)
        return refuse_erased(self.comparisons, unrounded=unrounded, waived=waived)

    def as_json(self) -> dict[str, Any]:
        """The entry of the document."""
        return {
            "upstream": self.start.name if self.start is not None else None,
            "kept_bytes": self.kept,
            "rounded_exactly": self.exact,
            "rounded": self.rounded,
            "rounding_error": self.error,
            "training": [each.as_json() for each in self.comparisons if each.layers],
        }


def experts_of(named: Named) -> Experts:
    """What stands behind a model's experts.

    Args:
        named: The model.
    """
    links = lineage.behind(named)
    beside = named.adapter or named.folder
    found: list[Behind] = []
    for link in links if named.adapter is not None else links[1:]:  # the first is the model itself
        place = lineage.same_place(link, beside) if link["what"] in MODELS else None
        behind = None if place is None else Behind(link["name"], named_model(str(place)).folder)
        if behind is not None and behind.experts:
            found.append(behind)
    trained = any(link["what"] in ("run", "adapter", "base") for link in links)
    if not found:
        return Experts(None, None, trained)
    start, last = found[-1], found[0]
    return Experts(start, last if last.folder != start.folder else None, trained)
