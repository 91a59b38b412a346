import pytest

from medgpt_cli.evaluation.statistics.protocols import differences

ONE = "slake@1#0123 / short / shots 0 / greedy, 64 tokens / em_v1"


@pytest.mark.parametrize(
    ("other", "found"),
    [
        (ONE, []),
        (
            "slake@2#0123 / short / shots 0 / greedy / em_v1",
            [("questions", "slake@1#0123", "slake@2#0123"), ("decoding", "greedy, 64 tokens", "greedy")],
        ),
        (ONE.replace("shots 0", "shots 2#ab"), [("shots", "shots 0", "shots 2#ab")]),
        (ONE.replace("em_v1", "em_mxq"), [("scorer", "em_v1", "em_mxq")]),
        (ONE + " / more", [("protocol", ONE, ONE + " / more")]),
        ("", [("protocol", ONE, "")]),
    ],
)
def test_differences(other: str, found: list[tuple[str, str, str]]) -> None:
    assert differences(ONE, other) == found


def test_equal_lines_of_any_form_differ_in_nothing() -> None:
    assert differences("anything", "anything") == []
