from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image

from medgpt_cli.core.errors import BadImage, UsageError
from medgpt_cli.core.types import Reply, Request, Role, Turn
from medgpt_cli.models.channels import Parted
from medgpt_cli.models.generate import Generator
from medgpt_cli.models.talking import kept, reader
from medgpt_cli.models.talking.talker import Talker
from medgpt_cli.workflows.loading import encoder_of, file_stamp, load_model, pixels_of
from tests.models.answering.models import KINDS, draw, end_early, expected, load

LIMIT = 12


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    return draw(tmp_path_factory.mktemp("films"), 3)


@pytest.fixture(scope="module", params=KINDS)
def loaded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Any]:
    torch.manual_seed(0)
    return load(request.param, tmp_path_factory.mktemp(request.param))


@pytest.fixture(scope="module")
def tiny_pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Any]:
    return load("tiny-untrained", tmp_path_factory.mktemp("tiny"))


def refused(*args: object, **kwargs: object) -> Reply:
    raise AssertionError("asked by transformers' own generate")


def talker(loaded: tuple[Any, Any], **settings: Any) -> Talker:
    """Ours, whose replies tell the tokens instead of a text."""
    model, processor = loaded
    made = Talker(
        model, processor.tokenizer, encoder_of(processor), pixels_of(processor),
        **{"otherwise": refused, "max_new_tokens": LIMIT, "context": 4096, "stamp": file_stamp} | settings,
    )  # fmt: skip
    made._channels.part = lambda ids: Parted(str(ids), "")  # type: ignore[method-assign]
    return made


def said(loaded: tuple[Any, Any], turns: Sequence[Turn], images: Sequence[str]) -> Reply:
    """What transformers says."""
    return expected(*loaded, [Request(tuple(turns), tuple(images))], LIMIT)[0]


def same(mine: Reply, theirs: Reply) -> bool:
    return (mine.text, mine.finished, mine.prompt_tokens, mine.tokens) == (
        theirs.text, theirs.finished, theirs.prompt_tokens, theirs.tokens,
    )  # fmt: skip


def dialogue(rounds: int, words: str = "Which plane is this?") -> list[Turn]:
    """Turns that end with the question of a round; the first two rounds show a picture each."""
    turns = []
    for number in range(rounds):
        parts = (number, words) if number < 2 else (words,)
        turns += [Turn(Role.USER, parts), Turn(Role.ASSISTANT, (f"axial {number}",))]
    return turns[:-1]


def test_every_turn_of_a_dialogue_gets_the_tokens_of_plain_generate(
    loaded: tuple[Any, Any], pictures: list[str]
) -> None:
    ours = talker(loaded)
    for rounds in (1, 2, 3):
        turns, images = dialogue(rounds), pictures[: min(rounds, 2)]
        assert same(ours(turns, images), said(loaded, turns, images)), rounds
    assert ours.features.seen == 2
    end_early(loaded[0], [said(loaded, turns, images)])
    early = said(loaded, turns, images)
    assert early.finished
    assert same(talker(loaded)(turns, images), early)


def test_a_long_dialogue_forgets_only_what_no_window_reaches(
    tiny_pair: tuple[Any, Any], pictures: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept, "SPARE", 20)
    monkeypatch.setattr(reader, "CHUNK", 37)
    ours = talker(tiny_pair)
    long = dialogue(2, "What is seen beside the liver? " * 40)
    further = [*long, Turn(Role.ASSISTANT, ("the kidney",)), Turn(Role.USER, ("Which one?",))]
    for turns in (long, further, long):
        assert same(ours(turns, pictures[:2]), said(tiny_pair, turns, pictures[:2]))
    (only,) = ours.dialogues._held
    sliding = next(keys for window, keys in only._groups.items() if window is not None)
    assert sliding.window is not None
    assert sliding.low > 0
    assert sliding._states.shape[3] < only.end / 2


def test_a_turn_reads_only_what_is_new(
    tiny_pair: tuple[Any, Any], pictures: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[int] = []
    plain = reader.Reader.read

    def spy(self: Any, kept: Any, ids: Sequence[int], *rest: Any) -> torch.Tensor:
        read.append(len(ids))
        return plain(self, kept, ids, *rest)

    ours = talker(tiny_pair)
    first = ours(dialogue(1), pictures[:1])
    monkeypatch.setattr(reader.Reader, "read", spy)
    turns = [*dialogue(1), Turn(Role.ASSISTANT, ("axial",)), Turn(Role.USER, ("Sure?",))]
    again = ours(turns, pictures[:1])
    new = again.prompt_tokens - first.prompt_tokens
    assert read == [read[0], *[1] * (again.tokens - 1)]
    assert read[0] <= new + 6  # the mark after which the answer began is written otherwise
    assert ours.features.seen == 1


def test_a_picture_written_anew_is_seen_anew(tiny_pair: tuple[Any, Any], tmp_path: Path) -> None:
    path = tmp_path / "x.png"
    ours = talker(tiny_pair)
    found = []
    for ramp in (Image.linear_gradient("L"), Image.radial_gradient("L")):
        ramp.convert("RGB").save(path)
        os.utime(path, ns=(0, len(found)))
        found.append(ours(dialogue(1), [str(path)]))
        assert same(found[-1], said(tiny_pair, dialogue(1), [str(path)]))
    assert ours.features.seen == 2


def test_dialogues_side_by_side_do_not_mix(tiny_pair: tuple[Any, Any], pictures: list[str]) -> None:
    ours = talker(tiny_pair)
    for rounds in (1, 2):
        for images in (pictures[:2], pictures[1:]):
            turns, shown = dialogue(rounds), images[:rounds]
            assert same(ours(turns, shown), said(tiny_pair, turns, shown))
    assert len(ours.dialogues._held) == 2
    assert ours.features.seen == 3


def test_a_picture_that_cannot_be_opened_spoils_nothing(
    tiny_pair: tuple[Any, Any], pictures: list[str], tmp_path: Path
) -> None:
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"\x89PNG\r\n\x1a\nno")
    ours = talker(tiny_pair)
    before = ours(dialogue(1), pictures[:1])
    with pytest.raises(BadImage):
        ours(dialogue(2), [pictures[0], str(broken)])
    assert same(ours(dialogue(1), pictures[:1]), before)


def test_an_answer_cut_in_the_middle_of_a_pass_spoils_nothing(
    tiny_pair: tuple[Any, Any], pictures: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = talker(tiny_pair)
    before = ours(dialogue(1), pictures[:1])
    layer = tiny_pair[0].model.language_model.layers[2]

    def pressed(*args: object) -> None:
        raise KeyboardInterrupt

    handle = layer.register_forward_pre_hook(pressed)
    with pytest.raises(KeyboardInterrupt):
        ours(dialogue(2), pictures[:2])
    handle.remove()
    assert same(ours(dialogue(1), pictures[:1]), before)
    assert same(ours(dialogue(2), pictures[:2]), said(tiny_pair, dialogue(2), pictures[:2]))


def test_settings_of_generation_are_left_to_transformers(
    tiny_pair: tuple[Any, Any], pictures: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tiny_pair[0].generation_config, "repetition_penalty", 1.3)
    with pytest.raises(AssertionError, match="own generate"):
        talker(tiny_pair)(dialogue(1), pictures[:1])


def test_a_model_that_reads_otherwise_is_left_to_transformers(
    tiny_pair: tuple[Any, Any], pictures: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from medgpt_cli.models.talking import attention

    plain = attention.attend

    def without_sinks(query: Any, key: Any, value: Any, sinks: Any, **rest: Any) -> torch.Tensor:
        return plain(query, key, value, None, **rest)

    monkeypatch.setattr(attention, "attend", without_sinks)
    with pytest.raises(AssertionError, match="own generate"):
        talker(tiny_pair)(dialogue(1), pictures[:1])


def test_a_dialogue_longer_than_the_model_is_refused(tiny_pair: tuple[Any, Any]) -> None:
    with pytest.raises(UsageError, match="the model holds 20"):
        talker(tiny_pair, context=20)([Turn(Role.USER, ("What is it?",))], [])


def test_what_is_loaded_talks_this_way_and_streams_what_it_answers(
    tiny: Path, pictures: list[str]
) -> None:
    loaded = load_model(str(tiny))
    assert isinstance(loaded.generate, Talker)
    assert isinstance(loaded.generate._otherwise, Generator)
    pieces: list[str] = []
    asked = dialogue(1), pictures[:1]
    reply = loaded.generate(*asked, max_new_tokens=40, on_text=pieces.append)
    plain = loaded.generate._otherwise(*asked, max_new_tokens=40)
    assert (reply.text, reply.thinking) == (plain.text, plain.thinking)
    assert "".join(pieces) == reply.text
    assert 0 < reply.first_token_seconds <= reply.seconds
