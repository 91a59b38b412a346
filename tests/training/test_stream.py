from itertools import islice

import pytest

from medgpt_cli.training.stream import Cursor, Stream


def rows_of_pass(number):
    """Passes of 3, 4, 5, 3, 4, … rows; every row says where it stands."""
    return [(number, row) for row in range(3 + number % 3)]


WHOLE = [row for number in range(9) for row in rows_of_pass(number)]


@pytest.mark.parametrize("total", [0, 1, 3, 4, 20])
def test_passes_follow_each_other_without_a_gap(total):
    stream = Stream(rows_of_pass, total)
    assert list(stream) == WHOLE[:total]
    assert len(stream) == total


@pytest.mark.parametrize("seen", range(21))
def test_a_stream_goes_on_from_any_place(seen):
    before = Stream(rows_of_pass, 20)
    list(islice(iter(before), min(seen + 2, 20)))  # a loader reads ahead of the steps
    after = Stream(rows_of_pass, 20, start=before.cursor(seen), done=seen)
    assert list(after) == WHOLE[seen:20]
    for further in range(seen, 20):
        again = Stream(rows_of_pass, 20, start=after.cursor(further), done=further)
        assert list(again) == WHOLE[further:20]


def test_going_on_makes_the_rows_of_one_pass_however_far_it_is():
    made = []

    def counted(number):
        made.append(number)
        return rows_of_pass(number)

    stream = Stream(counted, 10**9, start=Cursor(10**6, 2), done=10**6)
    assert next(iter(stream)) == (10**6, 2)
    assert made == [10**6]


@pytest.mark.parametrize("seen", [4, 100])
def test_an_unknown_place_is_a_fault_of_the_caller(seen):
    stream = Stream(rows_of_pass, 100, start=Cursor(2, 1), done=5)
    list(islice(iter(stream), 6))
    with pytest.raises(ValueError, match="is not known"):
        stream.cursor(seen)
