"""The shared words of the command line, each explained once.

A command writes `out: Out = None` and gets the flag, its metavar and its help; so a word means the same
everywhere.  `--quiet` and `--debug` are added to every command by `parsing` and need not be declared.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

DataPaths = Annotated[
    list[str] | None,
    typer.Option(
        "--data", metavar="PATH", help="JSONL file or prepared set to train on; repeat it for several."
    ),
]
"""Sets `data.mix` of the recipe."""

EndpointKey = Annotated[
    str | None,
    typer.Option(
        "--endpoint-key", metavar="VARIABLE", help="Environment variable that holds the endpoint's key."
    ),
]
"""A key is never typed: the command line stands in the list of processes."""

EndpointTokenFile = Annotated[
    Path | None,
    typer.Option("--token-file", metavar="FILE", help="File with the key that the endpoint asks for."),
]
"""The same out of a file, in the word that `serve` has for it."""

Sets = Annotated[
    str | None,
    typer.Option("--data", metavar="DIR", help="Folder that the public sets lie in or below."),
]
"""Where an evaluation looks for the sets its tasks name."""

Model = Annotated[
    str | None,
    typer.Option(
        "--model",
        metavar="REF",
        help="Run folder, checkpoint folder, hub id, or a word: tiny, tiny-untrained, tiny-siglip, small.",
    ),
]
"""Sets `model.base` of the recipe in the training stages."""

Adapter = Annotated[
    str | None,
    typer.Option(
        "--adapter",
        metavar="DIR",
        help="Run or adapter folder; without --model, added to the model it was trained on.",
    ),
]
"""Sets `model.adapter` of the recipe."""

Engine = Annotated[
    str,
    typer.Option(
        "--engine",
        metavar="NAME",
        help="auto, transformers, llama.cpp (GGUF exports), vllm (needs a GPU), or the address of a server here.",
    ),
]

RecipeName = Annotated[
    str | None,
    typer.Option(
        "--recipe", metavar="NAME|FILE", help="Shipped recipe by name, recipe file, or run folder."
    ),
]

Out = Annotated[
    Path | None,
    typer.Option("--out", metavar="DIR", help="Folder for everything the command writes."),
]

Resume = Annotated[
    bool,
    typer.Option("--resume", help="Start, or go on where an earlier run into --out stopped."),
]

Force = Annotated[bool, typer.Option("--force", help="Overwrite what stands in --out.")]

DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Say what would happen, with every value, and write nothing.")
]

Rehearse = Annotated[
    bool,
    typer.Option(
        "--rehearse",
        help="Run the same recipe on your data in about a minute with a shrunken model, and keep nothing.",
    ),
]

Online = Annotated[
    bool,
    typer.Option("--online", help="Allow the network for this command; without it no socket is opened."),
]
"""The network is allowed by `parsing` as soon as the flag is read; a command only passes it on."""

Quiet = Annotated[
    bool, typer.Option("--quiet", help="Only the result and errors; no notices, no progress.")
]

Debug = Annotated[
    bool, typer.Option("--debug", help="Show the full traceback of a bug, values included.")
]

Json = Annotated[
    bool, typer.Option("--json", help="One JSON document on stdout and nothing else, errors included.")
]

Overrides = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="KEY=VALUE", help="Recipe fields to set, stronger than the file, such as train.lr=1e-5."
    ),
]

RecipeArgument = Annotated[
    str, typer.Argument(metavar="RECIPE", help="Recipe file, run folder, or name of a shipped recipe.")
]
