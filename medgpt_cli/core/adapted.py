"""What carries an adapter: the word in which whoever chooses it and whoever attaches it agree."""

from __future__ import annotations

from typing import NamedTuple


class Adapted(NamedTuple):
    """One weight of a model beside which an adapter learns.

    Attributes:
        name: Of the linear layer, or of the parameter where `stacked`, in the model in memory.
        part: The part of the model it belongs to.
        rank: Rank of the adapter.
        alpha: Its scale, before it is divided by the rank.
        stacked: Whether it is a parameter of three dimensions that holds all experts of a layer.
    """

    name: str
    part: str
    rank: int
    alpha: int
    stacked: bool = False
