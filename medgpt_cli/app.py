"""The front door: words to a command, and the one place where exceptions become text and exit codes.

This module knows nothing of what commands do, and imports none of them until it is asked for.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Sequence
from typing import TextIO

from medgpt_cli.commands import COMMANDS
from medgpt_cli.core import console, offline
from medgpt_cli.core.errors import SHOWN, Interrupted, MedGPTError, UsageError

GROUPS = tuple(dict.fromkeys(words.split()[0] for words in COMMANDS if " " in words))
"""First words that need a second, such as `recipe`."""


def run() -> None:
    """The console script: runs `main` on the command line and ends the process with its exit code."""
    sys.exit(main())


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command line from start to end.

    Args:
        argv: The words after `medgpt`; those of this process when None.

    Returns:
        The exit code (the table stands in `core.errors`).  No exception leaves this function but the
        `SystemExit` of a library that ends the process itself.
    """
    args = list(sys.argv[1:] if argv is None else argv)
    # Files of ours are never world-readable; group bits follow the parent folder (core.files).
    os.umask(0o077)
    console.set_quiet(False)
    offline.go_offline()
    # DeepSpeed, imported by others wherever it is installed, would log to stdout, where only the result belongs.
    logging.getLogger("DeepSpeed").addFilter(lambda record: False)
    try:
        return _answer_or_explain(args)
    except BrokenPipeError:
        # The reader had enough, as in `medgpt ... --json | head -1`.
        _drop_output()
        return 0


def _answer_or_explain(args: Sequence[str]) -> int:
    flags = set(args[: args.index("--")] if "--" in args else args)
    as_json = "--json" in flags
    try:
        code = _answer(args)
        sys.stdout.flush()
        return code
    except MedGPTError as error:
        return _explain(error, as_json=as_json)
    except KeyboardInterrupt:
        return _explain(Interrupted("interrupted"), as_json=as_json)
    except Exception as exception:
        if isinstance(exception, BrokenPipeError) and _reader_has_left(sys.stdout):
            raise
        from medgpt_cli.core import failures

        if shortage := failures.as_shortage(exception):
            return _explain(shortage, as_json=as_json)
        if "--debug" in flags:
            failures.show_traceback(exception)
        return _explain(_bug(exception, args), as_json=as_json)


def _answer(args: Sequence[str]) -> int:
    """Finds the command and runs it; help and version are answered here."""
    if not args or args[0] == "--help":
        from medgpt_cli.commands import pages

        sys.stdout.write(pages.overview())
        return 0
    if args[0] == "--version":
        from medgpt_cli import __version__

        sys.stdout.write(f"medgpt {__version__}\n")
        return 0
    if args[0] in GROUPS and args[1:2] == ["--help"]:
        from medgpt_cli.commands import pages

        sys.stdout.write(pages.group_page(args[0]))
        return 0
    for length in (2, 1):
        words = " ".join(args[:length])
        if words in COMMANDS:
            from medgpt_cli.commands import parsing

            return parsing.call(words, args[length:])
    raise _unknown(args)


def _unknown(args: Sequence[str]) -> UsageError:
    """The error for words that name no command, with the nearest that does."""
    from medgpt_cli.core.nearest import nearest

    first, rest = args[0], [word for word in args[1:2] if not word.startswith("-")]
    if first.startswith("-"):
        return UsageError(
            f"no such option: {first}", repair="options come after the command; see medgpt --help"
        )
    if first in GROUPS and not rest:
        names = ", ".join(words.split()[1] for words in COMMANDS if words.startswith(f"{first} "))
        return UsageError(
            f"medgpt {first} needs one more word: {names}", repair=f"medgpt {first} --help"
        )
    both = " ".join([first, *rest])
    meant = nearest(both, COMMANDS) or nearest(first, [*COMMANDS, *GROUPS])
    shown = both if first in GROUPS else first
    what = f"no such command: {shown}" + (f"; did you mean {meant}?" if meant else "")
    return UsageError(what, repair="medgpt --help lists every command")


def _explain(error: MedGPTError, *, as_json: bool) -> int:
    """Shows an error and returns its exit code."""
    if as_json:
        console.print_json(error.as_dict())
        return error.exit_code
    lines = str(error).splitlines()
    # Complaints stand above the summary, one a line; the summary is what went wrong as a whole.
    summary = min(len(error.complaints), SHOWN) + (len(error.complaints) > SHOWN)
    lines[summary] = f"{console.paint('error:', 'red', sys.stderr)} {lines[summary]}"
    sys.stderr.write("\n".join(lines) + "\n")
    return error.exit_code


def _bug(exception: BaseException, args: Sequence[str]) -> MedGPTError:
    from medgpt_cli.core import failures

    # Only words from our own table: an argument may hold what nobody else should read.
    words = next((w for w in (" ".join(args[:2]), args[0] if args else "") if w in COMMANDS), "")
    path = failures.write_log(exception, words)
    log = f"its log lies in {path}" if path else "no folder could be written for its log"
    return MedGPTError(
        f"this is a bug in medgpt ({type(exception).__name__}), not in what you gave it; {log} "
        "(without your data; --debug shows everything)"
    )


def _reader_has_left(stream: TextIO) -> bool:
    """Whether the pipe behind `stream` lost its reader; a worker's broken pipe must not pass for it."""
    import select

    try:
        poll = select.poll()
        poll.register(stream.fileno(), 0)
        return any(event & (select.POLLERR | select.POLLHUP) for _, event in poll.poll(0))
    except (OSError, ValueError):
        return False


def _drop_output() -> None:
    """Sends what is still buffered nowhere, so that the interpreter can end in silence."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        if _reader_has_left(stream):
            os.dup2(nowhere, stream.fileno())
