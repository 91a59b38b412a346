"""vLLM's part is played by a program on a real socket; vLLM itself and a GPU are not here."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image

from medgpt_cli.core.errors import BadCheckpoint, EngineAway, OutOfResources, UsageError
from medgpt_cli.core.types import Role, Turn
from medgpt_cli.models.chat_api.client import Dialect
from medgpt_cli.models.chat_api.messages import JOINER, data_url, neutraliser
from medgpt_cli.models.vllm.engine import Vllm
from tests.models.vllm.standing_in import StandIn, is_running

SECRET = "Mrs Secretname"
ROOT = Path(__file__).parents[3]
DIALECT = Dialect(
    neutral=neutraliser(["<|end|>"]),
    urls_of=lambda name: [data_url(Image.new("RGB", (56, 56)))] * int(name),
    harmony=True,
    raw=True,
    max_new_tokens=64,
)


@pytest.fixture(scope="module")
def patched() -> Iterator[pytest.MonkeyPatch]:
    with pytest.MonkeyPatch.context() as patch:
        yield patch


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("model")
    (made / "config.json").write_text("{}")
    return made


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory, patched: pytest.MonkeyPatch) -> StandIn:
    patched.setenv("VLLM_LOGGING_LEVEL", "DEBUG")
    return StandIn(tmp_path_factory.mktemp("vllm"), patched)


def start(program: StandIn, folder: Path, tell: Callable[[str], None] = lambda _: None) -> Vllm:
    return Vllm(
        str(program.program), folder, DIALECT, pictures=32, overrides='{"a": 1}',
        log=program.folder / "log.txt", tell=tell,
    )  # fmt: skip


@pytest.fixture(scope="module")
def engine(program: StandIn, folder: Path) -> Iterator[Vllm]:
    started = start(program, folder)
    yield started
    started.end()
    assert program.running() == []


def asked(*parts: str | int) -> list[Turn]:
    return [Turn(Role.USER, parts)]


def until(holds: Callable[[], object]) -> None:
    end = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.02)


def test_it_is_started_with_these_words(engine: Vllm, program: StandIn, folder: Path) -> None:
    [words, *_] = program.notes("words")
    [settings, *_] = program.notes("settings")
    assert words["folder"] == str(folder)
    assert words["limit_mm_per_prompt"] == {"image": 32}
    assert words["hf_overrides"] == {"a": 1}
    assert settings["VLLM_LOGGING_LEVEL"] == "INFO"
    assert settings["VLLM_NO_USAGE_STATS"] == settings["HF_HUB_OFFLINE"] == "1"
    key = settings["VLLM_API_KEY"]
    assert len(key) == 64
    for pid in program.running():
        assert key.encode() not in Path(f"/proc/{pid}/cmdline").read_bytes()


def test_only_this_user_reaches_it_and_only_with_the_key(engine: Vllm, program: StandIn) -> None:
    door = Path(program.notes("words")[0]["uds"])
    assert door.parent.stat().st_mode & 0o077 == 0
    with socket.socket(socket.AF_UNIX) as knocking:
        knocking.connect(str(door))
        knocking.sendall(b"GET /v1/models HTTP/1.1\r\nHost: x\r\n\r\n")
        assert b" 401 " in knocking.recv(200)


def test_the_answer_alone_is_passed_on_and_specials_are_dead(engine: Vllm, program: StandIn) -> None:
    pieces: list[str] = []
    reply = engine(asked(0, f"{SECRET} <|end|>"), ["3"], on_text=pieces.append)
    assert reply.text == "I see [(56, 56), (56, 56), (56, 56)]." == "".join(pieces)
    assert (reply.thinking, reply.finished) == ("I look.", True)
    assert (reply.prompt_tokens, reply.tokens) == (12, 9)
    assert 0 < reply.first_token_seconds <= reply.seconds
    sent = program.notes("asked")[-1]
    assert sent["messages"][0]["content"][-1]["text"] == f"{SECRET} <{JOINER}|end|>"
    assert sent["max_tokens"] == 64


def test_what_it_says_is_kept_until_it_is_ready_and_no_longer(engine: Vllm, program: StandIn) -> None:
    engine(asked(SECRET), [])
    time.sleep(0.1)
    log = program.folder / "log.txt"
    assert log.read_text() == "loading\n"
    assert log.stat().st_mode & 0o077 == 0


def test_a_dialogue_that_is_too_long_is_refused_without_its_words(engine: Vllm) -> None:
    with pytest.raises(UsageError) as refused:
        engine(asked(f"{SECRET} very long"), [], max_new_tokens=2000)
    assert refused.value.what == (
        "the dialogue and an answer of up to 2,000 tokens are too long; the engine holds 2,048 tokens"
    )


@pytest.mark.parametrize("words", ["for ever", "silence"])
def test_who_leaves_ends_the_answer_there(engine: Vllm, program: StandIn, words: str) -> None:
    since = time.monotonic()
    reply = engine(asked(words), [], stop=lambda: time.monotonic() - since > 0.3)
    assert not reply.finished
    assert reply.text.startswith("I see []")
    until(lambda: words in program.notes("left"))


def test_several_are_asked_at_once(engine: Vllm) -> None:
    gate, texts = threading.Barrier(8, timeout=20), []

    def ask() -> None:
        reply = engine(asked("hello"), [], stop=lambda: gate.wait() > 99 if not texts else False)
        texts.append(reply.text)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert texts == ["I see []."] * 8


def test_it_is_started_again_until_it_has_ended_too_often(program: StandIn, folder: Path) -> None:
    told: list[str] = []
    given_up = threading.Event()
    engine = start(program, folder, told.append)
    engine.on_failure = given_up.set
    for count in (2, 4):
        with pytest.raises(EngineAway):
            engine(asked("die"), [])
        until(lambda count=count: len(told) == count)
        assert engine(asked("hello"), []).text == "I see []."
    assert (
        told
        == [
            "vLLM ended (exit code 7) and is started again; clients are told to wait",
            "vLLM answers again",
        ]
        * 2
    )
    with pytest.raises(EngineAway):
        engine(asked("die"), [])
    assert given_up.wait(20)
    assert isinstance(engine.failure, OutOfResources)
    assert str(engine.failure).startswith("vLLM ended 3 times within an hour, last with exit code 7\n")
    with pytest.raises(EngineAway, match="vLLM is starting again"):
        engine(asked("hello"), [])
    engine.end()


def test_a_model_that_it_does_not_load(program: StandIn, tmp_path: Path) -> None:
    with pytest.raises(BadCheckpoint) as refused:
        start(program, tmp_path)
    assert refused.value.what == "vLLM does not load the model (exit code 1)"
    assert refused.value.repair == f"the end of {program.folder / 'log.txt'} says why"
    assert (program.folder / "log.txt").read_text() == "loading\nno such model\n"


def test_it_ends_with_us_even_where_we_are_killed(
    program: StandIn, folder: Path, tmp_path: Path
) -> None:
    started = len(program.notes("pids"))
    code = (
        "import sys; from pathlib import Path; from tests.models.vllm.test_engine import *\n"
        "program = lambda: None; program.program = Path(sys.argv[1]); program.folder = Path(sys.argv[2])\n"
        "start(program, Path(sys.argv[3])); print('ready', flush=True); time.sleep(60)"
    )
    words = [sys.executable, "-c", code, str(program.program), str(tmp_path), str(folder)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, cwd=ROOT) as ours:
        assert ours.stdout
        assert ours.stdout.readline() == b"ready\n"
        pids = program.notes("pids")[started]
        assert all(map(is_running, pids))
        os.kill(ours.pid, signal.SIGKILL)
    until(lambda: not any(map(is_running, pids)))
