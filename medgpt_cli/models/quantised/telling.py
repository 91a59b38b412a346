"""What became of weights that are kept in four bits, in numbers that a manifest keeps.

This module knows nothing of number formats.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass
class Quantised:
    """Weights in four bits.

    Attributes:
        to: `mxfp4` or `nf4`.
        weights: How many numbers are kept so.
        kept: Tensors whose bytes are those of the files.
        exact: Tensors that were packed without changing a number.
        rounded: Tensors that rounding changed.
        lost: Sum of squares of what it changed.
        whole: Sum of squares of all that was packed.
    """

    to: str
    weights: int = 0
    kept: int = 0
    exact: int = 0
    rounded: int = 0
    lost: float = 0.0
    whole: float = 0.0

    @property
    def error(self) -> float:
        """What rounding changed, relative to the norm of what was packed."""
        return (self.lost / self.whole) ** 0.5 if self.whole else 0.0

    def count(self, weights: int, lost: float, whole: float) -> None:
        """Takes a tensor into account that was packed here.

        Args:
            weights: Its numbers.
            lost: Sum of squares of what rounding changed.
            whole: Sum of squares of what it was.
        """
        self.weights += weights
        self.exact, self.rounded = self.exact + (lost == 0), self.rounded + (lost > 0)
        self.lost, self.whole = self.lost + lost, self.whole + whole

    def as_json(self) -> dict[str, Any]:
        """The entry of a manifest."""
        told = asdict(self)
        del told["lost"], told["whole"]
        return {**told, "rounding_error": self.error}
