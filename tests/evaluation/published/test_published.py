"""The sheets that are shipped, and what asking for a task finds."""

import csv
import io

import pytest

from medgpt_cli.core.errors import UsageError
from medgpt_cli.evaluation import published
from medgpt_cli.evaluation.tasks import catalogue

MEDGPT_TABLE = """\
set,MedGPT-oss-20B,OctoMed,Hulu-Med,Lingshu,MedGemma,QoQ-Med
slake,71.53,65.07,69.14,72.24,55.98,46.53
medframeqa,63.01,42.82,62.82,61.01,47.63,55.73
mmmu-med,61.49,47.65,57.71,59.43,47.43,51.84
mmmu-pro-med-4,52.34,44.62,52.45,52.67,45.80,46.93
mmmu-pro-med-10,39.94,23.07,37.41,43.45,36.71,38.12
"""


@pytest.mark.parametrize(
    "line", list(csv.DictReader(io.StringIO(MEDGPT_TABLE))), ids=lambda line: line["set"]
)
def test_the_table_of_the_paper_stands_number_for_number(line: dict[str, str]) -> None:
    rows = {row.model: row for row in published.rows(line["set"]) if "MedGPT-oss" in row.source}
    assert {model: row.value for model, row in rows.items()} == {
        model: float(value) for model, value in line.items() if model != "set"
    }
    assert {(row.metric, row.scale, row.better) for row in rows.values()} == {
        ("exact match", 100, "higher")
    }


def test_every_row_says_where_it_is_from_and_how_it_was_made() -> None:
    rows = [row for name in published.sets() for row in published.rows(name)]
    assert len(rows) == 123
    assert all(row.source and row.table and row.protocol and row.metric for row in rows)
    assert all(0 <= row.share <= 1 or row.metric == "RadCliQ-v1" for row in rows)


def test_one_model_stands_fifteen_points_apart_under_two_protocols() -> None:
    values = {
        row.source[:5]: row.value for row in published.rows("slake") if row.model.startswith("Hulu-Med")
    }
    assert values["ZJUI-"] - values["Zhang"] > 15
    assert "fifteen points" in next(row for row in published.rows("slake") if "ZJUI" in row.source).note


def test_a_lower_is_better_metric_says_so() -> None:
    better = {row.metric: row.better for row in published.rows("mimic-cxr-findings-multi")}
    assert better.pop("RadCliQ-v1") == "lower"
    assert set(better.values()) == {"higher"}


@pytest.mark.parametrize(
    ("task", "found"),
    [
        ("slake", "slake"),
        ("SLAKE", "slake"),
        ("slake-en", "slake"),
        ("slake_zh", "slake"),
        ("vqa-med-2019", "vqa-med"),
        ("mmmu-med-val", "mmmu-med"),
        ("mmmu-pro-med-10", "mmmu-pro-med-10"),
        ("medxpertqa-text", "medxpertqa-text"),
        ("medbullets-op4", "medbullets"),
        ("mimic-cxr-findings-longitudinal", "mimic-cxr-findings"),
        ("mimic-cxr-impression-of-findings", "impression-of-findings"),
    ],
)
def test_a_part_of_a_set_finds_the_rows_of_the_set(task: str, found: str) -> None:
    assert {row.set for row in published.rows(task)} == {found}


def test_a_reported_score_of_a_number_not_named_is_marked_as_such() -> None:
    [zero, one] = published.rows("mimic-cxr-impression-of-findings")
    assert (zero.value, one.value) == (47.22, 55.6)
    assert zero.metric == "not named, no example"


def test_an_unknown_task_is_answered_with_the_nearest_names() -> None:
    with pytest.raises(UsageError) as caught:
        published.rows("slak")
    assert str(caught.value) == "no published number of slak is recorded\ntry slake"


@pytest.mark.parametrize("task", ["mimic-cxr-impression-single", "mmmu-pro-med-vision", "pmc"])
def test_a_task_nobody_published_finds_nothing_that_is_merely_like_it(task: str) -> None:
    with pytest.raises(UsageError, match=f"no published number of {task} is recorded"):
        published.rows(task)


def test_every_set_is_one_that_we_can_ask() -> None:
    tasks = [f"-{name}-" for name in catalogue.names()]
    unknown = [name for name in published.sets() if not any(f"-{name}-" in task for task in tasks)]
    assert unknown == ["encoder-transfer"]


@pytest.mark.parametrize("name", ["", "-", "our-own"])
def test_a_name_near_to_nothing_is_answered_with_all_names(name: str) -> None:
    with pytest.raises(UsageError, match="encoder-transfer, impression-of-findings, medbullets"):
        published.rows(name)
