"""The front door: which words go where, and what becomes of every kind of exception."""

from __future__ import annotations

import errno
import json
import os
import re
import subprocess
import sys
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import medgpt_cli
from medgpt_cli import app, commands
from medgpt_cli.commands import COMMANDS, Door
from medgpt_cli.commands.options import Json, Online
from medgpt_cli.core import console, errors, offline

SECRET = "Jane Doe, born 1950-01-01"


@pytest.fixture
def door(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[..., Any]], None]:
    """Hangs a function of the test behind `medgpt chat`."""

    def hang(function: Callable[..., Any]) -> None:
        module = types.ModuleType("medgpt_door")
        module.chat = function  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, "medgpt_door", module)
        monkeypatch.setitem(commands.COMMANDS, "chat", Door("medgpt_door", "chat", "", ""))

    return hang


@pytest.fixture
def raising(door: Callable[[Callable[..., Any]], None]) -> Callable[[BaseException], None]:
    """Makes `medgpt chat` raise."""

    def hang(exception: BaseException) -> None:
        def chat(json: Json = False) -> None:
            raise exception

        door(chat)

    return hang


ERRORS = [
    (errors.UsageError("no", repair="so"), 2, "USAGE", "error: no\nso\n"),
    (errors.OutputExists("no"), 2, "OUTPUT_EXISTS", "error: no\n"),
    (errors.InputError("no", where="a:1 x"), 3, "BAD_INPUT", "error: a:1 x  no\n"),
    (errors.BadRecord("no", where="a:1 x", repair="so"), 3, "BAD_RECORD", "error: a:1 x  no\nso\n"),
    (errors.BadImage("no"), 3, "BAD_IMAGE", "error: no\n"),
    (errors.BadRecipe("no"), 3, "BAD_RECIPE", "error: no\n"),
    (errors.BadCheckpoint("no"), 3, "BAD_CHECKPOINT", "error: no\n"),
    (errors.NotThere("no"), 3, "NOT_FOUND", "error: no\n"),
    (errors.GateRefusal("no"), 4, "REFUSED", "error: no\n"),
    (errors.HashMismatch("no"), 4, "HASH_MISMATCH", "error: no\n"),
    (errors.NotSigned("no"), 4, "NOT_SIGNED", "error: no\n"),
    (errors.LeakageFound("no"), 4, "LEAKAGE_FOUND", "error: no\n"),
    (errors.PhiFound("no"), 4, "PHI_FOUND", "error: no\n"),
    (errors.RehearsalFailed("no"), 4, "REHEARSAL_FAILED", "error: no\n"),
    (errors.Missing("no"), 5, "MISSING", "error: no\n"),
    (errors.EngineAway("no", repair="so"), 5, "ENGINE_AWAY", "error: no\nso\n"),
    (errors.OutOfResources("no"), 6, "OUT_OF_RESOURCES", "error: no\n"),
    (errors.StateSaved("no"), 75, "STATE_SAVED", "error: no\n"),
    (errors.Interrupted("no", repair="so"), 130, "INTERRUPTED", "error: no\nso\n"),
    (KeyboardInterrupt(), 130, "INTERRUPTED", "error: interrupted\n"),
    (
        MemoryError(),
        6,
        "OUT_OF_RESOURCES",
        "error: memory ran out\nclose other programs, or lower train.batch_size or train.max_length\n",
    ),
    (
        OSError(errno.ENOSPC, "x", "out"),
        6,
        "OUT_OF_RESOURCES",
        "error: out  the disk is full\nfree some space, or name a folder elsewhere\n",
    ),
]


@pytest.mark.parametrize(
    ("exception", "code", "name", "says"), ERRORS, ids=lambda value: str(value)[:20]
)
def test_an_error_is_a_few_lines_and_an_exit_code(
    exception: BaseException,
    code: int,
    name: str,
    says: str,
    raising: Callable[[BaseException], None],
    capsys: pytest.CaptureFixture[str],
) -> None:
    raising(exception)
    assert app.main(["chat"]) == code
    assert capsys.readouterr() == ("", says)
    assert app.main(["chat", "--json"]) == code
    out, err = capsys.readouterr()
    assert (json.loads(out)["error"], json.loads(out)["exit_code"], err) == (name, code, "")


def test_every_error_of_the_tree_is_in_the_table() -> None:
    def below(kind: type) -> Iterator[type]:
        for child in kind.__subclasses__():
            yield child
            yield from below(child)

    assert set(below(errors.MedGPTError)) == {
        type(row[0]) for row in ERRORS if isinstance(row[0], errors.MedGPTError)
    }


def test_complaints_stand_above_the_summary(
    raising: Callable[[BaseException], None], capsys: pytest.CaptureFixture[str]
) -> None:
    complaints = [errors.Complaint("bad", f"a:{n} x", "mend it") for n in range(22)]
    raising(errors.BadRecord("22 faults", repair="look", complaints=complaints))
    app.main(["chat"])
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "a:0 x  bad; mend it"
    assert lines[19:] == [
        "a:19 x  bad; mend it",
        "… and 2 more (--json lists all)",
        "error: 22 faults",
        "look",
    ]
    app.main(["chat", "--json"])
    document = json.loads(capsys.readouterr().out)
    assert document["complaints"][21] == {"what": "bad", "where": "a:21 x", "repair": "mend it"}


def failing() -> None:
    try:
        raise KeyError(SECRET)
    except KeyError as error:
        raise ValueError(f"cannot read {SECRET}") from error


def chat_with_a_bug(json: Json = False) -> None:
    failing()


def test_a_bug_is_one_line_and_a_log_without_values(
    door: Callable[[Callable[..., Any]], None],
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MEDGPT_CACHE", str(tmp_path))
    door(chat_with_a_bug)
    assert app.main(["chat"]) == 1
    out, err = capsys.readouterr()
    log = re.fullmatch(
        r"error: this is a bug in medgpt \(ValueError\), not in what you gave it; its log lies in (\S+) "
        r"\(without your data; --debug shows everything\)\n",
        err,
    )
    assert log
    assert out == ""
    text = Path(log[1]).read_text()
    assert "in failing\nbuiltins.ValueError" in text
    assert "Jane" not in text + err


def test_debug_shows_the_traceback_of_a_bug(
    door: Callable[[Callable[..., Any]], None], capsys: pytest.CaptureFixture[str]
) -> None:
    door(chat_with_a_bug)
    assert app.main(["chat", "--debug"]) == 1
    err = capsys.readouterr().err
    assert f"ValueError: cannot read {SECRET}" in err
    assert err.splitlines()[0] == "Traceback (most recent call last):"


def test_a_bug_under_json_is_one_document(
    door: Callable[[Callable[..., Any]], None], capsys: pytest.CaptureFixture[str]
) -> None:
    door(chat_with_a_bug)
    assert app.main(["chat", "--json"]) == 1
    out, err = capsys.readouterr()
    assert (json.loads(out)["error"], json.loads(out)["exit_code"], err) == ("ERROR", 1, "")
    assert "Jane" not in out


def test_an_argument_never_reaches_a_log(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MEDGPT_CACHE", str(tmp_path))
    monkeypatch.setitem(commands.COMMANDS, "chat", Door("no.such.module", "chat", "", ""))
    assert app.main(["chat", "--prompt", SECRET]) == 1
    [log] = (tmp_path / "logs").iterdir()
    assert "command: chat\n" in log.read_text()
    assert "Jane" not in log.read_text()
    capsys.readouterr()


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (
            ["stf"],
            2,
            "error: no such command: stf; did you mean sft?\nmedgpt --help lists every command\n",
        ),
        (["xyzzy"], 2, "error: no such command: xyzzy\nmedgpt --help lists every command\n"),
        (
            ["data", "chek"],
            2,
            "error: no such command: data chek; did you mean data check?\nmedgpt --help lists every command\n",
        ),
        (
            ["recip", "show", "x"],
            2,
            "error: no such command: recip; did you mean recipe show?\nmedgpt --help lists every command\n",
        ),
        (
            ["check", "x"],
            2,
            "error: no such command: check; did you mean data check?\nmedgpt --help lists every command\n",
        ),
        (
            ["data"],
            2,
            "error: medgpt data needs one more word: "
            + ", ".join(words.split()[1] for words in COMMANDS if words.startswith("data "))
            + "\nmedgpt data --help\n",
        ),
        (["eval", "--json"], 2, None),
        (
            ["--quiet", "sft"],
            2,
            "error: no such option: --quiet\noptions come after the command; see medgpt --help\n",
        ),
        (["-h"], 2, "error: no such option: -h\noptions come after the command; see medgpt --help\n"),
    ],
)
def test_words_that_name_no_command(
    words: list[str], code: int, says: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    assert app.main(words) == code
    out, err = capsys.readouterr()
    if says is None:
        asked = ", ".join(words.split()[1] for words in COMMANDS if words.startswith("eval "))
        assert (json.loads(out)["what"], err) == (f"medgpt eval needs one more word: {asked}", "")
    else:
        assert (out, err) == ("", says)


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert app.main(["--version"]) == 0
    assert capsys.readouterr() == (f"medgpt {medgpt_cli.__version__}\n", "")


@pytest.mark.parametrize(("returned", "code"), [(None, 0), (0, 0), (7, 7)])
def test_what_a_command_returns_is_the_exit_code(
    returned: int | None, code: int, door: Callable[[Callable[..., Any]], None]
) -> None:
    def chat() -> int | None:
        return returned

    door(chat)
    assert app.main(["chat"]) == code


def test_quiet_and_online_hold_for_one_command_only(door: Callable[[Callable[..., Any]], None]) -> None:
    seen = []

    def chat(online: Online = False) -> None:
        seen.append((console.is_quiet(), offline.is_offline(), online))

    door(chat)
    for words in (["--quiet"], [], ["--online"], []):
        app.main(["chat", *words])
    assert seen == [
        (True, True, False),
        (False, True, False),
        (False, False, True),
        (False, True, False),
    ]


def test_files_are_private(door: Callable[[Callable[..., Any]], None], tmp_path: Path) -> None:
    door(lambda: (tmp_path / "file").touch())
    before = os.umask(0)
    try:
        app.main(["chat"])
    finally:
        os.umask(before)
    assert (tmp_path / "file").stat().st_mode & 0o777 == 0o600


def shell(line: str, **env: str) -> subprocess.CompletedProcess[str]:
    root = Path(__file__).parents[1]
    return subprocess.run(
        [
            "bash",
            "-c",
            "set -o pipefail; " + line.replace("medgpt", f"'{sys.executable}' -m medgpt_cli"),
        ],
        capture_output=True,
        text=True,
        cwd=root,
        env=os.environ | env,
    )


def test_a_reader_that_leaves_early_is_no_error() -> None:
    done = shell("medgpt recipe fields sft | head -1")
    assert (done.returncode, done.stdout, done.stderr) == (0, "stage  (sft, default sft)\n", "")


def test_a_reader_that_has_left_already_is_no_error() -> None:
    done = shell("medgpt recipe show sft --json | true")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_broken_pipe_elsewhere_is_a_bug(
    raising: Callable[[BaseException], None], capsys: pytest.CaptureFixture[str]
) -> None:
    raising(BrokenPipeError())
    assert app.main(["chat"]) == 1
    assert "this is a bug in medgpt (BrokenPipeError)" in capsys.readouterr().err


def test_a_full_disk_is_exit_6() -> None:
    done = shell("medgpt recipe fields sft > /dev/full")
    assert (done.returncode, done.stderr) == (
        6,
        "error: the disk is full\nfree some space, or name a folder elsewhere\n",
    )


def test_words_that_are_not_utf_8_are_shown_as_they_can_be() -> None:
    done = shell(r"medgpt recipe show $'\xff' --json")
    assert done.returncode == 3
    assert json.loads(done.stdout)["what"].startswith("no recipe \udcff")


def test_ctrl_c_ends_with_130_and_one_line(tmp_path: Path) -> None:
    code = (
        "import os, signal, sys; from medgpt_cli import app\n"
        "import medgpt_cli.workflows.recipes as recipes\n"
        "recipes.list_shipped = lambda json: os.kill(os.getpid(), signal.SIGINT) or sys.exit(9)\n"
        "sys.exit(app.main(['recipe', 'list']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=Path(__file__).parents[1]
    )
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "error: interrupted\n")
