"""The families for real sets: their data recipes read the published layouts, in the access classes they name."""

from __future__ import annotations

from pathlib import Path

import pytest

from medgpt_cli.app import main
from medgpt_cli.core.recipe import read_recipe
from medgpt_cli.core.recipe.families import families, find_family
from medgpt_cli.core.recipe.locating import shipped
from medgpt_cli.data.sources.registry import find
from tests.data.sources.layouts import LAYOUTS as FIGURES
from tests.data.sources.layouts_questions import LAYOUTS as QUESTIONS
from tests.data.sources.layouts_reports import LAYOUTS as REPORTS

LAYOUTS = FIGURES | QUESTIONS | REPORTS
DATA = [name for name in shipped() if "/0-data" in name]
EVALUATED = {
    "sets/medxpertqa": "medxpertqa",
    "sets/slake": "slake",
    "sets/medframeqa": "medframeqa",
    "sets/mmmu": "mmmu-medical",
    "sets/mmmu_pro": "mmmu-pro-medical",
    "sets/medbullets": "medbullets",
    "sets/mimic_cxr": "mimic-cxr",
    "sets/path_vqa": "path-vqa",
    "sets/vqa_med_2019": "vqa-med-2019",
}


def test_the_families_that_ship() -> None:
    assert families() == ("encoder-study", "medgpt-oss-20b", "openmedq", "tiny")
    assert [each.name for each in find_family("medgpt-oss-20b").members] == [
        *("0-data-align", "0-data-midtrain", "0-data-sft"),
        *("1-align", "2-midtrain", "3-sft", "4-adapt", "5-eval", "6-export"),
    ]


@pytest.mark.parametrize("name", DATA)
def test_its_access_classes_are_those_of_the_adapters(name: str) -> None:
    text = shipped()[name].path.read_text()
    for source in read_recipe(name, stage="data").recipe.data.sources:
        (line,) = [line for line in text.splitlines() if f"adapter: {source.adapter}" + "}" in line
                   or f"adapter: {source.adapter}," in line]  # fmt: skip
        assert line.split("# ")[1].split(":")[0].split(",")[0] == find(source.adapter).access.value, line


@pytest.mark.parametrize("name", DATA)
def test_it_reads_the_published_layouts(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    asked = read_recipe(name, stage="data").recipe.data
    wanted = {source.path: source.adapter for source in asked.sources}
    wanted |= {path: EVALUATED[path] for path in asked.against if path not in wanted}
    for path, adapter in wanted.items():
        root = Path(path)
        root.mkdir(parents=True)
        LAYOUTS[adapter](root)
    code = main(["data", "prep", "--recipe", name, "--dry-run"])
    assert code == 0, capsys.readouterr().err


def test_openmedq_names_fourteen_sets_of_which_none_asks_for_an_application() -> None:
    sources = read_recipe("openmedq/0-data", stage="data").recipe.data.sources
    assert len(sources) == 14
    assert {find(source.adapter).access.value for source in sources} == {"open", "research"}
