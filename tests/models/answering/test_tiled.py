"""Pictures in several tiles, asked in bulk and in talk: token for token what transformers' own `generate` says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from medgpt_cli.core.types import Request, Role, Turn
from medgpt_cli.models.answering.features import Features
from medgpt_cli.models.channels import Parted
from medgpt_cli.models.talking.talker import Talker
from medgpt_cli.models.tiles import set_max_tiles
from medgpt_cli.workflows.loading import encoder_of, pixels_of
from tests.models.answering.models import QUESTIONS, answerer, ask, expected, load, replies, tell_apart
from tests.pictures import film

SIZES = ((64, 56), (250, 240), (150, 300))
TILES = (1, 5, 3)


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    folder = tmp_path_factory.mktemp("films")
    for seed, size in enumerate(SIZES):
        film(seed, *size).save(folder / f"{seed}.png")
    return [str(folder / f"{seed}.png") for seed in range(len(SIZES))]


@pytest.fixture(scope="module")
def tiled(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Any]:
    model, processor = load("tiny-untrained", tmp_path_factory.mktemp("tiny"))
    set_max_tiles(processor, 4)
    return model, processor


def test_every_tile_has_its_tokens(tiled: tuple[Any, Any], pictures: list[str]) -> None:
    encoder = encoder_of(tiled[1])
    assert encoder.tiles(pictures) == TILES
    assert encoder.tiles(pictures[:1]) == ()
    turns = [Turn(Role.USER, (0, 1, "Which plane?", 2))]
    bare = len(encoder.prompt([Turn(Role.USER, ("Which plane?",))]))
    assert len(encoder.prompt(turns, TILES)) == bare + sum(TILES) * 64
    ((ids, start),) = encoder.answered(turns, ["axial"], TILES)
    assert len(ids) - start == len(encoder.answered([Turn(Role.USER, ("?",))], ["axial"])[0][0]) - len(
        encoder.answered([Turn(Role.USER, ("?",))], [""])[0][0]
    )


def test_in_bulk(tiled: tuple[Any, Any], pictures: list[str]) -> None:
    small, large, tall = pictures
    requests = [
        *(ask(0, each, images=[large]) for each in QUESTIONS[:3]),
        *(ask(0, 1, each, images=[small, tall]) for each in QUESTIONS[:2]),
        ask(0, 1, 2, "Compare.", images=[tall, large, small]),
        ask(0, 1, "Which?", images=[large, tall], choices=("axial", "the coronal plane")),
        ask(0, 1, "Which?", images=[large, small], choices=("axial", "the coronal plane")),
        ask(0, 1, "Broken?", images=[large, "absent.png"]),
    ]
    said = expected(*tiled, requests[:-1])
    ours = replies(answerer(*tiled), requests)
    tell_apart(ours[:-1], said)
    assert ours[-1].error == "BAD_IMAGE"


def test_in_talk(tiled: tuple[Any, Any], pictures: list[str]) -> None:
    model, processor = tiled
    made = Talker(
        model, processor.tokenizer, encoder_of(processor), pixels_of(processor),
        otherwise=lambda *_, **__: pytest.fail("asked by transformers' own generate"),
        max_new_tokens=6, context=4096,
    )  # fmt: skip
    made._channels.part = lambda ids: Parted(str(ids), "")  # type: ignore[method-assign]
    turns = [Turn(Role.USER, (0, "Which plane?"))]
    for shown, text in ((1, "And this one?"), (2, "Compare them.")):
        reply = made(turns, pictures[1:] + pictures[:1])
        (said,) = expected(
            model, processor, [Request(tuple(turns), tuple(pictures[1:] + pictures[:1]))], 6
        )
        assert (reply.text, reply.prompt_tokens) == (said.text, said.prompt_tokens)
        turns += [Turn(Role.ASSISTANT, ("axial",)), Turn(Role.USER, (shown, text))]
    assert made.features.seen == 2  # the first picture was not looked at again


def test_the_tower_never_sees_more_than_a_handful_at_once(
    tiled: tuple[Any, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, processor = tiled
    set_max_tiles(processor, 12)
    film(0, 450, 340).save(tmp_path / "a.png")
    counts: list[int] = []
    look = model.get_image_features

    def counted(pixel_values: Any, **words: Any) -> Any:
        counts.append(len(pixel_values))
        return look(pixel_values=pixel_values, **words)

    monkeypatch.setattr(model, "get_image_features", counted)
    features = Features(model, pixels_of(processor))
    assert features.look(str(tmp_path / "a.png")).shape[0] == 13 * 64
    assert counts == [8, 5]
    set_max_tiles(processor, 4)
