"""Whose wrong answers and pictures may stand on the page, and what made its numbers."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from medgpt_cli.app import main
from medgpt_cli.core.errors import UsageError
from medgpt_cli.core.types import Reply, Request
from medgpt_cli.evaluation.hashes import Hashes
from medgpt_cli.evaluation.tasks.task import Task
from medgpt_cli.workflows import eval_page, eval_tasks, evaluate
from medgpt_cli.workflows.eval_backing import Answering
from medgpt_cli.workflows.eval_settings import Backing, Keeping, settings_of


def answer(requests: Sequence[Request], on_reply: Callable[[int, Reply], None]) -> None:
    for number in range(len(requests)):
        on_reply(number, Reply("right", tokens=1))


@pytest.fixture
def mine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two questions answered wrong, one with a picture of 800 x 400 pixels; a model without weights."""
    monkeypatch.chdir(tmp_path)
    Image.new("RGB", (800, 400), (200, 30, 30)).save("red.png")
    records = [
        {"question": "Side of Jane Doe?", "answer": "left", "image": "red.png"},
        {"question": "And then?", "answer": "left"},
    ]
    Path("my.jsonl").write_text("".join(json.dumps(each) + "\n" for each in records))
    words = {"device": "cpu", "dtype": "float32", "torch": "1", "code": "x"}
    monkeypatch.setattr(
        evaluate.eval_backing,
        "opened",
        lambda settings, name: Answering(Hashes("ab" * 32), answer, words),
    )
    monkeypatch.setattr(evaluate.eval_backing, "check_there", lambda settings, name: None)


def lend(monkeypatch: pytest.MonkeyPatch, access: str) -> None:
    """Makes every task one of a set of this access class."""
    before = eval_tasks.read_tasks
    monkeypatch.setattr(
        eval_tasks,
        "read_tasks",
        lambda words, how: [replace(task, access=access) for task in before(words, how)],
    )


def page(*words: str) -> str:
    line = ["eval", "run", "--model", "m", "--task", "my.jsonl", "--out", "out", "--quiet", *words]
    assert main(line) == 0
    return Path("out/report.html").read_text()


@pytest.mark.usefixtures("mine")
def test_wrong_answers_come_with_their_pictures_made_small_and_only_with_texts() -> None:
    html = page("--keep-text")
    assert "Side of Jane Doe?" in html
    [uri] = [part.split('"')[0] for part in html.split('src="')[1:]]
    kind, _, data = uri.partition(",")
    assert kind == "data:image/jpeg;base64"
    with Image.open(io.BytesIO(base64.b64decode(data))) as shown:
        assert shown.size == (384, 192)
        assert max(shown.convert("RGB").getpixel((5, 5))) > 180  # type: ignore[arg-type]
    assert "800 × 400 pixels" in html
    bare = page("--force")
    assert "Jane Doe" not in bare
    assert "<img" not in bare


@pytest.mark.usefixtures("mine")
@pytest.mark.parametrize("access", ["credentialed", "restricted"])
def test_a_lent_set_shows_none_unless_it_is_named(access: str, monkeypatch: pytest.MonkeyPatch) -> None:
    lend(monkeypatch, access)
    html = page("--keep-text")
    assert "Jane Doe" not in html
    assert "<img" not in html
    assert (
        f"Wrong answers are not shown: the set is {access}. They are in samples.jsonl; "
        "--examples my shows them here." in html
    )
    assert "Jane Doe" in Path("out/samples.jsonl").read_text()
    named = page("--keep-text", "--examples", "my", "--force")
    assert "Side of Jane Doe?" in named
    assert "<img" in named
    assert json.loads(Path("out/manifest.json").read_text())["asked"]["examples"] == ["my"]


@pytest.mark.usefixtures("mine")
@pytest.mark.parametrize("access", ["open", "research", "local", ""])
def test_other_sets_need_no_name(access: str, monkeypatch: pytest.MonkeyPatch) -> None:
    lend(monkeypatch, access)
    assert "Side of Jane Doe?" in page("--keep-text")


@pytest.mark.usefixtures("mine")
def test_names_that_say_nothing_are_refused(capfd: pytest.CaptureFixture[str]) -> None:
    line = ["eval", "run", "--model", "m", "--task", "my.jsonl", "--out", "out"]
    assert main([*line, "--examples", "ny", "--keep-text"]) == 2
    assert capfd.readouterr().err == ("error: --examples ny: no such task is asked\nit is one of my\n")
    assert main([*line, "--examples", "my"]) == 2
    assert capfd.readouterr().err == (
        "error: --examples shows texts, and none are kept\nadd --keep-text\n"
    )
    assert not Path("out").exists()
    with pytest.raises(UsageError, match="--examples other"):
        eval_page.refuse_names(Keeping(text=True, examples=("other",)), [Task("my", "ab", ())])


@pytest.mark.usefixtures("mine")
def test_the_line_to_go_on_with_names_them_again() -> None:
    keeping = Keeping(text=True, out=Path("out"), examples=("slake", "my"))
    settings = settings_of(None, (), {"--task": ["my.jsonl"]}, Backing(), keeping)
    again = settings.again(Path("r.yaml"), Path("out"))
    assert "--keep-text --examples=slake --examples=my --out=out --resume" in again


@pytest.mark.usefixtures("mine")
def test_a_picture_that_cannot_be_opened_says_why_and_ends_nothing() -> None:
    Path("red.png").write_bytes(b"\x89PNG\r\n\x1a\nbroken")
    settings = settings_of(None, (), {"--task": ["my.jsonl"]}, Backing(), Keeping())
    tasks = eval_tasks.tasks_of(settings)
    pictures = eval_page.pictures_of(tasks)
    [shown] = pictures("my", "line-1")
    assert shown.uri == ""
    assert shown.note.startswith("cannot be shown: ")
    assert list(pictures("my", "line-2")) == []


def test_many_pictures_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Image.new("L", (32, 32)).save("a.png")
    record = {"question": "Which?", "answer": "left", "images": ["a.png"] * 6}
    Path("my.jsonl").write_text(json.dumps(record) + "\n")
    settings = settings_of(None, (), {"--task": ["my.jsonl"]}, Backing(), Keeping())
    shown = eval_page.pictures_of(eval_tasks.tasks_of(settings))("my", "line-1")
    assert [each.note for each in shown] == ["32 × 32 pixels"] * 4 + ["and 2 more"]


@pytest.mark.usefixtures("mine")
def test_the_facts_name_who_answered_and_the_hashes_of_what_lies_beside() -> None:
    html = page()
    manifest: dict[str, Any] = json.loads(Path("out/manifest.json").read_text())
    for name in ("scores.json", "samples.jsonl", "scores.md", "scores.tex"):
        assert f"SHA-256 of {name}</th><td><code>{manifest['files'][name]}</code>" in html
    assert "dtype</th><td><code>float32</code>" in html
    assert "ab" * 32 in html
    assert f"code {manifest['environment']['code'][:12]}" in html
    assert "torch</th>" not in html  # it stands among the packages
