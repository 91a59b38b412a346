"""`transformers serve` over the same weights: a process of its own on loopback, asked as its clients ask it.

It needs what `pip install 'transformers[serving]'` brings beside transformers (FastAPI is what our environment lacks):
in this environment, or in one whose interpreter MEDGPT_BENCH_SERVE names; else it is *not run*.  Pictures are sent as
the squares our own tower sees.  Its answers are greedy where the model's folder does not say otherwise.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx
import msgspec
import torch

from medgpt_cli.core import offline
from medgpt_cli.core.types import Reply, Turn
from medgpt_cli.data.images.letterbox import letterbox
from medgpt_cli.data.images.reading import open_image
from medgpt_cli.models.chat_api.hearing import Hearing
from medgpt_cli.models.chat_api.messages import data_url, messages_of

PYTHON = "MEDGPT_BENCH_SERVE"
"""The environment variable that names another interpreter, one that has FastAPI."""
LOADING = 180
"""Seconds until it must answer."""
_HAS_IT = "import fastapi, openai, uvicorn"
_RUN = "from transformers.cli.transformers import main; main()"


def python() -> str | None:
    """The interpreter that runs it; None where it is not installed."""
    found = os.environ.get(PYTHON, sys.executable)
    return found if subprocess.run([found, "-c", _HAS_IT], capture_output=True).returncode == 0 else None


class Served:
    """The running server, asked as a `Generate`; ends with the block.

    Args:
        interpreter: Runs it.
        folder: The model's.
        side: Of the tower's picture, in pixels.
    """

    def __init__(self, interpreter: str, folder: Path, side: int) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        words = ["serve", str(folder), "--device", "cpu", "--host", "127.0.0.1", "--port", str(port)]
        self._side = side
        self._process = subprocess.Popen(
            [interpreter, "-c", _RUN, *words],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=os.environ
            | offline.TELEMETRY_OFF
            | offline.HUB_OFF
            | {"OMP_NUM_THREADS": str(torch.get_num_threads()), "TOKENIZERS_PARALLELISM": "false"},
        )
        self._http = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=600, trust_env=False)

    def __enter__(self) -> Served:
        until = time.monotonic() + LOADING
        while time.monotonic() < until and self._process.poll() is None:
            try:
                if self._http.get("/health").status_code == 200:
                    return self
            except httpx.TransportError:
                time.sleep(0.5)
        self.__exit__()
        raise RuntimeError("transformers serve did not start")

    def __exit__(self, *_: Any) -> None:
        self._http.close()
        self._process.terminate()
        self._process.wait(30)

    def __call__(self, turns: Sequence[Turn], pictures: Sequence[str], *, max_new_tokens: int) -> Reply:
        """Answers the dialogue; see `core.types.Generate`."""
        asked = {
            "messages": messages_of(turns, pictures, neutral=str, urls_of=self._urls),
            "max_tokens": max_new_tokens,
            "stream": True,
        }
        hearing = Hearing(harmony=False, on_text=None, stop=None)
        with self._http.stream("POST", "/v1/chat/completions", json=asked) as response:
            response.raise_for_status()
            for line in response.iter_lines():
                data = line.removeprefix("data:").strip()
                if data and data != "[DONE]" and hearing(msgspec.json.decode(data)):
                    raise RuntimeError("transformers serve failed")
        return hearing.reply()

    def _urls(self, reference: str) -> list[str]:
        return [data_url(letterbox(open_image(reference), self._side))]
