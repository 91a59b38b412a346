"""An endpoint by its address, ready to be asked: what may leave this machine, the key, the pictures, the model's name.

An endpoint on this machine is asked because it was named.  One elsewhere hears the questions and sees the pictures of
every task, so it takes `--online` too, and a word about where they go.
"""

from __future__ import annotations

import io
import os
import re
from collections.abc import Callable
from pathlib import Path

from PIL import Image

from medgpt_cli.core import console
from medgpt_cli.core.errors import InputError, Missing, NotThere, UsageError
from medgpt_cli.data.images.letterbox import letterbox
from medgpt_cli.data.images.reading import open_image
from medgpt_cli.evaluation.endpoint.address import Address, read_address
from medgpt_cli.evaluation.endpoint.client import Endpoint

LONGEST_SIDE = 2048
"""Pixels; larger pictures are shrunk before they are sent, which towers do to a fraction of it anyway."""

_VARIABLE = re.compile(r"[A-Z_][A-Z0-9_]{0,63}")
_KEY = re.compile(r"[!-~]+")


def endpoint_from(
    url: str,
    model: str | None,
    key_env: str | None,
    online: bool,
    *,
    key_file: Path | None = None,
    picture_size: int | None = None,
) -> Endpoint:
    """Finds an endpoint and settles which of its models is asked.

    Args:
        url: Its base address, such as `http://127.0.0.1:8000/v1`.
        model: The model's name there; None for the only one it lists.
        key_env: The environment variable that holds its API key; None for none.
        online: Whether what is asked may leave this machine.
        key_file: The file that holds the key, instead of a variable.
        picture_size: Letterbox pictures to a square of that side in pixels, as the tower would; None sends them as
            they are, up to `LONGEST_SIDE`.

    Raises:
        UsageError: The address or the name of the variable is wrong.
        Missing: It is elsewhere and `online` was not given, or nothing answers there.
        InputError: The key cannot be used or is refused, or the model is not there.
    """
    address = read_address(url)
    if not address.on_this_machine and not online:
        raise Missing(
            f"the endpoint {address.origin} is not on this machine, and medgpt is offline",
            repair=f"--online allows it; the questions and pictures of the tasks then go to {address.host}",
        )
    side = f"letterboxed to {picture_size}" if picture_size else f"longest side {LONGEST_SIDE}"
    endpoint = Endpoint(
        url,
        model,
        picture_of(picture_size),
        pictures=f"PNG, {side}",
        key=_key(key_env, key_file),
    )
    endpoint.connect()
    _tell(address, endpoint)
    return endpoint


def picture_of(size: int | None) -> Callable[[str], bytes]:
    """From a picture's path to the PNG that is sent.

    Args:
        size: Side in pixels of the square it is letterboxed to; None keeps its shape.
    """

    def png(path: str) -> bytes:
        image = open_image(path)
        if size is not None:
            image = letterbox(image, size)
        elif max(image.size) > LONGEST_SIDE:
            image.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.BICUBIC)
        data = io.BytesIO()
        # Nothing that a picture's file says of itself is sent; it may name the patient.
        Image.frombytes("RGB", image.size, image.tobytes()).save(data, "PNG", compress_level=1)
        return data.getvalue()

    return png


def _key(variable: str | None, file: Path | None) -> str:
    """The API key.  It is never repeated, and neither is what was given instead of a variable's name."""
    if variable is not None and file is not None:
        raise UsageError("the key is named twice", repair="name a variable or a file")
    if variable is not None:
        key = os.environ.get(variable, "").strip()
        if not key:
            name = variable if _VARIABLE.fullmatch(variable) else "of the name given"
            raise UsageError(
                f"there is no environment variable {name}, or it is empty",
                repair="give the variable's name, not the key: export ENDPOINT_KEY=… first",
            )
        where = variable
    elif file is not None:
        try:
            key, where = file.read_text("utf-8").strip(), str(file)
        except (OSError, ValueError):
            raise NotThere("no key can be read there", where=str(file)) from None
    else:
        return ""
    if not _KEY.fullmatch(key):
        raise InputError("holds no key: one word of plain characters", where=where)
    return key


def _tell(address: Address, endpoint: Endpoint) -> None:
    if not address.on_this_machine:
        open_ = "" if address.encrypted else ", unencrypted"
        console.warn(f"questions and pictures go to {address.origin}{open_}")
    if not endpoint.listed:
        console.warn(f"{address.origin} does not say what it serves; {endpoint.model} is taken on trust")
