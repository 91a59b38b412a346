"""Every metric with every part in place, then each part taken away in turn: never a 0 or a 1 for what is missing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from medgpt_cli.core.errors import BadRecord, UsageError
from medgpt_cli.evaluation.reports import METRICS, MetricResult, NotComputed, score
from medgpt_cli.evaluation.reports.parts import PARTS
from medgpt_cli.evaluation.reports.rows import ENTITY_TYPES

OURS, THEIRS = ["a", "b", "c"], ["A", "B", "C"]
CLUSTERS = ["p", "p", "q"]
FILES = {
    "graphs": "graphs.jsonl",
    "entities": "entities.jsonl",
    "labels": "labels.jsonl",
    "tokens": "tokens.jsonl",
    "judgements": "judgements.jsonl",
}


@pytest.fixture
def full(bench: Any) -> Any:
    """Six reports, read by everything; pair (a, A) agrees, the others in part."""
    texts = OURS + THEIRS
    node = ("effusion", "OBS-DP", (("located_at", 1),))
    bench.write(
        "graphs",
        [bench.graph(text, node, ("left" if text in "aA" else text, "ANAT-DP")) for text in texts],
        model="radgraph",
    )
    bench.write(
        "entities",
        [bench.found(text, (ENTITY_TYPES[0], (1, number))) for number, text in enumerate(texts)],
    )
    edema = [0] * 4 + [1] + [0] * 9
    bench.write(
        "labels",
        [bench.labels(text, edema if text != "b" else [0] * 14, (1, ord(text) % 7)) for text in texts],
    )
    bench.write(
        "tokens",
        [bench.tokens(text, (-1, -1), (1, ord(text) % 5), (-1, -1)) for text in texts],
        settings={"layer": 5, "baseline": 0.8473319},
    )
    bench.write(
        "judgements",
        [
            bench.judged(mine, yours, errors=(0, 1, 0, 0, 0, 0), matched=3)
            for mine, yours in zip(OURS, THEIRS, strict=True)
        ],
    )
    return bench


def scored(bench: Any, *names: str) -> dict[str, Any]:
    results = score(OURS, THEIRS, CLUSTERS, bench.folder, names or METRICS)
    return {result.metric: result for result in results}


def test_everything_in_place(full: Any) -> None:
    results = scored(full)
    assert list(results) == list(METRICS)
    computed = [result for result in results.values() if isinstance(result, MetricResult)]
    assert {name for name, result in results.items() if isinstance(result, NotComputed)} == {
        "radcliq_v1_inverse_rexrank"
    }
    for result in computed:
        assert result.n == 3
        assert result.clusters == tuple(CLUSTERS)
        assert result.value == pytest.approx(result.over([0, 1, 2]))
        if result.per_report:
            assert result.value == pytest.approx(sum(result.per_report) / 3)
            assert result.over([2, 2]) == pytest.approx(result.per_report[2])


@pytest.mark.parametrize("kind", FILES)
def test_a_part_that_is_missing_is_no_number(full: Any, kind: str) -> None:
    before = scored(full)
    (full.folder / FILES[kind]).unlink()
    for name, result in scored(full).items():
        if kind in METRICS[name].needs:
            assert isinstance(result, NotComputed), name
            assert result.why == f"{FILES[kind]} is not in {full.folder}"
            assert result.repair == PARTS[kind].repair
            assert "medgpt eval extract --metric " in result.repair
            assert not hasattr(result, "value")
        elif isinstance(result, MetricResult):
            assert result.value == before[name].value


@pytest.mark.parametrize("kind", FILES)
def test_one_report_without_its_row_is_no_number(full: Any, kind: str) -> None:
    path = full.folder / FILES[kind]
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-1]))
    for name, result in scored(full).items():
        if kind in METRICS[name].needs:
            assert isinstance(result, NotComputed), name
            what = "pairs" if kind == "judgements" else "reports"
            assert result.why == f"1 of the {what} have no row in {path}"


def test_without_any_extraction(full: Any) -> None:
    for result in score(OURS, THEIRS, CLUSTERS, None, METRICS):
        assert isinstance(result, NotComputed)
        assert result.why == "nothing has been extracted from the reports"


def test_without_reports(full: Any) -> None:
    for result in score([], [], [], full.folder, METRICS):
        assert result == NotComputed(result.metric, "there are no reports")


def test_a_damaged_file_is_named_not_scored(full: Any) -> None:
    (full.folder / "graphs.jsonl").write_text("{}\n")
    with pytest.raises(BadRecord):
        scored(full, "radgraph_partial")
    assert scored(full, "bertscore")["bertscore"].n == 3


def test_a_name_that_is_none() -> None:
    with pytest.raises(UsageError, match="radgraph_f1 is no report metric"):
        score(["a"], ["a"], ["p"], None, ["radgraph_f1"])


def test_the_three_must_be_equally_many(full: Any) -> None:
    with pytest.raises(ValueError, match="zip"):
        score(["a"], THEIRS, CLUSTERS, full.folder, ["bertscore"])
    with pytest.raises(ValueError, match="clusters"):
        score(OURS, THEIRS, ["p"], full.folder, ["bertscore"])


def test_how_a_missing_part_is_said(full: Any) -> None:
    (full.folder / "labels.jsonl").unlink()
    assert str(scored(full, "chexbert_cosine")["chexbert_cosine"]) == (
        f"chexbert_cosine: not computed, labels.jsonl is not in {full.folder}; "
        "medgpt eval extract --metric chexbert --weights DIR --reports FILE --out DIR, "
        "where --weights (or $MEDGPT_METRIC_HOME/chexbert) holds chexbert.pth, and config.json and vocab.txt of "
        "bert-base-uncased (chexbert.pth is in StanfordAIMI/RRG_scorers)"
    )


BLOCK = """
import sys
from importlib.abc import MetaPathFinder

class Absent(MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("torch", "transformers", "httpx", "sklearn", "nltk", "sacrebleu", "radgraph"):
            raise ModuleNotFoundError(name, name=name)

sys.meta_path.insert(0, Absent())
"""


def test_scoring_needs_no_other_package(full: Any) -> None:
    code = BLOCK + (
        "from pathlib import Path\n"
        "from medgpt_cli.evaluation.reports import METRICS, score\n"
        f"for r in score({OURS!r}, {THEIRS!r}, {CLUSTERS!r}, Path({str(full.folder)!r}), METRICS):\n"
        "    print(r.metric, repr(getattr(r, 'value', None)))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    expected = [f"{name} {getattr(result, 'value', None)!r}" for name, result in scored(full).items()]
    assert done.stdout.splitlines() == expected


def test_no_extraction_holds_a_word_of_a_report(full: Any) -> None:
    for path in Path(full.folder).iterdir():
        assert b"effusion" not in path.read_bytes()
