"""`medgpt serve` from words to an answer: who is let in at all, and `tiny` behind OpenAI's own client."""

from __future__ import annotations

import base64
import io
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openai
import pytest
from PIL import Image

from medgpt_cli.app import main
from medgpt_cli.data.images.received import open_received
from medgpt_cli.models.talking.talker import Talker
from medgpt_cli.serving import running
from medgpt_cli.serving.inline import Shelf
from medgpt_cli.workflows import loading

TOKEN = "0123456789abcdef"


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["--host", "0.0.0.0"], 2, "--host 0.0.0.0 lets other machines in, and there is no token"),
        (["--host", "::"], 2, "lets other machines in"),
        (["--host", ""], 2, "lets other machines in"),
        (["--host", "example.org", "--token-file", "token"], 2, "cannot be listened on"),
        (["--token-file", "short"], 2, "holds no token: 16 or more"),
        (["--token-file", "spaced"], 2, "holds no token"),
        (["--token-file", "absent"], 3, "absent cannot be read"),
        (["--port", "99999"], 2, "--port"),
        (["--model", "nothing-here"], 3, "nothing-here"),
    ],
)
def test_refused_before_anything_costly(
    words: list[str],
    code: int,
    told: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("token").write_text(f"{TOKEN}\n")
    Path("short").write_text("secret")
    Path("spaced").write_text("a token of many words")
    if "--model" not in words:
        monkeypatch.setattr(loading, "load_model", lambda *_, **__: pytest.fail("it was loaded"))
    assert main(["serve", "--port", "0", *words]) == code
    out, err = capfd.readouterr()
    assert told in err
    assert TOKEN not in out + err


@pytest.fixture
def client(
    tiny: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Iterator[tuple[openai.OpenAI, list[list[int]]]]:
    """`medgpt serve --model tiny` in a thread, and the ids its model is given."""
    prompts: list[list[int]] = []
    write, listening, ready = Talker._write, running.Listening, threading.Event()
    started: list[Any] = []

    def watched(talker: Any, reader: Any, asked: Any, *rest: Any) -> Any:
        prompts.append(asked.prompt.tolist())
        return write(talker, reader, asked, *rest)

    class Noted(listening):
        def __init__(self, server: Any, bound: Any, limits: Any, on_ready: Any) -> None:
            started.append((self, bound.getsockname()[1]))
            super().__init__(server, bound, limits, lambda: (on_ready(), ready.set()))

    monkeypatch.setattr(Talker, "_write", watched)
    monkeypatch.setattr(running, "Listening", Noted)
    thread = threading.Thread(target=main, args=(["serve", "--model", "tiny", "--port", "0"],))
    thread.start()
    assert ready.wait(120)
    [(server, port)] = started
    try:
        with openai.OpenAI(base_url=f"http://127.0.0.1:{port}/v1", api_key="-", max_retries=0) as client:
            yield client, prompts
    finally:
        server.end()
        thread.join(30)
    assert f"chat page: http://127.0.0.1:{port}/" in capfd.readouterr().err


def test_tiny_answers_and_template_specials_stay_text(
    client: tuple[openai.OpenAI, list[list[int]]], tiny: Path
) -> None:
    from transformers import AutoTokenizer

    ask, prompts = client
    packed = io.BytesIO()
    Image.radial_gradient("L").save(packed, "PNG")
    url = "data:image/png;base64," + base64.b64encode(packed.getvalue()).decode()
    tokenizer = AutoTokenizer.from_pretrained(tiny)
    specials = set(tokenizer.get_added_vocab().values())
    injected = "".join(tokenizer.get_added_vocab()) + "<image>"

    def asked(text: str) -> list[int]:
        content = [{"type": "image_url", "image_url": {"url": url}}, {"type": "text", "text": text}]
        messages = [
            {"role": "system", "content": text},
            {"role": "user", "content": "x"},
            {"role": "assistant", "content": text},
            {"role": "user", "content": content},
        ]
        answer = ask.chat.completions.create(model="tiny", messages=messages, max_tokens=2)
        assert answer.usage.prompt_tokens == len(prompts[-1])
        return [token for token in prompts[-1] if token in specials]

    assert len(specials) > 5
    assert asked("Is it normal?") == asked(injected)


def test_the_same_answer_streamed_and_from_the_terminal(
    client: tuple[openai.OpenAI, list[list[int]]], capfd: pytest.CaptureFixture[str]
) -> None:
    ask, prompts = client
    messages = [{"role": "user", "content": "Which plane?"}]
    whole = ask.chat.completions.create(model="tiny", messages=messages, max_tokens=8)
    stream = ask.chat.completions.create(model="tiny", messages=messages, max_tokens=8, stream=True)
    streamed = "".join(chunk.choices[0].delta.content or "" for chunk in stream)
    assert streamed == whole.choices[0].message.content
    loaded = loading.load_model("tiny", open_picture=Shelf(open_received).open)
    from medgpt_cli.core.types import Role, Turn

    reply = loaded.generate([Turn(Role.USER, ("Which plane?",))], [], max_new_tokens=8)
    assert reply.text == streamed
    assert prompts[0] == prompts[1] == prompts[2]
