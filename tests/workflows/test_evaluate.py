"""`medgpt eval run` from words to folder, with a model that needs no weights."""

import json
import os
import shlex
import signal
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from PIL import Image

from medgpt_cli.app import main
from medgpt_cli.core.types import Reply, Request
from medgpt_cli.workflows import loading, naming

HASH = "c0ffee" * 10 + "beef"
PLANES = ["axial", "axial", "axial", "coronal"]


class Model:
    """Answers by `say`, counts its questions, and stands in for every model's name."""

    def __init__(self) -> None:
        self.say: Callable[[str], str] = lambda question: "Axial."
        self.finished = True
        self.hash = HASH
        self.asked: list[str] = []

    def answer(self, requests: Sequence[Request], on_reply: Callable[[int, Reply], None]) -> None:
        for number, request in enumerate(requests):
            question = request.turns[-1].text
            self.asked.append(question)
            on_reply(number, self._reply(question))

    def _reply(self, question: str) -> Reply:
        try:
            text = self.say(question)
        except Exception as error:
            return Reply("", error=type(error).__name__)
        return Reply(text, finished=self.finished, tokens=2, seconds=0.25)


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Model:
    fake = Model()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(naming, "model_folder", lambda ref, online=False: Path(ref))
    monkeypatch.setattr(
        loading,
        "load_model",
        lambda ref, adapter=None, online=False: SimpleNamespace(
            name=ref, hash=fake.hash, answer=fake.answer
        ),
    )
    return fake


def write(path: str, records: Sequence[dict[str, Any]]) -> None:
    Path(path).write_text("".join(json.dumps(record) + "\n" for record in records))


@pytest.fixture
def task(model: Model) -> str:
    write(
        "my.jsonl",
        [{"question": f"Plane of Jane Doe's slice {n}?", "answer": a} for n, a in enumerate(PLANES)],
    )
    return "my.jsonl"


def run(*words: str) -> int:
    return main(["eval", "run", "--model", "fake", *words])


def test_leaves_a_finished_folder_and_prints_the_table(
    task: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run("--task", task, "--out", "out") == 0
    out, err = capfd.readouterr()
    digest = json.loads(Path("out/scores.json").read_text())["tasks"][0]["data_hash"][:12]
    lines = [line.rstrip() for line in out.splitlines()]
    assert "normalised   0.750   0.301–0.954   4" in lines
    beside = ("normalised", "token_f1", "bleu1_sent")
    assert [line for line in lines if not line.startswith(beside)] == [
        f"my#{digest} / as-written / shots 0 / greedy, 256 tokens / em_v1",
        "      accuracy          95 %   k/N   majority   of parsed   parsed    cut   errors",
        "all      0.750   0.301–0.954   3/4      0.750       0.750   100.0%   0.0%     0.0%",
        "4 questions on 4 cases; majority answer fitted on the task itself",
        "measure      value          95 %   N",
        "overlap with training data unknown: no training data is recorded for fake",
        "in or out of distribution: unknown",
        "model fake, SHA-256 c0ffeec0ffee",
    ]
    assert err.splitlines() == [
        "my: 1 of 4 asked, 1 right",
        "my: 2 of 4 asked, 2 right",
        "my: 3 of 4 asked, 3 right",
        "my: 4 of 4 asked, 3 right",
        "report: out/report.html",
    ]
    names = {path.name for path in Path("out").iterdir()} - {".lock"}
    assert names == {
        "scores.json",
        "scores.md",
        "scores.tex",
        "samples.jsonl",
        "report.html",
        "manifest.json",
        "recipe.json",
        "recipe.yaml",
        "overrides.txt",
        "state.json",
        "log.txt",
    }
    assert json.loads(Path("out/state.json").read_text())["state"] == "done"
    assert all("Jane Doe" not in Path("out", name).read_text() for name in names)
    assert all(Path("out", name).stat().st_mode & 0o007 == 0 for name in names)


def test_the_manifest_names_what_went_in_and_hashes_what_came_out(task: str) -> None:
    run("--task", task, "--out", "out")
    from medgpt_cli.core import files, manifest

    document = json.loads(Path("out/manifest.json").read_text())
    assert document["model_hash"] == HASH
    assert document["asked"]["data"] == {"my.jsonl": files.sha256_file(Path(task))}
    assert set(document["files"]) == {
        "scores.json",
        "scores.md",
        "scores.tex",
        "samples.jsonl",
        "report.html",
    }
    manifest.verify_files(Path("out"))


def test_json_is_one_document_and_nothing_else(task: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert run("--task", task, "--out", "out", "--json", "--quiet") == 0
    out, err = capfd.readouterr()
    document = json.loads(out)
    assert err == ""
    assert (document["model"], document["model_hash"], document["out"]) == ("fake", HASH, "out")
    assert document["tasks"][0]["overall"]["k"] == 3


def test_without_out_a_dated_folder_is_made(task: str) -> None:
    assert run("--task", task, "--quiet") == 0
    [made] = Path("runs").iterdir()
    assert made.name.endswith("-eval-1")


def test_keep_text_keeps_texts_in_the_log_and_wrong_ones_in_the_report(task: str) -> None:
    run("--task", task, "--out", "out", "--keep-text", "--quiet")
    assert Path("out/samples.jsonl").read_text().count("Jane Doe") == 4
    page = Path("out/report.html").read_text()
    assert page.count("Jane Doe") == page.count("Plane of Jane Doe&#39;s slice 3?") == 1


def test_limit_stands_in_the_protocol(
    task: str, model: Model, capfd: pytest.CaptureFixture[str]
) -> None:
    run("--task", task, "--out", "out", "--limit", "2", "--quiet")
    assert len(model.asked) == 2
    assert capfd.readouterr().out.startswith("my[:2]#")
    run("--task", task, "--out", "all", "--limit", "9", "--quiet")
    assert capfd.readouterr().out.startswith("my#")


def test_the_majority_is_fitted_on_the_training_file(
    task: str, model: Model, capfd: pytest.CaptureFixture[str]
) -> None:
    write(
        "train.jsonl",
        [{"question": "q", "answer": "coronal"}] * 2
        + [{"question": "q", "answer": "axial"}, {"text": "a book"}],
    )
    run("--task", task, "--out", "out", "--majority", "train.jsonl", "--quiet", "--json")
    [scored] = json.loads(capfd.readouterr().out)["tasks"]
    assert (scored["overall"]["majority_k"], scored["majority_from"]) == (1, "train.jsonl")


def test_dry_run_says_what_would_be_asked_and_writes_nothing(
    task: str, model: Model, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run("--task", task, "--dry-run", "--limit", "3") == 0
    out = capfd.readouterr().out
    assert out.startswith("my[:3]#")
    assert out.endswith(" / as-written / shots 0 / greedy, 256 tokens / em_v1: 3 questions to fake\n")
    assert run("--task", task, "--dry-run", "--json") == 0
    assert json.loads(capfd.readouterr().out)["tasks"][0]["questions"] == 4
    assert model.asked == []
    assert [path.name for path in Path().iterdir()] == ["my.jsonl"]


def test_several_tasks_in_one_folder(task: str, capfd: pytest.CaptureFixture[str]) -> None:
    write("other.jsonl", [{"question": "q", "answer": "axial", "options": ["axial", "coronal"]}])
    assert run("--task", task, "--task", "other.jsonl", "--out", "out", "--json", "--quiet") == 0
    document = json.loads(capfd.readouterr().out)
    assert [scored["protocol"].split(" / ")[-1] for scored in document["tasks"]] == [
        "em_v1",
        "letters_v1",
    ]
    assert [scored["overall"]["k"] for scored in document["tasks"]] == [3, 1]
    rows = [json.loads(line) for line in Path("out/samples.jsonl").read_text().splitlines()]
    assert [row["task"] for row in rows] == ["my"] * 4 + ["other"]


def test_cut_and_failed_answers_are_warned_about(
    task: str, model: Model, capfd: pytest.CaptureFixture[str]
) -> None:
    def say(question: str) -> str:
        model.finished = "slice 1" not in question
        if "slice 2" in question:
            raise RuntimeError(question)
        return "axial"

    model.say = say
    assert run("--task", task, "--out", "out") == 0
    err = capfd.readouterr().err.splitlines()
    assert "warning: answers that reached the token limit, and count as wrong: 1" in err
    assert (
        "warning: questions that failed, and count as wrong: 1 (samples.jsonl names the errors)" in err
    )


REFUSED = [
    ((), 2, "error: no task was named\nadd --task slake or --task my.jsonl\n"),
    (
        ("--task", "my.jsonl", "--task", "my.jsonl"),
        2,
        "error: a task is named twice\nname each --task once\n",
    ),
    (
        ("--task", "long.jsonl"),
        3,
        "long.jsonl:1  4 turns cannot be scored; only one question with one answer can; remove the record\n"
        "long.jsonl:3  a plain text cannot be scored; only one question with one answer can; remove the record\n"
        "error: long.jsonl  2 of 3 records cannot be scored\n",
    ),
    (
        ("--task", "my.jsonl", "--majority", "text.jsonl"),
        3,
        "error: text.jsonl  no record has one question with one short answer\nname another --majority\n",
    ),
]


@pytest.mark.parametrize(("words", "code", "said"), REFUSED)
def test_refusals_leave_no_folder(
    task: str,
    model: Model,
    capfd: pytest.CaptureFixture[str],
    words: Sequence[str],
    code: int,
    said: str,
) -> None:
    turns = [{"role": role, "content": "secret"} for role in ("user", "assistant") * 2]
    write("long.jsonl", [{"messages": turns}, {"question": "q", "answer": "a"}, {"text": "secret"}])
    write("text.jsonl", [{"text": "secret"}])
    assert run(*words, "--out", "out") == code
    assert capfd.readouterr().err == said
    assert not Path("out").exists()
    assert model.asked == []


def test_a_missing_model_leaves_no_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    write("my.jsonl", [{"question": "q", "answer": "a"}])
    assert run("--task", "my.jsonl", "--out", "out") == 3
    assert capfd.readouterr().err.startswith("error: there is no model folder fake\n")
    assert not Path("out").exists()


def test_the_command_to_go_on_with_is_whole(
    task: str, model: Model, capfd: pytest.CaptureFixture[str]
) -> None:
    def interrupted(question: str) -> str:
        raise KeyboardInterrupt

    model.say = interrupted
    words = ("--task", task, "--majority", task, "--limit", "3", "--max-new-tokens", "8", "--keep-text")
    assert run(*words, "--out", "a b", "--quiet") == 130
    line = capfd.readouterr().err.splitlines()[-1].removeprefix("go on with: medgpt ")
    model.say = lambda question: "axial"
    assert main([*shlex.split(line), "--quiet"]) == 0
    assert len(Path("a b/samples.jsonl").read_text().splitlines()) == 3


def test_goes_on_where_it_was_interrupted(
    task: str, model: Model, capfd: pytest.CaptureFixture[str]
) -> None:
    def interrupted(question: str) -> str:
        if "slice 2" in question:
            raise KeyboardInterrupt
        return "axial"

    model.say = interrupted
    assert run("--task", task, "--out", "out", "--quiet") == 130
    assert capfd.readouterr().err == (
        "error: stopped; every answer so far is kept\n"
        "go on with: medgpt eval run --recipe=out/recipe.json --out=out --resume\n"
    )
    model.say = lambda question: "axial"
    model.asked.clear()
    assert (
        main(
            ["eval", "run", "--model", "fake", "--task=my.jsonl", "--out", "out", "--resume", "--quiet"]
        )
        == 0
    )
    assert len(model.asked) == 2
    assert run("--task", task, "--out", "fresh", "--quiet") == 0
    for name in ("samples.jsonl", "scores.json"):
        assert Path("out", name).read_bytes() == Path("fresh", name).read_bytes()


def test_sigterm_keeps_the_state_and_says_75(task: str, model: Model) -> None:
    before = signal.getsignal(signal.SIGTERM)

    def terminated(question: str) -> str:
        if "slice 2" in question:
            os.kill(os.getpid(), signal.SIGTERM)
        return "axial"

    model.say = terminated
    assert run("--task", task, "--out", "out", "--quiet") == 75
    assert len(Path("out/samples.jsonl").read_text().splitlines()) == 2
    assert signal.getsignal(signal.SIGTERM) is before


def test_resuming_a_finished_folder_says_so(
    task: str, model: Model, capfd: pytest.CaptureFixture[str]
) -> None:
    run("--task", task, "--out", "out", "--quiet")
    first = capfd.readouterr().out
    model.asked.clear()
    assert run("--task", task, "--out", "out", "--resume") == 0
    out, err = capfd.readouterr()
    assert (out, model.asked) == (first, [])
    assert err.splitlines()[0] == "out had already finished."


def test_a_folder_is_only_continued_with_what_it_was_begun_with(
    task: str, model: Model, capfd: pytest.CaptureFixture[str]
) -> None:
    run("--task", task, "--out", "out", "--quiet")
    capfd.readouterr()
    assert run("--task", task, "--out", "out") == 2
    assert capfd.readouterr().err.startswith("error: out is not empty\n")
    assert run("--task", task, "--out", "out", "--resume", "--limit", "2", "--keep-text") == 2
    assert capfd.readouterr().err == (
        "error: out holds another evaluation, with different protocols, prompts, keep_text\n"
        "name another --out, or overwrite with --force\n"
    )
    assert run("--task", task, "--out", "out", "--force", "--limit", "2", "--quiet") == 0


def test_a_swapped_picture_is_noticed_and_named_by_its_place(
    model: Model, capfd: pytest.CaptureFixture[str]
) -> None:
    for number in range(2):
        Image.new("L", (40, 40), 40 * number).save(f"Miller_{number}.png")
    write(
        "my.jsonl",
        [{"question": f"Side {n}?", "answer": "left", "image": f"Miller_{n}.png"} for n in range(2)],
    )
    assert run("--task", "my.jsonl", "--out", "out", "--quiet") == 0
    capfd.readouterr()
    first = json.loads(Path("out/scores.json").read_text())["tasks"][0]["data_hash"]
    assert run("--task", "my.jsonl", "--out", "out", "--resume", "--quiet") == 0
    Image.new("L", (40, 40), 200).save("Miller_1.png")
    capfd.readouterr()
    assert run("--task", "my.jsonl", "--out", "out", "--resume") == 4
    assert capfd.readouterr().err == (
        "my.jsonl:2 images[0]  is not the picture it was\n"
        "error: 1 picture is not the one that out was begun with\n"
        "restore them, or start anew with another --out\n"
    )
    assert run("--task", "my.jsonl", "--out", "other", "--quiet") == 0
    assert json.loads(Path("other/scores.json").read_text())["tasks"][0]["data_hash"] != first


def test_another_wording_under_the_same_name_is_refused(
    task: str, model: Model, capfd: pytest.CaptureFixture[str]
) -> None:
    def declare(words: str) -> None:
        Path("own.yaml").write_text(
            "version: 1\ntitle: Own\nkind: short\nrecords: my.jsonl\n"
            f"profiles: {{plain: {{ask: '{words}'}}}}\n"
        )

    def interrupted(question: str) -> str:
        raise KeyboardInterrupt

    model.say = interrupted
    declare("{question} One word.")
    assert run("--task", "own.yaml", "--out", "out", "--quiet") == 130
    declare("{question} In a sentence.")
    capfd.readouterr()
    assert run("--task", "own.yaml", "--out", "out", "--resume", "--quiet") == 2
    assert capfd.readouterr().err.startswith(
        "error: out holds another evaluation, with different prompts\n"
    )
    declare("{question} One word.")
    model.say = lambda question: "axial"
    assert run("--task", "own.yaml", "--out", "out", "--resume", "--quiet") == 0


def test_other_weights_under_the_same_name_are_refused(
    task: str, model: Model, capfd: pytest.CaptureFixture[str]
) -> None:
    def interrupted(question: str) -> str:
        raise KeyboardInterrupt

    model.say = interrupted
    run("--task", task, "--out", "out", "--quiet")
    capfd.readouterr()
    model.hash = "other"
    assert run("--task", task, "--out", "out", "--resume", "--quiet") == 2
    assert capfd.readouterr().err.startswith(
        "error: out holds another evaluation, with different weights under the same name\n"
    )
