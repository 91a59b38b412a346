"""`medgpt eval run --endpoint` against a server that misbehaves: nothing lost, nothing asked twice, and it goes on."""

from __future__ import annotations

import base64
import io
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from medgpt_cli.app import main
from medgpt_cli.evaluation.endpoint import client
from medgpt_cli.evaluation.endpoint.limits import Limits
from tests.chat_server import Call, completion, serving

N = 12
PATIENCE = 2.0
"""Seconds a hanging server is waited for; a good one on a busy machine needs less."""


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(
        client, "Limits", lambda: Limits(read=PATIENCE, attempts=2, backoff=0.01, failures=3)
    )
    Image.fromarray(np.arange(40 * 30 * 3, dtype=np.uint8).reshape(30, 40, 3)).save("a.png")
    rows = [{"id": f"n{n}", "question": f"Jane {n}?", "answer": "axial"} for n in range(N)]
    rows[0]["image"] = "a.png"
    Path("my.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))


def run(url: str, *words: str) -> int:
    return main(["eval", "run", "--task", "my.jsonl", "--endpoint", url, "--out", "out", *words])


def rows() -> list[dict[str, Any]]:
    return [json.loads(line) for line in Path("out/samples.jsonl").read_text().splitlines()]


def test_pictures_arrive_and_the_folder_says_who_answered(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("OUR_KEY", "s3cret")
    with serving() as server:
        assert run(server.url, "--endpoint-key", "OUR_KEY", "--json", "--quiet") == 0
    overall = json.loads(capfd.readouterr().out)["tasks"][0]["overall"]
    assert (overall["k"], overall["n"], overall["mean_tokens"]) == (N, N, 3)
    [shown] = [call for call in server.calls if "Jane 0?" in call.question]
    url = next(
        part["image_url"]["url"] for part in shown.body["messages"][0]["content"] if "image_url" in part
    )
    picture = Image.open(io.BytesIO(base64.b64decode(url.removeprefix("data:image/png;base64,"))))
    assert np.array_equal(np.asarray(picture), np.asarray(Image.open("a.png")))
    answering = json.loads(Path("out/manifest.json").read_text())["answering"]
    assert (answering["model"], answering["on_this_machine"]) == ("med-20b", True)
    kept = "".join(path.read_text() for path in Path("out").iterdir() if path.is_file())
    assert "s3cret" not in kept
    assert "Jane" not in kept


@pytest.mark.parametrize(
    ("bad", "what"),
    [
        (Call.hang_up, "broke the connection off before its answer was whole"),
        (Call.hang, "did not answer in time"),
        (lambda call: call.say(b"<html>Log in</html>"), "no answer of a chat endpoint (a web page)"),
        (lambda call: call.say({}, 500), "said that it failed (HTTP 500)"),
    ],
    ids=["drops", "hangs", "garbage", "fails"],
)
def test_an_outage_keeps_every_answer_and_the_run_goes_on(
    bad: Callable[[Call], None], what: str, capfd: pytest.CaptureFixture[str]
) -> None:
    answered: Counter[str] = Counter()

    def good(call: Call) -> None:
        answered[call.question] += 1
        call.say(completion())

    with serving(lambda call: good(call) if call.number < 5 else bad(call)) as server:
        assert run(server.url) == 5
        err = capfd.readouterr().err
        assert what in err
        assert "go on with: medgpt eval run" in err
        assert "Traceback" not in err
        assert "Jane" not in err
        assert not Path("out/scores.json").exists()
        assert sum(row["correct"] for row in rows()) == 5
        kept = set(answered)
        server.answer = good
        assert run(server.url, "--resume", "--json") == 0
    assert json.loads(capfd.readouterr().out)["tasks"][0]["overall"]["k"] == N
    assert len(kept) == 5
    assert all(answered[question] == 1 for question in kept)  # what is answered is not asked again
    assert len(answered) == N
    assert len({row["id"] for row in rows()}) == len(rows()) == N


def test_single_faults_are_named_counted_and_cost_no_other_question(
    capfd: pytest.CaptureFixture[str],
) -> None:
    bad: dict[str, Callable[[Call], None]] = {
        "Jane 2?": lambda call: call.say({"error": {"message": "Jane"}}, 400),
        "Jane 5?": lambda call: call.say(b"{"),
        "Jane 8?": Call.hang_up,
    }

    def answer(call: Call) -> None:
        bad.get(call.question, lambda call: call.say(completion()))(call)

    with serving(answer) as server:
        assert run(server.url, "--json") == 0
    out, err = capfd.readouterr()
    overall = json.loads(out)["tasks"][0]["overall"]
    assert (overall["n"], overall["k"], overall["errors"]) == (N, N - 3, 3)
    assert {row["id"]: row["error"] for row in rows() if row["error"]} == {
        "n2": "ENDPOINT_REFUSED",
        "n5": "ENDPOINT_GARBAGE",
        "n8": "ENDPOINT_DROPPED",
    }
    assert "Jane" not in err


def test_nothing_listens_and_nothing_is_scored(capfd: pytest.CaptureFixture[str]) -> None:
    with serving() as server:
        url = server.url
    assert run(url) == 5
    assert f"error: the endpoint {server.origin} could not be reached" in capfd.readouterr().err
    assert not Path("out").exists()


def test_a_finished_run_needs_nobody_to_answer(capfd: pytest.CaptureFixture[str]) -> None:
    with serving() as server:
        assert run(server.url) == 0
    first = capfd.readouterr().out
    assert run(server.url, "--resume") == 0
    assert capfd.readouterr().out == first


def test_elsewhere_takes_online(capfd: pytest.CaptureFixture[str]) -> None:
    assert run("http://gpu7.ward.example/v1") == 5
    assert capfd.readouterr().err.endswith(
        "error: the endpoint http://gpu7.ward.example is not on this machine, and medgpt is offline\n"
        "--online allows it; the questions and pictures of the tasks then go to gpu7.ward.example\n"
    )


def test_sigterm_while_the_server_hangs_ends_at_once_with_every_answer_kept(tmp_path: Path) -> None:
    with serving(lambda call: call.say(completion()) if call.number < 4 else call.hang()) as server:
        words = ["eval", "run", "--task", "my.jsonl", "--endpoint", server.url, "--out", "out"]
        child = subprocess.Popen(
            [sys.executable, "-m", "medgpt_cli", *words],
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        )
        log = Path("out/samples.jsonl")
        while child.poll() is None and not (log.exists() and log.read_bytes().count(b"\n") == 4):
            time.sleep(0.05)
        child.send_signal(signal.SIGTERM)
        _, err = child.communicate(timeout=60)  # the server would have kept it for five minutes
    assert child.returncode == 75
    assert "stopped; every answer so far is kept" in err
    assert "Traceback" not in err
    with serving() as server_again:
        # Another port is another endpoint, and is refused rather than mixed in.
        assert run(server_again.url, "--resume", "--quiet") == 2
    assert len(rows()) == 4
