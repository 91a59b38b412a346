"""`medgpt chat` from words to answer, with a model that needs no weights; and once with `tiny`."""

import io
import json
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from PIL import Image

from medgpt_cli.app import main
from medgpt_cli.chat.notice import NOTICE
from medgpt_cli.core.types import Reply, Turn
from medgpt_cli.workflows import chat, loading

NAMED = "model: fake (name another with --model)"


class Model:
    def __init__(self) -> None:
        self.loaded: list[str | None] = []
        self.asked: list[tuple[str, list[str], int | None]] = []

    def load(self, ref: str | None, adapter: str | None = None, **_: object) -> Any:
        self.loaded.append(ref)
        return SimpleNamespace(name=ref or "fake", hash="f" * 64, generate=self.generate, named=None)

    def generate(
        self,
        turns: Sequence[Turn],
        images: Sequence[str],
        *,
        max_new_tokens: int | None = None,
        **_: object,
    ) -> Reply:
        self.asked.append((turns[-1].text, list(images), max_new_tokens))
        return Reply(
            "Axial.", "hm", True, prompt_tokens=70, tokens=3, seconds=0.5, first_token_seconds=0.1
        )


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Model:
    fake = Model()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(loading, "load_model", fake.load)
    Image.radial_gradient("L").save("x.png")
    Image.radial_gradient("L").save("y.png")
    return fake


def test_one_prompt_one_answer(model: Model, capfd: pytest.CaptureFixture[str]) -> None:
    words = [
        "chat",
        "--image",
        "x.png",
        "--image",
        "y.png",
        "--prompt",
        " Which plane? ",
        "--max-new-tokens",
        "9",
    ]
    assert main(words) == 0
    out, err = capfd.readouterr()
    assert out == "Axial.\n"
    assert err.splitlines() == [NAMED, NOTICE, "3 tokens, 0.5 s, first after 0.10 s, then 5.0 tokens/s"]
    assert model.asked == [("Which plane?", ["x.png", "y.png"], 9)]


def test_quiet_drops_the_notice_from_one_shot(model: Model, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["chat", "--prompt", "hello", "--quiet"]) == 0
    assert capfd.readouterr() == ("Axial.\n", "")


def test_a_named_model_is_not_announced(model: Model, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["chat", "--prompt", "hello", "--model", "mine"]) == 0
    assert model.loaded == ["mine"]
    assert "mine" not in capfd.readouterr().err


def test_json_is_one_document(model: Model, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["chat", "--image", "x.png", "--json"]) == 0
    assert json.loads(capfd.readouterr().out) == {
        "answer": "Axial.",
        "thinking": "hm",
        "finished": True,
        "prompt_tokens": 70,
        "tokens": 3,
        "seconds": 0.5,
        "first_token_seconds": 0.1,
        "model": "fake",
        "images": 1,
        "shots": 0,
    }
    assert model.asked[0][0] == "Describe this image."


def test_a_dash_reads_the_prompt_from_stdin(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("two\nlines\n"))
    assert main(["chat", "--prompt", "-", "--quiet"]) == 0
    assert model.asked[0][0] == "two\nlines"


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (
            ["--image", "x.png"],
            2,
            "error: stdin is not a terminal and there is no prompt\n"
            "pass --prompt TEXT, or --prompt - to read it from stdin\n",
        ),
        (
            ["--prompt", "-"],
            2,
            "error: the prompt is empty\nwrite a question after --prompt\n",
        ),
        (["--prompt", " "], 2, "error: the prompt is empty\nwrite a question after --prompt\n"),
        (
            ["--image", "no.png", "--prompt", "q"],
            3,
            "error: no.png  there is no such file\nmend the path\n",
        ),
    ],
)
def test_what_is_wrong_is_said_before_a_model_is_loaded(
    model: Model,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    words: list[str],
    code: int,
    said: str,
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    assert main(["chat", *words]) == code
    assert capfd.readouterr().err == said
    assert model.loaded == []


def test_json_without_anything_to_answer_is_refused(
    model: Model, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(["chat", "--json"]) == 2
    assert json.loads(capfd.readouterr().out)["what"] == "--json answers one prompt, and there is none"


def test_a_session_begins_with_the_images_and_the_notice_even_when_quiet(
    model: Model, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    typed = io.StringIO("Which plane?\n/quit\n")
    monkeypatch.setattr(typed, "isatty", lambda: True)
    monkeypatch.setattr("sys.stdin", typed)
    assert main(["chat", "--image", "x.png", "--quiet"]) == 0
    assert model.asked == [("Which plane?", ["x.png"], None)]
    assert capfd.readouterr().err.startswith(f"{NOTICE}\n")


def test_tiny_answers_about_a_picture_and_is_scored(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Image.radial_gradient("L").save("x.png")
    words = [
        "--image",
        "x.png",
        "--prompt",
        "Which plane?",
        "--model",
        str(tiny),
        "--max-new-tokens",
        "4",
    ]
    assert main(["chat", *words, "--json", "--quiet"]) == 0
    answer = json.loads(capfd.readouterr().out)
    assert (answer["tokens"], answer["images"], answer["model"]) == (4, 1, str(tiny))
    assert answer["prompt_tokens"] > 20
    assert 0 < answer["first_token_seconds"] < answer["seconds"]

    record = {
        "question": "Which plane?",
        "answer": "axial",
        "image": "x.png",
        "options": ["axial", "coronal"],
    }
    Path("my.jsonl").write_text(json.dumps(record) + "\n")
    assert (
        main(
            [
                "eval",
                "run",
                "--model",
                str(tiny),
                "--task",
                "my.jsonl",
                "--json",
                "--quiet",
                "--out",
                "out",
            ]
        )
        == 0
    )
    document = json.loads(capfd.readouterr().out)
    assert document["tasks"][0]["overall"]["n"] == 1
    assert len(document["model_hash"]) == 64


def test_tiny_says_what_it_is_where_nobody_named_a_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)  # no runs/ here
    assert main(["chat", "--prompt", "Which plane?", "--max-new-tokens", "4"]) == 0
    assert f"model: tiny (name another with --model)\n{chat.TINY}\n" in capfd.readouterr().err.replace(
        "\r", ""
    )
