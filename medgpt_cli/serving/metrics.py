"""What the server counts, as Prometheus reads it: requests, tokens and seconds, never a word of a dialogue.

Text format 0.0.4.  Paths are those of our own table; whatever else is asked for is counted as `other`.
"""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence

SECONDS = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600)
"""Upper ends of the histograms."""


class Histogram:
    """How often a time fell into each class."""

    def __init__(self) -> None:
        self._counts = [0] * (len(SECONDS) + 1)
        self._sum = 0.0

    def add(self, seconds: float) -> None:
        """One more."""
        self._counts[bisect_left(SECONDS, seconds)] += 1
        self._sum += seconds

    def lines(self, name: str) -> Iterator[str]:
        """In the text format, counts cumulated."""
        total = 0
        for end, count in zip((*SECONDS, float("inf")), self._counts, strict=True):
            total += count
            yield f'{name}_bucket{{le="{"+Inf" if end == float("inf") else end}"}} {total}'
        yield f"{name}_sum {self._sum:.6f}"
        yield f"{name}_count {total}"


class Metrics:
    """Everything counted since the server began.

    Args:
        paths: Those that are told apart.
        gauges: What is asked whenever somebody reads: name and meaning, and its value now.
    """

    def __init__(
        self, paths: Sequence[str], gauges: Mapping[tuple[str, str], Callable[[], float]]
    ) -> None:
        self._paths = frozenset(paths)
        self._gauges = gauges
        self._lock = threading.Lock()
        self._requests: Counter[tuple[str, int]] = Counter()
        self._tokens: Counter[str] = Counter()
        self._answers = Histogram()
        self._first_tokens = Histogram()

    def asked(self, path: str, status: int) -> None:
        """A request is over; 499 where the client left before it was answered."""
        with self._lock:
            self._requests[path if path in self._paths else "other", status] += 1

    def answered(
        self, *, prompt_tokens: int, tokens: int, seconds: float, first_token_seconds: float
    ) -> None:
        """The model wrote an answer, whole or stopped."""
        with self._lock:
            self._tokens["prompt"] += prompt_tokens
            self._tokens["completion"] += tokens
            self._answers.add(seconds)
            self._first_tokens.add(first_token_seconds)

    def text(self) -> str:
        """The page that Prometheus fetches."""
        with self._lock:
            return "\n".join(self._lines()) + "\n"

    def _lines(self) -> Iterator[str]:
        yield from _head("medgpt_requests_total", "counter", "Requests by path and HTTP status.")
        for (path, status), count in sorted(self._requests.items()):
            yield f'medgpt_requests_total{{path="{path}",status="{status}"}} {count}'
        yield from _head("medgpt_tokens_total", "counter", "Tokens read (prompt) and written.")
        for kind in ("prompt", "completion"):
            yield f'medgpt_tokens_total{{kind="{kind}"}} {self._tokens[kind]}'
        yield from _head(
            "medgpt_answer_seconds", "histogram", "From the worker's start to the last token."
        )
        yield from self._answers.lines("medgpt_answer_seconds")
        yield from _head(
            "medgpt_first_token_seconds", "histogram", "From the worker's start to a token."
        )
        yield from self._first_tokens.lines("medgpt_first_token_seconds")
        for (name, meaning), value in self._gauges.items():
            yield from _head(name, "gauge", meaning)
            yield f"{name} {value():g}"


def _head(name: str, kind: str, meaning: str) -> tuple[str, str]:
    return f"# HELP {name} {meaning}", f"# TYPE {name} {kind}"
