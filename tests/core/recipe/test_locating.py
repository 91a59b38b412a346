from __future__ import annotations

from pathlib import Path

import pytest

import medgpt_cli
from medgpt_cli.core.errors import BadRecipe
from medgpt_cli.core.recipe import locating


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_a_file_wins_over_a_shipped_name() -> None:
    Path("sft").mkdir()
    assert locating.find("sft").label == "recipes/sft.yaml"
    Path("sft/recipe.json").touch()
    assert locating.find("sft") == locating.Found(Path("sft/recipe.json"), "sft/recipe.json")


def test_shipped_recipes_of_an_installed_wheel_lie_inside_the_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "site-packages" / "medgpt_cli"
    (package / "recipes" / "tiny").mkdir(parents=True)
    (package / "recipes" / "tiny" / "3-sft.yaml").touch()
    monkeypatch.setattr(medgpt_cli, "__file__", str(package / "__init__.py"))
    assert locating.find("tiny/3-sft") == locating.Found(
        package / "recipes" / "tiny" / "3-sft.yaml", "recipes/tiny/3-sft.yaml"
    )


@pytest.mark.parametrize(
    ("source", "says"),
    [
        (
            "stf",
            "no recipe stf; did you mean sft?\n"
            "name a file, a run folder, or one of: adapt, align, data, eval, export, midtrain, sft",
        ),
        (
            "nothing.yaml",
            "no recipe nothing.yaml\n"
            "name a file, a run folder, or one of: adapt, align, data, eval, export, midtrain, sft",
        ),
        ("folder", "folder is a folder without recipe.json\nname a recipe file or a run folder"),
        (
            "records.jsonl",
            "records.jsonl is not a recipe: its name ends in none of .yaml, .yml, .json\n"
            "records to train on are named with --data",
        ),
    ],
)
def test_not_found(source: str, says: str) -> None:
    Path("folder").mkdir()
    Path("records.jsonl").touch()
    with pytest.raises(BadRecipe) as caught:
        locating.find(source)
    assert str(caught.value) == says


def test_recipes_below_a_folder_are_found_at_any_depth() -> None:
    for name in ("b/deep/x.yaml", "a.yml", "b/recipe.json", "b/manifest.json", "b/README.md"):
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).touch()
    found = [str(path) for path in locating.below(Path())]
    assert found == ["a.yml", "b/deep/x.yaml", "b/recipe.json"]
