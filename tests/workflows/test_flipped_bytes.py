"""One flipped bit in any file of any exported folder is told by every command that would load it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import torch

from medgpt_cli.app import main
from medgpt_cli.core.adapted import Adapted
from medgpt_cli.core.manifest import file_hashes, model_hash, write_manifest, write_sums
from medgpt_cli.models import checkpoint, embedded
from medgpt_cli.models.adapters import folder as adapters
from medgpt_cli.models.adapters.attach import adapter_config, attach
from tests.exporting import inside
from tests.models.upstream.making import write_packed_gpt_oss
from tests.parts import write_tower

TRAINED = ["--data", "own.jsonl", "--out", "run", "train.max_steps=1"]
COMMANDS = {
    "chat": ["chat", "--model", "it", "--prompt", "Which plane?", "--max-new-tokens", "1"],
    "serve": ["serve", "--model", "it", "--port", "0"],
    "verify": ["verify", "it", "--hashes-only"],
    "eval run": ["eval", "run", "--model", "it", "--task", "own.jsonl", "--out", "scored"],
    "export": ["export", "--model", "it", "--to", "hf", "--out", "out"],
    "sft": ["sft", "--model", "it", *TRAINED],
    "adapt": ["adapt", "--model", "it", *TRAINED],
    "export, packed": ["export", "--model", "it", "--to", "mxfp4", "--out", "out"],
    "export, for llama.cpp": ["export", "--model", "it", "--to", "gguf", "--out", "out"],
    "compose": ["compose", "--llm", "it", "--vision", "../tower", "--out", "out"],
    "compose, its tower": ["compose", "--llm", "../gpt-oss", "--vision", "it", "--out", "out"],
    "chat, beside its base": ["chat", "--model", "tiny-siglip", "--adapter", "it", "--prompt", "Hm?"],
}
WHOLE = [name for name in COMMANDS if "beside" not in name]
LOADED_BY = {
    "hf": WHOLE,
    "mxfp4": WHOLE,
    "gguf": [
        name for name in WHOLE if "compose" not in name
    ],  # those that take none say so of a whole one
    "adapter": [name for name in COMMANDS if "compose" not in name],
}


@pytest.fixture(scope="module")
def folders(exported: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that holds one of each kind, and records."""
    made = tmp_path_factory.mktemp("kinds")
    shutil.copytree(exported / "exp", made / "hf")
    with inside(made):
        words = ["export", "--model", "tiny-siglip", "--allow", "erased-delta"]
        assert main([*words, "--to", "mxfp4", "--out", "mxfp4"]) == 0
        assert main([*words, "--to", "gguf", "--out", "gguf"]) == 0
        _adapter(Path("adapter"))
        write_packed_gpt_oss(Path("gpt-oss"))
        write_tower(Path("tower"), "siglip")
        asked = [{"question": f"Which plane is {n}?", "answer": "axial"} for n in range(4)]
        Path("own.jsonl").write_text("".join(json.dumps(each) + "\n" for each in asked))
    return made


def _adapter(folder: Path) -> None:
    """As a run leaves it; its card is that of any other run."""
    base = embedded.folder("tiny-siglip")
    model, processor = checkpoint.load(base, dtype=torch.float32)
    added = Adapted("model.language_model.layers.0.self_attn.v_proj", "llm", 4, 8)
    attach(model, adapter_config([added], dropout=0.0, dora=False, rslora=False, base="it", whole=()))
    folder.mkdir()
    adapters.save(model, processor, folder)
    (folder / "README.md").write_text("# Adapter\n")
    named = {"name": "tiny-siglip", "hash": model_hash(base)}
    write_manifest(folder, {"run": "it", "base": named, "data": {}, "files": file_hashes(folder)})
    write_sums(folder)


def flip(path: Path) -> None:
    """Changes one bit in the middle of a file, in place; changes it back the second time."""
    with path.open("r+b") as file:
        file.seek(path.stat().st_size // 2)
        byte = file.read(1)[0]
        file.seek(-1, 1)
        file.write(bytes([byte ^ 1]))


@pytest.mark.parametrize(
    ("kind", "command"),
    [(kind, command) for kind, commands in LOADED_BY.items() for command in commands],
)
def test_every_command_tells_every_flipped_bit(
    folders: Path,
    kind: str,
    command: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name in ("tower", "gpt-oss"):
        (tmp_path / name).symlink_to(folders / name)
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    shutil.copytree(folders / kind, "it")
    shutil.copy(folders / "own.jsonl", ".")
    wrong = {}
    for path in sorted(Path("it").iterdir()):
        flip(path)
        code, told = main(COMMANDS[command]), capsys.readouterr().err
        # A manifest may be at odds with the sums about itself or about another file.
        named = path.name in told or (
            path.name == "manifest.json" and "SHA256SUMS cannot be read" in told
        )
        if code != 4 or not named:
            wrong[path.name] = (code, told)
        flip(path)
        assert not Path("out").exists()
        shutil.rmtree("scored", ignore_errors=True)
    assert not wrong


def test_an_adapters_manifest_is_checked_before_it_is_believed(
    folders: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copytree(folders / "adapter", "it")
    manifest = Path("it/manifest.json")
    manifest.write_text(manifest.read_text().replace("tiny-siglip", "tiny-siglhp"))
    assert main(COMMANDS["chat"]) == 4
    assert "manifest.json is missing or not the file" in capsys.readouterr().err
