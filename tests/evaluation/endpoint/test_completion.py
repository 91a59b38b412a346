"""From an endpoint's bytes to a reply: the field each part comes from, and likelihoods only where they are told."""

from __future__ import annotations

import json
from math import exp, log
from typing import Any

import pytest

from medgpt_cli.core.errors import InputError
from medgpt_cli.core.types import Reply, Request, Role, Turn
from medgpt_cli.evaluation.endpoint.completion import read
from medgpt_cli.evaluation.endpoint.likelihoods import Position, Told, are_letters, of_letters
from tests.chat_server import Call, completion, serving

ASKED = Request((Turn(Role.USER, ("Which?",)),))


def said(text: str | None = "B", finish: str = "stop", top: Any = None, **message: Any) -> bytes:
    document = completion(text, **message)
    document["choices"][0]["finish_reason"] = finish
    if top is not None:
        document["choices"][0]["logprobs"] = {"content": top}
    return json.dumps(document).encode()


@pytest.mark.parametrize(
    ("data", "text", "thinking", "finished"),
    [
        (said("Axial."), "Axial.", "", True),
        (said("Ax", "length"), "Ax", "", False),
        (said("Axial", "eos_token"), "Axial", "", True),
        (said("Axial", reasoning_content="Round.\n"), "Axial", "Round.", True),
        (said("Axial", reasoning="Round."), "Axial", "Round.", True),
        (said(None, "length", reasoning_content="Round or"), "", "Round or", False),
        (said(None), "", "", True),
        (said("analysisRound.assistantfinalAxial"), "Axial", "Round.", True),
        (said("<|channel|>analysis<|message|>Axial"), "", "Axial", False),
    ],
)
def test_text_thinking_and_whether_it_was_finished(
    data: bytes, text: str, thinking: str, finished: bool
) -> None:
    reply, model = read(data, ASKED)
    assert (reply.text, reply.thinking, reply.finished, model) == (text, thinking, finished, "med-20b")
    assert (reply.prompt_tokens, reply.tokens, reply.likelihoods, reply.error) == (12, 3, (), "")


def test_a_server_that_counts_nothing_and_names_nothing() -> None:
    document = completion()
    del document["usage"], document["model"]
    assert read(json.dumps(document).encode(), ASKED) == (Reply("Axial."), "")


def tokens(**values: float) -> list[dict[str, Any]]:
    top = [
        {"token": token.replace("_", " "), "logprob": value, "bytes": None}
        for token, value in values.items()
    ]
    return [{**top[0], "top_logprobs": top}, {"token": ".", "logprob": -0.1, "top_logprobs": []}]


LETTERS = Request(ASKED.turns, choices=("A", "B", "C"))


@pytest.mark.parametrize(
    ("data", "likelihoods"),
    [
        (said(top=tokens(B=-0.1, A=-3.0, C=-5.0, x=-6.0)), (-3.0, -0.1, -5.0)),
        (said(top=tokens(B=-1.0, _B=-2.0, A=-3.0, C=-5.0)), (-3.0, log(exp(-1) + exp(-2)), -5.0)),
        (said(top=tokens(B=-0.1, A=-3.0)), ()),  # C is not told: nothing is
        (said(top=tokens(B=-0.1, A=-3.0, C=-9999.0)), ()),  # what OpenAI writes for it
        (said(top=tokens(B=-0.1, A=-3.0, c=-5.0)), ()),
        (said(top=tokens(B=1e300, A=-3.0, C=-5.0)), (-3.0, 0.0, -5.0)),
        (said(top=[]), ()),
        (said(), ()),
        (said("B", top=tokens(B=-0.1, A=-3.0, C=-5.0), reasoning="Hm."), ()),
        (said("<think>B</think>B", top=tokens(B=-0.1, A=-3.0, C=-5.0)), ()),
    ],
)
def test_likelihoods_of_letters(data: bytes, likelihoods: tuple[float, ...]) -> None:
    reply, _ = read(data, LETTERS)
    assert reply.likelihoods == pytest.approx(likelihoods)
    assert read(data, ASKED)[0].likelihoods == ()


@pytest.mark.parametrize(
    ("choices", "letters"),
    [(("A", "B"), True), (("A",), False), ((), False), (("A", "A"), False), (("yes", "no"), False)],
)
def test_only_letters_can_be_told_apart_by_one_token(choices: tuple[str, ...], letters: bool) -> None:
    assert are_letters(choices) is letters


def test_a_likelihood_that_underflows_is_not_told() -> None:
    assert of_letters(("A", "B"), Position("A", 0.0, (Told("B", -8000.0),))) == ()


def test_letters_are_asked_for_and_texts_are_not(asking: Any) -> None:
    with serving(lambda call: call.say(json.loads(said(top=tokens(B=-0.1, A=-3.0, C=-5.0))))) as server:
        texts = Request(ASKED.turns, choices=("axial", "coronal"))
        replies = asking.ask(
            asking.endpoint(server.url, concurrency=1), [LETTERS, texts, ASKED, LETTERS]
        )
    assert [reply.likelihoods != () for reply in replies] == [True, False, False, True]
    assert [(call.body.get("logprobs"), call.body.get("top_logprobs")) for call in server.calls] == [
        (True, 20),
        (None, None),
        (None, None),
        (True, 20),
    ]


def test_likelihoods_alone_cost_one_token_and_are_never_made_up(asking: Any) -> None:
    alone = Request(ASKED.turns, choices=("A", "B", "C"), generate=False)
    texts = Request(ASKED.turns, choices=("axial", "coronal"), generate=False)
    told = said("B", "length", top=tokens(B=-0.1, A=-3.0, C=-5.0))
    with serving(lambda call: call.say(told if call.number == 0 else said("B", "length"))) as server:
        replies = asking.ask(asking.endpoint(server.url, concurrency=1), [alone, alone, texts])
    assert [call.body["max_tokens"] for call in server.calls] == [1, 1]  # the texts were not sent
    assert replies[0].likelihoods == pytest.approx((-3.0, -0.1, -5.0))
    assert (replies[0].text, replies[0].finished, replies[0].error) == ("", True, "")
    assert [reply.error for reply in replies[1:]] == ["ENDPOINT_NO_LIKELIHOODS"] * 2


def test_a_server_that_does_not_know_the_word_is_asked_without_it(asking: Any) -> None:
    def answer(call: Call) -> None:
        call.say({}, 400) if "logprobs" in call.body or call.question == "bad" else call.say(
            completion("B")
        )

    def asked(text: str) -> Request:
        return Request((Turn(Role.USER, (text,)),), choices=("A", "B"))

    untold = pytest.raises(InputError, match="tells no likelihoods of option letters")
    with serving(answer) as server, untold:
        endpoint = asking.endpoint(server.url, concurrency=1)
        asking.ask(endpoint, [asked(text) for text in ("bad", "one", "two")])
    replies = [asking.replies[number] for number in range(3)]
    assert [(reply.text, reply.error) for reply in replies] == [
        ("", "ENDPOINT_REFUSED"),
        ("B", ""),
        ("B", ""),
    ]
    # A refusal of both proves nothing about the word; one that passes without it does.
    assert [(call.question, "logprobs" in call.body) for call in server.calls] == [
        ("bad", True),
        ("bad", False),
        ("one", True),
        ("one", False),
        ("two", False),
    ]


def test_a_server_that_tells_no_likelihoods_is_no_row_of_zeros(asking: Any) -> None:
    asked = Request(ASKED.turns, choices=("A", "B"))
    with serving() as server:
        with pytest.raises(InputError) as caught:
            asking.ask(asking.endpoint(server.url, concurrency=1), [asked] * 40)
        assert len(server.calls) == 8
        assert str(caught.value) == (
            f"{server.origin} tells no likelihoods of option letters\n"
            "ask without them; vLLM and llama.cpp tell them where reasoning is off"
        )
        with pytest.raises(InputError):
            asking.ask(asking.endpoint(server.url), [asked])
