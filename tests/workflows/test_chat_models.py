"""Models called for in the middle of a dialogue: `tiny`, the same with an adapter, and another."""

import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from medgpt_cli.app import main
from medgpt_cli.core import machine
from medgpt_cli.core.manifest import file_hashes, model_hash
from medgpt_cli.models.adapters.folder import save
from medgpt_cli.workflows import chat_models
from tests.models.adapters.test_folder import with_adapters


@pytest.fixture(scope="module")
def adapter(tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An adapter of `tiny-untrained`, drawn at random."""
    folder = tmp_path_factory.mktemp("run") / "adapter"
    folder.mkdir()
    save(*with_adapters(), folder)
    base = {"name": "tiny-untrained", "hash": model_hash(tiny)}
    (folder / "manifest.json").write_text(json.dumps({"files": file_hashes(folder), "base": base}))
    return folder


@pytest.fixture
def talk(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> Callable[..., tuple[list[str], dict]]:
    """Types lines, and gives stderr and the transcript."""

    def typed(*lines: str, words: tuple[str, ...] = ()) -> tuple[list[str], dict]:
        file = tmp_path / "talk.json"
        stdin = io.StringIO("\n".join([*lines, f"/save {file}", ""]))
        monkeypatch.setattr(stdin, "isatty", lambda: True)
        monkeypatch.setattr("sys.stdin", stdin)
        model = ["--model", "tiny-untrained", "--max-new-tokens", "3", "--quiet"]
        assert main(["chat", *model, *words]) == 0
        err = capfd.readouterr().err.replace("> ", "")
        return err.splitlines(), json.loads(file.read_text())

    return typed


def test_an_adapter_is_put_on_and_taken_off_and_both_are_compared(
    talk: Callable[..., tuple[list[str], dict]], adapter: Path, tiny: Path
) -> None:
    err, saved = talk(
        "one", f"/adapter {adapter}", "two", "/compare tiny-untrained", "/adapter none", "three"
    )
    whole, own = model_hash(tiny), model_hash(adapter)
    described = f"tiny-untrained ({whole[:12]})"
    assert err[1:-1] == [
        f"From now on {described} with the adapter {adapter} ({own[:12]}) answers; the dialogue is kept.",
        f"{described} is asked, too, from now on.",
        f"From now on {described} answers; the dialogue is kept.",
    ]
    first, second, third = (turn for turn in saved["turns"] if turn["role"] == "assistant")
    assert (first["model_hash"], first["adapter"]) == (whole, None)
    assert second["adapter"] == {
        "folder": str(adapter),
        "hash": own,
        "base": "tiny-untrained",
        "base_hash": whole,
    }
    assert second["model_hash"] not in (whole, own)
    assert third["compared"]["model_hash"] == third["model_hash"] == saved["model_hash"] == whole
    for word in ("text", "thinking"):  # the same weights, the same dialogue
        assert third["compared"][word] == third[word]
    assert saved["adapter"] is None


def test_the_adapter_of_the_command_line_is_known(
    talk: Callable[..., tuple[list[str], dict]], adapter: Path
) -> None:
    err, saved = talk("/compare nowhere", words=("--adapter", str(adapter)))
    assert saved["adapter"]["folder"] == str(adapter)
    assert err[1:3] == [
        "there is no model folder nowhere",
        "name a run folder, a checkpoint folder, a hub id, or one of: "
        "tiny, tiny-untrained, tiny-siglip, small",
    ]


def test_what_does_not_fit_is_refused_before_it_is_loaded(
    talk: Callable[..., tuple[list[str], dict]],
    adapter: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(machine, "memory", lambda: machine.Memory(10**10, 10**6))
    err, saved = talk(f"/adapter {adapter}", "/compare tiny-untrained")
    assert err[1:3] == [
        f"the weights of {adapter} take 13.4 MB of memory, and 1.0 MB are free",
        "the models are as they were; /compare off frees a second one, a GGUF export is smaller",
    ]
    assert err[3].startswith("the weights of tiny-untrained take")
    assert saved["adapter"] is None


def test_how_large_it_is_is_said(capfd: pytest.CaptureFixture[str], tiny: Path) -> None:
    chat_models._see_to_room("tiny-untrained", tiny)
    err = capfd.readouterr().err
    assert err.startswith("loading tiny-untrained: 13.4 MB of weights, with ")
    assert err.endswith(" GB of memory free\n")
