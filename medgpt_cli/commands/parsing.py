"""One command, built by typer only when it is asked for: flags in, the function called, its exit code.

typer's own way of ending (its help pages, its messages, its `sys.exit`) is not used, so that we decide
every text a person sees and every exit code.  This module knows nothing of what a command does.
"""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Callable, Sequence
from typing import Any

import typer
import typer.core
import typer.main
from typer._click import exceptions as click
from typer._click.core import Command, Context
from typer._click.formatting import HelpFormatter
from typer._coercion import TypeDescriptor

from medgpt_cli.commands import COMMANDS, Door, options, pages
from medgpt_cli.core import console, offline
from medgpt_cli.core.errors import UsageError

KINDS = {int: "a whole number", float: "a number"}
"""How an expected type is called in a message."""


def call(words: str, args: Sequence[str]) -> int:
    """Runs one command.

    Args:
        words: Its name in the table of commands.
        args: What follows the name on the command line.

    Returns:
        The exit code the function returned, 0 when it returned nothing.

    Raises:
        UsageError: A flag or a word is wrong.
    """
    command = build(words, function_of(COMMANDS[words]))
    own = {param.name for param in command.params}
    everywhere = [param for param in build(words, _everywhere).params if param.name not in own]
    command.params.extend(everywhere)
    try:
        with command.make_context(f"medgpt {words}", list(args)) as context:
            given = dict(context.params)
            for param in everywhere:
                del context.params[param.name]
            console.set_quiet(bool(given.get("quiet")))
            if given.get("online"):
                offline.allow_online()
            code = command.invoke(context)
    except click.ClickException as error:
        raise UsageError(_message(error), repair=f"medgpt {words} --help explains every word") from error
    except typer.Exit as done:
        return done.exit_code
    return code if isinstance(code, int) else 0


def function_of(door: Door) -> Callable[..., Any]:
    """Imports a command's module and returns its function."""
    function: Callable[..., Any] = getattr(importlib.import_module(door.module), door.function)
    return function


def build(words: str, function: Callable[..., Any]) -> Command:
    """The typer command of `function`, with our help page."""

    class Page(typer.core.TyperCommand):
        def format_help(self, ctx: Context, formatter: HelpFormatter) -> None:
            sys.stdout.write(pages.command_page(words, function, self.params))
            ctx.exit()

    app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
    app.command(name=words, cls=Page)(function)
    return typer.main.get_command(app)


def _everywhere(quiet: options.Quiet = False, debug: options.Debug = False) -> None:
    """The flags of every command; `debug` is read by `app`."""


def _message(error: click.ClickException) -> str:
    """What is wrong with the command line, in our words."""
    if isinstance(error, click.NoSuchOption):
        meant = f"; did you mean {error.possibilities[0]}?" if error.possibilities else ""
        return f"no such option: {error.option_name}{meant}"
    if isinstance(error, click.MissingParameter):
        return f"{_name(error.param)} is missing"
    if isinstance(error, click.BadParameter) and error.param is not None:
        return f"{_name(error.param)} {_expected(error.param.type_descriptor, error.message)}"
    if extra := re.fullmatch(
        r"Got unexpected extra argument(?:s|\(s\))? \((.*)\)", error.message, re.DOTALL
    ):
        return f"one word too many: {extra[1]}"
    return re.sub(r"^option '(.+?)'", r"\1", _lower(error.message))


def _expected(kind: TypeDescriptor, message: str) -> str:
    if kind.choices:
        return "must be one of " + ", ".join(
            str(getattr(choice, "value", choice)) for choice in kind.choices
        )
    word = KINDS.get(kind.annotation)
    if word is None:
        return f"is not valid: {_lower(message)}"
    low, high = kind.parameter_info.min, kind.parameter_info.max
    bounds = [f"at least {low}"] * (low is not None) + [f"at most {high}"] * (high is not None)
    return f"takes {word} of {' and '.join(bounds)}" if bounds else f"takes {word}"


def _name(param: Any) -> str:
    return pages.label(param) if param.param_type_name == "argument" else str(param.opts[0])


def _lower(message: str) -> str:
    return (message[:1].lower() + message[1:]).rstrip(".")
