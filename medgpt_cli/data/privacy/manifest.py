"""The manifest that a de-identified copy carries, and the one question others ask of it.

This module knows nothing of how a copy is made.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

KIND = "deidentified"


def vouched_for(path: Path, digest: str) -> bool:
    """Whether a file lies in a verified de-identified copy and still has the bytes that were verified.

    Args:
        path: The file.
        digest: SHA-256 of its bytes, in hexadecimal.
    """
    for folder in path.parents:
        manifest = folder / "manifest.json"
        if manifest.is_file():
            try:
                document: Any = json.loads(manifest.read_text())
                return bool(
                    document.get("kind") == KIND
                    and document.get("verified") is True
                    and document["files"].get(path.relative_to(folder).as_posix()) == digest
                )
            except (OSError, ValueError, AttributeError, KeyError, TypeError):
                return False
    return False
