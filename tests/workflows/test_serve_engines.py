"""`medgpt serve` before engines of others: vLLM, played by a stand-in on a real socket, and a server by its address."""

from __future__ import annotations

import base64
import io
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest
from PIL import Image

from medgpt_cli.app import main
from medgpt_cli.models.vllm import command
from medgpt_cli.serving import running
from tests.models.vllm.standing_in import StandIn

SECRET = "Mrs Secretname"


@pytest.fixture(scope="module")
def patched() -> Iterator[pytest.MonkeyPatch]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(command, "DEVICES", ("/dev/null",))  # a GPU is there
        yield patch


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory, patched: pytest.MonkeyPatch) -> StandIn:
    made = StandIn(tmp_path_factory.mktemp("vllm"), patched)
    patched.setenv("PATH", f"{made.folder}:{os.environ['PATH']}")
    return made


class Running:
    """`medgpt serve` in a thread, and how it ended."""

    def __init__(self, patch: pytest.MonkeyPatch, *words: str) -> None:
        ready, self.code = threading.Event(), -1
        plain, ours = running.Listening, self

        class Noted(plain):  # type: ignore[misc, valid-type]
            def __init__(self, server: Any, bound: Any, limits: Any, on_ready: Any) -> None:
                ours.listening, ours.port = self, bound.getsockname()[1]
                super().__init__(server, bound, limits, lambda: (on_ready(), ready.set()))

        def run() -> None:
            self.code = main(["serve", "--port", "0", *words])

        patch.setattr(running, "Listening", Noted)
        self.thread = threading.Thread(target=run)
        self.thread.start()
        assert ready.wait(60)
        patch.setattr(running, "Listening", plain)
        self.http = httpx.Client(base_url=f"http://127.0.0.1:{self.port}", timeout=30, trust_env=False)

    def ask(self, text: str) -> httpx.Response:
        """One question."""
        asked = {"messages": [{"role": "user", "content": text}]}
        return self.http.post("/v1/chat/completions", json=asked)

    def end(self) -> int:
        """Ends it, and says with which exit code."""
        self.http.close()
        self.listening.end()
        self.thread.join(40)
        assert not self.thread.is_alive()
        return self.code


@pytest.fixture(scope="module")
def served(program: StandIn, patched: pytest.MonkeyPatch, tiny: Path) -> Iterator[Running]:
    started = Running(patched, "--engine", "vllm", "--model", "tiny-untrained")
    yield started
    assert started.end() == 0
    assert program.running() == []


def until(holds: Callable[[], object]) -> None:
    end = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.02)


def test_openais_client_gets_vllms_answer_and_specials_stay_text(
    served: Running, program: StandIn, tiny: Path, cache: Path
) -> None:
    from transformers import AutoProcessor

    processor = AutoProcessor.from_pretrained(tiny)
    side = processor.image_processor.size["height"]
    specials = sorted(processor.tokenizer.get_added_vocab())
    packed = io.BytesIO()
    Image.radial_gradient("L").resize((300, 100)).save(packed, "PNG")
    url = "data:image/png;base64," + base64.b64encode(packed.getvalue()).decode()
    content: Any = [
        {"type": "image_url", "image_url": {"url": url}},
        {"type": "text", "text": SECRET + "".join(specials)},
    ]
    messages: Any = [{"role": "system", "content": "<|end|>"}, {"role": "user", "content": content}]
    base = f"http://127.0.0.1:{served.port}/v1"
    with openai.OpenAI(base_url=base, api_key="-", max_retries=0) as client:
        whole = client.chat.completions.create(model="tiny-untrained", messages=messages)
        stream = client.chat.completions.create(model="tiny-untrained", messages=messages, stream=True)
        streamed = "".join(chunk.choices[0].delta.content or "" for chunk in stream)
    assert whole.choices[0].message.content == streamed == f"I see [({side}, {side})]."
    assert whole.choices[0].message.model_extra == {"reasoning_content": "I look."}
    assert whole.usage is not None
    assert whole.usage.prompt_tokens == 12
    sent = program.notes("asked")[-1]
    assert len(specials) > 5
    text = str(sent["messages"])
    assert SECRET in text
    assert not [special for special in specials if special in text]
    assert list(cache.glob("logs/*-vllm.txt"))
    assert not [log for log in cache.glob("logs/*") if SECRET in log.read_text()]


def test_the_words_that_vllm_is_started_with(served: Running, program: StandIn, tiny: Path) -> None:
    words = program.notes("words")[0]
    assert words["folder"] == str(tiny)
    assert words["limit_mm_per_prompt"] == {"image": 16}
    assert words["hf_overrides"] is None


def test_several_questions_are_answered_at_once(served: Running, program: StandIn) -> None:
    with served.http.stream(
        "POST",
        "/v1/chat/completions",
        json={"messages": [{"role": "user", "content": "for ever"}], "stream": True},
    ) as first:
        assert next(first.iter_raw())
        assert served.ask("And me?").json()["choices"][0]["message"]["content"] == "I see []."
    until(lambda: "for ever" in program.notes("left"))


def test_it_is_away_while_vllm_starts_again(served: Running, program: StandIn) -> None:
    assert served.http.get("/health").json() == {"status": "ok"}
    os.kill(program.notes("pids")[-1][0], signal.SIGKILL)
    until(lambda: served.http.get("/health").status_code == 503)
    assert served.http.get("/health").json() == {"status": "engine away"}
    refused = served.ask("Anybody?")
    assert (refused.status_code, refused.json()["error"]["code"]) == (503, "engine_away")
    assert refused.headers["retry-after"] == "30"
    until(lambda: served.http.get("/health").status_code == 200)
    assert served.ask("Anybody?").status_code == 200


def test_it_ends_where_vllm_is_given_up(
    program: StandIn, patched: pytest.MonkeyPatch, tiny: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    from medgpt_cli.models.vllm import engine

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine, "RESTARTS", 1)
        started = Running(patch, "--engine", "vllm", "--model", "tiny-untrained")
        assert started.ask("die").status_code in (500, 503)
        started.thread.join(40)
    assert started.end() == 6
    told = capfd.readouterr().err
    assert "and not on a GPU" in told
    assert "vLLM ended 1 times" in told


REFUSED = [
    (["--engine", "vllm", "--adapter", "lora"], 2, "vLLM takes no adapter of a LLaVA model"),
    (["--engine", "vllm", "--model", "gguf"], 2, "is a GGUF export, which is for llama.cpp"),
    (["--engine", "vllm", "--model", "vit"], 2, "has a tower that vLLM does not read (vit)"),
    (["--engine", "vllm", "--model", "absent"], 3, "there is no model folder absent"),
    (["--engine", "tgi"], 2, "use one of: auto, transformers, llama.cpp, vllm; or the address"),
    (["--engine", "http://10.0.0.1:8000", "--model", "tiny"], 2, "is not on this machine"),
    (["--engine", "http://127.0.0.1:9"], 2, "needs --model, the folder"),
    (["--engine", "http://127.0.0.1:9", "--model", "TINY"], 5, "nothing answers at http://127.0.0.1:9"),
]


@pytest.mark.parametrize(("words", "code", "told"), REFUSED)
def test_refused_in_one_message(
    words: list[str],
    code: int,
    told: str,
    program: StandIn,
    patched: pytest.MonkeyPatch,
    tiny: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    from medgpt_cli.workflows import engine_programs
    from medgpt_cli.workflows.naming import Named

    monkeypatch.chdir(tmp_path)
    started = len(program.notes("pids"))
    Path("gguf").mkdir()
    Path("gguf/model.gguf").touch()
    Path("vit").mkdir()
    config = '{"model_type": "llava", "vision_config": {"model_type": "vit"}}'
    Path("vit/config.json").write_text(config)
    Path("vit/model.safetensors").touch()
    if "lora" in words:
        named = Named("tiny", tiny, Path("lora"))
        monkeypatch.setattr(engine_programs, "meant", str)
        monkeypatch.setattr(engine_programs, "named_model", lambda *_, **__: named)
    assert (
        main(["serve", "--port", "0", *[str(tiny) if word == "TINY" else word for word in words]])
        == code
    )
    assert told in capfd.readouterr().err
    assert len(program.notes("pids")) == started


@pytest.mark.parametrize(
    ("devices", "path", "told"),
    [
        (("/dev/null",), "/nowhere", "vLLM is not installed\nit wants other versions of torch"),
        ((), None, "vLLM needs a GPU, and none is found here\nleave --engine out"),
    ],
)
def test_without_vllm_or_a_gpu(
    devices: tuple[str, ...],
    path: str | None,
    told: str,
    program: StandIn,
    tiny: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(command, "DEVICES", devices)
    monkeypatch.setattr(command, "pick_device", lambda: ("cpu", ""))
    if path is not None:
        monkeypatch.setenv("PATH", path)
    assert main(["serve", "--port", "0", "--engine", "vllm", "--model", str(tiny)]) == 5
    assert told in capfd.readouterr().err
