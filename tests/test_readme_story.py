"""The README's story, from records to an answer in somebody else's program, typed as it stands there."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

README = (Path(__file__).parents[1] / "README.md").read_text()
PORT = "8123"
NEEDED = {
    "xllamacpp": "pip install 'medgpt[llamacpp]'",
    "nilearn": "pip install 'medgpt[demo]'",
    "openai": "pip install openai",
}


def the_story() -> str:
    """The lines of the section, on a port that is free."""
    [lines] = re.findall(r"^## Out of the lab\n.*?```sh\n(.*?)```", README, flags=re.M | re.S)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return str(lines).replace(PORT, str(free.getsockname()[1]))


def test_the_story_is_there() -> None:
    story = the_story()
    assert PORT not in story
    words = ("medgpt sft", "--to mxfp4", "--to gguf", "medgpt chat", "medgpt serve", "OpenAI(", "cmp ")
    places = [story.index(word) for word in words]
    assert places == sorted(places)


@pytest.mark.slow
def test_every_line_of_the_story_works(tmp_path: Path) -> None:
    for name, install in NEEDED.items():
        if importlib.util.find_spec(name) is None:
            pytest.skip(f"NOT RUN: {name} is not installed ({install})")
    if shutil.which("bash") is None:
        pytest.skip("NOT RUN: there is no bash")
    with (tmp_path / "out.txt").open("wb") as out, (tmp_path / "err.txt").open("wb") as err:
        typing = subprocess.Popen(
            ["bash", "-euo", "pipefail", "-c", the_story()],
            cwd=tmp_path,
            env={**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
            stdout=out,
            stderr=err,
            start_new_session=True,
        )
        try:
            code = typing.wait(1200)
        finally:
            if typing.poll() is None or _lives(typing.pid):  # a line failed, and the server still stands
                os.killpg(typing.pid, signal.SIGKILL)
    said = (tmp_path / "out.txt").read_text().splitlines()
    assert code == 0, (tmp_path / "err.txt").read_text()[-3000:]
    assert said[-1] == "the same answer"
    told, served = ((tmp_path / name).read_text() for name in ("told.txt", "served.txt"))
    assert told == served
    assert told.strip()


def _lives(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True
