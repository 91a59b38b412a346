"""`POST /page/picture`: a picture's file in, out what a browser shows of it and what the page's controls need to know.

    /page/picture?frame=3&window=40/400     the file is the body, as application/octet-stream

DICOM is sent back as PNG, decoded by the same code that shows the model its pictures; other files as they came, once
they have been opened.  Everything is forgotten when it is sent.
"""

from __future__ import annotations

import asyncio
import base64
import io
import re
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send

from medgpt_cli.core.errors import OutOfResources
from medgpt_cli.core.failures import as_shortage
from medgpt_cli.serving.asked import is_window
from medgpt_cli.serving.bodies import Bodies
from medgpt_cli.serving.faults import Fault
from medgpt_cli.serving.inline import Decoded, Inline, OpenPicture, decoded
from medgpt_cli.serving.line import Line

LARGEST = 4096
"""Pixels a side of what is sent back; larger than any film, and models look at far less."""

_WINDOW = re.compile(r"(-?\d{1,6}(?:\.\d{1,6})?)/(\d{1,6}(?:\.\d{1,6})?)")


class Preview:
    """An ASGI endpoint.

    Args:
        decode: Opens bytes.
        bodies: Reads.
        line: Decodes one picture after the other.
    """

    def __init__(self, decode: OpenPicture, bodies: Bodies, line: Line) -> None:
        self._decode = decode
        self._bodies = bodies
        self._line = line

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Shows one picture.

        Raises:
            Fault: It is refused.
        """
        request = Request(scope, receive)
        frame, window = _frame(request), _window(request)
        async with self._bodies.read(request, "application/octet-stream") as body:
            picture = Inline(bytes(body), frame, window, "body")
            body.clear()
            document = await asyncio.wrap_future(self._line.enter(lambda: self._show(picture)))
            await JSONResponse(document)(scope, receive, send)

    def _show(self, picture: Inline) -> dict[str, Any]:
        try:
            opened = decoded(self._decode, picture)
            content = _png(opened) if opened.kind == "DICOM" else picture.data
        except Exception as error:
            if isinstance(error, OutOfResources) or as_shortage(error):
                raise Fault(503, "memory", "memory ran out; ask again", retry_after=10) from None
            raise
        kind = "png" if opened.kind == "DICOM" else opened.kind.lower()
        width, height = opened.image.size
        return {
            "picture": f"data:image/{kind};base64,{base64.b64encode(content).decode()}",
            "kind": opened.kind,
            "width": width,
            "height": height,
            "frames": opened.frames,
            "window": list(opened.window) if opened.window else None,
            "grey": opened.grey,
            "modality": opened.modality,
        }


def _png(opened: Decoded) -> bytes:
    # A third of the bytes where there is no colour, and the same picture.
    image = opened.image.convert("L") if opened.grey else opened.image.copy()
    image.thumbnail((LARGEST, LARGEST))
    packed = io.BytesIO()
    image.save(packed, "PNG", compress_level=1)
    return packed.getvalue()


def _frame(request: Request) -> int | None:
    written = request.query_params.get("frame")
    if written is None:
        return None
    if not re.fullmatch(r"\d{1,6}", written):
        raise Fault(400, "invalid_field", "frame is a number from 0", param="frame")
    return int(written)


def _window(request: Request) -> tuple[float, float] | None:
    written = request.query_params.get("window")
    if written is None:
        return None
    match = _WINDOW.fullmatch(written)
    if not match or not is_window(float(match[1]), float(match[2])):
        raise Fault(400, "invalid_field", "window is centre/width, the width above 0", param="window")
    return float(match[1]), float(match[2])
