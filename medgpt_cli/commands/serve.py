"""`medgpt serve`: a model for other programs, and for people at a page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from medgpt_cli.commands.options import Adapter, Engine, Model, Online

Host = Annotated[
    str,
    typer.Option(
        "--host",
        metavar="ADDRESS",
        help="Address to listen on; others than this machine's need a token.",
    ),
]
Port = Annotated[
    int, typer.Option("--port", metavar="N", min=0, max=65535, help="Port; 0 takes one that is free.")
]
TokenFile = Annotated[
    Path | None,
    typer.Option("--token-file", metavar="FILE", help="File with the token that clients must show."),
]


def serve(
    model: Model = None,
    adapter: Adapter = None,
    engine: Engine = "auto",
    host: Host = "127.0.0.1",
    port: Port = 8000,
    token_file: TokenFile = None,
    online: Online = False,
) -> None:
    """Answers OpenAI's chat API and serves a chat page, until Ctrl-C or SIGTERM.

    Images come inside requests (data URLs of PNG, JPEG, WebP or DICOM); addresses and paths are never opened. Nothing
    that is asked or answered is logged or kept. Answers are greedy: the same question gets the same answer. Without
    --model it serves the newest run under runs/, else tiny, which comes with medgpt. Research software, not a medical
    device.

    --engine vllm starts vLLM behind this server, on a machine with a GPU, where several are answered at once and
    rounding may change a word; we have not tried it on a GPU. --engine http://127.0.0.1:PORT puts this server before a
    llama.cpp or vLLM that runs --model there already; its key, if it has one, is read from MEDGPT_ENGINE_KEY.

    Example:
        medgpt serve --model runs/sft --port 8000
        medgpt serve --model out/gguf --engine http://127.0.0.1:8080
    """
    from medgpt_cli.workflows.serve import run_serve

    run_serve(
        model=model,
        adapter=adapter,
        engine=engine,
        host=host,
        port=port,
        token_file=token_file,
        online=online,
    )
