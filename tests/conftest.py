"""What every test stands on: no network, one thread a library, a cache of its own, and `tiny-untrained` built once."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import hypothesis
import pytest

os.environ.setdefault("OMP_NUM_THREADS", "1")
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell ignores Ctrl-C for what it runs in the background, and what is started from there inherits that.
    signal.signal(signal.SIGINT, signal.default_int_handler)

from medgpt_cli.core import console, offline
from medgpt_cli.core.cache import cache_path

offline.go_offline()

# The same examples in every run, and no clock: a busy machine is no fault of the code.
hypothesis.settings.register_profile("medgpt", deadline=None, derandomize=True, database=None)
hypothesis.settings.load_profile("medgpt")

PERSONAL_CACHE = cache_path()
"""Where the person who runs the tests keeps fetched models; read by long tests, written by none."""


@pytest.fixture(scope="session", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The cache folder of this test session; nothing outside it is written."""
    folder = tmp_path_factory.mktemp("cache")
    os.environ["MEDGPT_CACHE"] = str(folder)
    return folder


@pytest.fixture(scope="session")
def tiny(cache: Path) -> Path:
    """The checkpoint folder of `tiny-untrained`: random weights in float32, the same on every machine."""
    from medgpt_cli.models import embedded

    return embedded.folder("tiny-untrained")


@pytest.fixture(autouse=True)
def speaking() -> None:
    """No test inherits the `--quiet` of a command line run before it."""
    console.set_quiet(False)
