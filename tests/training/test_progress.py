from __future__ import annotations

import io
import re

import pytest
from rich.console import Console

from medgpt_cli.core import console
from medgpt_cli.training.progress import Moment, Progress, duration

FIRST = Moment(1, None, 100.0, 25.0, 2**30, None)
LAST = Moment(2, 1.5, 1234.0, 300.0, 3 * 2**29, 0.9876)


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0 s"), (89, "89 s"), (90, "2 min"), (3600, "60 min"), (9000, "2.5 h")]
)
def test_durations_are_said_as_people_say_them(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_it_is_a_plain_line_where_there_is_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    progress = Progress()
    progress.start(0, 2)
    progress.update(FIRST)
    progress.update(LAST)
    progress.stop()
    captured = capsys.readouterr()
    assert captured.err == (
        "step 2/2  loss 1.500  1,234 tokens/s, 300 learnt  98.8% full  1.5 GiB  0 s left\n"
    )
    assert captured.out == ""


def test_it_is_a_live_line_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = io.StringIO()
    terminal = Console(file=shown, force_terminal=True, width=120, highlight=False)
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    monkeypatch.setattr(console, "talk", lambda: terminal)
    progress = Progress()
    progress.start(0, 2)
    progress.update(FIRST)
    progress.update(LAST)
    progress.stop()
    seen = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown.getvalue())
    assert "2/2" in seen
    assert "loss 1.500  1,234 tokens/s, 300 learnt  98.8% full  1.5 GiB" in seen


def test_nothing_is_said_when_quiet(capsys: pytest.CaptureFixture[str]) -> None:
    console.set_quiet(True)
    progress = Progress()
    progress.start(0, 2)
    progress.update(LAST)
    progress.stop()
    assert capsys.readouterr().err == ""
