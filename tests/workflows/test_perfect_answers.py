"""Every task that comes with medgpt, on a small set of the published layout: what is asked, and what is right.

Several public harnesses have scored perfect answers as wrong for years; so the right answer, in every style in which
a model may write it, must score 1 under every task's headline.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from medgpt_cli.evaluation.items import Item, Kind
from medgpt_cli.evaluation.measures import MEASURES, measure_item
from medgpt_cli.evaluation.tasks import catalogue
from medgpt_cli.evaluation.tasks.task import Task
from medgpt_cli.workflows.task_files import TaskSettings, read_tasks
from tests.workflows.task_sets import lay

STYLES: dict[str, Callable[[str], str]] = {
    "bare": lambda gold: gold,
    "full stop": lambda gold: f"{gold}.",
    "capitalised": lambda gold: gold[:1].upper() + gold[1:],
    "lower case": str.lower,
    "bold": lambda gold: f"**{gold}**",
    "parentheses": lambda gold: f"({gold})",
}

EXPECTED: dict[str, tuple[tuple[str, ...], str, float]] = {
    # task: golds in the set's order, a constant answer, and its score counted by hand
    "slake": (("Yes", "CT"), "yes", 1 / 2),
    "slake-zh": (("是",), "是", 1),
    "slake-all": (("Yes", "是", "CT"), "yes", 1 / 3),
    "vqa-rad": (("Yes", "4"), "4", 1 / 2),
    "path-vqa": (("yes", "yes", "yes"), "yes", 1),
    "vqa-med-2019": (
        ("glioma", "(angioinvasive aspergillosis with) septic cerebral emboli"),
        "septic cerebral emboli",
        1 / 2,
    ),
    "vqa-med-2020": (("aberrant artery (arsa)",), "aberrant artery", 0),
    "vqa-med-2021": (("cyst", "a"), "c", 1 / 2),
    "pmc-vqa": (("B", "B"), "B", 1),
    "pmc-vqa-clean": (("B",), "Blue", 1),
    "pmc-vqa-2": (("B",), "A", 0),
    "omnimedvqa": (("B", "B"), "B", 1),
    "medxpertqa-mm": (("B",), "C", 0),
    "medxpertqa-text": (("B",), "B", 1),
    "medframeqa": (("C", "C"), "C", 1),
    "mmmu-med": (("A", "7.5"), "7.5", 1 / 2),
    "mmmu-med-dev": (("A",), "A", 1),
    "mmmu-med-val": (("7.5",), "7.5", 1),
    "mmmu-pro-med-4": (("B",), "q", 1),
    "mmmu-pro-med-10": (("B",), "J", 0),
    "mmmu-pro-med-vision": (("B",), "B", 1),
    "medqa": (("B",), "Choice B", 1),
    "medqa-5": (("B",), "E", 0),
    "medmcqa": (("A", "B", "C", "D"), "A", 1 / 4),
    "pubmedqa": (("C",), "maybe", 1),
    "medbullets-op4": (("D", "D"), "D", 1),
    "medbullets-op5": (("D", "D"), "E", 0),
    "mmlu-medical": (("C", "C"), "C", 1),
    # Of the longest common subsequence of "findings of 50000001" and "findings of 50000002" 2 of 3 words are common.
    "mimic-cxr-findings-single": (
        ("Findings of 50000001.", "Findings of 50000002."),
        "Findings of 50000001",
        (1 + 2 / 3) / 2,
    ),
    "mimic-cxr-findings-multi": (
        ("Findings of 50000001.", "Findings of 50000002."),
        "Findings of 50000001",
        (1 + 2 / 3) / 2,
    ),
    "mimic-cxr-findings-longitudinal": (
        ("Findings of 50000001.", "Findings of 50000002."),
        "Findings of 50000001",
        (1 + 2 / 3) / 2,
    ),
    **dict.fromkeys(
        (
            "mimic-cxr-impression-single",
            "mimic-cxr-impression-multi",
            "mimic-cxr-impression-longitudinal",
            "mimic-cxr-impression-of-findings",
        ),
        (("Impression 50000001.", "Impression 50000002."), "Impression 50000001", (1 + 1 / 2) / 2),
    ),
    "mimic-cxr-findings-mek": (("Clear lungs.",), "clear lungs", 1),
    "mimic-cxr-impression-mek": (("Normal.",), "Normal.", 1),
    "mimic-cxr-findings-r2gen": (("Clear lungs.",), "Clear lungs.", 1),
    "iu-xray-findings": (("Clear lungs.", "Clear lungs."), "Clear lungs.", 1),
    "iu-xray-findings-single": (("Clear lungs.", "Clear lungs."), "lungs", 2 / 3),
    "iu-xray-impression-single": (("Normal chest.", "Normal chest."), "Normal chest.", 1),
    "iu-xray-impression": (("Normal chest.", "Normal chest."), "Normal chest.", 1),
    "iu-xray-impression-of-findings": (("Normal chest.", "Normal chest."), "a heart", 0),
    "iu-xray-findings-mek": (("Clear lungs.",), "Clear lungs.", 1),
    "iu-xray-impression-mek": (("Normal.",), "Normal.", 1),
    "iu-xray-findings-r2gen": (("Clear lungs.",), "Clear lungs.", 1),
}


@pytest.fixture(scope="module")
def sets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return lay(tmp_path_factory.mktemp("sets"))


@pytest.fixture(scope="module")
def asked(sets: Path) -> Callable[[str], Task]:
    read: dict[str, Task] = {}

    def task(name: str) -> Task:
        if name not in read:
            [read[name]] = read_tasks([name], TaskSettings(data=sets))
        return read[name]

    return task


def score(task: Task, answer: Callable[[Item], str]) -> float:
    """The headline, from the rows alone as a run computes it."""
    measure = MEASURES[task.measures[0]]
    found = measure.score([measure_item(item, answer(item), [measure.name]) for item in task.items])
    assert found is not None
    return found


def test_every_task_has_its_expectation() -> None:
    assert set(EXPECTED) == set(catalogue.names())


@pytest.mark.parametrize("name", catalogue.names())
def test_what_is_asked_and_what_a_constant_answer_scores(
    name: str, asked: Callable[[str], Task]
) -> None:
    golds, constant, expected = EXPECTED[name]
    task = asked(name)
    assert tuple(item.gold for item in task.items) == golds
    assert score(task, lambda _: constant) == pytest.approx(expected)
    assert score(task, lambda _: "") == 0


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("name", catalogue.names())
def test_the_right_answer_scores_one(name: str, style: str, asked: Callable[[str], Task]) -> None:
    task = asked(name)
    assert score(task, lambda item: STYLES[style](item.gold)) == 1
    assert score(task, lambda item: STYLES[style](item.golds[-1])) == 1
    if task.kind is Kind.CHOICE and not catalogue.find(name).letters:
        texts = [dict(item.options).get(item.gold, item.gold) for item in task.items]
        said = dict(zip((item.id for item in task.items), texts, strict=True))
        assert score(task, lambda item: STYLES[style](said[item.id])) == 1
