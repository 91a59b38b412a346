"""`medgpt` as a person at a terminal meets it, with a slow model that needs no weights.  Run as a script."""

import fcntl
import os
import sys
import termios
import time
import types

from medgpt_cli.core.types import Reply


def count(turns, images, *, max_new_tokens=None, on_text=None, stop=None):
    """Counts to the number asked for, twenty words a second."""
    said = []
    for number in range(1, int(turns[-1].text) + 1):
        if stop():
            break
        word = "**w1** " if number == 1 and os.environ["TERM"] != "dumb" else f"w{number} "
        on_text(word)
        said.append(word)
        time.sleep(0.05)
    finished = len(said) == int(turns[-1].text)
    return Reply("".join(said), finished=finished, tokens=len(said), seconds=1.0)


def load_model(ref, adapter=None, **_):
    return types.SimpleNamespace(generate=count, name="fake", hash="0" * 64, named=None)


if __name__ == "__main__":
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)  # so that Ctrl-C reaches this process as it does in a terminal
    sys.modules["medgpt_cli.workflows.loading"] = types.SimpleNamespace(load_model=load_model)

    from medgpt_cli.app import main

    sys.exit(main(sys.argv[1:]))
