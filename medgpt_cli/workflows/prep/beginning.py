"""How a preparation begins in a folder, and whether what stands there already is what is asked for.

Parts judged by other rules, or of files that have changed since, are not gone on with; a finished set is not called
the one that is asked for unless it is.  This module knows nothing of how records are judged.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from medgpt_cli.core import files
from medgpt_cli.core.errors import Complaint, InputError, UsageError
from medgpt_cli.core.rundir import read_state
from medgpt_cli.data.prepared.opening import MANIFEST
from medgpt_cli.data.prepared.parts import FOLDER
from medgpt_cli.workflows.prep.asking import Asked
from medgpt_cli.workflows.prep.inputs import digests, listing, refuse_changed
from medgpt_cli.workflows.prep.working import fingerprint

ASKED = "asked.json"
"""In the folder of parts: what decides their bytes, and the files as they were when the first was begun."""
FREE = ("data", "max_bad"), ("data", "max_unread")
"""What may differ between a finished set and the line it is asked for with: how much may be left out."""


def begin(out: Path, asked: Asked) -> None:
    """Makes the folder of parts, or sees that those there were judged by the same rules, of the same files.

    Raises:
        UsageError: They were judged by others.
        InputError: A file of a source or of an evaluation set is new, gone or changed.
    """
    parts = files.make_folder(out / FOLDER)
    path = parts / ASKED
    wanted = _rules(asked)
    if not path.exists():
        read = listing(asked.sources, asked.work.settings.against)
        files.write_json(path, wanted | {"read": read})
        return
    before = json.loads(path.read_text())
    read = before.pop("read", {})
    if before != wanted:
        raise UsageError(
            f"{out} was begun with other sources or rules for single records",
            repair="begin anew with --force, or give the line it was begun with",
        )
    refuse_changed(read, listing(asked.sources, asked.work.settings.against))


def begun_so(out: Path, asked: Asked) -> bool:
    """Whether parts stand there that were begun with the same sources and rules."""
    path = out / FOLDER / ASKED
    if not path.exists():
        return False
    before = json.loads(path.read_text())
    return {name: before.get(name) for name in _rules(asked)} == _rules(asked)


def refuse_other(out: Path, asked: Asked) -> None:
    """Sees that a finished set is the one that is asked for.

    Raises:
        UsageError: It was prepared of something else, or by other rules.
        InputError: What it was prepared of has been changed since.
    """
    manifest = json.loads((out / MANIFEST).read_text())
    if _settled(manifest["recipe"]) != _settled(asked.resolved.as_json()):
        raise UsageError(
            f"{out} holds a finished preparation of other sources or by other rules",
            repair="overwrite it with --force, or name another --out",
        )
    now = listing(asked.sources, asked.work.settings.against)
    before = (read_state(out) or {}).get("read", {})
    gone = [
        Complaint("was changed after it was prepared", name)
        for name, print_ in digests(now).items()
        if isinstance(before, dict) and before.get(name, print_) != print_
    ]
    if gone:
        raise InputError(
            f"{out} was prepared of what these were before",
            repair="overwrite it with --force, or name another --out",
            complaints=gone,
        )


def _rules(asked: Asked) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(json.dumps(fingerprint(asked.work)))
    return found


def _settled(recipe: dict[str, Any]) -> dict[str, Any]:
    """A recipe as JSON holds it, without what may differ."""
    found: dict[str, Any] = json.loads(json.dumps(recipe))
    for section, name in FREE:
        found.get(section, {}).pop(name, None)
    return found
