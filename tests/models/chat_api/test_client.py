"""A server on this machine that answers well and badly, on a real socket."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from medgpt_cli.core.errors import EngineAway, InputError, MedGPTError, UsageError
from medgpt_cli.core.types import Role, Turn
from medgpt_cli.models.chat_api import transport
from medgpt_cli.models.chat_api.address import Address, is_address, read_address
from medgpt_cli.models.chat_api.client import ChatApi, Dialect
from tests.chat_server import MODEL, Call, Server, serving

SECRET = "Mrs Secretname"
DIALECT = Dialect(neutral=str, urls_of=lambda _: [], harmony=True, raw=False, max_new_tokens=9)
ASKED = [Turn(Role.USER, (SECRET,))]


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with serving() as running:
        yield running


def chat(server: Server, dialect: Dialect = DIALECT) -> ChatApi:
    return ChatApi(read_address(server.origin), dialect, model=MODEL, key="k", positions=4096)


def stream(*deltas: dict[str, Any], reason: str | None = "stop") -> Callable[[Call], None]:
    """Answers in chunks, the last with a reason where there is one."""
    chunks = [{"choices": [{"index": 0, "delta": delta}]} for delta in deltas]
    if reason is not None:
        chunks.append({"choices": [{"index": 0, "delta": {}, "finish_reason": reason}]})
    lines = "".join(f"data: {json.dumps(chunk)}\r\n\r\n" for chunk in chunks)
    return lambda call: call.say(f": a comment\n\n{lines}data: [DONE]\n\n".encode())


@pytest.mark.parametrize(
    ("deltas", "answer", "thinking"),
    [
        ([{"content": "ax"}, {"content": "ial"}], "axial", ""),
        ([{"reasoning_content": "hm"}, {"content": "axial"}], "axial", "hm"),
        ([{"reasoning": "h"}, {"reasoning": "m"}, {"content": "axial"}], "axial", "hm"),
        ([{"content": "<|channel|>"}, {"content": "final<|message|>axial"}], "axial", ""),
        ([{"content": "final"}, {"content": "ly, it is not"}], "finally, it is not", ""),
        ([{"content": "a"}], "a", ""),
    ],
)
def test_reasoning_is_told_apart_however_the_server_writes_it(
    server: Server, deltas: list[dict[str, Any]], answer: str, thinking: str
) -> None:
    server.answer = stream(*deltas)
    pieces: list[str] = []
    reply = chat(server)(ASKED, [], on_text=pieces.append)
    assert (reply.text, reply.thinking, reply.finished) == (answer, thinking, True)
    assert "".join(pieces) == answer
    sent = server.calls[-1]
    assert sent.headers["Authorization"] == "Bearer k"
    assert sent.body["max_tokens"] == 9


def test_an_answer_of_several_pieces_is_passed_on_in_pieces(server: Server) -> None:
    words = ["The liver is seen, ", "and beside it ", "the spleen."]
    server.answer = stream(*({"content": word} for word in words), reason="length")
    pieces: list[str] = []
    reply = chat(server)(ASKED, [], on_text=pieces.append)
    assert pieces == [words[0] + words[1], words[2]]
    assert not reply.finished


def test_reasoning_run_into_the_answer_is_not_shown(server: Server) -> None:
    server.answer = stream(*({"content": word} for word in ("ana", "lysisWe look", "assistantfinalNo")))
    pieces: list[str] = []
    with pytest.raises(InputError, match="answer and reasoning cannot be told apart"):
        chat(server)(ASKED, [], on_text=pieces.append)
    assert pieces == []


def error(message: str, status: int) -> Callable[[Call], None]:
    return lambda call: call.say({"error": {"message": f"{message}: {SECRET}"}}, status)


@pytest.mark.parametrize(
    ("answer", "kind", "what"),
    [
        (error("This model's maximum context length is 5", 400), UsageError, "the engine holds 4,096"),
        (error("no", 400), InputError, "the engine refuses the question (HTTP 400)"),
        (error("no", 401), InputError, "the engine refuses the key, or wants one"),
        (error("no", 429), EngineAway, "the engine could not answer (HTTP 429)"),
        (error("no", 500), EngineAway, "the engine could not answer (HTTP 500)"),
        (lambda call: call.say(b"<html>", 502), EngineAway, "the engine could not answer (HTTP 502)"),
        (lambda call: call.say(b"x" * 10**6, 500), EngineAway, "(HTTP 500)"),
        (lambda call: call.say(b"", 302, Location="http://example.org"), InputError, "(HTTP 302)"),
        (lambda call: call.say(b"data: {\n\n"), EngineAway, "does not speak OpenAI's chat API"),
        (lambda call: call.say(b'data: {"error": {"code": 500}}\n\n'), EngineAway, "(HTTP 500)"),
        (stream({"content": "ax"}, reason=None), EngineAway, "stopped in the middle of its answer"),
        (lambda call: call.hang_up(), EngineAway, "hung up"),
        (lambda call: call.raw(b"SSH-2.0-x\r\n"), EngineAway, "hung up"),
    ],
    ids=range(13),
)
def test_a_bad_answer_has_a_name_and_tells_nothing(
    server: Server, answer: Callable[[Call], None], kind: type[MedGPTError], what: str
) -> None:
    server.answer = answer
    with pytest.raises(kind) as refused:
        chat(server)(ASKED, [])
    assert what in refused.value.what
    assert SECRET not in str(refused.value)


def test_nobody_listens() -> None:
    with pytest.raises(EngineAway, match=r"nothing answers at http://127\.0\.0\.1:9/v1"):
        ChatApi(read_address("http://127.0.0.1:9"), DIALECT, model="m")(ASKED, [])


def test_all_questions_are_cut_short_at_the_end() -> None:
    with serving(lambda call: call.hang()) as server:
        asking = chat(server)
        threading.Timer(0.2, asking.cut).start()
        since = time.monotonic()
        with pytest.raises(EngineAway):
            asking(ASKED, [])
        assert time.monotonic() - since < 10


@pytest.mark.parametrize(
    ("listed", "name", "found"),
    [
        ([{"id": "a", "max_model_len": 7}], "b", ("a", 7)),
        ([{"id": "a"}, {"id": "b", "meta": {"n_ctx": 9}}], "b", ("b", 9)),
        ([{"id": "a"}], None, ("a", None)),
    ],
)
def test_the_model_that_is_asked(listed: Any, name: str | None, found: tuple[str, int | None]) -> None:
    with serving(models={"data": listed}) as server:
        assert transport.served(read_address(server.origin), "", name) == found


@pytest.mark.parametrize(
    ("models", "kind", "what"),
    [
        ({"data": [{"id": "a"}, {"id": "b"}]}, UsageError, "serves 2 models, and one is needed"),
        ({"data": []}, UsageError, "serves no model, and one is needed"),
        ({"what": 1}, EngineAway, "does not speak OpenAI's chat API"),
        (lambda call: call.say({}, 401), InputError, "refuses the key, or wants one"),
        (lambda call: call.say({}, 503), EngineAway, "is not ready (HTTP 503)"),
        (lambda call: call.say({}, 404), EngineAway, "does not speak OpenAI's chat API"),
    ],
    ids=range(6),
)
def test_a_server_that_cannot_be_asked(models: Any, kind: type[MedGPTError], what: str) -> None:
    with serving(models=models) as server, pytest.raises(kind) as refused:
        transport.served(read_address(server.origin), "", None)
    assert what in refused.value.what


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080/v1"),
        ("http://localhost:8080/v1/", "http://localhost:8080/v1"),
        ("http://[::1]:8080/llama/v1", "http://[::1]:8080/llama/v1"),
    ],
)
def test_an_address_on_this_machine(text: str, url: str) -> None:
    assert is_address(text)
    assert read_address(text) == Address(url, None, url)


@pytest.mark.parametrize(
    "text",
    [
        "https://127.0.0.1:8080",
        "http://example.org",
        "http://10.0.0.1:8000",
        "http://127.0.0.1.example.org",
        "http://user:secret@127.0.0.1",
        "http://127.0.0.1:99999",
        "http://",
        "http://127.0.0.1/?a=secret",
    ],
)
def test_an_address_that_is_none_or_elsewhere(text: str) -> None:
    with pytest.raises(UsageError, match=r"^--engine ") as refused:
        read_address(text)
    assert "secret" not in str(refused.value)


def test_a_word_is_no_address() -> None:
    assert not is_address("vllm")
