"""The process that decodes apart, with decoders that do what hostile files have decoders do, by the file's name."""

from __future__ import annotations

import ctypes
from pathlib import Path
from typing import Any

from medgpt_cli.data.images import apart_child
from medgpt_cli.data.images.reading import picture


def _broken(stream: Any, kind: str, reference: Any) -> Any:
    name = Path(reference.path).stem
    if name == "crash":
        ctypes.string_at(0)
    elif name == "hang":
        while True:
            pass
    elif name == "eat":
        return bytearray(2**36)
    elif name == "fail":
        raise ZeroDivisionError("words of a file")
    return picture(stream, kind, reference)


apart_child.picture = _broken  # type: ignore[assignment]
if __name__ == "__main__":
    apart_child.main()
