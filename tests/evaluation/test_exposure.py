"""What is said of overlap with training data: counted where it was compared, unknown where not."""

import pytest

from medgpt_cli.evaluation.exposure import distribution_of, exposure_of, told


def test_counts_where_everything_was_compared() -> None:
    found = exposure_of(["", "key", "pixels", "key", ""], "")
    assert (found.known, found.seen, found.reasons) == (True, 3, {"key": 2, "pixels": 1})
    assert told(found, 5) == "3 of 5 met in recorded training data (key 2, pixels 1)"
    assert told(exposure_of([""], "", "org/base"), 1) == (
        "0 of 1 met in recorded training data; what org/base was trained on is not recorded"
    )


def test_what_could_not_be_compared_is_unknown_and_never_0() -> None:
    found = exposure_of(["unknown", "unknown"], "local.jsonl is not at hand")
    assert (found.known, found.seen) == (False, None)
    assert told(found, 2) == "overlap with training data unknown: local.jsonl is not at hand"


def test_a_part_that_was_met_is_at_least_that() -> None:
    found = exposure_of(["unknown", "text"], "b.jsonl is not at hand")
    assert (found.known, found.seen) == (False, 1)
    assert told(found, 2) == "at least 1 of 2 met in training data (text 1); b.jsonl is not at hand"


@pytest.mark.parametrize(
    ("task", "trained", "known", "expected"),
    [
        (("slake",), ("vqa-rad", "SLAKE"), True, "in"),
        (("slake",), ("slake",), False, "in"),  # enough is known
        (("slake",), ("vqa-rad",), True, "out"),
        (("slake",), (), True, "out"),  # trained on nothing
        (("slake",), ("vqa-rad",), False, "unknown"),
        ((), ("vqa-rad",), True, "unknown"),  # a task that names no source
        (("",), ("",), True, "unknown"),  # no name is no source in common
    ],
)
def test_distribution(
    task: tuple[str, ...], trained: tuple[str, ...], known: bool, expected: str
) -> None:
    assert distribution_of(task, trained, known=known) == expected
