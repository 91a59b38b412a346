from __future__ import annotations

import json
from pathlib import Path

from medgpt_cli.core import runs
from tests.core.test_rundir import finished


def test_the_newest_run_is_the_one_that_ended_last(tmp_path: Path) -> None:
    assert runs.newest_run(tmp_path) is None
    first, second = finished(tmp_path / "b"), finished(tmp_path / "a")
    assert runs.newest_run(tmp_path) == second
    state = json.loads((second / "state.json").read_text())
    (second / "state.json").write_text(json.dumps({**state, "state": "running"}))
    assert runs.newest_run(tmp_path) == first
