"""A run and what it exports, made once; and small changes to copies of them."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image

from medgpt_cli.app import main
from medgpt_cli.core.manifest import file_hashes, write_manifest, write_sums

ATTEST = [
    "gates.phi.attest.by=Dr. Example",
    "gates.phi.attest.basis=protocol 7",
    "gates.phi.attest.classes=[phone]",
]


@contextmanager
def inside(folder: Path) -> Iterator[None]:
    """Works in a folder for a while; fixtures that live longer than a test cannot ask pytest to."""
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


def make(folder: Path) -> Path:
    """A run of one step on two records, and its export, by the command line."""
    with inside(folder):
        Image.new("RGB", (40, 20), (200, 30, 90)).save("a.png")
        records = [
            {"question": "Which plane?", "answer": "axial", "image": "a.png"},
            {"question": "Whom to call?", "answer": "Call Dr. Smith at 617-555-0142."},
        ]
        Path("a.jsonl").write_text("".join(json.dumps(each) + "\n" for each in records))
        words = ["--data", "a.jsonl", "--out", "run", "train.max_steps=1", "train.max_length=512"]
        assert main(["sft", *words, "--model", "tiny-untrained", "train.lr=1e-2", *ATTEST]) == 0
        assert main(["export", "--model", "run", "--out", "exp"]) == 0
    return folder


def flip(path: Path, at: int = -3) -> None:
    """Changes one bit of one byte of a file."""
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(bytes(data))


def seal(folder: Path) -> None:
    """Writes the hashes of a folder anew, as somebody would who changed a file on purpose."""
    manifest = json.loads((folder / "manifest.json").read_text())
    (folder / "SHA256SUMS").unlink()
    write_manifest(folder, {**manifest, "files": file_hashes(folder)})
    write_sums(folder)


def evaluation(folder: Path, digest: str) -> None:
    """A finished evaluation of the model `run` with this hash."""
    folder.mkdir()
    line = "accuracy v1 0.500 (0.1 to 0.9, Wilson) | N 4, parsed 4 | slake@1 greedy | model 0123"
    document = {"model": "run", "model_hash": digest, "lines": [line], "tasks": []}
    (folder / "scores.json").write_text(json.dumps(document))
    (folder / "state.json").write_text('{"state": "done", "kind": "eval"}')
    write_manifest(
        folder,
        {
            "kind": "eval",
            "asked": {"model": "run"},
            "model_hash": digest,
            "files": {"scores.json": file_hashes(folder)["scores.json"]},
        },
    )
