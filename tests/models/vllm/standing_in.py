"""A folder with a program `vllm` in it, and what that program was told."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest


class StandIn:
    """The program, and its notes.

    Args:
        folder: For both.
        monkeypatch: Tells the program where its notes go.
    """

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder, self.notes_at = folder / "bin", folder / "notes.jsonl"
        self.folder.mkdir()
        self.program = self.folder / "vllm"
        body = Path(__file__).with_name("stand_in.py").read_text()
        self.program.write_text(f"#!{sys.executable} -IS\n{body}")
        self.program.chmod(0o700)
        monkeypatch.setenv("STAND_IN", str(self.notes_at))

    def notes(self, kind: str) -> list[Any]:
        """Everything noted under a word."""
        lines = self.notes_at.read_text().splitlines() if self.notes_at.exists() else []
        return [document[kind] for line in lines if kind in (document := json.loads(line))]

    def running(self) -> list[int]:
        """Processes, workers included, that are still there."""
        return [pid for pids in self.notes("pids") for pid in pids if is_running(pid)]


def is_running(pid: int) -> bool:
    """Whether a process is there, and no mere remainder that nobody has asked about."""
    try:
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (ProcessLookupError, FileNotFoundError):
        return False
