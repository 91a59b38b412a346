"""What several of these tests begin with."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import exporting


@pytest.fixture(scope="session")
def exported(tmp_path_factory: pytest.TempPathFactory, tiny: Path) -> Path:
    """A folder that holds a run (`run`), its records (`a.jsonl`, `a.png`) and its export (`exp`); changed by none."""
    return exporting.make(tmp_path_factory.mktemp("exported"))
