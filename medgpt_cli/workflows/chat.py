"""Chat: decide what is wanted, open the images, load the model, answer.

Images are opened before the model is loaded, so that a mistyped path costs nothing.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from medgpt_cli.chat import oneshot, terminal
from medgpt_cli.chat.notice import NOTICE
from medgpt_cli.chat.pictures import picture
from medgpt_cli.chat.session import Session
from medgpt_cli.chat.writing import writing
from medgpt_cli.core import console
from medgpt_cli.core.errors import UsageError
from medgpt_cli.data.images.reading import open_image
from medgpt_cli.workflows.chat_models import Loading
from medgpt_cli.workflows.chat_shots import behind, examples_in

if TYPE_CHECKING:
    from medgpt_cli.workflows.engines import Speaker

TINY = (
    "tiny ships trained and knows little: plane, level and side of slices of one averaged head, modality and body "
    "part of a few pictures; medgpt doctor names its card"
)
"""What is said of the model that answers where no other is."""


def run_chat(
    *,
    images: Sequence[str],
    shots: Path | None = None,
    prompt: str | None = None,
    model: str | None = None,
    adapter: str | None = None,
    engine: str = "auto",
    max_new_tokens: int | None = None,
    json: bool = False,
    online: bool = False,
) -> None:
    """Answers one prompt, or opens a session at the terminal.

    Args:
        images: Images shown with the first message, each PATH or NAME=PATH.
        shots: A file of answered examples that stand before the first question.
        prompt: What to ask; `-` reads it from stdin; None for a session, or to describe an image in
            JSON.
        model: How the person named it; None for the newest run, else `tiny`.
        adapter: A run or adapter folder that is added to it.
        engine: What runs the model, a word of `engines.ENGINES` or the address of a server on this machine.
        max_new_tokens: Limit of an answer; the model's default when None.
        json: Print the answer as one JSON document.
        online: Whether a hub id may be fetched.
    """
    asked = _prompt(prompt, bool(images), json=json)
    pictures = [picture(each) for each in images]
    for each in pictures:
        _check_image(each.path)
    examples = examples_in(shots) if shots is not None else []
    loaded = _load(model, adapter, engine, online=online)
    models = Loading(
        online=online, around=lambda generate: behind(examples, generate) if examples else generate
    )
    voice = models.voice(loaded)
    if asked is None:
        # Shown even with --quiet: whoever sits down to talk shall have read it.
        console.talk().print(NOTICE, style="yellow")
        session = Session(voice, models, _check_image, max_new_tokens=max_new_tokens)
        for each in pictures:
            session.attach(*each)
        terminal.converse(session, look=open_image)
        return
    console.say(NOTICE, style="yellow")
    streaming = not json and sys.stdout.isatty()
    ask = partial(oneshot.ask, voice.generate, asked, pictures, max_new_tokens=max_new_tokens)
    shown = writing()
    reply = ask(on_text=shown.piece) if streaming else ask()
    if json:
        console.print_json(oneshot.document(reply, loaded.name, len(images), len(examples)))
        return
    if streaming:
        shown.end()
    else:
        sys.stdout.write(f"{reply.text}\n")
    console.say(terminal.tally(reply), style="dim")


def _prompt(prompt: str | None, shows_images: bool, *, json: bool) -> str | None:
    """What to ask once, or None for a session."""
    if prompt is None and json and shows_images:
        return oneshot.DESCRIBE
    if prompt is None and json:
        raise UsageError(
            "--json answers one prompt, and there is none", repair="add --prompt TEXT or --image PATH"
        )
    if prompt is None and not sys.stdin.isatty():
        raise UsageError(
            "stdin is not a terminal and there is no prompt",
            repair="pass --prompt TEXT, or --prompt - to read it from stdin",
        )
    if prompt == "-":
        prompt = sys.stdin.read()
    if prompt is not None and not prompt.strip():
        raise UsageError("the prompt is empty", repair="write a question after --prompt")
    return prompt.strip() if prompt else None


def _check_image(path: str) -> None:
    open_image(path, where=path)


def _load(model: str | None, adapter: str | None, engine: str, *, online: bool) -> Speaker:
    from medgpt_cli.workflows.engines import load_speaker

    loaded = load_speaker(model, adapter, engine=engine, online=online)
    if model is None and adapter is None:
        console.say(f"model: {loaded.name} (name another with --model)")
        if loaded.name == "tiny":
            console.say(TINY)
    return loaded
