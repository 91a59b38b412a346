"""The line that starts vLLM on a model's folder, and what stands in its environment.

The words are those of vLLM 0.32.  This module starts nothing.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from medgpt_cli.core.device import pick_device
from medgpt_cli.core.errors import Missing

PROGRAM = "vllm"
NAME = "medgpt"
"""What the model is called between vLLM and us."""

DEVICES = ("/dev/nvidiactl", "/dev/kfd", "/dev/dxg")
"""NVIDIA's, AMD's, and either's under WSL: vLLM may see a GPU that our own torch was not built for."""

QUIET = {
    "VLLM_LOGGING_LEVEL": "INFO",  # DEBUG tells dialogues
    "VLLM_DEBUG_LOG_API_SERVER_RESPONSE": "false",
    "VLLM_SERVER_DEV_MODE": "0",
    "VLLM_NO_USAGE_STATS": "1",
    "VLLM_DO_NOT_TRACK": "1",
}
"""Whatever the person's environment says: nothing of a dialogue is told to a log or to anybody."""


def find_program() -> str:
    """The path of vLLM's program.

    Raises:
        Missing: It is not installed, or there is no GPU.
    """
    beside = Path(sys.executable).with_name(PROGRAM)
    found = shutil.which(PROGRAM) or (str(beside) if beside.is_file() else None)
    if found is None:
        raise Missing(
            "vLLM is not installed",
            repair="it wants other versions of torch and transformers than medgpt, so give it an environment of its "
            "own: python -m venv ~/vllm && ~/vllm/bin/pip install vllm; then PATH=~/vllm/bin:$PATH medgpt …",
        )
    if not has_gpu():
        raise Missing(
            "vLLM needs a GPU, and none is found here",
            repair="leave --engine out, or export with --to gguf for llama.cpp, which is quick on a CPU",
        )
    return found


def has_gpu() -> bool:
    """Whether torch sees a GPU, or the system has the device file of one."""
    return pick_device()[0] != "cpu" or any(Path(device).exists() for device in DEVICES)


def command_line(
    program: str,
    folder: Path,
    socket: Path,
    *,
    pictures: int,
    overrides: str | None = None,
) -> list[str]:
    """The words.

    Args:
        program: Of vLLM.
        folder: The model's.
        socket: The socket file it listens on.
        pictures: Squares that a dialogue may show the tower.
        overrides: JSON laid over `config.json`.
    """
    words = [program, "serve", str(folder), "--served-model-name", NAME, "--uds", str(socket)]
    # As long as the memory allows; templates of ours tell pictures by their parts; one limit for all pictures.
    words += ["--max-model-len", "auto", "--chat-template-content-format", "openai"]
    words += ["--limit-mm-per-prompt", json.dumps({"image": pictures})]
    words += ["--no-enable-log-requests", "--disable-uvicorn-access-log"]
    words += ["--uvicorn-log-level", "warning", "--disable-fastapi-docs"]
    return words + (["--hf-overrides", overrides] if overrides is not None else [])


def environment(key: str, before: Mapping[str, str] = os.environ) -> dict[str, str]:
    """What vLLM finds in its environment; the key stands there, as command lines can be read by everybody.

    Args:
        key: What whoever asks must show.
        before: Our own environment.
    """
    return {**before, **QUIET, "VLLM_API_KEY": key}
