from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from medgpt_cli.app import main
from medgpt_cli.core import console
from medgpt_cli.evaluation.tasks import catalogue
from tests.data.sources import layouts_questions
from tests.data.sources.writing import as_jsonl, as_parquet
from tests.workflows.prep.making import pair, written
from tests.workflows.task_sets import lay


def listed(capsys: pytest.CaptureFixture[str], *words: object, code: int = 0) -> str:
    assert main(["eval", "list", *map(str, words)]) == code
    return capsys.readouterr().out


def test_the_table_says_what_is_here_and_what_to_put_where(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lay(tmp_path, "slake", "medxpertqa")
    out = listed(capsys, "--data", tmp_path)
    lines = {line.split()[0]: line.split() for line in out.splitlines() if line}
    assert lines["slake"] == [
        "slake",
        "short",
        "2",
        "1,061",
        "open",
        "CC",
        "BY",
        "4.0",
        str(tmp_path / "slake"),
    ]
    assert lines["slake-all"][2] == "3"
    assert lines["medxpertqa-text"][:4] == ["medxpertqa-text", "choice", "1", "2,450"]
    assert lines["medqa"] == ["medqa", "choice", "-", "1,273", "open", "CC", "BY", "4.0", "-"]
    assert f"5 of {len(catalogue.names())} tasks can be read from {tmp_path}" in out
    assert (
        "the five medical subjects' folders with their Parquet files\n"
        "  for mmmu-med, mmmu-med-dev, mmmu-med-val\n"
        "  from https://huggingface.co/datasets/MMMU/MMMU\n"
    ) in out
    assert "slake" not in out.split("where it comes from:")[1]


@pytest.mark.parametrize(
    ("width", "licence"), [(80, ""), (90, "PhysioNet …"), (120, "PhysioNet Credentialed")]
)
def test_in_a_narrow_terminal_no_line_is_broken_by_it(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    width: int,
    licence: str,
) -> None:
    monkeypatch.chdir(lay(tmp_path, "slake"))
    monkeypatch.setattr(console.result(), "_width", width)
    lines = listed(capsys).splitlines()
    assert max(map(len, lines)) <= width
    assert lines[lines.index("found in") :][1:3] == ["slake", "  slake, slake-all, slake-zh"]
    [mimic] = [line for line in lines if line.startswith("mimic-cxr-findings-mek ")]
    assert mimic.split("credentialed")[1].strip().startswith(licence)
    assert [line.rindex("1,061") for line in lines if line.startswith("slake ")] == [
        lines[0].index("published") + 4
    ]
    told = "its licence" if width == 80 else "the whole licence"
    assert f"medgpt eval list TASK tells {told}, measures and traps" in lines


def test_the_document_has_every_task(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lay(tmp_path, "mimic-cxr")
    document = json.loads(listed(capsys, "--data", tmp_path, "--json"))
    tasks = {task["task"]: task for task in document["tasks"]}
    assert set(tasks) == set(catalogue.names())
    single = tasks["mimic-cxr-findings-single"]
    assert (single["readable"], single["questions"], single["access"]) == (True, 2, "credentialed")
    assert single["left_out"] == {}  # the study without a frontal view is one of the training part
    assert single["where"] == str(tmp_path / "mimic-cxr")
    absent = tasks["vqa-rad"]
    assert (absent["readable"], absent["questions"], absent["where"]) == (False, 0, "")
    assert absent["missing"].startswith(
        "the data of vqa-rad are not in this folder or one below it; put VQA_RAD"
    )
    assert tasks["medmcqa"]["profiles"] == ["medgpt", "medgpt-shuffled", "lm-eval"]


def test_the_counts_are_those_that_are_asked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from medgpt_cli.workflows.task_files import TaskSettings, read_tasks

    lay(tmp_path)
    tasks = json.loads(listed(capsys, "--data", tmp_path, "--json"))["tasks"]
    for task in tasks:
        [read] = read_tasks([task["task"]], TaskSettings(data=tmp_path))
        assert (task["readable"], task["questions"]) == (True, len(read.items)), task["task"]


def test_what_is_left_out_is_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    row = layouts_questions.mcq("v-0", cop=-1)
    as_parquet(
        tmp_path / "data/validation-00000-of-00001.parquet", [row, {**row, "id": "v-1", "cop": 2}]
    )
    [task] = json.loads(listed(capsys, "medmcqa", "--data", tmp_path, "--json"))["tasks"]
    assert (task["questions"], task["left_out"]) == (1, {"label not published": 1})


def test_naming_a_task_tells_of_it_at_length(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = listed(capsys, "medxpertqa-mm", "--data", lay(tmp_path, "medxpertqa"))
    told = [tuple(re.split(r" {2,}", line)) for line in out.splitlines()]
    assert ("profiles", "medgpt, medgpt-shuffled, official-answer-only") in told
    assert (
        "handled",
        "the question as published repeats its options at its end; they are read once",
    ) in told
    assert "\n\n" not in out


def test_a_task_file_of_ones_own_is_looked_at_as_well(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    written(tmp_path / "a.jsonl", pair(1, split="test"), pair(2, split="train"))
    mine = tmp_path / "mine.yaml"
    mine.write_text("version: 2\ntitle: Ours\nkind: short\nrecords: a.jsonl\nsplits: [test]\n")
    [task] = json.loads(listed(capsys, mine, "--data", tmp_path, "--json"))["tasks"]
    assert (task["readable"], task["questions"], task["access"]) == (True, 1, "local")
    assert (task["where"], task["profiles"]) == (str(tmp_path / "a.jsonl"), ["medgpt"])
    (tmp_path / "a.jsonl").write_text('{"question": "q"}\n')
    assert "missing         1 row cannot be asked: " in listed(capsys, mine, "--data", tmp_path)
    mine.write_text("version: 2\n")
    assert main(["eval", "list", str(mine)]) == 3
    assert "mine.yaml:1 title  is missing" in capsys.readouterr().err


def test_a_set_with_faults_cannot_be_asked_and_says_why(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [layouts_questions.expert("MM-1", 5), layouts_questions.expert("MM-2", 5, label="Z")]
    as_jsonl(tmp_path / "Text/test.jsonl", rows)
    out = listed(capsys, "medxpertqa-text", "--data", tmp_path)
    assert re.search(
        r"^missing +1 row cannot be asked: label is no letter of an option$", out, re.MULTILINE
    )


def test_a_file_that_cannot_be_read_is_told_and_the_others_are_counted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lay(tmp_path, "slake", "medqa", "medmcqa")
    (tmp_path / "slake/test.json").write_text('[{"img_id": 1, "img_na')
    (tmp_path / "medmcqa/data/validation-00000-of-00001.parquet").write_bytes(b"PAR1")
    tasks = {t["task"]: t for t in json.loads(listed(capsys, "--data", tmp_path, "--json"))["tasks"]}
    assert [tasks[name]["readable"] for name in ("slake", "medmcqa", "medqa")] == [False, False, True]
    assert "cannot be asked" in tasks["slake"]["missing"]
    assert "cannot be asked" in tasks["medmcqa"]["missing"]


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["--data", "nowhere"], 3, "error: nowhere  there is no such folder\nmend --data\n"),
        (["slak"], 2, "error: no task is called 'slak'\ndid you mean slake?\n"),
    ],
)
def test_what_cannot_be_listed(
    words: list[str],
    code: int,
    told: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["eval", "list", *words]) == code
    assert capsys.readouterr().err == told
