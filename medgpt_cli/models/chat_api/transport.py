"""Connections to an engine on this machine: plain HTTP over loopback or a socket file, and what it says it serves.

This module knows nothing of dialogues.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import httpx
import msgspec

from medgpt_cli.core.errors import EngineAway, InputError, UsageError
from medgpt_cli.models.chat_api.address import Address

AGAIN = "ask again in a while; whoever runs it finds the reason in its log"
KEY = "put the engine's key into the environment variable MEDGPT_ENGINE_KEY"
CONNECTING = 10.0
"""Seconds until a server on this machine must have taken a connection."""
LISTING = 30.0
"""Seconds until it must have said what it serves."""
_ERROR_BYTES = 64 * 2**10


class Model(NamedTuple):
    """What a server says it serves.

    Attributes:
        name: What it is asked by.
        positions: Of prompt and reply together; None where the server does not tell.
    """

    name: str
    positions: int | None


def connection(address: Address, key: str = "") -> httpx.AsyncClient:
    """A connection of its own for a question."""
    headers = {"Content-Type": "application/json", "Accept-Encoding": "identity"}
    if key:
        headers["Authorization"] = f"Bearer {key}"
    socket = str(address.socket) if address.socket else None
    return httpx.AsyncClient(
        base_url=address.url,
        headers=headers,
        # No TLS is spoken on this machine, so no authorities are read.
        transport=httpx.AsyncHTTPTransport(uds=socket, verify=False, trust_env=False),
        timeout=httpx.Timeout(None, connect=CONNECTING),
        trust_env=False,
        follow_redirects=False,
    )


@contextlib.contextmanager
def failures_told(address: Address) -> Iterator[None]:
    """Ways in which a connection ends badly, in our words.

    Raises:
        EngineAway: Whichever it was.
    """
    try:
        yield
    except httpx.ConnectError:
        raise EngineAway(f"nothing answers at {address.shown}", repair=AGAIN) from None
    except httpx.TransportError:
        raise EngineAway(f"{address.shown} hung up", repair=AGAIN) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise EngineAway(
            f"{address.shown} does not speak OpenAI's chat API", repair="see what listens there"
        ) from None


async def shortened(response: httpx.Response) -> Mapping[str, Any]:
    """The error a server tells, as far as it is one."""
    held = bytearray()
    async for piece in response.aiter_raw():
        held += piece
        if len(held) > _ERROR_BYTES:
            return {}
    with contextlib.suppress(msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        told = msgspec.json.decode(held)
        error = told.get("error", told) if isinstance(told, dict) else {}
        return error if isinstance(error, dict) else {"message": error}
    return {}


def healthy(address: Address) -> bool:
    """Whether a server says that it can be asked."""
    return asyncio.run(_healthy(address))


async def _healthy(address: Address) -> bool:
    with contextlib.suppress(httpx.TransportError, TimeoutError):
        async with asyncio.timeout(CONNECTING), connection(address) as http:
            return (await http.get(address.url.removesuffix("/v1") + "/health")).status_code == 200
    return False


def served(address: Address, key: str, name: str | None = None) -> Model:
    """The model a server is asked for.

    Args:
        address: Where it listens.
        key: What it asks to be shown.
        name: What the model is likely called there, where it serves several.

    Raises:
        EngineAway: Nothing answers, or it is no such server.
        InputError: The key is refused.
        UsageError: It serves several models, or none.
    """
    with failures_told(address):
        models = asyncio.run(_listed(address, key))
    found = models if len(models) == 1 else [model for model in models if model.name == name]
    if len(found) != 1:
        count = f"{len(models)} models" if models else "no model"
        raise UsageError(
            f"{address.shown} serves {count}, and one is needed",
            repair="start it with one model, or under the name of the folder that --model names",
        )
    return found[0]


async def _listed(address: Address, key: str) -> list[Model]:
    try:
        async with asyncio.timeout(LISTING), connection(address, key) as http:
            answer = await http.get("models")
    except TimeoutError:
        raise EngineAway(f"{address.shown} gives no answer", repair=AGAIN) from None
    if answer.status_code in (401, 403):
        raise InputError(f"{address.shown} refuses the key, or wants one", repair=KEY)
    if answer.status_code >= 500 or answer.status_code == 429:
        raise EngineAway(f"{address.shown} is not ready (HTTP {answer.status_code})", repair=AGAIN)
    if answer.status_code != 200:
        raise msgspec.DecodeError
    told = msgspec.json.decode(answer.content, type=_List)
    return [Model(each.id, each.max_model_len or (each.meta or {}).get("n_ctx")) for each in told.data]


class _Card(msgspec.Struct):
    id: str
    max_model_len: int | None = None
    meta: dict[str, Any] | None = None


class _List(msgspec.Struct):
    data: list[_Card]
