from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any

import pytest

from medgpt_cli.core.types import Sample
from medgpt_cli.evaluation.items import items_from
from medgpt_cli.evaluation.majority import Majority
from medgpt_cli.evaluation.outcomes import SampleLog
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
