"""How long, how large and how often: the bounds of asking an endpoint.

This module knows nothing of HTTP.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of asking.

    Attributes:
        connect: Seconds until a connection stands.
        write: Seconds without progress while a question is sent.
        read: Seconds of silence while the answer is awaited; servers are silent until it is whole.
        question: Seconds for one question, all attempts and waits between them included.
        attempts: How often one question is sent at most.
        backoff: Seconds before the second attempt; doubled before each further one.
        longest_wait: Seconds that are waited between two attempts at most, whatever the server asks for.
        body: Bytes of an answer.
        failures: Questions that may fail one after the other before the endpoint is given up.
    """

    connect: float = 10.0
    write: float = 60.0
    read: float = 300.0
    question: float = 900.0
    attempts: int = 4
    backoff: float = 1.0
    longest_wait: float = 120.0
    body: int = 4 * 2**20
    failures: int = 8
