"""Pictures whose decoders are not trusted, decoded in a process apart: a file may end that process, and never this one.

What OpenJPEG, CharLS, libtiff, OpenSlide and their like do with a file that was made to break them is not for us to
promise.  They run in a child with a limit on memory and on time; a child that dies, hangs or asks for too much costs
one `BadImage`, and the next picture gets a new child.  PNG, JPEG, WebP, GIF and BMP are decoded here: their libraries
are fuzzed without end, and a child would double what they cost.  NIfTI and plain DICOM have no native decoder.  Pixels
come back through memory that both share and no file has a name for.  This is a bound on damage, not a sandbox: the
child may read what its owner may.

This module knows nothing of records.
"""

from __future__ import annotations

import io
import mmap
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from contextlib import suppress
from dataclasses import asdict
from multiprocessing.connection import Connection
from typing import BinaryIO

import msgspec
from PIL import Image

from medgpt_cli.core.errors import BadImage, Missing
from medgpt_cli.data.images.dicom_header import names_compressed_syntax
from medgpt_cli.data.images.flags import Flag, with_flags
from medgpt_cli.data.images.limits import MAX_OPEN_BYTES
from medgpt_cli.data.images.rasters import in_three_channels
from medgpt_cli.data.images.reading import complaining, opened, picture
from medgpt_cli.data.images.references import Reference, read_reference

MEMORY = 2 * MAX_OPEN_BYTES
"""Bytes of address space that decoding may take beside the child's own."""
CPU_SECONDS = 60
"""Of computing, for one picture; the largest that is allowed takes about ten."""
SECONDS = 600
"""By the clock, for one picture: a disk or a machine may be slow."""
CHILD = "medgpt_cli.data.images.apart_child"
"""The module that is run."""
_LEAVE_OUT = "leave it out, or export it again from where it came"


class Answer(msgspec.Struct):
    """What the child says of a picture, before its pixels where there are any.

    Attributes:
        mode: `L` or `RGB`.
        size: Width and height in pixels.
        flags: What is odd about it.
        fault: What is wrong with it.
        repair: What can be done about that.
        missing: Whether a package is missing, and nothing is wrong with the picture.
    """

    mode: str = ""
    size: tuple[int, int] = (0, 0)
    flags: tuple[str, ...] = ()
    fault: str = ""
    repair: str = ""
    missing: bool = False


class Question(msgspec.Struct):
    """What the child is asked to decode.

    Attributes:
        kind: The format.
        path: The file, as the file system names it.
        reference: Which picture in it.
        inline: Whether the file's bytes follow, because it stands in a cell of a table.
        shown: Whether the pixels are wanted, and not only whether they can be decoded.
        memory: `MEMORY`.
        seconds: `CPU_SECONDS`.
    """

    kind: str
    path: bytes
    reference: Reference
    inline: bool
    shown: bool
    memory: int
    seconds: int


def open_apart(path: str, *, where: str = "") -> Image.Image:
    """As `reading.open_image`, with decoders that are not trusted in a process apart.

    Args:
        path: A file, and behind a `#` which picture in it.
        where: What a complaint calls the image.

    Raises:
        BadImage: It cannot or must not be opened; or its decoder crashed, hung, or asked for too much memory.
        Missing: A slide, and the extra `[pathology]` is not installed.
    """
    with complaining(where), opened(read_reference(path)) as (stream, kind, reference):
        if not _is_risky(stream, kind):
            return in_three_channels(picture(stream, kind, reference))
        return in_three_channels(_child.decode(stream, kind, reference, shown=True))


def check_apart(path: str) -> None:
    """Decodes a picture as `open_apart` does, and throws it away; pixels of a child stay there.

    Raises:
        BadImage: As `open_apart`.
        Missing: As `open_apart`.
    """
    with opened(read_reference(path)) as (stream, kind, reference):
        if _is_risky(stream, kind):
            _child.decode(stream, kind, reference, shown=False)
        else:
            picture(stream, kind, reference)


def stop() -> None:
    """Ends the child, where there is one; another picture would start a new one."""
    _child.stop()


def _is_risky(stream: BinaryIO, kind: str) -> bool:
    return kind in ("TIFF", "SLIDE") or (kind == "DICOM" and names_compressed_syntax(stream))


def _unnamed_memory() -> int:
    """A descriptor that two processes write to and read from; on the disk only where a system has no other."""
    if hasattr(os, "memfd_create"):
        return os.memfd_create("pixels")
    descriptor, name = tempfile.mkstemp()
    os.unlink(name)
    return descriptor


class _Child:
    """One process that decodes, started when it is needed and replaced when it dies."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._line: Connection | None = None
        self._pixels = -1
        self._owner = 0
        self._lock = threading.Lock()

    def decode(self, stream: BinaryIO, kind: str, reference: Reference, *, shown: bool) -> Image.Image:
        with self._lock:
            try:
                return self._ask(stream, kind, reference, shown=shown)
            except (BadImage, Missing):
                raise
            except BaseException:  # an answer that was not waited for must not become the next picture's
                self.stop()
                raise

    def stop(self) -> None:
        if self._line is not None:
            self._line.close()
        if self._pixels >= 0:
            os.close(self._pixels)
        if self._process is not None and self._owner == os.getpid():
            self._process.kill()
            self._process.wait()
        self._process, self._line, self._pixels = None, None, -1

    def _ask(self, stream: BinaryIO, kind: str, reference: Reference, *, shown: bool) -> Image.Image:
        inline = isinstance(stream, io.BytesIO)
        told = Question(
            kind,
            os.fsencode(reference.path),
            Reference(**asdict(reference) | {"path": ""}),
            inline,
            shown,
            MEMORY,
            CPU_SECONDS,
        )
        line = self._started()
        try:
            line.send_bytes(msgspec.msgpack.encode(told))
            if inline:
                line.send_bytes(stream.read() or b"\0")
            if not line.poll(SECONDS):
                self.stop()
                raise BadImage(f"takes over {SECONDS} seconds to decode", repair=_LEAVE_OUT)
            answer = msgspec.msgpack.decode(line.recv_bytes(), type=Answer)
            if answer.fault:
                raise (Missing if answer.missing else BadImage)(answer.fault, repair=answer.repair)
            return self._shown(answer)
        except (EOFError, OSError, msgspec.DecodeError):
            raise self._buried() from None

    def _shown(self, answer: Answer) -> Image.Image:
        width, height = answer.size
        length = len(answer.mode) * width * height
        if not length:
            return Image.new("L", (0, 0))
        with mmap.mmap(self._pixels, length, access=mmap.ACCESS_READ) as pixels:
            image = Image.frombytes(answer.mode, answer.size, memoryview(pixels))
        return with_flags(image, map(Flag, answer.flags))

    def _buried(self) -> BadImage:
        """Of what the child died."""
        assert self._process is not None
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(5)
        code = self._process.returncode
        self.stop()
        if code == -signal.SIGXCPU:
            return BadImage(f"takes over {CPU_SECONDS} seconds to decode", repair=_LEAVE_OUT)
        if code == -signal.SIGKILL:
            return BadImage("was given up: its decoder was ended from outside", repair=_LEAVE_OUT)
        return BadImage("crashes its decoder", repair=_LEAVE_OUT)

    def _started(self) -> Connection:
        if self._line is not None and self._owner == os.getpid():
            return self._line
        self.stop()
        ours, theirs = socket.socketpair()
        self._pixels = _unnamed_memory()
        with theirs:
            fds = (theirs.fileno(), self._pixels)
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", CHILD, *map(str, fds)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,  # decoders say there what files hold
                pass_fds=fds,
                process_group=0,  # Ctrl-C is for us
            )
        self._line, self._owner = Connection(ours.detach()), os.getpid()
        return self._line


_child = _Child()
