"""Serve: decide who may come in, bind the address, load the model, answer until told to end.

The address is bound and the token read before the model is loaded, so that a mistyped one costs nothing.
"""

from __future__ import annotations

import re
from pathlib import Path

from medgpt_cli.chat.notice import NOTICE
from medgpt_cli.core import console
from medgpt_cli.core.errors import NotThere, UsageError
from medgpt_cli.core.offline import is_loopback
from medgpt_cli.data.images.received import open_received
from medgpt_cli.serving import running
from medgpt_cli.serving.app import Served, Server
from medgpt_cli.serving.inline import Shelf
from medgpt_cli.serving.limits import Limits

SHORTEST_TOKEN = 16
"""Characters; a shorter one is guessed."""


def run_serve(
    *,
    model: str | None,
    adapter: str | None,
    engine: str = "auto",
    host: str,
    port: int,
    token_file: Path | None,
    online: bool = False,
) -> None:
    """Serves a model over HTTP until Ctrl-C or SIGTERM.

    Args:
        model: How the person named it; None for the newest run, else `tiny`.
        adapter: A run or adapter folder that is added to it.
        engine: What runs the model, a word of `engines.ENGINES` or the address of a server on this machine.
        host: Address to listen on, by number.
        port: 0 for any that is free.
        token_file: Holds the token clients must show.
        online: Whether a hub id may be fetched.

    Raises:
        UsageError: Another machine could connect and no token is asked for; the address cannot be listened on; the
            token is no token.
        MedGPTError: The program that runs the model was given up.
    """
    if token_file is None and (not host or not is_loopback(host)):
        raise UsageError(
            f"--host {host} lets other machines in, and there is no token",
            repair="add --token-file FILE (openssl rand -hex 32 > FILE makes one), or leave --host out",
        )
    token = read_token(token_file) if token_file else None
    limits = Limits()
    bound = running.listen(host, port)
    try:
        from medgpt_cli.workflows.engines import load_speaker

        shelf = Shelf(open_received)
        loaded = load_speaker(model, adapter, engine=engine, online=online, open_picture=shelf.open)
    except BaseException:
        bound.close()
        raise
    name = Path(loaded.name).name
    console.say(f"model: {loaded.name} ({loaded.engine})")
    served = Served(
        model=name,
        generate=loaded.generate,
        shelf=shelf,
        decode=open_received,
        notice=NOTICE,
        token=token,
        is_here=is_loopback,
        limits=limits,
        at_once=loaded.at_once,
        is_ready=lambda: loaded.program is None or loaded.program.ready,
        cut=loaded.cut,
    )
    shown = f"[{host}]" if ":" in host else host
    address = f"http://{shown}:{bound.getsockname()[1]}"

    def tell() -> None:
        console.say(NOTICE, style="yellow")
        if not is_loopback(host):
            console.warn("pictures and answers travel unencrypted; put a TLS proxy in front")
        console.say(f"chat page: {address}/   API: {address}/v1   (Ctrl-C ends it)")

    listening = running.Listening(Server(served), bound, limits, tell)
    program = loaded.program
    if program is None:
        listening.serve()
    else:
        program.on_failure = listening.end
        try:
            if program.failure is None:
                listening.serve()
        finally:
            program.end()
        if program.failure is not None:
            raise program.failure
    console.say("ended")


def read_token(path: Path) -> str:
    """The token in a file, without the line's end.

    Raises:
        NotThere: No such file.
        UsageError: It is short, or could not be sent in a header.
    """
    try:
        token = path.read_bytes().decode("utf-8").strip()
    except OSError as error:
        raise NotThere(f"{path} cannot be read: {error.strerror}", repair="mend --token-file") from None
    except UnicodeDecodeError:
        token = ""
    if len(token) < SHORTEST_TOKEN or not re.fullmatch(r"[!-~]+", token):
        raise UsageError(
            f"{path} holds no token: {SHORTEST_TOKEN} or more letters, digits and signs, without a space",
            repair=f"openssl rand -hex 32 > {path}",
        )
    return token
