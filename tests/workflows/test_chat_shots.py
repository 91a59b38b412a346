"""Named pictures and answered examples in a chat, as the model is asked; with a model that needs no weights."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from PIL import Image

from medgpt_cli.app import main
from medgpt_cli.core.types import Reply, Turn
from medgpt_cli.workflows import chat

Asked = list[tuple[list[Turn], list[str]]]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Asked:
    found: Asked = []

    def generate(turns: Sequence[Turn], images: Sequence[str], **_: object) -> Reply:
        found.append((list(turns), [Path(image).name for image in images]))
        return Reply("Axial.", tokens=3, seconds=0.5)

    def load(*_: object, **__: object) -> Any:
        return SimpleNamespace(name="fake", hash="f" * 64, generate=generate, named=None)

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(chat, "_load", load)
    for name in ("now.png", "old.png", "shot.png"):
        Image.radial_gradient("L").save(name)
    (tmp_path / "shots.jsonl").write_text(
        '{"question": "Which plane?", "answer": "coronal", "image": "shot.png", "thinking": "hm"}\n'
        '{"question": "And HU?", "answer": "a unit"}\n'
    )
    return found


def test_pictures_are_named_in_the_question(asked: Asked) -> None:
    words = ["--image", "current PA=now.png", "--image", "prior=old.png", "--prompt", "What changed?"]
    assert main(["chat", *words, "--quiet"]) == 0
    [([turn], images)] = asked
    assert images == ["now.png", "old.png"]
    assert turn.parts == (0, 1, "Pictures: current PA image, prior image.\nWhat changed?")


def test_examples_stand_before_the_question(asked: Asked, capfd: pytest.CaptureFixture[str]) -> None:
    words = ["--shots", "shots.jsonl", "--image", "now.png", "--prompt", "Which plane?", "--json"]
    assert main(["chat", *words]) == 0
    assert json.loads(capfd.readouterr().out)["shots"] == 2
    [(turns, images)] = asked
    assert images == ["shot.png", "now.png"]
    assert [(turn.role.value, turn.parts, turn.thinking) for turn in turns] == [
        ("user", (0, "Which plane?"), ""),
        ("assistant", ("coronal",), ""),
        ("user", ("And HU?",), ""),
        ("assistant", ("a unit",), ""),
        ("user", (1, "Which plane?"), ""),
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"text": "Dullness is a sign."}\n', "shots.jsonl:1  is a plain document and no example"),
        (
            '{"question": "q", "answer": "a", "image": "no.png"}\n',
            "there is no such file",
        ),
    ],
)
def test_what_is_no_example_is_told_before_a_model_is_loaded(
    asked: Asked, capfd: pytest.CaptureFixture[str], text: str, said: str
) -> None:
    Path("shots.jsonl").write_text(text)
    assert main(["chat", "--shots", "shots.jsonl", "--prompt", "q"]) == 3
    assert said in capfd.readouterr().err
    assert asked == []


def test_a_dialogue_begins_with_them_again_after_clear(
    asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = "/image prior old.png\nWhat is it?\nAnd now?\n/clear\n/image now.png\nAnew?\n"
    monkeypatch.setattr("sys.stdin", io.StringIO(lines))
    monkeypatch.setattr(chat, "_prompt", lambda *_, **__: None)
    assert main(["chat", "--shots", "shots.jsonl"]) == 0
    first, second, third = asked
    assert first[0][4].parts == (1, "Pictures: prior image.\nWhat is it?")
    assert second[0][:5] == first[0]
    assert second[0][6].parts == ("And now?",)
    assert (second[1], third[1]) == (["shot.png", "old.png"], ["shot.png", "now.png"])
    assert third[0][4:] == [Turn(third[0][4].role, (1, "Anew?"))]
