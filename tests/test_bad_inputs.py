"""Every bad input in one table: its exit code, its name in `--json` and its exact message, and never a traceback."""

from __future__ import annotations

from pathlib import Path

import pytest

from medgpt_cli.core.errors import MedGPTError
from tests.bad_inputs import comparisons, images, models, recipes, records, reports, runs
from tests.bad_inputs.case import Case

CASES = [
    *records.CASES,
    *images.CASES,
    *recipes.CASES,
    *models.CASES,
    *runs.CASES,
    *comparisons.CASES,
    *reports.CASES,
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_bad_input_is_refused_in_these_words(
    case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(MedGPTError) as caught:
        case.refused()
    assert str(caught.value) == case.says
    assert (caught.value.code, caught.value.exit_code) == (case.code, case.exit_code)


def test_no_two_cases_share_a_name() -> None:
    names = [case.name for case in CASES]
    assert len(names) == len(set(names)) >= 40
