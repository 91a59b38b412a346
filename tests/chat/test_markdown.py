import io
import re
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from medgpt_cli.chat.markdown import Written, inline

CONSOLE = Console(
    width=200, file=io.StringIO(), force_terminal=True, highlight=False, emoji=False, markup=False
)


def lines(text: str, width: int = 40, pieces: int = 1) -> list[str]:
    written = Written(CONSOLE, width)
    done = []
    for at in range(0, len(text), pieces):
        done += written.take(text[at : at + pieces])
        written.rest()
    return [line.plain.rstrip() for line in [*done, *written.rest()]]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("# Findings", ["Findings"]),
        ("a **bold** and *slanted* `c*o*de` _x_ __y__", ["a bold and slanted c*o*de x y"]),
        ("**a `b` c**", ["a b c"]),
        ("FINDINGS: none\nIMPRESSION: normal", ["FINDINGS: none", "IMPRESSION: normal"]),
        ("- one\n* two\n  - three", ["• one", "• two", "  • three"]),
        ("12. a\n14) b", ["12. a", "14) b"]),
        (
            "- long words that go on and on and on and on",
            ["• long words that go on and on and on", "  and on"],
        ),
        (
            "```python\nx = 2*3*4\n  **y**\n```\nend",
            ["```python", "  x = 2*3*4", "    **y**", "```", "end"],
        ),
        ("| a | b |\n|---|--:|\n| 1 | **2** |\nend", [" a   b", " ─────", " 1   2", "end"]),
        ("| a |\n|---|\n| 1 | 2 | x\\|y |", [" a", " ───────────", " 1   2   x|y"]),
        ("| no table |\nend", ["| no table |", "end"]),
        ("a\n\n\nb", ["a", "", "", "b"]),
        ("x" * 50, ["x" * 40, "x" * 10]),
    ],
)
def test_what_a_person_sees(text: str, shown: list[str]) -> None:
    assert lines(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "a nodule of 2*3*4 cm",
        "2**3**4",
        "2*3* and *3*4 and 2**3** and __3__4",
        "p < 0.05 * and ** or *",
        "> 5 mm",
        "+ 5 mm",
        "snake_case_word and __init__x",
        "<b>no HTML</b> &amp; [a link](https://example.org)",
        "![a picture](x.png)",
        "#3 tooth",
        "~~not struck~~",
        "-5 °C, -> 3.2",
        r"a \* b",
    ],
)
def test_what_is_no_markdown_or_would_be_garbled_stays(text: str) -> None:
    assert lines(text, 80) == [text]


def test_emphasis_has_its_style_inside_another() -> None:
    assert [(span.style, span.start, span.end) for span in inline("a **b `c` d**").spans] == [
        ("bold", 2, 7),
        ("cyan", 4, 5),
    ]


SIGNS = st.text(st.sampled_from("ab1 *_`|#-+>.)\n\t\\~é漢"), max_size=120)


@settings(max_examples=150, deadline=None)
@given(SIGNS, st.integers(8, 60), st.integers(1, 7))
def test_no_character_is_lost_and_pieces_do_not_matter(text: str, width: int, pieces: int) -> None:
    def kept(shown: str) -> Counter[str]:
        return Counter(re.sub(r"[\s*_`|#\-•─\\]", "", shown))

    whole = lines(text, width, 1000)
    assert lines(text, width, pieces) == whole
    assert kept("".join(whole)) == kept(text)


@settings(max_examples=60, deadline=None)
@given(SIGNS, st.integers(8, 60))
def test_no_line_is_wider_than_there_is_room(text: str, width: int) -> None:
    written = Written(CONSOLE, width)
    assert all(line.cell_len <= width for line in [*written.take(text), *written.rest()])


def test_a_hostile_line_takes_no_time() -> None:
    import time

    began = time.perf_counter()
    lines("**a " * 480 + "\n" + "*a " * 20_000, 80, 100_000)
    assert time.perf_counter() - began < 2
