"""Numbers and their owners."""

from __future__ import annotations

import numpy as np

from medgpt_cli.data.leakage.lookup import LookupBuilder


def test_every_owner_of_every_known_number_is_found() -> None:
    builder = LookupBuilder()
    builder.add([5, 9, 2**64 - 1], 0)
    builder.add([9], 1)
    builder.add([], 2)
    asked, owners = builder.close().find(np.array([9, 4, 2**64 - 1, 9], np.uint64))
    assert list(zip(asked.tolist(), owners.tolist(), strict=True)) == [
        (0, 0),
        (0, 1),
        (2, 0),
        (3, 0),
        (3, 1),
    ]


def test_an_empty_table_knows_nothing() -> None:
    assert LookupBuilder().close().find(np.array([1], np.uint64))[0].tolist() == []
