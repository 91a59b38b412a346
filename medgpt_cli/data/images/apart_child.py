"""The process in which `apart` decodes: it answers one question after the other until nobody asks any more.

Before each picture it sets itself a limit of memory and of computing time, so that it ends even where nobody is left to
end it.
"""

from __future__ import annotations

import io
import os
import resource
import sys
import time
from dataclasses import asdict
from multiprocessing.connection import Connection
from pathlib import Path
from typing import BinaryIO

import msgspec

from medgpt_cli.core import offline
from medgpt_cli.core.errors import BadImage, Missing
from medgpt_cli.data.images.apart import Answer, Question
from medgpt_cli.data.images.flags import INFO
from medgpt_cli.data.images.reading import picture, quietly
from medgpt_cli.data.images.references import Reference

_LEAVE_OUT = "leave it out, or export it again from where it came"


def serve(line: Connection, shared: int) -> None:
    """Decodes what is asked for, until the other side is gone.

    Args:
        line: Where questions come from and answers go to.
        shared: Descriptor of the memory that pixels go to.
    """
    own = _address_space()
    while True:
        try:
            question = msgspec.msgpack.decode(line.recv_bytes(), type=Question)
            data = line.recv_bytes() if question.inline else None
        except (EOFError, OSError):
            return
        if own:
            _limit(resource.RLIMIT_AS, own + question.memory)
        _limit(resource.RLIMIT_CPU, int(time.process_time()) + 1 + question.seconds)
        answer, pixels = _decoded(question, data)
        if pixels:
            _put(shared, pixels)
        try:
            line.send_bytes(msgspec.msgpack.encode(answer))
        except OSError:
            return


def _decoded(question: Question, data: bytes | None) -> tuple[Answer, bytes]:
    try:
        path = os.fsdecode(question.path)
        reference = Reference(**asdict(question.reference) | {"path": path})
        with _stream(path, data) as stream, quietly():
            image = picture(stream, question.kind, reference)
            if not question.shown:
                return Answer(), b""
            flags = tuple(map(str, image.info.get(INFO, ())))
            return Answer(image.mode, image.size, flags), image.tobytes()
    except (BadImage, Missing) as error:
        return Answer(fault=error.what, repair=error.repair, missing=isinstance(error, Missing)), b""
    except MemoryError:
        most = question.memory // 2**20
        return Answer(fault=f"takes over {most:,} MB to decode", repair=_LEAVE_OUT), b""
    except Exception as error:
        # Whatever else it is, it is one picture's: its name says enough, and its words may quote the file.
        return Answer(fault=f"makes its decoder fail ({type(error).__name__})", repair=_LEAVE_OUT), b""


def _stream(path: str, data: bytes | None) -> BinaryIO:
    return Path(path).open("rb") if data is None else io.BytesIO(data)


def _put(shared: int, pixels: bytes) -> None:
    if os.fstat(shared).st_size < len(pixels):
        os.ftruncate(shared, len(pixels))
    written = 0
    while written < len(pixels):
        written += os.pwrite(shared, memoryview(pixels)[written:], written)


def _limit(which: int, soft: int) -> None:
    hard = resource.getrlimit(which)[1]
    resource.setrlimit(which, (soft if hard == resource.RLIM_INFINITY else min(soft, hard), hard))


def _address_space() -> int:
    """Bytes this process has mapped; 0 where the system does not say."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[0])
    except OSError:
        return 0
    return pages * resource.getpagesize()


def main() -> None:
    """Answers on the descriptors that the command line names."""
    _limit(resource.RLIMIT_CORE, 0)  # what a crash leaves behind would show the picture
    offline.go_offline()
    serve(Connection(int(sys.argv[1])), int(sys.argv[2]))


if __name__ == "__main__":
    main()
