import re
from collections.abc import Callable
from html.parser import HTMLParser
from itertools import pairwise
from typing import Any

import msgspec
import pytest

from medgpt_cli.core.types import Sample
from medgpt_cli.evaluation.items import items_from
from medgpt_cli.evaluation.majority import Majority
from medgpt_cli.evaluation.outcomes import SampleLog
from medgpt_cli.evaluation.page.examples import Picture
from medgpt_cli.evaluation.page.report import render
from medgpt_cli.evaluation.runner import run_task
from medgpt_cli.evaluation.summary import summarise
from medgpt_cli.evaluation.tasks.task import Task

HASH = "ab" * 32
NASTY = "<script>alert('x')</script>"
VOID = {"meta", "rect", "line", "circle", "polyline", "br", "img"}


class Outline(HTMLParser):
    """Checks that tags close in order, and gathers the text."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.text: list[str] = []
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            self.open.append(tag)
        self.links += [value or "" for name, value in attrs if name in ("src", "href")]

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)


@pytest.fixture
def page(sample: Callable[..., Sample], Scripted: Any, tmp_path: Any) -> Callable[[bool], str]:
    def make(keep_text: bool) -> str:
        items, _ = items_from(
            [
                sample(n, f"Which side, {NASTY}?", "left", source="side" if n else "plane")
                for n in range(4)
            ]
        )
        log = SampleLog(tmp_path / f"{keep_text}.jsonl")
        outcomes = run_task(Task("my", HASH, items), Scripted(lambda _: NASTY), log, keep_text=keep_text)
        score = summarise(Task("my", HASH, items), outcomes, Majority(items, "the task itself"))
        return render(
            [score], outcomes, model="runs/a<b", facts={"model SHA-256": HASH}, notice="Not a device."
        )

    return make


def test_is_well_formed_and_fetches_nothing(page: Callable[[bool], str]) -> None:
    html = page(True)
    outline = Outline()
    outline.feed(html)
    assert outline.open == []
    assert outline.links == ["#task-1"]
    assert 'id="task-1"' in html
    assert "http:" not in html
    assert "https:" not in html
    assert "url(" not in html
    assert "@import" not in html
    assert "<script" not in html


def test_says_what_must_stand_beside_a_score(page: Callable[[bool], str]) -> None:
    outline = Outline()
    outline.feed(page(False))
    text = " ".join(" ".join(outline.text).split())
    for words in (
        "runs/a<b",
        "Not a device.",
        "0.000 exact v1, 95 % interval 0.000–0.490 (Wilson)",
        "majority answer 1.000 from the task itself",
        "my#abababababab / as-written / shots 0 / greedy / em_v1",
        HASH,
        "overlap with training data unknown: nothing was compared",
        "in or out of distribution: unknown",
    ):
        assert words in text


def test_texts_stand_in_it_only_when_they_were_kept(page: Callable[[bool], str]) -> None:
    assert "Which side" not in page(False)
    assert "alert" not in page(False)
    kept = page(True)
    assert kept.count("Which side, &lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;?") == 4
    assert kept.count("<dt>verdict</dt><dd>wrong</dd>") == 4
    assert "holds clinical text" in kept
    assert "holds clinical text" not in page(False)


def words_of(html: str) -> str:
    outline = Outline()
    outline.feed(html)
    return " ".join(" ".join(outline.text).split())


def drawn(made: Any, **words: Any) -> str:
    return render(
        made.scores, made.rows, model="m", facts={"seed": "0"}, notice="Not a device.", **words
    )


def test_everything_that_was_counted_stands_in_words(made: Any) -> None:
    text = words_of(drawn(made))
    for words in (
        "2 tasks, 42 questions. Every answer that was cut, failed or could not be read counts as wrong.",
        "in distribution: trained on this set's training split or source",
        "10 of 40 met in recorded training data (key 10)",
        "not met in training N 30, read 29 0.467",
        "could be read 39 (97.5 %) cut 1 failed 0",
        "Every picture blank: the score goes from 0.475 to 0.500",
        "green GREEN by a judge not computed no judge; medgpt eval extract --metric green",
        "M few cases 4 questions, 4 cases",
        "Both were picked after looking at the values",
        "it is 0.818 sure and 0.500 right: on the whole too sure of itself. 40 questions.",
        "Calibration error 0.318 (ECE, 4 bins of equal size)",
        "21 wrong answers; 12 of them, drawn by lot (clinical text)",
        "the 2 reports that measure worst by rouge_l (clinical text)",
        "seed 0",
    ):
        assert words in text


def test_it_can_be_heard_and_walked_through(made: Any) -> None:
    html = drawn(made, pictures=lambda task, item: [Picture("data:image/png;base64,AA", "1 × 1 pixels")])
    for drawing in re.findall(r"<svg[^>]*>", html):
        assert 'aria-hidden="true"' in drawing or re.search(r'role="img" aria-label="[^"]+"', drawing)
    for heading in re.findall(r"<th\b[^>]*>", html):
        assert 'scope="' in heading
    pictures = re.findall(r"<img[^>]*>", html)
    assert len(pictures) == 14
    assert all('alt="Picture 1 of the question at my.jsonl:' in picture for picture in pictures)
    levels = [int(level) for level in re.findall(r"<h(\d)", html)]
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    assert "<details open" not in html  # texts and pictures are a click away
    assert html.index("<details") < html.index("<img")


def test_the_interval_is_drawn_to_scale(made: Any) -> None:
    [task] = re.findall(r'<svg role="img" aria-label="sides, exact:.*?</svg>', drawn(made), re.DOTALL)
    low, high = made.scores[0].overall.low, made.scores[0].overall.high
    assert f'<line class="band" x1="{100 * low:.2f}%" x2="{100 * high:.2f}%"' in task
    assert '<circle class="mark" cx="47.50%"' in task
    assert '<line class="beside" x1="50.00%" x2="50.00%"' in task


def test_names_from_files_are_escaped_wherever_they_stand(made: Any) -> None:
    score = msgspec.structs.replace(
        made.scores[0],
        task=NASTY,
        protocol=NASTY,
        majority_from=NASTY,
        groups=(msgspec.structs.replace(made.scores[0].overall, group=NASTY),),
        subgroups=tuple(
            msgspec.structs.replace(row, facet=NASTY, name=NASTY) for row in made.scores[0].subgroups
        ),
        not_computed={NASTY: NASTY},
    )
    html = render([score], [], model=NASTY, facts={NASTY: NASTY}, notice=NASTY, withheld={NASTY: NASTY})
    assert "<script" not in html
    assert html.count("&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;") > 12


def test_numbers_that_were_hidden_stand_nowhere(made: Any) -> None:
    gone = dict.fromkeys(("n", "clusters", "value", "low", "high"))
    hidden = tuple(
        msgspec.structs.replace(row, **gone, hidden=row.too_small, name=f"few-{row.name}")
        if row.too_small
        else row
        for row in made.scores[0].subgroups
    )
    html = render(
        [msgspec.structs.replace(made.scores[0], subgroups=hidden)], [], model="m", facts={}, notice="n"
    )
    row = html[html.index("few-M") :]
    assert "not shown: so few cases could say something about a person" in row[: row.index("</tr>")]
    assert not re.search(r"\d\.\d", row[: row.index("</tr>")])


def test_what_is_withheld_is_said_and_not_shown(made: Any) -> None:
    html = drawn(made, withheld={"sides": "Wrong answers are not shown."})
    assert "Which side" not in html
    assert '<p class="soft">Wrong answers are not shown.</p>' in html
    assert "clear lungs" in html
