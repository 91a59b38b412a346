"""`medgpt chat`: ask a model about images and text."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from medgpt_cli.commands.options import Adapter, Engine, Json, Model, Online

Images = Annotated[
    list[str] | None,
    typer.Option(
        "--image",
        metavar="[NAME=]PATH",
        help="Image shown with the first message; repeat it for several, such as prior=old.png.",
    ),
]
Shots = Annotated[
    Path | None,
    typer.Option(
        "--shots", metavar="FILE", help="Answered examples before the first question, a JSONL."
    ),
]
Prompt = Annotated[
    str | None,
    typer.Option("--prompt", metavar="TEXT", help="Answer this and leave; - reads it from stdin."),
]
MaxNewTokens = Annotated[
    int | None,
    typer.Option("--max-new-tokens", metavar="N", min=1, help="Longest answer, in tokens."),
]


def chat(
    image: Images = None,
    shots: Shots = None,
    prompt: Prompt = None,
    model: Model = None,
    adapter: Adapter = None,
    engine: Engine = "auto",
    max_new_tokens: MaxNewTokens = None,
    online: Online = False,
    json: Json = False,
) -> None:
    """Answers one prompt, or opens a dialogue at the terminal.

    Without --model it talks to the newest run under runs/, else to tiny, the small trained model that comes with
    medgpt, and says which. Research software, not a medical device.

    Example:
        medgpt chat --image cxr.png --prompt "Which view is this?"
    """
    from medgpt_cli.workflows.chat import run_chat

    run_chat(
        images=image or [],
        shots=shots,
        prompt=prompt,
        model=model,
        adapter=adapter,
        engine=engine,
        max_new_tokens=max_new_tokens,
        json=json,
        online=online,
    )
