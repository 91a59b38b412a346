"""From a path written in a record to one that may be opened: inside its folder, a regular file, never a URL.

Symlinks are followed and must end inside the folder too.  Nothing is opened here, and nothing is said about the
path itself: file names hold patients' names.  What stands behind the `#` is checked and kept as it was written.
"""

from __future__ import annotations

import os
import re
import stat
from functools import lru_cache
from pathlib import Path

from medgpt_cli.core.errors import BadImage
from medgpt_cli.data.images.references import read_reference

_URL = re.compile(r"(?i)(.*://|.*::|(data|file|https?|ftp|s3|gs|hf|zip|tar|javascript|blob):)")
_PLAIN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_./-]*")
"""A path of which nothing has to be said but where it leads, as nearly all are."""
_WINDOWS = re.compile(r"[A-Za-z]:[\\/]|.*\\")


class ImageRoot:
    """The folder that image paths are relative to and may not leave."""

    def __init__(self, folder: Path) -> None:
        self._root = os.path.realpath(folder)
        self._real_folder = lru_cache(maxsize=4096)(os.path.realpath)
        self._resolved = lru_cache(maxsize=4096)(self._resolve)

    def resolve(self, written: str) -> str:
        """An absolute path without symlinks, what stands behind the `#` kept.

        What was found is remembered for a while, since several records often show the same picture.

        Raises:
            BadImage: A URL, a path that leaves the folder, no such file, not a regular file, or a `#` that cannot
                be read.
        """
        return self._resolved(written)

    def _resolve(self, written: str) -> str:
        name = read_reference(written).path if "#" in written else written
        _refuse_foreign(name)
        try:
            path = self._inside(os.path.join(self._root, name))
        except (FileNotFoundError, NotADirectoryError):
            raise BadImage(
                "there is no such file",
                repair="paths are relative to the data file's folder or to --image-root",
            ) from None
        except (OSError, ValueError) as error:
            reason = (
                os.strerror(error.errno) if isinstance(error, OSError) and error.errno else "not a path"
            )
            raise BadImage(f"cannot be reached: {reason}") from None
        return path + written[len(name) :]

    def _inside(self, path: str) -> str:
        self._refuse_outside(os.path.normpath(path))
        folder, base = os.path.split(path)
        real = os.path.join(self._real_folder(folder), base)
        if base in ("", ".", ".."):
            real = os.path.realpath(real)
        self._refuse_outside(real)
        mode = os.lstat(real).st_mode
        if stat.S_ISLNK(mode):
            real = os.path.realpath(real)
            self._refuse_outside(real)
            mode = os.stat(real).st_mode
        if not stat.S_ISREG(mode):
            raise BadImage(f"is {_kind(mode)}, not a file", repair="name an image file")
        return real

    def _refuse_outside(self, path: str) -> None:
        if path != self._root and not path.startswith(self._root.rstrip(os.sep) + os.sep):
            raise BadImage(
                "leaves the folder it is relative to",
                repair="move the image inside, or name a folder above both with --image-root",
            )


def _refuse_foreign(name: str) -> None:
    if _PLAIN.fullmatch(name):
        return
    if not name.strip():
        raise BadImage("is empty", repair="name a file, or leave the field out")
    if any(ord(character) < 32 or ord(character) == 127 for character in name):
        raise BadImage("holds control characters", repair="rename the file")
    if _URL.match(name):
        raise BadImage(
            "is a URL, and URLs in records are never followed",
            repair="download the image beside the data file",
        )
    if _WINDOWS.match(name):
        raise BadImage(
            "is a Windows or network path",
            repair="write it relative to the data file, with / between folders",
        )


def _kind(mode: int) -> str:
    for test, word in (
        (stat.S_ISDIR, "a folder"),
        (stat.S_ISFIFO, "a pipe"),
        (stat.S_ISSOCK, "a socket"),
        (stat.S_ISCHR, "a device"),
        (stat.S_ISBLK, "a device"),
    ):
        if test(mode):
            return word
    return "something else"
