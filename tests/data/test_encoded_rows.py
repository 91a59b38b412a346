import sys

import pytest

from medgpt_cli.data.dialogue import IGNORED, Encoded
from medgpt_cli.data.encoded_rows import EncodedRows

RECORDS = [
    Encoded([5, 201_087, 7], [IGNORED, 201_087, 7], ("a.png",)),
    Encoded([9], [IGNORED], ()),
    Encoded([1, 2], [1, 2], ("b.png", "c.png")),
]


def test_what_was_put_in_comes_out_as_it_was():
    rows = EncodedRows(iter(RECORDS))
    assert list(rows) == RECORDS
    assert len(rows) == 3
    assert rows[-1] == RECORDS[-1]
    assert rows[1:] == RECORDS[1:]
    assert rows.lengths == [3, 1, 2]
    assert rows.images == [1, 0, 2]
    assert rows.learnt == 4


def test_there_is_nothing_beyond_the_last():
    with pytest.raises(IndexError):
        EncodedRows(RECORDS)[3]
    assert list(EncodedRows()) == []


def test_a_token_and_its_label_take_eight_bytes():
    many = EncodedRows(Encoded(list(range(1000)), list(range(1000)), ()) for _ in range(200))
    held = sum(sys.getsizeof(store) for store in (many._ids, many._labels, many._ends))
    assert held < 200 * 1000 * 8 * 1.2


def test_pictures_in_tiles_are_counted_both_ways() -> None:
    records = [
        Encoded([1, 2], [IGNORED, 2], ("a", "b"), (5, 1)),
        Encoded([3], [3], ("a",)),
        Encoded([4], [4], ()),
    ]
    rows = EncodedRows(records)
    assert list(rows) == records
    assert rows.images == [6, 1, 0] == [record.shown for record in records]
    assert rows.pictures == 3
