from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from medgpt_cli.core.types import Reply, Request, Role, Turn
from medgpt_cli.models.answering import answerer as module
from medgpt_cli.models.answering.guesses import Guesses
from medgpt_cli.models.answering.store import Store
from tests.models.answering.models import (
    KINDS,
    QUESTIONS,
    answerer,
    ask,
    draw,
    end_early,
    expected,
    load,
    replies,
    tell_apart,
)


@pytest.fixture(scope="module", params=KINDS)
def loaded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Any]:
    torch.manual_seed(0)
    model, processor = load(request.param, tmp_path_factory.mktemp(request.param))
    said = expected(model, processor, [ask(text) for text in QUESTIONS])
    end_early(model, said)
    return model, processor


@pytest.fixture(scope="module")
def llama(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Any]:
    """The quickest of them, for what has nothing to do with its shape."""
    return load("llama", tmp_path_factory.mktemp("quick"))


@pytest.fixture(scope="module")
def theirs(loaded: tuple[Any, Any], pictures: list[str]) -> list[Reply]:
    """What transformers says to everything."""
    return expected(*loaded, everything(pictures))


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    return draw(tmp_path_factory.mktemp("films"), 3)


def everything(pictures: list[str]) -> list[Request]:
    """Every kind of request there is, those that share something far apart."""
    one, two, three = pictures
    asked = [ask(0, text, images=[one]) for text in QUESTIONS]
    asked += [ask(0, text, images=[two]) for text in QUESTIONS[:4]]
    asked += [
        ask("Which plane is this?"),
        ask(0, "left or right?", images=[three], max_new_tokens=1),
        ask(0, "first", 1, "second", images=[one, two]),
        ask(0, "first", 1, "second", images=[two, one]),
        ask(0, 1, "the same twice", images=[one, one]),
        ask("before the picture ", 0, " and after it " * 20, images=[one]),
        Request(
            (
                Turn(Role.USER, (0, "Which plane is this?")),
                Turn(Role.ASSISTANT, ("axial",)),
                Turn(Role.USER, ("And what is seen?",)),
            ),
            (one,),
        ),
        ask(0, "Which one?", images=[one], choices=("A", "B", "C", "D"), generate=False),
        ask(0, "Which one?", images=[one], choices=("left lung", "left kidney", "liver", "", "left")),
        ask("Which one?", choices=("a very long answer of many words", "no"), generate=False),
        ask("Which one?", choices=("yes",)),
    ]
    asked += [ask(0, QUESTIONS[0], images=[one])] * 6  # enough for a beginning to be guessed
    return asked[::2] + asked[1::2]


@pytest.mark.parametrize("rows", [1, 3, 64])
def test_every_reply_is_that_of_plain_generate(
    loaded: tuple[Any, Any], pictures: list[str], theirs: list[Reply], rows: int
) -> None:
    lengths = {reply.tokens for reply in theirs}
    assert len(lengths) > 3  # else nothing would end early
    tell_apart(replies(answerer(*loaded, batch_rows=rows), everything(pictures)), theirs)


def test_the_tower_sees_each_picture_once_and_beginnings_are_read_once(
    loaded: tuple[Any, Any], pictures: list[str]
) -> None:
    model, processor = loaded
    answer = answerer(model, processor, max_new_tokens=1)
    requests = [ask(0, text, images=[path]) for text in QUESTIONS for path in pictures]
    found = replies(answer, requests)
    assert answer.features.seen == len(pictures)
    if (
        processor.image_processor.size["height"] > 28
    ):  # the llama's picture of 4 tokens is not worth a pass
        assert answer.reader.tokens < 0.5 * sum(reply.prompt_tokens for reply in found)


def test_a_guess_that_is_wrong_changes_nothing(
    loaded: tuple[Any, Any],
    pictures: list[str],
    theirs: list[Reply],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    of_one: list[int] = max((eval(reply.text) for reply in theirs), key=len)
    tried = []

    def guess(guesses: Guesses) -> list[int]:
        tried.append(of_one[:5])
        return tried[-1]

    monkeypatch.setattr(Guesses, "beginning", guess)
    tell_apart(replies(answerer(*loaded, batch_rows=5), everything(pictures)), theirs)
    assert tried


def test_a_reply_that_begins_like_the_last_ones_takes_fewer_passes(
    loaded: tuple[Any, Any],
    pictures: list[str],
    theirs: list[Reply],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    model, processor = loaded
    longest = max(range(len(theirs)), key=lambda number: theirs[number].tokens)
    requests = [everything(pictures)[longest]] * 20
    answer = answerer(model, processor, batch_rows=4)
    said = replies(answer, requests)
    monkeypatch.setattr(Guesses, "beginning", lambda guesses: [])
    plain = answerer(model, processor, batch_rows=4)
    tell_apart(said, replies(plain, requests))
    assert said[0].tokens > 2
    assert answer.reader.passes < plain.reader.passes


@pytest.mark.parametrize("kind", ["tiny-untrained", "llama"])
def test_long_dialogues_slide_out_of_the_window(kind: str, tmp_path: Path) -> None:
    model, processor = load(kind, tmp_path)
    model.generation_config.eos_token_id = [processor.tokenizer.eos_token_id]
    words = "the quick brown fox jumps over the lazy dog and "
    requests = [ask(words * count + text) for count in (1, 50) for text in QUESTIONS[:2]]
    theirs = expected(model, processor, requests, limit=33)
    assert theirs[-1].prompt_tokens > 512  # more than a chunk
    tell_apart(replies(answerer(model, processor, max_new_tokens=33), requests), theirs)


def test_what_fails_fails_alone(loaded: tuple[Any, Any], pictures: list[str], tmp_path: Path) -> None:
    model, processor = loaded
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"\x89PNG\r\n\x1a\nnot a picture")
    requests = [
        ask(0, "Which plane is this?", images=[str(broken)]),
        ask(0, "Which plane is this?", images=[pictures[0]]),
        ask(0, 1, "Which plane is this?", images=[pictures[0], str(tmp_path / "nowhere.png")]),
        ask("long " * 3000),
        ask("short", max_new_tokens=3000),
        ask("short", choices=("long " * 3000,), generate=False),
        ask("Which plane is this?", choices=("axial",)),
    ]
    found = replies(answerer(model, processor), requests)
    assert [reply.error for reply in found] == [
        "BAD_IMAGE", "", "BAD_IMAGE", "TOO_LONG", "TOO_LONG", "TOO_LONG", "",
    ]  # fmt: skip
    beside = [
        ask(0, 1, "a longer question", images=[two, str(broken)]) for two in pictures for _ in range(2)
    ]
    beside += [ask(0, 0, "a longer question", images=[two]) for two in pictures]
    found_beside = replies(answerer(model, processor, batch_rows=2), beside)
    assert [reply.error for reply in found_beside] == ["BAD_IMAGE"] * 6 + [""] * 3
    good = [requests[1], requests[-1]]
    tell_apart([found[1], found[-1]], expected(model, processor, good))
    assert not any(reply.finished or reply.tokens for reply in found if reply.error)


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory"),
        RuntimeError("DefaultCPUAllocator: can't allocate memory"),
    ],
)
def test_memory_that_runs_out_halves_the_batch(
    llama: tuple[Any, Any], pictures: list[str], error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, processor = llama
    answer = answerer(model, processor)
    requests = [ask(0, text, images=[path]) for text in QUESTIONS for path in pictures]
    requests.append(ask("word " * 400))
    theirs = expected(model, processor, requests[:-1])
    read = Store.admit
    asked_for: list[int] = []

    def admit(store: Any, first: int, positions: torch.Tensor, branches: torch.Tensor) -> Any:
        asked_for.append(store.states[0, 0, :, 0, :, 0].numel())
        if asked_for[-1] > 400:
            raise error
        return read(store, first, positions, branches)

    monkeypatch.setattr(Store, "admit", admit)
    found = replies(answer, requests)
    tell_apart(found[:-1], theirs)
    assert found[-1].error == "OUT_OF_RESOURCES"
    assert max(asked_for) > 1000 > 400 >= min(asked_for)


def test_an_error_of_ours_is_not_taken_for_one_of_memory(
    llama: tuple[Any, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    model, processor = llama
    answer = answerer(model, processor)
    monkeypatch.setattr(module.Run, "_write", lambda run: (_ for _ in ()).throw(RuntimeError("ours")))
    with pytest.raises(RuntimeError, match="ours"):
        replies(answer, [ask("Which plane is this?")])
    assert model.model.language_model.config._attn_implementation != "answering_slots"


@pytest.mark.parametrize("reason", ["attention", "settings"])
def test_a_model_that_cannot_be_read_so_is_asked_one_by_one(
    llama: tuple[Any, Any],
    pictures: list[str],
    reason: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    model, processor = llama
    if reason == "attention":
        monkeypatch.setattr(module.probe, "agrees", lambda model: False)
    else:
        monkeypatch.setattr(model.generation_config, "repetition_penalty", 1.3)
    requests = everything(pictures)[:4]
    theirs = expected(model, processor, requests)
    tell_apart(replies(answerer(model, processor), requests), theirs)
    assert "questions are asked one by one" in capsys.readouterr().err


def test_many_windows_are_one_task(
    llama: tuple[Any, Any], pictures: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "WINDOW", 9)
    requests = everything(pictures)
    tell_apart(replies(answerer(*llama), requests), expected(*llama, requests))
