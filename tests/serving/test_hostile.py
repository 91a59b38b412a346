"""Clients that mean harm or know no better: each is refused in words or cut off, and the next is served."""

from __future__ import annotations

import base64
import contextlib
import io
import json
import os
import socket
import struct
import threading
import time
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image

from tests.serving.serving import Here, Model, said, serving, until

SECRET = "Mrs Secretname has a fracture"


@pytest.fixture(scope="module")
def model() -> Model:
    return Model()


@pytest.fixture(scope="module")
def here(model: Model) -> Iterator[Here]:
    with serving(
        model, body_bytes=200_000, body_seconds=1, head_seconds=1, stuck_seconds=1, turns=3, pictures=2
    ) as here:
        yield here


@pytest.fixture(autouse=True)
def still_up(here: Here, capfd: pytest.CaptureFixture[str], cache: Path) -> Iterator[None]:
    """After each of them: the server answers, holds nothing, has logged nothing."""
    yield
    assert here.ask(said("Still there?")).json()["choices"][0]["message"]["content"] == "Axial."
    until(lambda: "\nmedgpt_held_bytes 0\n" in here.get("/metrics").text)
    assert "\nmedgpt_inside 0\n" in here.get("/metrics").text
    assert capfd.readouterr() == ("", "")
    assert not list(cache.glob("logs/*"))


def image(url: str, **fields: Any) -> dict[str, Any]:
    part = {"type": "image_url", "image_url": {"url": url, **fields}}
    return {"messages": [{"role": "user", "content": [part, {"type": "text", "text": SECRET}]}]}


def data(content: bytes, kind: str = "image/png") -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


def png(width: int, height: int) -> bytes:
    packed = io.BytesIO()
    Image.new("L", (width, height)).save(packed, "PNG")
    return packed.getvalue()


def bomb() -> bytes:
    """A PNG of a few hundred bytes that would be 1.6 gigapixels."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        check = zlib.crc32(kind + content)
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", check)

    head = struct.pack(">IIBBBBB", 40_000, 40_000, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(1000)))


NOT_INLINE = [
    "https://example.org/x.png",
    "http://169.254.169.254/latest/meta-data",
    "file:///etc/passwd",
    "/etc/passwd",
    "x.png",
    "../../x.png",
    "file:///etc/passwd;base64,AAAA",
    "https://example.org/x.png;base64,AAAA",
    "data:image/png",
    "",
]


@pytest.mark.parametrize("url", NOT_INLINE)
def test_no_address_and_no_path_is_opened(here: Here, url: str) -> None:
    refused = here.ask(image(url))
    assert refused.status_code == 400
    assert refused.json() == {
        "error": {
            "message": "send the picture in the request, as data:image/png;base64,…; "
            "addresses and paths are not opened",
            "type": "invalid_request_error",
            "param": "messages[0].content[0].image_url",
            "code": "image_not_inline",
        }
    }


def test_nothing_is_asked_of_an_address_that_would_answer(here: Here, tmp_path: Path) -> None:
    (tmp_path / "x.png").write_bytes(png(40, 40))
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(0.2)
        address = f"http://127.0.0.1:{listening.getsockname()[1]}/x.png"
        for url in (address, f"{address};base64,AAAA", f"file://{tmp_path}/x.png", f"{tmp_path}/x.png"):
            assert here.ask(image(url)).status_code == 400
        with pytest.raises(TimeoutError):
            listening.accept()


BAD_PICTURES = [
    ("data:image/png;base64,!!!!", "image_not_base64", "damaged base64"),
    ("data:image/png,abc", "image_not_base64", "in base64"),
    (data(b""), "invalid_image", "is an empty file"),
    (data(b"<svg xmlns='http://www.w3.org/2000/svg'/>"), "invalid_image", "SVG or XML"),
    (data(b"%PDF-1.7"), "invalid_image", "a PDF"),
    (data(b"PAR1" + bytes(500)), "invalid_image", "is PARQUET; send PNG, JPEG, WEBP, DICOM"),
    (data(b"II*\x00" + bytes(500)), "invalid_image", "is TIFF"),
    (data(png(40, 40)[:45]), "invalid_image", "the picture "),
    (data(b"\0" * 128 + b"DICM" + b"\xff" * 300), "invalid_image", "DICOM without an image"),
    (data(bomb()), "invalid_image", "over the limit of 64 megapixels"),
    (data(png(8, 8)), "invalid_image", "the smaller side needs 16"),
]


@pytest.mark.parametrize(("url", "code", "words"), BAD_PICTURES, ids=range(len(BAD_PICTURES)))
@pytest.mark.parametrize("stream", [False, True])
def test_a_picture_that_is_none(here: Here, url: str, code: str, words: str, stream: bool) -> None:
    refused = here.ask({**image(url), "stream": stream})
    error = refused.json()["error"]
    assert (refused.status_code, error["code"]) == (400, code)
    assert words in error["message"]
    assert error["param"] == "messages[0].content[0].image_url"
    assert SECRET not in refused.text


MALFORMED = [
    b"",
    b"{",
    b"[]",
    b"null",
    b"\xff\xfe",
    b'{"messages": 3}',
    b'{"messages": []}',
    b'{"messages": [{"role": "wizard", "content": "x"}]}',
    b'{"messages": [{"role": "user", "content": [{"type": "video_url"}]}]}',
    b'{"messages": [{"role": "user", "content": "x"}], "max_tokens": 0}',
    b'{"messages": [{"role": "user", "content": "x"}], "max_tokens": 1e400}',
    b'{"messages": [{"role": "user", "content": "x"}], "unheard_of": 1}',
    b'{"messages": [{"role": "user", "content": " "}]}',
    b'{"messages": [{"role": "assistant", "content": "x"}]}',
    b'{"messages": [{"role": "user", "content": "\\ud800"}]}',
    b'{"messages": ' + b"[" * 50_000,
    b'{"messages": [{"role": "user", "content": "x", "tool_calls": [1]}]}',
]


@pytest.mark.parametrize("body", MALFORMED, ids=range(len(MALFORMED)))
def test_what_is_no_question(here: Here, model: Model, body: bytes) -> None:
    model.asked.clear()
    headers = {"Content-Type": "application/json"}
    refused = here.post("/v1/chat/completions", content=body, headers=headers)
    assert refused.status_code == 400
    assert refused.json()["error"]["message"]
    assert not model.asked


def test_too_many_turns_and_too_many_pictures(here: Here) -> None:
    turns = [{"role": role, "content": "x"} for role in ("user", "assistant", "user", "user")]
    assert here.ask({"messages": turns}).json()["error"]["code"] == "too_many_messages"
    part = {"type": "image_url", "image_url": {"url": data(png(20, 20))}}
    crowd = here.ask({"messages": [{"role": "user", "content": [part] * 3}]})
    assert crowd.json()["error"]["code"] == "too_many_images"
    assert crowd.json()["error"]["param"] == "messages[0].content[2].image_url"


def test_too_large_is_told_even_to_who_does_not_stop_sending(here: Here) -> None:
    refused = here.ask(said("x" * 300_000))
    assert (refused.status_code, refused.json()["error"]["code"]) == (413, "too_large")

    with here.raw() as connection:  # a client that listens only when it has said everything
        head = (
            "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        )
        connection.sendall(f"{head}Content-Length: 20000000\r\n\r\n".encode() + b"x" * 20_000_000)
        assert b"HTTP/1.1 413" in connection.recv(65536)

    pieces = (b"x" * 50_000 for _ in range(40))  # no length is promised
    headers = {"Content-Type": "application/json"}
    refused = here.post("/v1/chat/completions", content=pieces, headers=headers)
    assert refused.status_code == 413


def test_a_body_that_never_ends(here: Here) -> None:
    with here.raw() as connection:
        head = (
            "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        )
        connection.sendall(f"{head}Content-Length: 100\r\n\r\n{{".encode())
        assert b"HTTP/1.1 408" in everything(connection)


@pytest.mark.parametrize("start", [b"", b"POST /v1/ch", b"GET / HTTP/1.1\r\nHost: localhost\r\nX-A: "])
def test_a_head_that_never_ends(here: Here, start: bytes) -> None:
    began = time.monotonic()
    with here.raw() as connection:
        connection.sendall(start)
        assert everything(connection) == b""
    assert time.monotonic() - began < 15


def test_a_second_head_that_never_ends(here: Here) -> None:
    with here.raw() as connection:
        connection.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\nGET /hea")
        assert everything(connection).count(b"HTTP/1.1") == 1


def everything(connection: socket.socket) -> bytes:
    """What comes until the server hangs up."""
    pieces = []
    while piece := connection.recv(65536):
        pieces.append(piece)
    return b"".join(pieces)


def test_an_answer_that_nobody_reads(here: Here, model: Model) -> None:
    model.stopped.clear()
    words, model.words = model.words, ("word " * 4000,) * 5000
    model.between = lambda: threading.Event().wait(0.001)
    try:
        with socket.socket() as connection:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.connect(("127.0.0.1", here.port))
            body = json.dumps(said("Tell me everything.", stream=True)).encode()
            head = "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            connection.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
            assert model.stopped.wait(20)
    finally:
        model.words, model.between = words, lambda: None


def test_no_http_at_all(here: Here) -> None:
    with here.raw() as connection:
        connection.sendall(b"\x16\x03\x01\x02\x00\x01\x00" + bytes(100))
        assert b"400" in everything(connection).splitlines()[0]


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({"Host": "evil.example:8000"}, "foreign_host"),
        ({"Host": "127.0.0.1.evil.example"}, "foreign_host"),
        ({"Host": "[::1"}, "foreign_host"),
        ({"Origin": "https://evil.example"}, "foreign_origin"),
        ({"Origin": "null"}, "foreign_origin"),
    ],
)
def test_a_page_of_another_site(here: Here, headers: dict[str, str], code: str) -> None:
    refused = here.ask(said(SECRET), headers=headers)
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, code)
    assert here.get("/", headers={"Host": "rebound.example"}).status_code == 403


def test_a_form_of_another_site(here: Here) -> None:
    body = json.dumps(said(SECRET))
    for kind in ("text/plain", "application/x-www-form-urlencoded"):
        refused = here.post("/v1/chat/completions", content=body, headers={"Content-Type": kind})
        assert refused.status_code == 415


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/nothing", 404),
        ("/page/../../../../etc/passwd", 404),
        ("/page/%2e%2e/app.py", 404),
        ("/page/__init__.py", 404),
        ("/v1/chat/completions", 405),
        ("/reset", 404),
    ],
)
def test_other_addresses(here: Here, path: str, status: int) -> None:
    refused = here.get(path)
    assert refused.status_code == status
    assert set(refused.json()) == {"error"}
    assert path not in here.get("/metrics").text.replace('path="/v1/chat/completions"', "")


def test_many_at_once_are_all_answered_or_told_to_wait(here: Here, model: Model) -> None:
    go_on = threading.Event()
    model.before = lambda: go_on.wait(0.05)
    statuses: list[int] = []
    askers = [
        threading.Thread(target=lambda: statuses.append(here.ask(said("Now!")).status_code))
        for _ in range(30)
    ]
    for asker in askers:
        asker.start()
    for asker in askers:
        asker.join(30)
    go_on.set()
    assert len(statuses) == 30
    assert set(statuses) == {200, 429}


def test_many_large_ones_at_once_are_held_to_a_bound() -> None:
    with serving(Model(), body_bytes=1_000_000, held_bytes=1_500_000) as here:
        with here.raw() as slow:  # most of a body, and then nothing
            head = "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            slow.sendall(f"{head}Content-Length: 900000\r\n\r\n".encode() + b"x" * 800_000)
            until(lambda: "\nmedgpt_held_bytes 800000\n" in here.get("/metrics").text)
            refused = here.ask(said("x" * 800_000))
            assert (refused.status_code, refused.json()["error"]["code"]) == (503, "memory")
            assert refused.headers["retry-after"] == "5"
            assert here.ask(said("A short one.")).status_code == 200
        until(lambda: "\nmedgpt_held_bytes 0\n" in here.get("/metrics").text)
        assert here.ask(said("x" * 800_000)).status_code == 200


def test_the_process_does_not_grow_with_what_is_sent() -> None:
    """Forty clients promise 3 MiB each and stop a byte short: up to 6 are held, the others are refused."""
    body = b"x" * (3 * 2**20)
    head = "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    start = f"{head}Content-Length: {len(body) + 1}\r\n\r\n".encode()
    with serving(Model(), body_bytes=2**23, held_bytes=18 * 2**20, connections=64) as here:
        assert here.ask(said("First.")).status_code == 200
        before = resident()
        connections = [here.raw() for _ in range(40)]
        answers = []
        for each in connections:
            each.sendall(start + body)
        for each in connections:
            each.settimeout(0.2)
            with contextlib.suppress(TimeoutError):
                answers.append(each.recv(4096).split(b"\r\n")[0])
        grown = resident() - before
        assert set(answers) == {b"HTTP/1.1 503 Service Unavailable"}
        assert 34 <= len(answers) < 40
        assert here.ask(said("x" * 100)).status_code in (200, 503)
        for each in connections:
            each.close()
        until(lambda: "\nmedgpt_held_bytes 0\n" in here.get("/metrics").text)
        assert here.ask(said("Last.")).status_code == 200
    assert grown < 60 * 2**20  # all of them would be 120 MiB


def resident() -> int:
    """Bytes of this process in memory; the clients send one and the same object."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.parametrize("header", [{}, {"Authorization": "Bearer wrong"}])
def test_without_the_token_nothing_is_waited_for_or_held(header: dict[str, str]) -> None:
    with serving(Model(), token="a" * 32, body_seconds=20) as here, here.raw() as connection:
        lines = ["POST /v1/chat/completions HTTP/1.1", "Host: localhost", "Content-Length: 60000000"]
        lines += [
            "Content-Type: application/json",
            *(f"{name}: {value}" for name, value in header.items()),
        ]
        began = time.monotonic()
        connection.sendall("\r\n".join(lines).encode() + b"\r\n\r\n{")
        assert b"HTTP/1.1 401" in connection.recv(65536)
        assert time.monotonic() - began < 10
        metrics = here.get("/metrics", headers={"Authorization": f"Bearer {'a' * 32}"}).text
        assert "\nmedgpt_held_bytes 0\n" in metrics


def test_more_connections_than_are_served() -> None:
    with serving(Model(), connections=4, head_seconds=20) as here:
        idle = [here.raw() for _ in range(5)]
        until(lambda: _fresh(here) == 503)
        for each in idle:
            each.close()
        until(lambda: _fresh(here) == 200)


def _fresh(here: Here) -> int:
    """The status of a question on a connection of its own."""
    return httpx.get(f"{here.address}/health", trust_env=False, timeout=20).status_code


def test_a_bug_tells_nothing_and_leaves_a_log_without_values(
    here: Here, model: Model, cache: Path
) -> None:
    def fail() -> None:
        raise ValueError(SECRET)

    model.before = fail
    try:
        refused = here.ask(said(SECRET))
    finally:
        model.before = lambda: None
    assert refused.status_code == 500
    assert refused.json()["error"]["code"] == "internal_error"
    [log] = cache.glob("logs/*")
    assert "ValueError" in log.read_text()
    assert SECRET not in log.read_text() + refused.text
    log.unlink()


def test_memory_that_runs_out(here: Here, model: Model) -> None:
    def fail() -> None:
        raise MemoryError

    model.before = fail
    try:
        refused = here.ask(said(SECRET))
    finally:
        model.before = lambda: None
    assert (refused.status_code, refused.json()["error"]["code"]) == (503, "memory")
    assert refused.headers["retry-after"] == "10"
