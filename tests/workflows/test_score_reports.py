"""Reports scored out of extractions through the command line: hand-worked numbers, and never 0 for what is missing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from medgpt_cli.app import main
from medgpt_cli.evaluation.reports.keys import report_key, word_key
from medgpt_cli.evaluation.reports.rows import Entity, GraphRow, Header
from medgpt_cli.evaluation.reports.tables import write_table

CLEAR, OPAQUE, FLUID = "The lungs are clear.", "Opacity on the left.", "Fluid and opacity on the left."


def graph(text: str, *nodes: tuple[str, str]) -> GraphRow:
    """Words with their labels, no relations."""
    entities = tuple(Entity(word_key(words), word_key(words.lower()), label) for words, label in nodes)
    return GraphRow(sha256=report_key(text), entities=entities)


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three reports: one right, one half right, one not answered."""
    monkeypatch.chdir(tmp_path)
    Path("reports.yaml").write_text(
        "version: 1\ntitle: Ours\nkind: report\nrecords: my.jsonl\nmeasures: [rouge_l]\n"
    )
    write(
        "my.jsonl",
        [("a", "answer", CLEAR), ("b", "answer", FLUID), ("c", "answer", CLEAR)],
        question="Report?",
    )
    write("answers.jsonl", [("a", "answer", CLEAR), ("b", "answer", OPAQUE)])
    Path("extracted").mkdir()
    rows = [
        graph(CLEAR, ("lungs", "ANAT-DP"), ("clear", "OBS-DP")),
        graph(OPAQUE, ("Opacity", "OBS-DP"), ("left", "ANAT-DP")),
        graph(FLUID, ("Fluid", "OBS-DP"), ("Opacity", "OBS-DP"), ("left", "ANAT-DP"), ("and", "OBS-U")),
    ]
    write_table(
        Path("extracted/graphs.jsonl"), Header(kind="graphs", extractor="by hand", model="toy"), rows
    )


def write(name: str, rows: list[tuple[str, str, str]], **more: str) -> None:
    lines = [json.dumps({"id": identity, field: text, **more}) + "\n" for identity, field, text in rows]
    Path(name).write_text("".join(lines))


def score(*words: str) -> int:
    task = ["--task", "reports.yaml", "--answers", "answers.jsonl", "--out", "out"]
    return main(["eval", "score", *task, "--json", *words])


def test_hand_worked_numbers_beside_the_headline(capfd: pytest.CaptureFixture[str]) -> None:
    assert score("--metric", "radgraph_simple", "--extracted", "extracted") == 0
    [task] = json.loads(capfd.readouterr().out)["tasks"]
    assert task["headline"] == "rouge_l"
    measured = {measure["name"]: measure for measure in task["measures"]}
    simple = measured["radgraph_simple"]
    # 2 of 2 and 2; 2 of 2 and 4: F1 2/3; the third was not answered and earns nothing
    assert simple["value"] == pytest.approx((1 + 2 / 3 + 0) / 3)
    assert (simple["n"], simple["better"]) == (3, "higher")
    assert simple["low"] < simple["value"] < simple["high"]
    rows = [json.loads(line) for line in Path("out/samples.jsonl").read_text().splitlines()]
    assert [row["measures"]["radgraph_simple"] for row in rows] == pytest.approx([1, 2 / 3, 0])
    read_by = json.loads(Path("out/manifest.json").read_text())["answering"]["reports"]
    assert read_by["radgraph_simple"]["read_by"] == "graphs by toy (by hand)"


@pytest.mark.parametrize("words", [[], ["--metric", "radgraph_simple", "--metric", "bertscore"]])
def test_what_is_missing_is_not_computed_and_says_what_to_do(
    words: list[str], capfd: pytest.CaptureFixture[str]
) -> None:
    assert score("--extracted", "extracted", *words) == 0
    [task] = json.loads(capfd.readouterr().out)["tasks"]
    names = {measure["name"] for measure in task["measures"]}
    assert "bertscore" not in names
    assert task["not_computed"]["bertscore"].startswith(
        "tokens.jsonl is not in extracted; medgpt eval extract"
    )
    assert any(name.startswith("radgraph") for name in names)
    rows = [json.loads(line) for line in Path("out/samples.jsonl").read_text().splitlines()]
    assert not any("bertscore" in row["measures"] for row in rows)


def test_one_report_without_its_row_is_no_number(capfd: pytest.CaptureFixture[str]) -> None:
    write("answers.jsonl", [("a", "answer", CLEAR), ("b", "answer", "A report nobody extracted.")])
    assert score("--metric", "radgraph_simple", "--extracted", "extracted") == 0
    [task] = json.loads(capfd.readouterr().out)["tasks"]
    assert "radgraph_simple" not in {measure["name"] for measure in task["measures"]}
    assert task["not_computed"]["radgraph_simple"].startswith(
        "1 of the reports have no row in extracted/graphs.jsonl"
    )


def test_without_extractions_every_metric_says_how_it_is_had(capfd: pytest.CaptureFixture[str]) -> None:
    assert score("--metric", "radgraph_simple") == 0
    [task] = json.loads(capfd.readouterr().out)["tasks"]
    assert task["not_computed"]["radgraph_simple"].startswith(
        "nothing has been extracted from the reports; medgpt"
    )


def test_a_damaged_extraction_is_refused(capfd: pytest.CaptureFixture[str]) -> None:
    path = Path("extracted/graphs.jsonl")
    path.write_text(path.read_text()[:-30] + "\n")
    assert score("--metric", "radgraph_simple", "--extracted", "extracted") == 3
    document: dict[str, Any] = json.loads(capfd.readouterr().out)
    assert document["error"] == "BAD_RECORD"
    assert not Path("out/scores.json").exists()
