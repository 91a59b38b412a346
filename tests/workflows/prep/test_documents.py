"""Long documents and tables of one's own, from a recipe to a prepared set."""

from __future__ import annotations

from pathlib import Path

import pytest

from medgpt_cli.data.prepared.opening import PreparedSet
from medgpt_cli.data.sources.registry import find
from tests.data.sources.test_jats import FRONT, HEAD
from tests.data.sources.writing import as_csv
from tests.workflows.prep.making import picture, prep, text

LONGEST = 400


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_articles_are_cut_with_their_figures_in_place() -> None:
    folder = Path("articles/PMC212319")
    folder.mkdir(parents=True)
    figure = (
        '<fig><label>Figure 1</label><caption><p>CT.</p></caption><graphic xlink:href="g001"/></fig>'
    )
    body = "".join(f"<p>{text(number, 40)}.</p>" for number in range(6))
    (folder / "a.nxml").write_text(f"{HEAD}{FRONT}<body>{body}{figure}</body></article>")
    picture(folder / "g001.jpg", 1)
    Path("data.yaml").write_text(
        f"stage: data\ndata:\n  sources:\n    - {{path: articles, cut: {LONGEST}}}\n"
    )
    assert prep("--recipe", "data.yaml", "--out", "out") == 0
    found = list(PreparedSet.open(Path("out")).samples())
    assert len(found) > 3
    assert {sample.licence for sample in found} == {"CC BY 4.0"}
    assert len({sample.split for sample in found}) == 1  # one article is one group
    assert max(sum(len(part) for part in s.document if isinstance(part, str)) for s in found) <= LONGEST
    assert sum(len(sample.images) for sample in found) == 1
    (written,) = find("pmc-articles").read(Path("articles"))
    pieces = [part for s in found for part in s.document if isinstance(part, str)]
    assert sorted(" ".join(pieces).split()) == sorted(
        written.record["text"].replace("<image>", "").split()
    )


def test_a_table_of_ones_own_by_a_map_of_its_columns() -> None:
    picture(Path("1.png"), 1)
    rows = [{"Q": text(n), "A": text(n + 50), "path": "1.png", "pid": f"p{n}"} for n in range(4)]
    as_csv(Path("local.csv"), rows)
    Path("data.yaml").write_text(
        "stage: data\ndata:\n  sources:\n    - path: local.csv\n"
        "      columns: {question: Q, answer: A, image: path, patient_id: pid}\n"
    )
    assert prep("--recipe", "data.yaml", "--out", "out") == 0
    found = sorted(PreparedSet.open(Path("out")).samples(), key=lambda sample: sample.patient_id)
    assert [sample.answer for sample in found] == [row["A"] for row in rows]
    assert all(len(sample.images) == 1 for sample in found)
