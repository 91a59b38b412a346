"""What `--help` prints: the overview, a group of commands, or one command.

Written by hand instead of by typer's rich pages, because help must answer within twice the time of
`import typer, rich`.  This module knows nothing of what commands do; it reads the table, a function's
docstring and its parameters.
"""

from __future__ import annotations

import inspect
import re
import sys
import textwrap
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from medgpt_cli import __version__
from medgpt_cli.commands import COMMANDS
from medgpt_cli.core.console import columns, paint

if TYPE_CHECKING:
    from typer._click.core import Parameter

Rows = Sequence[tuple[str, str]]

NAME_WIDTH = 24
"""Longer names stand on a line of their own."""


def overview() -> str:
    """The page of `medgpt --help`."""
    parts = [
        f"medgpt {__version__}: medical vision-language models on your own machines.",
        _usage("medgpt COMMAND [OPTIONS]"),
    ]
    sections: dict[str, list[tuple[str, str]]] = {}
    for words, door in COMMANDS.items():
        sections.setdefault(door.heading, []).append((words, door.summary))
    sections["Options"] = [
        ("COMMAND --help", "Explain one command, with an example"),
        ("--version", "Print the version"),
    ]
    width = max(len(name) for rows in sections.values() for name, _ in rows)
    parts.extend(_section(heading, rows, width) for heading, rows in sections.items())
    parts.append(_example(["medgpt sft --data local.jsonl"]))
    return "\n\n".join(parts) + "\n"


def group_page(group: str) -> str:
    """The page of `medgpt GROUP --help`, such as `medgpt recipe --help`."""
    rows = [(words, door.summary) for words, door in COMMANDS.items() if words.startswith(f"{group} ")]
    parts = [
        _usage(f"medgpt {group} COMMAND [OPTIONS]"),
        _section("Commands", rows),
        _example([f"medgpt {rows[0][0]} --help"]),
    ]
    return "\n\n".join(parts) + "\n"


def command_page(words: str, function: Callable[..., Any], params: Sequence[Parameter]) -> str:
    """The page of one command.

    Args:
        words: Its full name, such as `data check`.
        function: The command; its docstring is the text, and its `Example:` block the last section.
        params: Its arguments and options, in the order they are declared.
    """
    purpose, example = _docstring(function)
    arguments = [p for p in params if p.param_type_name == "argument"]
    options = [p for p in params if p.param_type_name == "option"]
    pieces = ["medgpt", words, "[OPTIONS]", *(_in_usage(p) for p in arguments)]
    parts = [_usage(" ".join(pieces)), *(_paragraph(text) for text in purpose)]
    if arguments:
        parts.append(_section("Arguments", [(label(p), _explanation(p)) for p in arguments]))
    rows = [(label(p), _explanation(p)) for p in options]
    parts.append(_section("Options", [*rows, ("--help", "Show this page.")]))
    if example:
        parts.append(_example(example))
    return "\n\n".join(parts) + "\n"


def _docstring(function: Callable[..., Any]) -> tuple[list[str], list[str]]:
    """The paragraphs of a docstring before its first Google-style section, and its Example lines."""
    sections: dict[str, list[str]] = {"": []}
    name = ""
    for line in (inspect.getdoc(function) or "").splitlines():
        if heading := re.fullmatch(r"(Examples?|Args|Returns|Raises):", line):
            name = heading[1].removesuffix("s") if heading[1].startswith("Ex") else heading[1]
            sections[name] = []
        else:
            sections[name].append(line)
    paragraphs = re.split(r"\n\s*\n", "\n".join(sections[""]).strip())
    example = textwrap.dedent("\n".join(sections.get("Example", []))).strip()
    return [text for text in paragraphs if text], example.splitlines()


def _in_usage(argument: Parameter) -> str:
    name = f"{label(argument)} ..." if argument.nargs == -1 else label(argument)
    return name if argument.required else f"[{name}]"


def label(param: Any) -> str:
    """How a parameter is called in help and in messages."""
    if param.param_type_name == "argument":
        return str(param.metavar or param.name.upper())
    names = ", ".join([*param.opts, *param.secondary_opts])
    return names if param.is_flag else f"{names} {_metavar(param)}"


def _metavar(param: Any) -> str:
    if param.metavar:
        return str(param.metavar)
    choices = param.type_descriptor.choices
    if choices:
        return "|".join(str(getattr(choice, "value", choice)) for choice in choices)
    plain = {int: "N", float: "X"}
    return plain.get(param.type_descriptor.annotation, "TEXT")


def _explanation(param: Any) -> str:
    notes = []
    if param.param_type_name == "option" and param.required:
        notes.append("required")
    shown = param.default not in (None, False, "", (), []) and param.show_default
    if shown and not callable(param.default):
        notes.append(f"default {getattr(param.default, 'value', param.default)}")
    return f"{param.help or ''} ({', '.join(notes)})".lstrip() if notes else (param.help or "")


def _usage(line: str) -> str:
    return f"{paint('Usage', 'bold', sys.stdout)}\n" + textwrap.indent(line, "  ")


def _paragraph(text: str) -> str:
    if text.startswith(" "):  # an indented block is shown as it was written
        return textwrap.indent(text, "  ")
    return textwrap.fill(
        " ".join(text.split()),
        columns(sys.stdout),
        initial_indent="  ",
        subsequent_indent="  ",
        break_on_hyphens=False,
        break_long_words=False,
    )


def _section(heading: str, rows: Rows, width: int | None = None) -> str:
    """A heading and two aligned columns, the second wrapped to the width of the terminal."""
    if width is None:
        width = max((len(name) for name, _ in rows if len(name) <= NAME_WIDTH), default=NAME_WIDTH)
    return "\n".join([paint(heading, "bold", sys.stdout), *_columns(rows, width)])


def _columns(rows: Rows, width: int) -> Iterable[str]:
    margin = width + 4
    for name, text in rows:
        lines = textwrap.wrap(
            text, columns(sys.stdout) - margin, break_on_hyphens=False, break_long_words=False
        ) or [""]
        painted = paint(name, "cyan", sys.stdout)
        if len(name) > width:
            yield f"  {painted}"
        else:
            yield f"  {painted}{' ' * (width - len(name))}  {lines.pop(0)}".rstrip()
        yield from (" " * margin + line for line in lines)


def _example(lines: Sequence[str]) -> str:
    return "\n".join([paint("Example", "bold", sys.stdout), *(f"  {line}" for line in lines)])
