"""How much a client may ask of the server, and for how long; numbers alone."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """What is served; beyond it a request is refused with a reason.

    Attributes:
        body_bytes: Of one request, pictures in base64 included.
        held_bytes: Of all requests together that are being read, are waiting or are answered.
        body_seconds: Until a request must have arrived.
        head_seconds: Until its first line and headers must have arrived.
        stuck_seconds: Until a client that reads nothing of its answer is cut off.
        connections: Open at a time, idle ones included.
        waiting: Questions that may wait while one is answered.
        pictures_waiting: Pictures that may wait to be shown on the page.
        turns: Messages of a dialogue.
        pictures: Of a dialogue.
        characters: Of all its texts together.
        answer_seconds: Until an answer must be written.
        grace_seconds: For answers under way when the server is told to end.
    """

    body_bytes: int = 64 * 2**20
    held_bytes: int = 256 * 2**20
    body_seconds: float = 60
    head_seconds: float = 15
    stuck_seconds: float = 30
    connections: int = 128
    waiting: int = 8
    pictures_waiting: int = 8
    turns: int = 200
    pictures: int = 16
    characters: int = 1_000_000
    answer_seconds: float = 600
    grace_seconds: float = 10
