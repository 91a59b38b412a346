"""Answers given before: the same question to the same weights need not be asked twice.

A reply is found again only by everything that decides it: the hash of the weights, who computes and in which number
format, the task's version, every word of the prompt, the *content* of every picture, the limit, and the options that
are weighed.  Errors are not kept.  Replies are clinical text: the file is its owner's alone, and nobody writes it who
was not asked to.  This module knows nothing of models; it stands before an `AnswerMany` as another one.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

import msgspec

from medgpt_cli.core.types import AnswerMany, Reply, Request

VERSION = 1
"""Of what makes up a key; another number forgets everything."""
PATIENCE = 60.0
"""Seconds that one process waits for another to write."""


class AnswerCache:
    """A file of replies by their keys, that several processes may share.

    Args:
        folder: Where it lies; made for this user alone.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
        self._path = folder / "answers.sqlite"
        self._path.touch(mode=0o600)
        with closing(self._open()) as base, base:
            base.execute(
                "CREATE TABLE IF NOT EXISTS answers (key BLOB PRIMARY KEY, reply BLOB NOT NULL)"
            )

    def _open(self) -> sqlite3.Connection:
        return sqlite3.connect(self._path, timeout=PATIENCE)

    def get(self, keys: Sequence[bytes]) -> dict[int, Reply]:
        """The replies that are known, by the place of their key."""
        found = {}
        with closing(self._open()) as base:
            for number, key in enumerate(keys):
                row = base.execute("SELECT reply FROM answers WHERE key = ?", (key,)).fetchone()
                if row is not None:
                    found[number] = msgspec.msgpack.decode(row[0], type=Reply)
        return found

    def put(self, key: bytes, reply: Reply) -> None:
        """Keeps one reply."""
        with closing(self._open()) as base, base:
            base.execute(
                "INSERT OR REPLACE INTO answers VALUES (?, ?)", (key, msgspec.msgpack.encode(reply))
            )


class Remembering:
    """An `AnswerMany` that asks another one only what it does not know yet.

    Args:
        answer: Who is asked.
        cache: What is known.
        scope: Everything beside the request that decides a reply: weights, number format, task and its version.
        picture_hash: From an image reference to a hash of its content.

    Attributes:
        known: Replies that came from the cache.
    """

    def __init__(
        self,
        answer: AnswerMany,
        cache: AnswerCache,
        scope: Sequence[str],
        picture_hash: Callable[[str], str],
    ) -> None:
        self.known = 0
        self._answer = answer
        self._cache = cache
        self._scope = list(scope)
        self._picture_hash = picture_hash

    def __call__(self, requests: Sequence[Request], on_reply: Callable[[int, Reply], None]) -> None:
        """Answers every request; see `core.types.AnswerMany`."""
        keys = [self._key(request) for request in requests]
        found = self._cache.get([key for key in keys if key])
        places = [number for number, key in enumerate(keys) if key]
        answered = {places[place]: reply for place, reply in found.items()}
        self.known += len(answered)
        for number, reply in answered.items():
            on_reply(number, reply)
        waiting = [number for number in range(len(requests)) if number not in answered]

        def keep(place: int, reply: Reply) -> None:
            key = keys[waiting[place]]
            if key and not reply.error:
                self._cache.put(key, reply)
            on_reply(waiting[place], reply)

        if waiting:
            self._answer([requests[number] for number in waiting], keep)

    def _key(self, request: Request) -> bytes:
        """Empty where a picture cannot be read: whoever is asked says so."""
        try:
            pictures = [self._picture_hash(reference) for reference in request.images]
        except OSError:
            return b""
        asked = msgspec.structs.replace(request, images=tuple(pictures))
        return hashlib.sha256(msgspec.json.encode([VERSION, self._scope, asked])).digest()
