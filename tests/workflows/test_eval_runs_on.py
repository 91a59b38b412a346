"""What an evaluation survives, and what else it can be asked: kills, recipes, endpoints, probes, a memory."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from PIL import Image

from medgpt_cli.app import main
from medgpt_cli.core.errors import BadCheckpoint
from medgpt_cli.core.types import Reply, Request
from medgpt_cli.workflows import loading, naming
from tests.chat_server import Call, completion, serving
from tests.workflows.task_sets import lay

Say = Callable[[Request], Reply]


class Model:
    """Stands in for every model; what it says can be changed, and what it was asked is counted."""

    def __init__(self) -> None:
        self.say: Say = lambda request: Reply("left")
        self.asked: list[Request] = []

    def answer(self, requests: Sequence[Request], on_reply: Callable[[int, Reply], None]) -> None:
        for number, request in enumerate(requests):
            self.asked.append(request)
            on_reply(number, self.say(request))


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Model:
    fake = Model()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MEDGPT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(naming, "model_folder", lambda ref, online=False: Path(ref))
    loaded = SimpleNamespace(name="fake", hash="c0ffee" * 10 + "beef", answer=fake.answer)
    monkeypatch.setattr(loading, "load_model", lambda ref, adapter=None, online=False: loaded)
    return fake


def write(path: str, *records: dict[str, Any]) -> None:
    Path(path).write_text("".join(json.dumps(record) + "\n" for record in records))


@pytest.fixture
def mine(model: Model) -> None:
    for n in range(3):
        Image.new("L", (40 + n, 40), 40 * n).save(f"{n}.png")
    write(
        "my.jsonl",
        *({"question": f"Side {n}?", "answer": "left", "image": f"{n}.png"} for n in range(3)),
    )


def run(*words: str) -> int:
    return main(["eval", "run", *words])


def scores(out: str = "out") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(Path(out, "scores.json").read_text())["tasks"]
    return found


def rows(out: str = "out") -> list[dict[str, Any]]:
    return [json.loads(line) for line in Path(out, "samples.jsonl").read_text().splitlines()]


KILLED = """
import os, signal, sys
from pathlib import Path
from types import SimpleNamespace
from medgpt_cli.core.types import Reply
from medgpt_cli.workflows import loading, naming
def answer(requests, on_reply):
    for number, request in enumerate(requests):
        if number == 2:
            os.kill(os.getpid(), signal.SIGKILL)
        on_reply(number, Reply("left"))
naming.model_folder = lambda ref, online=False: Path(ref)
loading.load_model = lambda ref, adapter=None, online=False: SimpleNamespace(hash="c0ffee" * 10 + "beef", answer=answer)
from medgpt_cli.app import main
main(["eval", "run", "--model", "fake", "--task", "my.jsonl", "--out", "out", "--quiet"])
"""


@pytest.mark.usefixtures("mine")
def test_a_kill_loses_nothing_and_scores_nothing_twice(model: Model, tmp_path: Path) -> None:
    env = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    line = [sys.executable, "-c", KILLED]
    done = subprocess.run(line, cwd=tmp_path, env=env, check=False, timeout=300)
    assert done.returncode == -signal.SIGKILL
    assert [row["id"] for row in rows()] == ["line-1", "line-2"]
    whole = Path("out/samples.jsonl").read_bytes()
    Path("out/samples.jsonl").write_bytes(whole + b'{"task": "my", "id')
    words = ("--model", "fake", "--task", "my.jsonl", "--out", "out", "--resume", "--quiet")
    assert run(*words) == 0
    assert [request.turns[-1].text for request in model.asked] == ["Side 2?"]
    assert [row["id"] for row in rows()] == ["line-1", "line-2", "line-3"]
    assert scores()[0]["overall"]["k"] == 3
    assert run(*words) == 0  # finished: nobody is asked
    assert len(model.asked) == 1


@pytest.mark.usefixtures("mine")
def test_a_recipe_says_what_is_asked_and_words_are_stronger(
    model: Model, capfd: pytest.CaptureFixture[str]
) -> None:
    Path("r.yaml").write_text(
        "stage: eval\nmodel:\n  base: fake\neval:\n  tasks: [my.jsonl]\n  limit: 2\n"
    )
    assert run("--recipe", "r.yaml", "eval.max_new_tokens=7", "--out", "out", "--quiet") == 0
    assert [request.max_new_tokens for request in model.asked] == [7, 7]
    again = json.loads(Path("out/recipe.json").read_text())
    assert (again["model"]["base"], again["eval"]["limit"]) == ("fake", 2)
    assert Path("out/overrides.txt").read_text() == "eval.max_new_tokens=7\n"
    assert run("--recipe", "out", "--out", "again", "--quiet") == 0  # a run is a recipe
    assert scores("again") == scores()
    capfd.readouterr()
    assert run("--recipe", "r.yaml", "eval.limit=0", "eval.shot=1") == 3
    err = capfd.readouterr().err
    assert "eval.limit=0  must be at least 1" in err
    assert "eval.shot=1" in err
    assert run("my.jsonl") == 2
    assert capfd.readouterr().err == (
        "error: my.jsonl is not KEY=VALUE\ndid you mean --task my.jsonl?\n"
    )


@pytest.mark.usefixtures("mine")
def test_probes_say_whether_the_picture_matters(model: Model, capfd: pytest.CaptureFixture[str]) -> None:
    blank = []

    def looks(request: Request) -> Reply:
        blank.append(request.images[0].endswith("blank.png"))
        return Reply("right" if blank[-1] else "left")

    model.say = looks
    write(
        "my.jsonl",
        *(
            {"question": f"{n}?", "answer": "left", "image": f"{n % 3}.png", "patient_id": str(n)}
            for n in range(12)
        ),
    )
    assert (
        run("--model", "fake", "--task", "my.jsonl", "--probe", "blank", "--out", "out", "--quiet") == 0
    )
    assert blank == [False] * 12 + [True] * 12
    plain, probed = scores()
    assert (plain["task"], plain["overall"]["k"]) == ("my", 12)
    assert (probed["task"], probed["overall"]["k"]) == ("my+blank", 0)
    assert probed["effect"]["flips"] == 1.0
    assert probed["effect"]["sentence"].endswith("the model looks at the image")
    assert plain["effect"] is None
    assert "the model looks at the image" in capfd.readouterr().out


@pytest.mark.usefixtures("mine")
def test_remembered_answers_are_asked_for_once_and_only_on_request(
    model: Model, capfd: pytest.CaptureFixture[str]
) -> None:
    words = ("--model", "fake", "--task", "my.jsonl")
    assert run(*words, "--out", "none", "--quiet") == 0
    assert not Path("cache/answers").exists()
    assert run(*words, "--out", "first", "--cache") == 0
    assert "answers, which are clinical text, are kept in the cache folder" in capfd.readouterr().err
    assert run(*words, "--out", "second", "--cache", "--quiet") == 0
    assert len(model.asked) == 6
    assert Path("first/samples.jsonl").read_bytes() == Path("second/samples.jsonl").read_bytes()
    Image.new("L", (40, 40), 200).save("0.png")
    assert run(*words, "--out", "third", "--cache", "--quiet") == 0
    assert len(model.asked) == 7  # one picture is another one now
    assert Path("cache/answers").stat().st_mode & 0o077 == 0


def test_questions_of_a_public_set_by_its_name(model: Model, tmp_path: Path) -> None:
    model.say = lambda request: Reply("Yes")
    words = ("--task", "slake", "--data", str(lay(tmp_path / "sets", "slake")), "--out", "out")
    assert run("--model", "fake", *words, "--quiet") == 0
    [task] = scores()
    assert (task["task"], task["version"], task["headline"]) == ("slake", 1, "exact")
    assert task["protocol"].startswith("slake@1#")
    [line] = json.loads(Path("out/scores.json").read_text())["lines"]
    for part in ("exact v1 ", "N 2, parsed 2", "model c0ffee", "unknown: no training data is recorded"):
        assert part in line
    assert Path("out/scores.md").read_text().startswith("| Task | Measure | Score | 95 % | k/N |")
    assert r"\begin{tabular}" in Path("out/scores.tex").read_text()


def test_reports_have_no_accuracy_and_name_what_is_missing(
    model: Model, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    data = str(lay(tmp_path / "sets", "iu-xray"))
    words = ("--task", "iu-xray-findings", "--data", data, "--out", "out", "--quiet")
    assert run("--model", "fake", *words) == 0
    [task] = scores()
    assert (task["kind"], task["headline"]) == ("report", "rouge_l")
    assert (task["overall"]["accuracy"], task["overall"]["k"], task["overall"]["majority"]) == (
        None,
    ) * 3
    assert "radgraph_partial" in task["not_computed"]
    assert "medgpt eval extract" in task["not_computed"]["bertscore"]
    out = capfd.readouterr().out
    assert "green" in out
    assert "not computed" in out
    assert "0.000" not in out.split("green")[1]  # what is missing is no zero
    assert "not computed" in Path("out/report.html").read_text()


@pytest.mark.usefixtures("mine")
def test_when_nothing_could_be_answered_there_is_no_score_and_the_run_goes_on(
    model: Model, capfd: pytest.CaptureFixture[str]
) -> None:
    model.say = lambda request: Reply("", error="BAD_IMAGE")
    words = ("--model", "fake", "--task", "my.jsonl", "--out", "out", "--quiet")
    assert run(*words) == 3
    assert capfd.readouterr().err == (
        "error: my  not one of 3 questions could be answered: BAD_IMAGE 3\n"
        "mend what they name, then go on with --resume\n"
    )
    assert not Path("out/scores.json").exists()
    model.say = lambda request: Reply("left")
    assert run(*words, "--resume") == 0
    assert [row["attempt"] for row in rows()] == [2, 2, 2]


@pytest.mark.usefixtures("mine")
def test_an_endpoint_answers_and_its_outage_is_no_score(capfd: pytest.CaptureFixture[str]) -> None:
    up = True

    def answer(call: Call) -> None:
        if up or "Side 0" in call.question:
            call.say(completion("Left."))
        else:
            call.say({"error": "gone"}, 503, Retry_After="0")

    with serving(answer) as server:
        words = ("--endpoint", server.url, "--task", "my.jsonl", "--quiet")
        assert run(*words, "--out", "out") == 0
        assert scores()[0]["overall"]["k"] == 3
        manifest = json.loads(Path("out/manifest.json").read_text())
        assert manifest["answering"]["endpoint"] == server.url
        assert "an endpoint does not say" in scores()[0]["exposure"]["why"]
        assert run(*words, "--out", "other", "--model", "tiny") == 2
        assert "either a model here answers or an endpoint" in capfd.readouterr().err
    assert run("--endpoint-model", "x", "--task", "my.jsonl") == 2


@pytest.mark.usefixtures("mine")
def test_an_answer_is_as_long_over_an_endpoint_as_on_this_machine(model: Model) -> None:
    sent = []

    def answer(call: Call) -> None:
        sent.append(call.body["max_tokens"])
        call.say(completion("left"))

    assert run("--model", "fake", "--task", "my.jsonl", "--out", "here", "--quiet") == 0
    with serving(answer) as server:
        words = ("--endpoint", server.url, "--task", "my.jsonl", "--quiet")
        assert run(*words, "--out", "there") == 0
    assert sent == [request.max_new_tokens for request in model.asked] == [256] * 3
    assert scores("here")[0]["protocol"] == scores("there")[0]["protocol"]


@pytest.mark.usefixtures("mine")
def test_a_model_that_does_not_load_costs_no_folder(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    words = ("--model", "fake", "--task", "my.jsonl", "--out", "out", "--quiet")
    with monkeypatch.context() as patch:
        patch.setattr(loading, "load_model", damaged)
        assert run(*words) == 3
    assert not Path("out").exists()
    assert run(*words) == 0  # the same line again, once the model is mended
    before = {path.name: path.read_bytes() for path in Path("out").iterdir() if path.is_file()}
    capfd.readouterr()
    monkeypatch.setattr(loading, "load_model", damaged)
    assert run(*words, "--force") == 3
    assert capfd.readouterr().err.startswith("error: half of it is missing\n")
    assert {path.name: path.read_bytes() for path in Path("out").iterdir() if path.is_file()} == before
    # A folder that is refused is refused before anything is loaded for it.
    assert run(*words) == 2
    assert run(*words, "--limit", "2", "--resume") == 2
    errors = capfd.readouterr().err
    assert "out is not empty" in errors
    assert "out holds another evaluation" in errors


def damaged(*words: Any, **more: Any) -> None:
    raise BadCheckpoint("half of it is missing", repair="copy it again")


@pytest.mark.usefixtures("mine")
def test_the_comparison_with_training_data_can_be_left_out() -> None:
    words = ("--model", "fake", "--task", "my.jsonl", "--out", "out", "--quiet", "--no-overlap")
    assert run(*words) == 0
    assert scores()[0]["exposure"] == {
        "known": False,
        "seen": None,
        "reasons": {},
        "why": "the comparison was left out",
        "start": "",
    }
    assert {row["seen"] for row in rows()} == {"unknown"}
    assert run(*words[:-1], "--resume") == 2  # it is another evaluation
