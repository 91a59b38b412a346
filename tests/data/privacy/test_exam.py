"""The exam at small size: what the rules find in held-out notes, with thresholds; and how it is marked.

The full one, with intervals and with named entities, is `tests/benchmarks/phi.py`.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from medgpt_cli.data.privacy.findings import Finding, Identifier
from medgpt_cli.data.privacy.text import find_text
from tests.benchmarks import phi
from tests.benchmarks.phi_scores import score
from tests.benchmarks.phi_texts import Known, generated


@pytest.fixture(scope="module")
def heldout() -> dict:  # type: ignore[type-arg]
    return score(generated("heldout", 4), find_text)


@pytest.mark.parametrize(
    ("identifier", "least"),
    [
        ("name", 0.93), ("place", 0.92), ("date", 0.97), ("phone", 0.99), ("fax", 0.99), ("email", 0.99), ("ssn", 0.99),
        ("record_number", 0.95), ("plan", 0.99), ("account", 0.99), ("licence", 0.99), ("device", 0.99),
        ("vehicle", 0.99), ("url", 0.99), ("ip", 0.99), ("other", 0.9),
    ],
)  # fmt: skip
def test_held_out_identifiers_are_found(heldout: dict, identifier: str, least: float) -> None:  # type: ignore[type-arg]
    assert heldout["classes"][identifier]["recall"]["share"] >= least


def test_held_out_look_alikes_are_left(heldout: dict) -> None:  # type: ignore[type-arg]
    assert heldout["precision"]["share"] >= 0.97
    assert heldout["over_redaction"] <= 0.02
    assert heldout["wrong_sure"] <= 2


def test_the_marks_are_those_counted_by_hand() -> None:
    text = "Ann Lee, MRN 123; Foley. Acme"
    known = Known(
        text,
        spans=((0, 7, "name", "name.full"), (13, 16, "record_number", "mrn")),
        ignored=((25, 29),),
        lookalikes=((18, 24, "eponym"),),
    )

    def find(_: str) -> list[Finding]:
        return [
            Finding(Identifier.NAME, 0, 3, "rule", sure=False),  # half of the name
            Finding(Identifier.OTHER, 13, 16, "rule", sure=True),  # found, by another class
            Finding(Identifier.NAME, 18, 23, "rule", sure=True),  # the catheter
            Finding(Identifier.NAME, 25, 29, "rule", sure=False),  # neither right nor wrong
        ]

    marks = score([known], find)
    assert (marks["identifiers"]["k"], marks["identifiers"]["n"]) == (1, 2)
    assert marks["classes"]["name"] == {
        "recall": {"k": 0, "n": 1, "share": 0.0, "low": 0.0, "high": pytest.approx(0.793, abs=1e-3)},
        "touched": 1,
        "right_class": 1,
    }
    assert marks["classes"]["record_number"]["right_class"] == 0
    assert (marks["precision"]["k"], marks["precision"]["n"]) == (2, 3)
    assert marks["over_redaction"] == pytest.approx(5 / 8)  # "Foley" of "MRN" and "Foley"
    assert (marks["wrong_sure"], marks["lookalikes"]["eponym"]["k"]) == (1, 1)


def test_the_report_says_what_was_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(phi, "openmed", lambda: None)
    monkeypatch.setattr(phi, "radlabels", lambda: None)
    monkeypatch.setattr(phi, "finders", lambda: {"rules": find_text, "more": "not run: pip install x"})
    phi.run(tmp_path, 1)
    page = (tmp_path / "phi.html").read_text()
    assert page.count("not run: openmed is not installed") == 1
    assert page.count("not run: pip install x") == 2
    assert "held-out notes" in (tmp_path / "phi.json").read_text()
