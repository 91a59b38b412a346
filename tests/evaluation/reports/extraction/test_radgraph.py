"""The printed script run with a stand-in of the package, and the package's own output read."""

from __future__ import annotations

import importlib.metadata
import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from medgpt_cli.core.errors import BadRecord, NotThere
from medgpt_cli.evaluation.reports import score
from medgpt_cli.evaluation.reports.extraction.radgraph import SCRIPT, from_output
from medgpt_cli.evaluation.reports.extraction.texts import read_reports
from medgpt_cli.evaluation.reports.keys import report_key
from medgpt_cli.evaluation.reports.rows import GraphRow
from medgpt_cli.evaluation.reports.tables import Table, write_table

EFFUSION, CLEAR = "Left effusion, small.", "Lungs clear."


def graph(text: str) -> dict[str, Any]:
    """As the package returns it: punctuation apart, entities numbered from 1."""
    nodes: dict[str, Any] = {
        "1": {"tokens": "Left", "label": "ANAT-DP", "start_ix": 0, "end_ix": 0, "relations": []},
        "2": {
            "tokens": "effusion",
            "label": "OBS-DP",
            "start_ix": 1,
            "end_ix": 1,
            "relations": [["located_at", "1"]],
        },
    }
    entities = nodes if text == EFFUSION else {"1": nodes["1"] | {"tokens": "Lungs"}}
    return {
        "text": text.replace(",", " ,").replace(".", " ."),
        "entities": entities,
        "data_split": "inference",
    }


@pytest.fixture
def reports(tmp_path: Path) -> Path:
    file = tmp_path / "reports.jsonl"
    lines = [
        {"candidate": EFFUSION, "reference": CLEAR},
        {"id": "x", "texts": {"question": "?", "answer": f" {EFFUSION}", "gold": EFFUSION}},
        {"candidate": "", "reference": CLEAR},
    ]
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return file


def test_the_script_writes_what_scoring_reads(
    reports: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class RadGraph:
        def __init__(self, model_type: str) -> None:
            assert model_type == "radgraph-xl"

        def __call__(self, texts: list[str]) -> dict[str, Any]:
            return {str(number): graph(text.strip()) for number, text in enumerate(texts)}

    package = ModuleType("radgraph")
    package.RadGraph = RadGraph  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "radgraph", package)
    monkeypatch.setattr(importlib.metadata, "version", lambda name: "0.1.18")
    out = tmp_path / "graphs.jsonl"
    monkeypatch.setattr(sys, "argv", ["graphs.py", "radgraph-xl", str(out), str(reports)])
    exec(compile(SCRIPT, "graphs.py", "exec"), {"__name__": "__main__"})  # as a person would run it
    table = Table(out, GraphRow)
    assert set(table) == {report_key(EFFUSION), report_key(CLEAR)}
    (result,) = score(
        [EFFUSION, CLEAR], [EFFUSION, EFFUSION], ["p", "q"], tmp_path, ["radgraph_complete"]
    )
    assert result.per_report == (1, 0)
    assert result.protocol == "graphs by radgraph-xl (radgraph 0.1.18)"
    assert b"effusion" not in out.read_bytes()
    # The two ways to the same file agree.
    output = tmp_path / "output.json"
    output.write_text(json.dumps({"0": graph(EFFUSION), "1": graph(CLEAR)}))
    _, rows = from_output(output, read_reports([reports]).texts, "radgraph-xl")
    assert {row.sha256: row for row in rows} == {key: table[key] for key in table}


def test_the_script_is_short() -> None:
    code = [line for line in SCRIPT.splitlines() if line and not line.startswith("#")]
    assert len(code) <= 24


def texts() -> dict[str, str]:
    return {report_key(text): text for text in (EFFUSION, CLEAR)}


def test_output_may_be_by_study_or_a_list(tmp_path: Path) -> None:
    file = tmp_path / "o.json"
    file.write_text(json.dumps({"s50414267": graph(CLEAR), "s5": graph(EFFUSION)}))
    header, rows = from_output(file, texts(), "radgraph")
    write_table(tmp_path / "graphs.jsonl", header, rows)
    assert Table(tmp_path / "graphs.jsonl", GraphRow).header.model == "radgraph"
    file.write_text(json.dumps([{"0": graph(CLEAR)}, {"0": graph(EFFUSION)}]))
    assert from_output(file, texts(), "radgraph")[1] == rows


def test_faults_of_an_output(tmp_path: Path) -> None:
    file = tmp_path / "o.json"
    dangling = graph(EFFUSION)
    dangling["entities"]["2"]["relations"] = [["located_at", "9"]]
    parts = {"a": graph("Smith has a cough"), "b": dangling, "c": {"text": CLEAR}, "d": graph(CLEAR)}
    file.write_text(json.dumps(parts))
    with pytest.raises(BadRecord) as caught:
        from_output(file, texts(), "radgraph")
    assert [str(complaint) for complaint in caught.value.complaints] == [
        f"{file} graph 1  belongs to none of the reports; name their file too",
        f"{file} graph 2  is not a graph of RadGraph's",
        f"{file} graph 3  is not a graph of RadGraph's",
    ]
    assert "Smith" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "says"), [("{", "is not JSON in UTF-8"), ("[1]", "is not an object of graphs")]
)
def test_what_is_no_output(tmp_path: Path, content: str, says: str) -> None:
    file = tmp_path / "o.json"
    file.write_text(content)
    with pytest.raises(BadRecord, match=says):
        from_output(file, texts(), "radgraph")
    with pytest.raises(NotThere):
        from_output(tmp_path / "none", texts(), "radgraph")
