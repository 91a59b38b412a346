import re

import pytest
from markdown_it import MarkdownIt

from medgpt_cli.evaluation.statistics import latex, markdown, tables
from medgpt_cli.evaluation.statistics.tables import ScoreRow

NASTY = r"em_v1 *bold* `x` [a](b) <i>&amp; 50% $x$ #1 ~a~ {b} A^2 c|d \e! --by 1…2 – ± ≤"

ROWS = [
    ScoreRow(
        "slake", "exact", 0.5, 0.4123, 0.5877, 104, 52, "slake@1#0123 / as-written / greedy / em_v1"
    ),
    ScoreRow(
        "slake", "token_f1", 0.6125, 0.5, 0.7, 104, None, "slake@1#0123 / as-written / greedy / em_v1"
    ),
    ScoreRow("iu|xray", "radcliq", -0.25, -0.5, 0.1, 9, note="9 & fewer"),
    ScoreRow("iu|xray", "radgraph_f1", None, None, None, 9, note="not computed: weights missing"),
]


def test_markdown_of_scores() -> None:
    assert tables.markdown(ROWS) == (
        "| Task | Measure | Score | 95 % | k/N |\n"
        "| :-- | :-- | --: | --: | --: |\n"
        "| slake | exact | 0.500 | 0.412–0.588 | 52/104 |\n"
        "| slake | token\\_f1 | 0.613 | 0.500–0.700 | 104 |\n"
        "| iu\\|xray | radcliq | -0.250 | -0.500 to 0.100 | 9 |\n"
        "| iu\\|xray | radgraph\\_f1 | not computed | - | - |\n"
        "\n"
        "- slake: slake@1\\#0123 / as-written / greedy / em\\_v1\n"
        "- iu\\|xray, radcliq: 9 \\& fewer\n"
        "- iu\\|xray, radgraph\\_f1: not computed: weights missing"
    ).replace("0.613", f"{0.6125:.3f}")


def test_a_note_stands_once_for_all_it_is_about() -> None:
    rows = [
        ScoreRow("a", name, None, None, None, 0, protocol="p", note="not computed: no weights")
        for name in ("radgraph_f1", "green")
    ]
    assert tables.markdown(rows).splitlines()[-2:] == [
        "- a: p",
        "- a, radgraph\\_f1; a, green: not computed: no weights",
    ]


def test_latex_of_scores() -> None:
    assert tables.latex(ROWS[:1] + ROWS[2:3]) == "\n".join(
        [
            r"\begin{tabular}{llrrr}",
            r"\hline",
            r"Task & Measure & Score & 95 \% & k/N \\",
            r"\hline",
            r"slake & exact & 0.500 & 0.412--0.588 & 52/104 \\",
            r"iu\textbar{}xray & radcliq & $-$0.250 & $-$0.500 to 0.100 & 9 \\",
            r"\hline",
            r"\end{tabular}",
            r"\par{\footnotesize slake: slake@1\#0123 / as-written / greedy / em\_v1}",
            r"\par{\footnotesize iu\textbar{}xray, radcliq: 9 \& fewer}",
        ]
    )


def test_a_markdown_reader_sees_every_cell_as_it_was() -> None:
    cells = [NASTY, "a\nb", "|", "\\|", "- x", "1. x"]
    page = markdown.table(["h"] * 6, [cells], notes=[NASTY])
    html = MarkdownIt("commonmark").enable("table").render(page)
    read = [
        text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", '"').replace("&amp;", "&")
        for text in re.findall(r"<td[^>]*>(.*?)</td>|<li>(.*?)</li>", html)
        for text in text
        if text
    ]
    assert read == [NASTY, "a b", "|", "\\|", "- x", "1. x", NASTY]


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        (r"\{}", r"\textbackslash{}\{\}"),
        ("em_v1 50% & #1", r"em\_v1 50\% \& \#1"),
        ("a^b~c $5", r"a\textasciicircum{}b\textasciitilde{}c \$5"),
        ("<a>|b", r"\textless{}a\textgreater{}\textbar{}b"),
        ("--by, ---", "-{}-by, -{}-{}-"),
        ("-0.25 (-0.5 to -0.1), sub-2", "$-$0.25 ($-$0.5 to $-$0.1), sub-2"),
        ("0.4–0.6, −3 ± 1", r"0.4--0.6, $-$3 $\pm$ 1"),
        ("a\nb", "a b"),
        ("Müller", "Müller"),
    ],
)
def test_latex(text: str, escaped: str) -> None:
    assert latex.escape(text) == escaped


def test_no_row_of_latex_opens_with_an_option() -> None:
    assert latex.table(["a", "b"], [["[:3]", "[x]"]]).splitlines()[4] == r"{[}:3] & [x] \\"


def test_a_rendering_is_stable_under_nasty_text() -> None:
    assert not re.search(r"(?<!\\)[#%_&]", latex.escape(NASTY))
    assert latex.escape(NASTY).count("{") == latex.escape(NASTY).count("}")
