"""What every test stands on: no network, one thread a library, a cache of its own, and `tiny` built once."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

os.environ.setdefault("OMP_NUM_THREADS", "2")

from medgpt_cli.core import offline

offline.go_offline()


@pytest.fixture(scope="session", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The cache folder of this test session; nothing outside it is written."""
    folder = tmp_path_factory.mktemp("cache")
    os.environ["MEDGPT_CACHE"] = str(folder)
    return folder


@pytest.fixture(scope="session")
def tiny(cache: Path) -> Path:
    """The checkpoint folder of `tiny`."""
    from medgpt_cli.models import embedded

    return embedded.folder("tiny")
