"""How well the text of a record fits its pictures, by a model of two towers: where data and models meet.

The score of a record depends on the record alone; which share of all is left out is decided when all are scored.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from medgpt_cli.core.types import Sample
from medgpt_cli.data.filters.wording import learnt
from medgpt_cli.data.images.reading import open_image


def scorer(folder: str) -> Callable[[Sample], float]:
    """What scores a record that shows pictures: the mean of the cosines between what is learnt and each picture.

    Args:
        folder: Of a CLIP or SigLIP.

    Raises:
        BadCheckpoint: It holds none.
    """
    from medgpt_cli.models.pairs import Pair

    pair = Pair(Path(folder))

    def score(sample: Sample) -> float:
        text = learnt(sample)
        found = [pair.agreement(open_image(image), text) for image in sample.images]
        return sum(found) / len(found)

    return score
