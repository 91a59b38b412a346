"""`medgpt verify`: is a folder still what was written, and what it was made of."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from medgpt_cli.commands.options import Json

Folder = Annotated[
    Path,
    typer.Argument(metavar="DIR", help="Export, run, model, adapter, prepared set or evaluation."),
]
Against = Annotated[
    str | None,
    typer.Option("--against", metavar="REF", help="Where the original of an export lies now."),
]
HashesOnly = Annotated[
    bool, typer.Option("--hashes-only", help="Compare hashes alone, and ask no model anything.")
]
Key = Annotated[
    Path | None,
    typer.Option(
        "--key",
        metavar="PUBLIC",
        help="File of OpenSSH public keys: one of them must have signed, and nothing may have been added since.",
    ),
]


def verify(
    folder: Folder,
    against: Against = None,
    hashes_only: HashesOnly = False,
    key: Key = None,
    json: Json = False,
) -> None:
    """Compares a folder with its hashes, and walks what stands behind it: run, base, data.

    A link that is no longer here is named so; one that is here and is another than it was ends with exit code 4. An
    export is compared with its original, where that is found: the same prompts, the same numbers. Hashes show
    accidents; who wrote them is shown by a signature alone (export --sign), asked for with --key.

    Example:
        medgpt verify model-for-others
    """
    from medgpt_cli.workflows.verify import verify_folder

    verify_folder(folder, against=against, hashes_only=hashes_only, key=key, as_json=json)
