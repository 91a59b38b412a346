from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
import torch

from medgpt_cli.training.loss import IGNORED
from medgpt_cli.training.validation import batches


def collate(items: Sequence[int]) -> dict[str, Any]:
    return {"labels": torch.tensor([list(items)])}


@pytest.mark.parametrize("count", [1, 2, 5, 8, 9])
@pytest.mark.parametrize("size", [1, 2, 3])
@pytest.mark.parametrize("shares", [1, 2, 3])
def test_every_record_once_in_equally_many_batches(count: int, size: int, shares: int) -> None:
    numbers = list(range(100, 100 + count))
    found = [list(batches(numbers, collate, size, share=s, shares=shares)) for s in range(shares)]
    assert len({len(each) for each in found}) == 1
    labels = [int(label) for each in found for batch in each for label in batch["labels"].flatten()]
    assert sorted(label for label in labels if label != IGNORED) == numbers
    assert all(batch["labels"].numel() <= size for each in found for batch in each)
