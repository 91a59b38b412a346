"""The API as OpenAI's own client sees it."""

from __future__ import annotations

import base64
import io
import threading
from collections.abc import Iterator

import httpx
import openai
import pytest
from PIL import Image

from medgpt_cli.core.errors import UsageError
from medgpt_cli.core.types import Role
from tests.serving.serving import MODEL, Here, Model, serving, until

TOKEN = "0123456789abcdef0123456789abcdef"
ASK = [{"role": "user", "content": "Which plane?"}]


@pytest.fixture
def model() -> Model:
    return Model("Axial ", "plane", ".", thinking="The liver is cut across.")


@pytest.fixture
def here(model: Model) -> Iterator[Here]:
    with serving(model, TOKEN, waiting=1) as here:
        yield here


@pytest.fixture
def client(here: Here) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{here.address}/v1", api_key=TOKEN, max_retries=0) as client:
        yield client


def png(colour: str = "red", size: tuple[int, int] = (32, 24)) -> str:
    packed = io.BytesIO()
    Image.new("RGB", size, colour).save(packed, "PNG")
    return "data:image/png;base64," + base64.b64encode(packed.getvalue()).decode()


def test_an_answer_with_its_reasoning_apart_and_its_tokens_counted(
    client: openai.OpenAI, model: Model
) -> None:
    answer = client.chat.completions.create(model=MODEL, messages=ASK, max_tokens=40)

    [choice] = answer.choices
    assert (choice.message.role, choice.message.content) == ("assistant", "Axial plane.")
    assert choice.message.reasoning_content == "The liver is cut across."
    assert choice.finish_reason == "stop"
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens, answer.usage.total_tokens) == (
        12,
        3,
        15,
    )
    assert (answer.model, answer.object) == (MODEL, "chat.completion")
    [(turns, limit)] = model.asked
    assert limit == 40
    assert [(turn.role, turn.parts) for turn in turns] == [(Role.USER, ("Which plane?",))]


def test_a_stream_brings_the_same_piece_by_piece(client: openai.OpenAI) -> None:
    stream = client.chat.completions.create(
        model=MODEL, messages=ASK, stream=True, stream_options={"include_usage": True}
    )
    chunks = list(stream)

    deltas = [chunk.choices[0].delta for chunk in chunks if chunk.choices]
    assert [delta.content for delta in deltas if delta.content] == ["Axial ", "plane", "."]
    thought = [getattr(delta, "reasoning_content", None) for delta in deltas]
    assert list(filter(None, thought)) == ["The liver is cut across."]
    reasons = [chunk.choices[0].finish_reason for chunk in chunks if chunk.choices]
    assert reasons == [None] * (len(reasons) - 1) + ["stop"]
    assert chunks[-1].usage.total_tokens == 15
    assert len({chunk.id for chunk in chunks}) == 1


def test_words_arrive_while_the_model_still_writes(client: openai.OpenAI, model: Model) -> None:
    go_on = threading.Event()
    spoken = iter((False, True, True))
    model.between = lambda: go_on.wait(20) if next(spoken) else None

    stream = client.chat.completions.create(model=MODEL, messages=ASK, stream=True)
    pieces = (chunk.choices[0].delta.content for chunk in stream)
    assert next(filter(None, pieces)) == "Axial "
    go_on.set()
    assert "".join(filter(None, pieces)) == "plane."


def test_a_limit_cuts_the_answer_and_says_so(client: openai.OpenAI) -> None:
    answer = client.chat.completions.create(model=MODEL, messages=ASK, max_completion_tokens=1)
    assert (answer.choices[0].message.content, answer.choices[0].finish_reason) == ("Axial ", "length")


def test_pictures_of_several_turns_reach_the_model_in_their_order(
    client: openai.OpenAI, model: Model
) -> None:
    first = client.chat.completions.create(model=MODEL, messages=ASK).choices[0].message
    messages = [
        {"role": "system", "content": "Be brief."},
        {
            "role": "user",
            "content": [
                {"type": "image_url", "image_url": {"url": png("red")}},
                {"type": "text", "text": "And here?"},
                {"type": "image_url", "image_url": {"url": png("blue", (20, 40)), "detail": "high"}},
            ],
        },
        first.model_dump(),  # as people do who keep a dialogue
        {"role": "user", "content": "Sure?"},
    ]
    client.chat.completions.create(model=MODEL, messages=messages)

    turns, _ = model.asked[-1]
    assert [turn.role.value for turn in turns] == ["system", "user", "assistant", "user"]
    assert turns[1].parts == (0, "And here?", 1)
    assert turns[2].parts == ("Axial plane.",)
    assert [(picture.size, picture.getpixel((0, 0))) for picture in model.seen] == [
        ((32, 24), (255, 0, 0)),
        ((20, 40), (0, 0, 255)),
    ]
    with pytest.raises(KeyError):  # forgotten when the answer is given
        model.shelf.open("inline:")


def test_the_model_is_listed(client: openai.OpenAI) -> None:
    assert [card.id for card in client.models.list()] == [MODEL]
    assert client.models.retrieve(MODEL).owned_by == "medgpt"
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("gpt-4")


def test_a_wrong_token_and_none(here: Here, model: Model) -> None:
    for wrong in ("f" * 32, TOKEN[:-1], "é" * 16):
        said = with_token(here, wrong)
        assert said.status_code == 401
        assert said.headers["www-authenticate"] == "Bearer"
    assert here.get("/v1/models").status_code == 401
    assert here.get("/metrics").status_code == 401
    assert here.get("/health").status_code == 200
    with (
        openai.OpenAI(base_url=f"{here.address}/v1", api_key="nonsense", max_retries=0) as stranger,
        pytest.raises(openai.AuthenticationError, match="token is missing or wrong"),
    ):
        stranger.chat.completions.create(model=MODEL, messages=ASK)
    assert not model.asked


def with_token(here: Here, token: str) -> httpx.Response:
    header = f"Bearer {token}".encode()
    return here.ask({"messages": ASK}, headers={b"authorization": header})


def test_other_models_sampling_and_tools_are_refused_by_name(client: openai.OpenAI) -> None:
    with pytest.raises(openai.NotFoundError, match="the model served here is med-20b"):
        client.chat.completions.create(model="gpt-4", messages=ASK)
    for wish in (
        {"temperature": 0.7},
        {"n": 2},
        {"logprobs": True},
        {"stop": ["."]},
        {"response_format": {"type": "json_object"}},
        {"tools": [{"type": "function", "function": {"name": "f"}}]},
    ):
        with pytest.raises(openai.BadRequestError) as refused:
            client.chat.completions.create(model=MODEL, messages=ASK, **wish)
        assert refused.value.param == next(iter(wish))
        assert refused.value.code == "unsupported_field"
    client.chat.completions.create(model=MODEL, messages=ASK, temperature=0, top_p=1, n=1, seed=3)


def test_a_dialogue_too_long_for_the_model(client: openai.OpenAI, model: Model) -> None:
    def refuse() -> None:
        raise UsageError("the dialogue takes 9,000 tokens", repair="/clear the history")

    model.before = refuse
    with pytest.raises(openai.BadRequestError, match="takes 9,000 tokens; send fewer") as refused:
        client.chat.completions.create(model=MODEL, messages=ASK, stream=True)
    assert refused.value.code == "context_length_exceeded"


def test_one_is_answered_one_waits_and_the_third_is_told_when_to_come_again(
    client: openai.OpenAI, model: Model
) -> None:
    go_on = threading.Event()
    model.before = lambda: go_on.wait(20)
    answers: list[str | None] = []

    def ask() -> None:
        answer = client.chat.completions.create(model=MODEL, messages=ASK)
        answers.append(answer.choices[0].message.content)

    waiting = [threading.Thread(target=ask) for _ in range(2)]
    for number, thread in enumerate(waiting, start=1):
        thread.start()
        until(lambda number=number: inside(client) == number)
    with pytest.raises(openai.RateLimitError) as busy:
        client.chat.completions.create(model=MODEL, messages=ASK)
    assert 1 <= int(busy.value.response.headers["retry-after"]) <= 60
    go_on.set()
    for thread in waiting:
        thread.join(20)
    assert answers == ["Axial plane."] * 2


def inside(client: openai.OpenAI) -> int:
    metrics = client.get("/../metrics", cast_to=str)
    return int(metrics.split("\nmedgpt_inside ")[1].split()[0])


def test_who_leaves_stops_the_model(client: openai.OpenAI, model: Model) -> None:
    model.words = ("on and ",) * 100_000
    model.between = lambda: threading.Event().wait(0.005)
    with client.chat.completions.create(model=MODEL, messages=ASK, stream=True) as stream:
        next(iter(stream))
    assert model.stopped.wait(20)

    model.stopped.clear()
    with pytest.raises(openai.APITimeoutError):
        client.with_options(timeout=0.5).chat.completions.create(model=MODEL, messages=ASK)
    assert model.stopped.wait(20)


def test_an_answer_has_its_time(model: Model) -> None:
    model.words = ("on and ",) * 100_000
    model.between = lambda: threading.Event().wait(0.005)
    with serving(model, answer_seconds=0.2) as here:
        whole = here.ask({"messages": ASK})
        assert (whole.status_code, whole.json()["error"]["code"]) == (504, "overtime")
        streamed = here.ask({"messages": ASK, "stream": True})
        assert streamed.status_code == 200
        assert streamed.text.rstrip().splitlines()[-1].startswith('data: {"error":')


def test_the_end_of_the_server_stops_answers_and_says_why(model: Model) -> None:
    model.words = ("on and ",) * 100_000
    model.between = lambda: threading.Event().wait(0.005)
    told: list[str] = []
    with serving(model, grace_seconds=1) as here:
        address = f"{here.address}/v1/chat/completions"
        asking = threading.Thread(
            target=lambda: told.append(httpx.post(address, json={"messages": ASK, "stream": True}).text)
        )
        asking.start()
        until(lambda: bool(model.asked))
    asking.join(20)
    assert '"code":"ending"' in told[0].rstrip().splitlines()[-1]
