"""The README.md of a prepared set: by its header, `datasets.load_dataset` finds the shards of each split in the folder.

Hugging Face reads the YAML between the two lines of dashes (`configs`, `data_files`) and lets the other files of the
folder be; a datasheet that takes the place of README.md has the same header.  This module opens no shard.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from medgpt_cli.core.files import write_text
from medgpt_cli.core.wording import counted

README = "README.md"


def header(manifest: Mapping[str, Any]) -> str:
    """The YAML header that names the shards of every split that holds rows; empty where none does."""
    splits = [name for name, split in manifest["splits"].items() if split["rows"]]
    if not splits:
        return ""
    lines = ["---", "configs:", "- config_name: default", "  data_files:"]
    for name in splits:
        lines += [f"  - split: {name}", f"    path: data/{name}-*.parquet"]
    return "\n".join([*lines, "---", ""])


def write_readme(folder: Path, manifest: Mapping[str, Any]) -> None:
    """Writes `README.md` into a prepared set."""
    rows = ", ".join(
        f"{split['rows']:,} of {name}" for name, split in manifest["splits"].items() if split["rows"]
    )
    text = (
        f"{header(manifest)}\n# Prepared set\n\n"
        f"{counted(manifest['rows'], 'record')} ({rows}), made by `medgpt data prep`. `report.html` says what went in, "
        "what was left out and why; `manifest.json` has the hashes, and `medgpt data card` makes a datasheet of it. "
        "`datasets.load_dataset` opens this folder.\n"
    )
    write_text(folder / README, text)
