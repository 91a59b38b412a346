"""Clients that mean harm, with real llama.cpp behind the server: what they send stays text, and the engine stays up."""

from __future__ import annotations

import base64
import io
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from PIL import Image

from medgpt_cli.data.images.letterbox import letterbox
from medgpt_cli.data.images.received import open_received
from medgpt_cli.export import gguf
from medgpt_cli.models import embedded
from medgpt_cli.models.chat_api.messages import JOINER
from medgpt_cli.models.llama_cpp.engine import LlamaCpp
from medgpt_cli.models.llama_cpp.facts import facts_of
from medgpt_cli.serving.inline import Shelf
from tests.export.gguf.making import model_at, truncating
from tests.serving.serving import Here, said, serving

pytest.importorskip("xllamacpp", reason="NOT RUN: llama.cpp is not installed (pip install xllamacpp)")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> Path:
    made = tmp_path_factory.mktemp("gguf")
    source = truncating(embedded.folder("tiny-siglip"), made / "source")
    gguf.write(model_at(source), made, quantise="f32")
    return made


@pytest.fixture(scope="module")
def here(folder: Path) -> Iterator[Here]:
    shelf = Shelf(open_received)
    engine = LlamaCpp(folder, lambda name, side: letterbox(shelf.open(name), side), max_new_tokens=4)
    model: Any = SimpleNamespace(generate=engine, shelf=shelf)
    with serving(model, waiting=3) as here:
        yield here


@pytest.fixture(autouse=True)
def still_up(here: Here) -> Iterator[None]:
    """After each of them: the server answers as it did, and holds nothing."""
    before = here.ask(said("Still there?")).json()
    yield
    assert here.ask(said("Still there?")).json()["choices"] == before["choices"]
    assert "\nmedgpt_held_bytes 0\n" in here.get("/metrics").text


def picture(content: bytes | None = None) -> dict[str, Any]:
    if content is None:
        Image.radial_gradient("L").save(packed := io.BytesIO(), "PNG")
        content = packed.getvalue()
    url = f"data:image/png;base64,{base64.b64encode(content).decode()}"
    return {"type": "image_url", "image_url": {"url": url}}


def prompt_tokens(here: Here, text: str) -> int:
    content = [picture(), {"type": "text", "text": text}]
    messages = [
        {"role": "system", "content": text},
        {"role": "user", "content": text},
        {"role": "assistant", "content": text},
        {"role": "user", "content": content},
    ]
    answer = here.ask({"messages": messages, "max_tokens": 1})
    assert answer.status_code == 200, answer.text
    return int(answer.json()["usage"]["prompt_tokens"])


def test_look_alikes_of_special_tokens_and_of_pictures_stay_text(here: Here, folder: Path) -> None:
    specials = facts_of(folder).specials
    assert len(specials) > 5
    dead = [f"{text[0]}{JOINER}{text[1:]}" for text in specials]
    told = prompt_tokens(here, "".join(specials))
    assert told == prompt_tokens(here, "".join(dead))
    assert told > 4 * 3 * len(
        specials
    )  # as specials they would be one token each, in each of four messages
    for marker in ("<__media__>", "<image>", "[IMG]", "<start_of_image>"):
        assert prompt_tokens(here, marker) < prompt_tokens(here, marker * 3)


def test_a_picture_that_is_none_does_not_reach_the_engine(here: Here) -> None:
    for content in (b"", b"\x89PNG\r\n\x1a\n" + bytes(50), b"GGUF" + bytes(100)):
        refused = here.ask({"messages": [{"role": "user", "content": [picture(content)]}]})
        assert (refused.status_code, refused.json()["error"]["code"]) == (400, "invalid_image")


def test_a_dialogue_longer_than_the_engine_holds(here: Here) -> None:
    refused = here.ask(said("liver " * 20_000))
    assert refused.status_code == 400
    assert "llama.cpp holds 8,192" in refused.json()["error"]["message"]


def test_many_at_once_get_the_same_answer_or_are_told_to_wait(here: Here) -> None:
    asked = {"messages": [{"role": "user", "content": [picture(), {"type": "text", "text": "Which?"}]}]}
    found: list[tuple[int, str]] = []

    def ask() -> None:
        answer = here.ask(asked)
        found.append((answer.status_code, str(answer.json().get("choices"))))

    askers = [threading.Thread(target=ask) for _ in range(12)]
    for asker in askers:
        asker.start()
    for asker in askers:
        asker.join(60)
    assert {status for status, _ in found} <= {200, 429}
    assert len({text for status, text in found if status == 200}) == 1
    assert len(found) == 12


def test_who_leaves_in_the_middle_stops_the_engine(here: Here) -> None:
    body = said("Tell me everything.", stream=True, max_tokens=4000)
    with here.client.stream("POST", "/v1/chat/completions", json=body) as answer:
        assert next(answer.iter_raw())
