"""A hostile server, one trick at a time: each has its name and costs its question alone; the next one is answered."""

from __future__ import annotations

import gzip
import itertools
import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from medgpt_cli.core.errors import Missing
from medgpt_cli.evaluation.endpoint.faults import error_code
from tests.chat_server import Call, completion, serving

GOOD = json.dumps(completion()).encode()
PLANTED = "Jane Doe, MRN 4711"


def drip(call: Call) -> None:
    """A byte now and then: never silent, never done."""
    call.handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 4000\r\n\r\n")
    for _ in range(100):
        call.handler.wfile.write(b" ")
        call.handler.wfile.flush()
        if call.closing.wait(0.05):
            return


def endless(call: Call) -> None:
    call.handler.wfile.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    piece = b"x" * 65536
    for _ in range(4000):
        call.handler.wfile.write(b"10000\r\n" + piece + b"\r\n")


def bomb(call: Call) -> None:
    call.say(gzip.compress(GOOD + b" " * 10**7), Content_Encoding="gzip")


def cut(call: Call) -> None:
    call.raw(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n" + GOOD[:40])


def cut_chunks(call: Call) -> None:
    call.raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n10\r\n" + GOOD[:16] + b"\r\n")


def finished_by(reason: Any) -> Callable[[Call], None]:
    def answer(call: Call) -> None:
        document = completion(PLANTED)
        document["choices"][0]["finish_reason"] = reason
        call.say(document)

    return answer


BAD: dict[str, tuple[Callable[[Call], None], str, bool]] = {
    "hangs": (Call.hang, "TIMEOUT", True),
    "drips": (drip, "TIMEOUT", False),
    "drops before a byte": (Call.hang_up, "DROPPED", True),
    "drops mid-body": (cut, "DROPPED", True),
    "drops mid-chunk": (cut_chunks, "DROPPED", True),
    "no HTTP": (lambda call: call.raw(b"SSH-2.0-OpenSSH_9.2\r\n\r\n"), "GARBAGE", True),
    "a header of 200 kB": (lambda call: call.say(GOOD, X_Long="x" * 200_000), "GARBAGE", True),
    "garbage": (lambda call: call.say(b"\x00\xff\xfe{{"), "GARBAGE", True),
    "empty body": (lambda call: call.say(b""), "GARBAGE", True),
    "truncated JSON": (lambda call: call.say(GOOD[:-20]), "GARBAGE", True),
    "nested too deeply": (lambda call: call.say(b"[" * 100_000), "GARBAGE", True),
    "NaN": (lambda call: call.say(GOOD.replace(b"12", b"NaN")), "GARBAGE", True),
    "not UTF-8": (lambda call: call.say(GOOD.replace(b"Axial", b"Ax\xe4al")), "GARBAGE", True),
    "half a character": (lambda call: call.say(GOOD.replace(b"Axial", b"\\ud800")), "GARBAGE", True),
    "HTML": (lambda call: call.say(b"<html>Log in</html>", Content_Type="text/html"), "GARBAGE", True),
    "a list": (lambda call: call.say([]), "GARBAGE", True),
    "no choices": (lambda call: call.say({"choices": []}), "GARBAGE", True),
    "two choices": (lambda call: call.say({"choices": completion()["choices"] * 2}), "GARBAGE", True),
    "content that is no text": (lambda call: call.say(completion(["a"])), "GARBAGE", True),  # type: ignore[arg-type]
    "no reason to end": (finished_by(None), "GARBAGE", True),
    "ended by calling a tool": (finished_by("tool_calls"), "GARBAGE", True),
    "a compressed answer": (bomb, "GARBAGE", True),
    "an event stream": (
        lambda call: call.say(b"data: " + GOOD + b"\n\ndata: [DONE]\n\n"),
        "GARBAGE",
        True,
    ),
    "an error as an answer": (lambda call: call.say({"error": {"code": "oom"}}), "FAILED", True),
    "500": (lambda call: call.say({"error": PLANTED}, 500), "FAILED", True),
    "502, HTML": (lambda call: call.say(b"<html>", 502), "FAILED", True),
    "504": (lambda call: call.say(b"", 504), "FAILED", True),
    "429": (lambda call: call.say({}, 429), "BUSY", True),
    "503": (lambda call: call.say({}, 503), "BUSY", True),
    "400": (lambda call: call.say({"error": {"message": PLANTED}}, 400), "REFUSED", False),
    "413": (lambda call: call.say(b"", 413), "REFUSED", False),
    "422": (lambda call: call.say({"detail": [{"input": PLANTED}]}, 422), "REFUSED", False),
    "400 with an endless body": (lambda call: call.say(b"x" * 300_000, 400), "REFUSED", False),
    "filtered": (finished_by("content_filter"), "FILTERED", False),
    "larger than an answer can be": (lambda call: call.say(b" " * 300_000), "TOO_LARGE", False),
    "endless": (endless, "TOO_LARGE", False),
}


@pytest.mark.parametrize("name", BAD)
def test_each_trick_has_its_name_and_costs_its_question_alone(asking: Any, name: str) -> None:
    bad, fault, again = BAD[name]

    def answer(call: Call) -> None:
        bad(call) if call.question == "bad" else call.say(completion())

    patience = {"drips": {"question": 1.0}, "hangs": {"read": 0.5}}.get(name, {})
    with serving(answer) as server:
        endpoint = asking.endpoint(server.url, concurrency=1, body=200_000, **patience)
        replies = asking.ask(endpoint, [asking.question(text) for text in ("good", "bad", "good")])
    assert [reply.error for reply in replies] == ["", f"ENDPOINT_{fault}", ""]
    assert [reply.text for reply in replies] == ["Axial.", "", "Axial."]
    assert server.questions.count("bad") == (2 if again else 1)


@pytest.mark.parametrize("name", [name for name in BAD if BAD[name][2] and name != "hangs"])
def test_a_trick_that_passes_costs_nothing(asking: Any, name: str) -> None:
    bad, _, _ = BAD[name]
    with serving(lambda call: bad(call) if call.number == 0 else call.say(completion())) as server:
        [reply] = asking.ask(asking.endpoint(server.url), [asking.question()])
    assert (reply.text, reply.error) == ("Axial.", "")
    assert len(server.calls) == 2


def test_a_request_for_a_pause_is_granted_to_all_questions(asking: Any) -> None:
    began: list[float] = []

    def answer(call: Call) -> None:
        began.append(time.monotonic())
        if call.number == 0:
            call.say({}, 429, Retry_After="1")
            return
        call.closing.wait(0.4 if call.number == 1 else 0)  # long enough for the other to be told
        call.say(completion())

    with serving(answer) as server:
        endpoint = asking.endpoint(server.url, concurrency=2, read=3.0)
        replies = asking.ask(endpoint, [asking.question()] * 4)
    assert [reply.error for reply in replies] == [""] * 4
    assert began[2] - began[0] >= 1.0


def test_a_compressed_answer_is_called_so(asking: Any) -> None:
    with serving(bomb) as server, pytest.raises(Missing) as caught:
        asking.ask(asking.endpoint(server.url, failures=1), [asking.question()])
    assert "(a compressed answer, which was not asked for)" in caught.value.what


def test_the_pause_may_be_a_date_and_is_never_longer_than_allowed(asking: Any) -> None:
    later = format_datetime(datetime.now(UTC) + timedelta(hours=5), usegmt=True)
    for header in (later, "99999999999", "Thu, 32 Foo", "-5", "١٢"):

        def answer(call: Call, header: str = header) -> None:
            headers = {"Retry_After": header} if header.isascii() else {}
            call.say({}, 503, **headers) if call.number == 0 else call.say(completion())

        with serving(answer) as server:
            began = time.monotonic()
            [reply] = asking.ask(asking.endpoint(server.url, longest_wait=0.05), [asking.question()])
        assert (reply.error, len(server.calls)) == ("", 2)
        assert time.monotonic() - began < 60  # far from what was asked for


def test_a_question_has_so_much_time_in_all(asking: Any) -> None:
    with serving(lambda call: call.say({}, 500)) as server:
        endpoint = asking.endpoint(server.url, attempts=10**6, question=0.5)
        began = time.monotonic()
        [reply] = asking.ask(endpoint, [asking.question()])
    assert reply.error == "ENDPOINT_TIMEOUT"
    assert 0.5 <= time.monotonic() - began < 15
    assert 0.5 <= reply.seconds < 15


def test_waits_double(asking: Any) -> None:
    began: list[float] = []

    def answer(call: Call) -> None:
        began.append(time.monotonic())
        call.say({}, 500)

    with serving(answer) as server:
        asking.ask(asking.endpoint(server.url, attempts=4, backoff=0.1), [asking.question()])
    waits = [after - before for before, after in itertools.pairwise(began)]
    assert waits[0] >= 0.1
    assert waits[1] >= 0.2
    assert waits[2] >= 0.4


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (
            b'{"error": {"code": "context_length_exceeded", "type": "x", "message": "Jane"}}',
            "context_length_exceeded",
        ),
        (b'{"error": {"code": 400, "type": "invalid_request_error"}}', "invalid_request_error"),
        (b'{"object": "error", "type": "BadRequestError", "code": 400}', "BadRequestError"),
        (b'{"error": {"code": "Jane Doe has a fracture"}}', ""),
        (b'{"error": "Jane"}', ""),
        (b"Jane", ""),
        (b"", ""),
    ],
)
def test_only_a_name_is_taken_from_a_servers_error(body: bytes, code: str) -> None:
    assert error_code(body) == code
