from __future__ import annotations

import json
from pathlib import Path

import pytest

from medgpt_cli.data.privacy.manifest import vouched_for

GOOD = {"kind": "deidentified", "verified": True, "files": {"a.jsonl": "aa", "sub/b.jsonl": "bb"}}


@pytest.mark.parametrize(
    ("document", "name", "digest", "vouched"),
    [
        (GOOD, "a.jsonl", "aa", True),
        (GOOD, "sub/b.jsonl", "bb", True),
        (GOOD, "a.jsonl", "other", False),
        (GOOD, "c.jsonl", "aa", False),
        (GOOD | {"verified": False}, "a.jsonl", "aa", False),
        (GOOD | {"verified": "yes"}, "a.jsonl", "aa", False),
        (GOOD | {"kind": "prepared"}, "a.jsonl", "aa", False),
        ({"kind": "deidentified", "verified": True}, "a.jsonl", "aa", False),
        ([], "a.jsonl", "aa", False),
        (None, "a.jsonl", "aa", False),
    ],
)
def test_only_the_bytes_that_were_verified(
    tmp_path: Path, document: object, name: str, digest: str, vouched: bool
) -> None:
    (tmp_path / "sub").mkdir()
    if document is not None:
        (tmp_path / "manifest.json").write_text(json.dumps(document))
    assert vouched_for(tmp_path / name, digest) is vouched
