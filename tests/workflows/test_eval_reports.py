"""`eval run --extracted`: reports of our own are scored out of extractions, and nothing is asked a second time."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from medgpt_cli.app import main
from medgpt_cli.core.types import Reply, Request
from medgpt_cli.evaluation.hashes import Hashes
from medgpt_cli.workflows import eval_backing
from tests.workflows.test_score_reports import CLEAR, OPAQUE, here

__all__ = ["here"]  # the folder with the reports and what was extracted from them

RUN = ("eval", "run", "--model", "fake", "--task", "reports.yaml", "--no-overlap", "--out", "out")
SCORES = Path("out/scores.json")


class Writer:
    """Writes one right report, one half right, and one that is cut."""

    asked = 0

    def __call__(self, requests: Sequence[Request], on_reply: Callable[[int, Reply], None]) -> None:
        self.asked += len(requests)
        for number, reply in enumerate(
            (Reply(CLEAR), Reply(OPAQUE), Reply(CLEAR, finished=False, tokens=9))
        ):
            on_reply(number, reply)


@pytest.fixture
def writer(monkeypatch: pytest.MonkeyPatch) -> Writer:
    found = Writer()
    answering = eval_backing.Answering(Hashes("ab" * 32), found, {"dtype": "float32"})
    monkeypatch.setattr(eval_backing, "opened", lambda settings, name: answering)
    monkeypatch.setattr(eval_backing, "check_there", lambda settings, name: None)
    return found


def document() -> dict[str, Any]:
    [task] = json.loads(SCORES.read_text())["tasks"]
    assert isinstance(task, dict)
    return task


def test_a_finished_run_goes_on_to_its_metrics_and_keeps_its_protocol(
    writer: Writer, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main([*RUN, "--keep-text"]) == 0
    before = json.loads(SCORES.read_text())
    assert "radgraph_partial" in document()["not_computed"]
    told = capfd.readouterr().err.splitlines()[-1]
    assert told == (
        "metrics of reports: medgpt eval extract --reports out/samples.jsonl …, then "
        "medgpt eval run --recipe=out/recipe.json --keep-text --no-overlap --out=out --resume --extracted=DIR"
    )
    again = told.split("then medgpt ")[1].replace("DIR", "extracted").split()
    assert main(again) == 0
    assert writer.asked == 3
    after = document()
    measured = {measure["name"]: measure for measure in after["measures"]}
    # 1; two entities against four of which two are right: 2/3; a report that was cut is measured as far as it goes
    assert measured["radgraph_partial"]["value"] == pytest.approx((1 + 2 / 3 + 1) / 3)
    assert "tokens.jsonl is not in extracted" in after["not_computed"]["bertscore"]
    assert (after["protocol"], after["headline"]) == (before["tasks"][0]["protocol"], "rouge_l")
    assert "/ greedy, 512 tokens /" in after["protocol"]
    manifest = json.loads(Path("out/manifest.json").read_text())
    assert (manifest["model_hash"], list(manifest["answering"]["extracted"])) == (
        "ab" * 32,
        ["graphs.jsonl"],
    )
    assert "radgraph_partial, read by</th>" in Path("out/report.html").read_text()
    assert json.loads(Path("out/state.json").read_text())["state"] == "done"
    from medgpt_cli.core.manifest import verify_files

    verify_files(Path("out"))
    capfd.readouterr()
    assert main(again) == 0  # nothing new was extracted
    assert "out had already finished." in capfd.readouterr().err


def test_a_run_that_knows_its_extractions_needs_no_second_step(writer: Writer) -> None:
    assert main([*RUN, "--keep-text", "--extracted", "extracted", "--quiet"]) == 0
    names = [measure["name"] for measure in document()["measures"]]
    assert names[0] == "rouge_l"
    assert "radgraph_entity_relation" in names
    rows = [json.loads(line) for line in Path("out/samples.jsonl").read_text().splitlines()]
    assert all("radgraph_partial" in row["measures"] for row in rows)


def test_without_texts_it_says_what_to_do(writer: Writer, capfd: pytest.CaptureFixture[str]) -> None:
    assert main([*RUN]) == 0
    assert capfd.readouterr().err.endswith(
        "metrics of reports need their texts: evaluate with --keep-text\n"
    )


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ((), 2, "--extracted compares reports, and their texts are not kept\nadd --keep-text"),
        (("--keep-text", "--task", "plain.jsonl"), 2, "is for reports, and plain asks for none"),
        (("--keep-text",), 3, "extracted  there is no such folder\nmedgpt eval extract makes it"),
    ],
)
def test_refusals_ask_nobody_and_leave_no_folder(
    words: tuple[str, ...], code: int, said: str, writer: Writer, capfd: pytest.CaptureFixture[str]
) -> None:
    Path("plain.jsonl").write_text('{"question": "Side?", "answer": "left"}\n')
    task = ["--task", "reports.yaml"] if "--task" not in words else []
    if code == 3:
        shutil.rmtree("extracted")
    line = ["eval", "run", "--model", "fake", "--no-overlap", "--out", "out", *task, *words]
    assert main([*line, "--extracted", "extracted"]) == code
    assert said in capfd.readouterr().err
    assert (writer.asked, Path("out").exists()) == (0, False)
