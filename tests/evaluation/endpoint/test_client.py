"""Many questions to one endpoint: order, number at once, what is sent, and what ends the asking."""

from __future__ import annotations

import base64
import threading
import time
from typing import Any

import pytest

from medgpt_cli.core.errors import (
    BadImage,
    InputError,
    MedGPTError,
    Missing,
    NotThere,
    OutOfResources,
    UsageError,
)
from medgpt_cli.core.types import Reply, Request, Role, Turn
from tests.chat_server import MODEL, Call, completion, serving


def test_every_question_gets_its_own_answer(asking: Any) -> None:
    with serving(lambda call: call.say(completion(call.question.upper()))) as server:
        replies = asking.ask(asking.endpoint(server.url), [asking.question(f"q{n}") for n in range(30)])
    assert [reply.text for reply in replies] == [f"Q{n}" for n in range(30)]
    assert {(reply.finished, reply.error, reply.prompt_tokens, reply.tokens) for reply in replies} == {
        (True, "", 12, 3)
    }
    assert all(reply.seconds > 0 for reply in replies)


def test_as_many_are_under_way_as_were_allowed(asking: Any) -> None:
    together = threading.Barrier(3)

    def answer(call: Call) -> None:
        together.wait(10)
        call.say(completion())

    with serving(answer) as server:
        asking.ask(asking.endpoint(server.url, concurrency=3, read=20.0), [asking.question()] * 9)
    assert server.most_at_once == 3


def test_no_question_makes_no_connection(asking: Any) -> None:
    assert asking.ask(asking.endpoint("http://127.0.0.1:9/v1"), []) == []


def test_what_is_sent(asking: Any) -> None:
    turns = (
        Turn(Role.SYSTEM, ("Answer in a word.",)),
        Turn(Role.USER, (0, "Which plane?")),
        Turn(Role.ASSISTANT, ("Axial",), thinking="a round chest"),
        Turn(Role.USER, ("And ", 1, " this?")),
    )
    with serving() as server:
        endpoint = asking.endpoint(server.url, max_new_tokens=99)
        asking.ask(endpoint, [Request(turns, ("a.png", "b.png")), asking.question(max_new_tokens=5)])
    bodies = {call.body["max_tokens"]: call.body for call in server.calls}

    def url(name: str) -> dict[str, Any]:
        data = base64.b64encode(b"PNG " + name.encode()).decode()
        return {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{data}"}}

    assert bodies[99] == {
        "model": MODEL,
        "messages": [
            {"role": "system", "content": "Answer in a word."},
            {"role": "user", "content": [url("a.png"), {"type": "text", "text": "Which plane?"}]},
            {"role": "assistant", "content": "Axial"},
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "And "},
                    url("b.png"),
                    {"type": "text", "text": " this?"},
                ],
            },
        ],
        "temperature": 0,
        "seed": 0,
        "max_tokens": 99,
        "stream": False,
    }
    assert bodies[5]["messages"] == [{"role": "user", "content": "Which plane?"}]


def test_questions_about_one_picture_follow_each_other_and_it_is_made_once(asking: Any) -> None:
    made: list[str] = []

    def picture(path: str) -> bytes:
        made.append(path)
        return b"x"

    asked = [Request((Turn(Role.USER, (0, f"{n}")),), (f"{n % 3}.png",)) for n in range(12)]
    with serving() as server:
        asking.ask(asking.endpoint(server.url, picture=picture, concurrency=1), asked)
    assert made == ["0.png", "1.png", "2.png"]
    assert server.questions == ["0", "3", "6", "9", "1", "4", "7", "10", "2", "5", "8", "11"]


@pytest.mark.parametrize(
    ("error", "name"),
    [(BadImage("cannot be opened"), "BAD_IMAGE"), (ZeroDivisionError("Jane Doe"), "ZeroDivisionError")],
)
def test_a_picture_that_does_not_open_fails_its_question_alone(
    asking: Any, error: Exception, name: str
) -> None:
    def picture(path: str) -> bytes:
        raise error

    asked = [Request((Turn(Role.USER, (0, "?")),), ("x.png",)), *[asking.question()] * 20]
    with serving() as server:
        replies = asking.ask(asking.endpoint(server.url, picture=picture, failures=1), asked)
    assert (replies[0].error, replies[0].text) == (name, "")
    assert {reply.text for reply in replies[1:]} == {"Axial."}


def test_the_key_stands_in_the_header_and_nowhere_else(asking: Any) -> None:
    with serving() as server:
        endpoint = asking.endpoint(server.url, key="s3cret")
        endpoint.connect()
        asking.ask(endpoint, [asking.question()])
        asking.ask(asking.endpoint(server.url), [asking.question()])
    assert [call.headers.get("Authorization") for call in server.calls] == ["Bearer s3cret", None]
    assert "s3cret" not in f"{endpoint.identity} {endpoint!r} {endpoint.hash}"


def test_the_environment_is_not_asked(
    asking: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login me password s3cret\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    with serving() as server:
        assert asking.ask(asking.endpoint(server.url), [asking.question()])[0].text == "Axial."
    assert "Authorization" not in server.calls[0].headers
    assert server.calls[0].headers["Accept-Encoding"] == "identity"


@pytest.mark.parametrize("nr", [0, 1, 12])
def test_an_outage_ends_the_asking_and_loses_no_answer(asking: Any, nr: int) -> None:
    """After `nr` answers the server drops every connection."""

    def answer(call: Call) -> None:
        call.say(completion()) if call.number < nr else call.hang_up()

    with serving(answer) as server:
        endpoint = asking.endpoint(server.url, concurrency=1, failures=3)
        with pytest.raises(Missing) as caught:
            asking.ask(endpoint, [asking.question()] * 40)
    assert str(caught.value) == (
        f"the endpoint {server.origin} broke the connection off before its answer was whole; "
        "3 questions in a row had no answer\n"
        "look into the server's log"
    )
    assert caught.value.exit_code == 5
    told = [asking.replies[n] for n in range(nr + 3)]
    assert [reply.text for reply in told] == ["Axial."] * nr + [""] * 3
    assert [reply.error for reply in told[nr:]] == ["ENDPOINT_DROPPED"] * 3
    assert len(asking.replies) == nr + 3


def test_an_outage_does_not_wait_for_a_question_that_hangs(asking: Any) -> None:
    def answer(call: Call) -> None:
        call.hang() if call.number == 0 else call.hang_up()

    with serving(answer) as server:
        endpoint = asking.endpoint(server.url, concurrency=2, failures=2, read=25.0, question=25.0)
        began = time.monotonic()
        with pytest.raises(Missing):
            asking.ask(endpoint, [asking.question()] * 9)
    assert time.monotonic() - began < 15


def test_failures_apart_from_each_other_are_no_outage(asking: Any) -> None:
    def answer(call: Call) -> None:
        call.say({}, 500) if call.question == "bad" else call.say(completion())

    asked = [asking.question(text) for text in ["bad", "bad", "good"] * 8]
    with serving(answer) as server:
        replies = asking.ask(asking.endpoint(server.url, concurrency=1, failures=3), asked)
    assert [reply.error for reply in replies] == ["ENDPOINT_FAILED", "ENDPOINT_FAILED", ""] * 8


def test_refusals_are_about_the_question_unless_nothing_else_comes(asking: Any) -> None:
    def answer(call: Call) -> None:
        long = call.question == "long"
        call.say({"error": {"code": "context_length_exceeded"}}, 400) if long else call.say(completion())

    with serving(answer) as server:
        endpoint = asking.endpoint(server.url, concurrency=1, failures=3)
        replies = asking.ask(endpoint, [asking.question(text) for text in ["ok"] + ["long"] * 9])
        assert {reply.error for reply in replies[1:]} == {"ENDPOINT_REFUSED"}
        assert len(server.calls) == 10  # none was sent twice
        with pytest.raises(InputError) as caught:
            asking.ask(
                asking.endpoint(server.url, concurrency=1, failures=3), [asking.question("long")] * 9
            )
    assert str(caught.value) == (
        f"the endpoint {server.origin} refused the question (HTTP 400, context_length_exceeded); "
        "3 questions in a row had no answer\n"
        "look into the server's log; a model without pictures refuses questions with them"
    )


def test_a_server_with_too_much_to_do_is_out_of_resources(asking: Any) -> None:
    with serving(lambda call: call.say({}, 429)) as server:
        endpoint = asking.endpoint(server.url, concurrency=1, failures=2)
        with pytest.raises(
            OutOfResources, match=r"said that it has too much to do \(HTTP 429\)"
        ) as caught:
            asking.ask(endpoint, [asking.question()] * 9)
    assert caught.value.exit_code == 6


def test_nothing_listens(asking: Any) -> None:
    with serving() as server:
        url = server.url
    with pytest.raises(Missing) as caught:
        asking.endpoint(url).connect()
    assert str(caught.value) == (
        f"the endpoint {server.origin} could not be reached\nstart the server there"
    )
    with pytest.raises(Missing, match=r"could not be reached; \d+ questions in a row"):
        asking.ask(asking.endpoint(url), [asking.question()] * 20)


def test_another_model_begins_to_answer(asking: Any) -> None:
    def answer(call: Call) -> None:
        call.say({**completion(), "model": MODEL if call.number < 3 else "other"})

    with serving(answer) as server, pytest.raises(InputError) as caught:
        asking.ask(asking.endpoint(server.url, concurrency=1), [asking.question()] * 9)
    assert str(caught.value) == (
        f"{server.origin} began to answer as another model\n"
        "serve one model under one name, and run again into a new --out"
    )
    assert sorted(asking.replies) == [0, 1, 2]  # what the other said is not kept


@pytest.mark.parametrize("said", ["finalaxial", "analysisThe chest", "finally"])
def test_channels_run_into_every_answer_are_not_scored(asking: Any, said: str) -> None:
    hidden = pytest.raises(InputError, match="runs harmony's channels into the answer")
    with serving(lambda call: call.say(completion(said))) as server, hidden as caught:
        asking.ask(asking.endpoint(server.url, concurrency=1), [asking.question()] * 9)
    assert "--reasoning-parser openai_gptoss" in caught.value.repair
    with serving(lambda call: call.say(completion(said if call.number != 4 else "Axial"))) as server:
        replies = asking.ask(asking.endpoint(server.url, concurrency=1), [asking.question()] * 9)
    assert [reply.text for reply in replies].count(said) == 8


@pytest.mark.parametrize(
    ("status", "error", "says"),
    [
        (401, InputError, "refuses the key, or wants one (HTTP 401)"),
        (403, InputError, "refuses the key, or wants one (HTTP 403)"),
        (404, NotThere, "does not have this model, or nothing answers there (HTTP 404)"),
        (
            307,
            InputError,
            "sends its callers elsewhere, to example.org, and nothing is sent on (HTTP 307)",
        ),
    ],
)
def test_what_no_question_can_pass_ends_the_asking_at_once(
    asking: Any, status: int, error: type[MedGPTError], says: str
) -> None:
    def answer(call: Call) -> None:
        call.say({}, status, Location="https://example.org/steal?token=s3cret")

    with serving(answer) as server, pytest.raises(error) as caught:
        asking.ask(asking.endpoint(server.url, concurrency=1), [asking.question()] * 9)
    assert says in caught.value.what
    assert caught.value.exit_code == 3
    assert "s3cret" not in str(caught.value)
    assert len(server.calls) == 1
    assert asking.replies == {}


def test_whoever_is_told_may_end_the_asking(asking: Any) -> None:
    """Ctrl-C while answers come: no thread is left, and nothing waits for the server."""

    def told(number: int, reply: Reply) -> None:
        raise KeyboardInterrupt

    def answer(call: Call) -> None:
        call.say(completion()) if call.number == 0 else call.hang()

    with serving(answer) as server:
        endpoint = asking.endpoint(server.url, read=60.0, question=60.0)
        before = threading.active_count()
        with pytest.raises(KeyboardInterrupt):
            endpoint([asking.question()] * 4, told)
        assert {
            t.name for t in threading.enumerate() if "asyncio" in t.name or "ThreadPool" in t.name
        } == set()
        assert threading.active_count() <= before + 4  # the server's own


def test_connect_settles_which_model_is_asked(asking: Any) -> None:
    with serving() as server:
        endpoint = asking.endpoint(server.url, None)
        endpoint.connect()
    assert (endpoint.model, endpoint.listed) == (MODEL, True)
    assert endpoint.identity == {
        "endpoint": server.url,
        "on_this_machine": True,
        "encrypted": False,
        "model": MODEL,
        "listed": True,
        "owned_by": "tests",
        "pictures": "PNG",
        "temperature": 0,
        "seed": 0,
        "max_new_tokens": 256,
    }
    assert endpoint.hash != asking.endpoint(server.url).hash


@pytest.mark.parametrize(
    "models",
    [
        lambda call: call.say({}, 500),
        lambda call: call.say({}, 404),
        lambda call: call.say(b"<html>"),
        [],
    ],
)
def test_a_server_that_does_not_list_is_taken_at_the_persons_word(asking: Any, models: Any) -> None:
    with serving(models=models) as server:
        endpoint = asking.endpoint(server.url)
        endpoint.connect()
        assert (endpoint.model, endpoint.listed) == (MODEL, False)
        with pytest.raises(MedGPTError):
            asking.endpoint(server.url, None).connect()


def test_connect_refuses_what_cannot_be_asked(asking: Any) -> None:
    two = {"data": [{"id": "med-20b"}, {"id": "med-7b"}]}
    with serving(models=two) as server:
        with pytest.raises(UsageError) as several:
            asking.endpoint(server.url, None).connect()
        with pytest.raises(NotThere) as absent:
            asking.endpoint(server.url, "med-8b").connect()
    assert str(several.value) == (
        f"{server.origin} serves several models\nname one with --endpoint-model: med-20b, med-7b"
    )
    assert str(absent.value) == (
        f"{server.origin} serves no model of the name med-8b; did you mean med-7b?\n"
        "name one with --endpoint-model: med-20b, med-7b"
    )
    with (
        serving(models=lambda call: call.say({}, 401)) as server,
        pytest.raises(InputError, match="key"),
    ):
        asking.endpoint(server.url).connect()
    with serving(models=lambda call: call.say({}, 503)) as server, pytest.raises(OutOfResources):
        asking.endpoint(server.url).connect()
    with serving(models={"data": []}) as server, pytest.raises(NotThere, match="serves no model"):
        asking.endpoint(server.url).connect()
