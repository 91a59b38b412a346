"""From a command line to a file of hashes: every extraction, and everything that can be said wrongly."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from medgpt_cli.core.types import Reply, Request
from medgpt_cli.evaluation.reports import MetricResult, extraction, score
from medgpt_cli.evaluation.reports.extraction import run as extraction_run
from medgpt_cli.evaluation.reports.extraction.radgraph import SCRIPT
from medgpt_cli.evaluation.reports.parts import EXTRACTIONS
from medgpt_cli.workflows import extract
from tests.commands.conftest import medgpt  # noqa: F401
from tests.evaluation.reports.extraction.conftest import (  # noqa: F401
    REPORTS,
    chexbert_folder,
    rate_folder,
    roberta_folder,
)

Run = Callable[..., Any]
OURS, THEIRS = [*REPORTS, ""], [*reversed(REPORTS), REPORTS[0]]


@pytest.fixture
def reports(tmp_path: Path) -> Path:
    file = tmp_path / "reports.jsonl"
    lines = [{"candidate": a, "reference": b} for a, b in zip(OURS, THEIRS, strict=True)]
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return file


def values(metrics: Sequence[str]) -> list[float]:
    results = score(OURS, THEIRS, list("pqrs"), Path("out"), metrics)
    assert all(isinstance(result, MetricResult) for result in results), results
    return [result.value for result in results if isinstance(result, MetricResult)]


def test_chexbert(medgpt: Run, reports: Path, chexbert_folder: Path) -> None:  # noqa: F811
    words = ("eval", "extract", "--metric", "chexbert", "--reports", str(reports), "--out", "out")
    done = medgpt(*words, "--weights", str(chexbert_folder))
    assert (done.code, done.out) == (0, "out/labels.jsonl: 3 rows, 3 read now\n")
    assert done.err == "reading 3 reports\n"
    assert 0 < values(["chexbert_cosine"])[0] < 1
    again = medgpt(*words, "--weights", str(chexbert_folder))
    assert again.code == 2
    assert "out/labels.jsonl  exists already" in again.err
    resumed = medgpt(*words, "--weights", str(chexbert_folder), "--resume", "--json")
    assert json.loads(resumed.out) == {
        "file": "out/labels.jsonl",
        "rows": 3,
        "new": 0,
        "failed": 0,
        "model": "chexbert",
    }


def test_weights_by_the_home_of_metrics(
    medgpt: Run,  # noqa: F811
    reports: Path,
    chexbert_folder: Path,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MEDGPT_METRIC_HOME", str(chexbert_folder.parent))
    words = ("--metric", "chexbert", "--reports", str(reports), "--out", "out")
    assert medgpt("eval", "extract", *words).code == 0


def test_bertscore_and_its_resumption(medgpt: Run, reports: Path, roberta_folder: Path) -> None:  # noqa: F811
    words = (
        "eval",
        "extract",
        "--metric",
        "bertscore",
        "--weights",
        str(roberta_folder),
        "--out",
        "out",
    )
    one = Path("one.jsonl")
    one.write_text(json.dumps({"report": REPORTS[0]}) + "\n")
    first = medgpt(*words, "--layer", "1", "--baseline", "0.5", "--reports", str(one))
    assert first.code == 0
    assert first.err.endswith("reading 1 report\n")
    other = medgpt(*words, "--layer", "2", "--reports", str(reports), "--resume")
    assert other.code == 3
    assert other.err == (
        "error: out/tokens.jsonl  was made by another model or with other settings\n"
        "name another --out, or overwrite it with --force\n"
    )
    done = medgpt(*words, "--layer", "1", "--baseline", "0.5", "--reports", str(reports), "--resume")
    assert done.out == "out/tokens.jsonl: 3 rows, 2 read now\n"
    raw, scaled = values(["bertscore", "bertscore_rescaled"])
    assert scaled == pytest.approx((raw - 0.5 * 3 / 4) / 0.5)  # the blank report is 0 in both
    forced = medgpt(*words, "--layer", "2", "--reports", str(reports), "--force")
    assert (forced.code, forced.err) == (0, "reading 3 reports\n")  # and no bar of a library's


def test_rate(medgpt: Run, reports: Path, rate_folder: Path) -> None:  # noqa: F811
    words = (
        "--metric",
        "rate",
        "--weights",
        str(rate_folder),
        "--reports",
        str(reports),
        "--out",
        "out",
    )
    assert medgpt("eval", "extract", *words).out == "out/entities.jsonl: 3 rows, 3 read now\n"
    assert 0 < values(["ratescore_long"])[0] < 1


def test_radgraph_from_the_packages_output(medgpt: Run, reports: Path) -> None:  # noqa: F811
    node = {"tokens": "effusion", "label": "OBS-DP", "start_ix": 0, "end_ix": 0, "relations": []}
    graphs = {str(n): {"text": text, "entities": {"1": node}} for n, text in enumerate(REPORTS[:2])}
    Path("graphs.json").write_text(json.dumps(graphs))
    words = ("eval", "extract", "--metric", "radgraph", "--reports", str(reports), "--out", "out")
    done = medgpt(*words, "--graphs", "graphs.json", "--graph-model", "radgraph-xl")
    assert done.err == "warning: 1 of 3 reports without a graph in graphs.json\n"
    assert done.out == "out/graphs.jsonl: 2 rows, 2 read now\n"
    (result,) = score(OURS, THEIRS, list("pqrs"), Path("out"), ["radgraph_partial"])
    assert not isinstance(result, MetricResult)
    assert result.why == "1 of the reports have no row in out/graphs.jsonl"
    bare = medgpt(*words)
    assert bare.code == 5
    assert bare.err.startswith(
        "error: RadGraph's model does not run beside medgpt\nmedgpt eval extract --metric"
    )


def test_how(medgpt: Run) -> None:  # noqa: F811
    done = medgpt("eval", "extract", "--metric", "radgraph", "--how")
    assert (done.code, done.out) == (0, SCRIPT)
    other = medgpt("eval", "extract", "--metric", "rate", "--how")
    assert other.code == 2
    assert other.err.startswith("error: --how is for radgraph; rate is extracted here\n")


GOOD = "[Clinically Significant Errors]:\nNone\n\n[Matched Findings]:\n2. z"


def test_green_and_asking_the_failed_again(
    medgpt: Run,  # noqa: F811
    reports: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[str] = []
    says = [GOOD, "fine", GOOD]

    class Judge:
        model = "judge-7b"

        def __call__(self, requests: Sequence[Request], on_reply: Callable[[int, Reply], None]) -> None:
            for number, request in enumerate(requests):
                asked.append(request.turns[0].text)
                on_reply(number, Reply(says[number]))

    monkeypatch.setattr(extract, "endpoint_from", lambda url, model, key, online, key_file: Judge())
    words = ("eval", "extract", "--metric", "green", "--reports", str(reports), "--out", "out")
    words = (*words, "--endpoint", "http://127.0.0.1:1/v1")
    done = medgpt(*words)
    assert done.out == "out/judgements.jsonl: 3 rows, 3 read now\n"
    assert done.err.endswith(
        "warning: replies of the judge that could not be read: 1; --resume asks again\n"
    )
    says[:] = [GOOD]
    assert medgpt(*words, "--resume").out == "out/judgements.jsonl: 3 rows, 1 read now\n"
    assert len(asked) == 4
    assert asked[3] == asked[1]
    assert values(["green"]) == [0.75]
    assert b"Lungs" not in Path("out/judgements.jsonl").read_bytes()


@pytest.mark.parametrize("metric", ["chexbert", "bertscore", "rate"])
def test_absent_weights_say_what_to_put_where(
    medgpt: Run,  # noqa: F811
    reports: Path,
    metric: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("MEDGPT_METRIC_HOME", raising=False)
    words = ("eval", "extract", "--metric", metric, "--reports", str(reports), "--out", "out")
    done = medgpt(*words)
    assert done.code == 5
    assert done.err == (
        f"error: the weights of {metric} are not here: $MEDGPT_METRIC_HOME is not set\n"
        f"{EXTRACTIONS[metric].repair}\n"
    )
    assert medgpt(*words, "--weights", "nowhere").code == 3
    Path("empty").mkdir()
    empty = medgpt(*words, "--weights", "empty")
    assert empty.code == 5
    assert "lacks " in empty.err
    assert not Path("out").exists()


@pytest.mark.parametrize("package", ["torch", "transformers"])
def test_absent_packages_are_named(
    chexbert_folder: Path,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
    package: str,
) -> None:
    for name in [name for name in sys.modules if name.startswith(extraction_run.__package__ + ".")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.delattr(extraction, "chexbert", raising=False)
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(extraction_run.Missing, match=f"{package} is not installed"):
        extraction_run.open_reader("chexbert", chexbert_folder)


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (
            ["--metric", "chexbrt"],
            2,
            "error: --metric chexbrt is no extraction\ndid you mean chexbert?\n",
        ),
        (["--metric", "chexbert"], 2, "error: --reports is missing\n"),
        (["--metric", "chexbert", "--reports", "r"], 2, "error: --out is missing\n"),
        (["--metric", "chexbert", "--reports", "r", "--out", "f"], 2, "error: --out is a file\n"),
        (
            ["--metric", "rate", "--reports", "r", "--out", "o", "--layer", "5"],
            2,
            "error: --layer says nothing to rate\n",
        ),
        (
            ["--metric", "green", "--reports", "r", "--out", "o", "--weights", "w"],
            2,
            "error: --weights says nothing to green\n",
        ),
        (["--metric", "green", "--reports", "r", "--out", "o"], 2, "error: --endpoint is missing\n"),
        (
            ["--metric", "bertscore", "--reports", "r", "--out", "o", "--baseline", "1"],
            2,
            "error: --baseline must be from 0 to below 1\n",
        ),
        (
            ["--metric", "radgraph", "--reports", "r", "--out", "o", "--graph-model", "xl"],
            2,
            "error: --graph-model must be radgraph or radgraph-xl\n",
        ),
        (
            ["--metric", "chexbert", "--reports", "none", "--out", "o"],
            3,
            "error: none  there is no such file\n",
        ),
        (
            ["--metric", "chexbert", "--reports", "f", "--out", "o"],
            3,
            "f:1  is not an object\nerror: f  1 line without a report\n",
        ),
    ],
)
def test_what_is_said_wrongly(medgpt: Run, words: list[str], code: int, says: str) -> None:  # noqa: F811
    Path("r").write_text('{"report": "clear"}\n')
    Path("f").write_text("1\n")
    done = medgpt("eval", "extract", *words)
    assert (done.code, done.err[: len(says)]) == (code, says)
    assert not Path("o").exists()
