"""The chat in a real pseudo-terminal: keys in, screen out, Ctrl-C as the terminal sends it."""

import codecs
import os
import pty
import re
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from medgpt_cli.chat.notice import NOTICE

PATIENCE = 60.0
"""Seconds until a silent screen is a failure; the box may be busy."""


class Terminal:
    """A process in a terminal of its own."""

    def __init__(self, *words: str, **env: str) -> None:
        self.master, slave = pty.openpty()
        self.screen = ""
        self._decode = codecs.getincrementaldecoder(
            "utf-8"
        )().decode  # a read may end inside a character
        self.process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("talking.py")), *words],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            env={
                **os.environ,
                "TERM": "dumb",
                "NO_COLOR": "1",
                "PYTHONPATH": str(Path(__file__).parents[2]),
                **env,
            },
        )
        os.close(slave)

    def press(self, keys: str) -> None:
        os.write(self.master, keys.encode())

    def until(self, pattern: str) -> str:
        """Waits for `pattern` in what has not been waited for yet, and returns the text up to its end."""
        seen = self.sees(pattern, time.monotonic() + PATIENCE)
        assert seen, f"no {pattern!r} in {self.screen!r}"
        return seen

    def sees(self, pattern: str, deadline: float) -> str:
        """As `until`, or nothing when the deadline comes first."""
        while not (match := re.search(pattern, self.screen)):
            ready, _, _ = select.select([self.master], [], [], max(0.0, deadline - time.monotonic()))
            if not ready:
                return ""
            try:
                found = self._decode(os.read(self.master, 4096))
                self.screen = (self.screen + found).replace("\r\n", "\n")
            except OSError:  # the process has closed its terminal
                raise AssertionError(f"ended without {pattern!r}: {self.screen!r}") from None
        seen, self.screen = self.screen[: match.end()], self.screen[match.end() :]
        return seen

    def interrupt_until(self, pattern: str) -> None:
        """Presses Ctrl-C at the prompt, as often as it takes: CPython's readline misses one that comes just
        before it begins to wait for a key, and only sees it with the next.
        """
        for _ in range(int(PATIENCE / 5)):
            self.press("\x03")
            if self.sees(pattern, time.monotonic() + 5):
                return
        raise AssertionError(f"Ctrl-C went unheard: {self.screen!r}")

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self.master)


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    opened = Terminal("chat")
    yield opened
    opened.close()


def test_control_c_stops_the_answer_then_teaches_and_control_d_leaves(terminal: Terminal) -> None:
    assert NOTICE in terminal.until("> ")
    terminal.press("500\n")
    terminal.until("w3 ")
    terminal.press("\x03")
    said = terminal.until(r"tokens/s, stopped\n")
    assert "w400" not in said
    terminal.until("> ")
    terminal.press("12")  # half a line, then a change of mind
    terminal.until("12")
    terminal.interrupt_until(r"To leave: /quit or Ctrl-D\.")
    terminal.until("> ")
    terminal.press("2\n")
    terminal.until(r"w1 w2 \n2 tokens, 1\.0 s, 2\.0 tokens/s\n> ")
    terminal.press("/save\n")
    terminal.until(r"save where\?\n/save FILE\n> ")
    terminal.press("\x04")
    assert terminal.process.wait(PATIENCE) == 0


@pytest.fixture
def colourful(tmp_path: Path) -> Iterator[Terminal]:
    """One that draws, with an image."""
    Image.radial_gradient("L").save(tmp_path / "film.png")
    opened = Terminal(
        "chat", "--image", str(tmp_path / "film.png"), TERM="xterm-256color", NO_COLOR="", TMUX="x"
    )
    yield opened
    opened.close()


def test_images_and_markdown_are_drawn_and_control_c_keeps_what_was_said(colourful: Terminal) -> None:
    assert colourful.until("> ").count("▀") == 32 * 16
    colourful.press("500\n")
    drawn = colourful.until("w3 ")
    assert "\r\x1b[1mw1\x1b[0m w2" in drawn  # **w1**, and the line drawn anew with each word
    assert "\x1b[A" not in drawn
    colourful.press("\x03")
    said = colourful.until(r"tokens/s, stopped")
    assert "w400" not in said
    colourful.until("> ")
    colourful.press("/preview off\n")
    colourful.until("Images are not drawn here.")
    colourful.until("> ")
    colourful.press("2\n")
    colourful.until(r"\x1b\[1mw1\x1b\[0m w2 ?\x1b\[K\n.*2 tokens, 1\.0 s, 2\.0 tokens/s")
    colourful.until("> ")
    colourful.press("\x04")
    assert colourful.process.wait(PATIENCE) == 0


def test_quit_leaves_with_zero(terminal: Terminal) -> None:
    terminal.until("> ")
    terminal.press("/quit\n")
    assert terminal.process.wait(PATIENCE) == 0
