"""The models every installation has or can make: `tiny`, what it was before training, its SigLIP twin, and `small`.

`tiny` lies in the package as its walk left it (`medgpt run tiny`, `make weights`).  The others are built once, without
a network, into the cache; the folder's name carries a hash of everything it was made from, so a changed recipe is a new
folder and an old one is never mistaken for it.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
from pathlib import Path

from medgpt_cli.core import files
from medgpt_cli.core.cache import cache_dir
from medgpt_cli.core.manifest import file_hashes, write_manifest

DATE = "2026-01-01"
"""The date their dialogue template carries; a recipe's `chat.date` replaces it in training."""

REASONING = "low"
SOURCES = {
    "tiny-untrained": ("compose.py", "processor.py", "checkpoint.py", "templates", "tiny"),
    "tiny-siglip": ("compose.py", "processor.py", "checkpoint.py", "templates", "tiny"),
    "small": ("compose.py", "processor.py", "checkpoint.py", "templates", "small"),
}
MAKERS = ("torch", "transformers", "safetensors")


SHIPPED = {"tiny": Path(__file__).parent / "shipped" / "tiny"}
"""Models whose trained weights are a part of the package: exports, with card, hashes and bill of materials."""


def folder(name: str) -> Path:
    """The checkpoint folder of an embedded model, built now if it is not there yet.

    Args:
        name: `tiny`, `tiny-untrained`, `tiny-siglip` or `small`.

    Raises:
        Missing: `small`, when its two files have not been fetched.
    """
    if name in SHIPPED:
        return SHIPPED[name]
    target = cache_dir() / f"{name}-{_fingerprint(name)}"
    if target.is_dir():
        return target
    from medgpt_cli.models import checkpoint

    if name == "small":
        from medgpt_cli.models.small.build import build as build_small

        model, processor, licences = build_small(date=DATE, reasoning=REASONING)
    else:
        from medgpt_cli.models.tiny.build import LICENCES, build

        tower = "siglip" if name == "tiny-siglip" else "clip"
        model, processor = build(tower, date=DATE, reasoning=REASONING)
        licences = LICENCES
    try:
        with files.staged_folder(target) as staging:
            checkpoint.save(model, processor, staging)
            write_manifest(staging, {"model": name, "licences": licences, "files": file_hashes(staging)})
    except OSError:
        if not target.is_dir():  # else another process built the very same folder meanwhile
            raise
    return target


def _fingerprint(name: str) -> str:
    room = Path(__file__).parent
    digest = hashlib.sha256()
    for source in SOURCES[name]:
        path = room / source
        for item in sorted(path.rglob("*") if path.is_dir() else [path]):
            if item.is_file() and item.suffix in {".py", ".json", ".jinja"}:
                digest.update(item.read_bytes())
    for package in MAKERS:
        digest.update(importlib.metadata.version(package).encode())
    return digest.hexdigest()[:12]
