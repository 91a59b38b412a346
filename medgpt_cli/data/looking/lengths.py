"""Many lengths as a few numbers and a histogram whose bins double: 1, 2-3, 4-7, 8-15 and so on.

Eight bytes a length are held, so a million records fit.  This module knows nothing of what was measured.
"""

from __future__ import annotations

from array import array
from collections import Counter
from typing import Any

import numpy as np

WIDEST = 40
"""Blocks in the longest bar."""
EIGHTHS = " ▏▎▍▌▋▊▉█"
QUANTILES = {"median": 50, "p90": 90, "p99": 99}


class Lengths:
    """Lengths added one by one."""

    def __init__(self) -> None:
        self._values = array("q")

    def add(self, value: int) -> None:
        """Takes in one length, 0 or more."""
        self._values.append(value)

    def __len__(self) -> int:
        return len(self._values)

    def document(self) -> dict[str, Any]:
        """Count, sum, quantiles (of values that occur) and the histogram; only the count when there are none."""
        if not self._values:
            return {"count": 0}
        values = np.frombuffer(self._values, dtype=np.int64)
        quantiles = np.percentile(values, list(QUANTILES.values()), method="inverted_cdf")
        return {
            "count": len(values),
            "sum": int(values.sum()),
            "min": int(values.min()),
            **{name: int(found) for name, found in zip(QUANTILES, quantiles, strict=True)},
            "max": int(values.max()),
            "histogram": self._histogram(),
        }

    def _histogram(self) -> list[dict[str, int]]:
        bits = Counter(value.bit_length() for value in self._values)
        return [
            {
                "from": 0 if bit == 0 else 1 << (bit - 1),
                "to": 0 if bit == 0 else (1 << bit) - 1,
                "count": bits[bit],
            }
            for bit in range(min(bits), max(bits) + 1)
        ]


def bar(count: int, most: int) -> str:
    """A count as a bar of blocks, to an eighth of a block; never empty for a count that is not 0."""
    eighths = -(-count * WIDEST * 8 // most)
    return "█" * (eighths // 8) + EIGHTHS[eighths % 8].strip()
