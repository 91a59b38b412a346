import pytest

from medgpt_cli.core.wording import counted


@pytest.mark.parametrize(
    ("number", "nouns", "expected"),
    [
        (0, ("question",), "0 questions"),
        (1, ("question",), "1 question"),
        (2, ("wrong answer",), "2 wrong answers"),
        (1061, ("question",), "1,061 questions"),
        (1, ("study", "studies"), "1 study"),
        (3, ("study", "studies"), "3 studies"),
    ],
)
def test_a_number_stands_with_the_noun_that_fits_it(
    number: int, nouns: tuple[str, ...], expected: str
) -> None:
    assert counted(number, *nouns) == expected
