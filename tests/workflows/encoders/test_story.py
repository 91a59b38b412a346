"""`medgpt eval encoders`: three kinds of tower behind one language model; interrupted, gone on with, refused."""

from __future__ import annotations

import contextlib
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from medgpt_cli.app import main
from medgpt_cli.core.errors import Interrupted
from medgpt_cli.workflows.encoders import story
from tests.models.upstream.making import write_open_clip
from tests.parts import write_tower

TOWERS = ("clip", "siglip", "biomedclip")
WORDS = ["train.max_steps=2", "train.batch_size=2", "eval.max_new_tokens=2"]


def line(*towers: str, out: str = "study") -> list[str]:
    named = [word for tower in towers for word in ("--tower", tower)]
    data = ["--data", "local.jsonl", "--task", "heldout.jsonl"]
    return ["eval", "encoders", *named, "--llm", "tiny", *data, "--out", out, *WORDS]


@pytest.fixture(scope="module")
def folder(tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("encoders")
    write_tower(folder / "clip", "clip")
    write_tower(folder / "siglip", "siglip")
    write_open_clip(folder / "biomedclip", "timm", archive=True)
    write_open_clip(folder / "pmc-clip", "resnet")
    for name in ("one", "two"):
        Image.radial_gradient("L").resize((140, 90 if name == "one" else 60)).save(
            folder / f"{name}.png"
        )
    rows = [
        {"question": f"Is {name} {word}?", "answer": "yes", "image": f"{name}.png"}
        for name in ("one", "two")
        for word in ("bright", "dark")
    ]
    for name, kept in (("local", rows[:2]), ("heldout", rows[1:])):
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in kept))
    return folder


@pytest.fixture(autouse=True)
def _here(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)


class Study:
    """A study that was interrupted at its second tower and gone on with."""

    def __init__(self, stopped: str, first: dict[Path, int], printed: str) -> None:
        self.stopped, self.first, self.printed = stopped, first, printed
        self.document: dict[str, Any] = json.loads(Path("study/summary.json").read_text())


def weights(folder: Path) -> dict[Path, int]:
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*.safetensors")}


@pytest.fixture(scope="module")
def study(folder: Path) -> Iterator[Study]:
    whole, calls = story.run_pipeline, []

    def stops_at_the_second(*words: Any, **named: Any) -> None:
        calls.append(1)
        if len(calls) == 2:
            raise Interrupted("stopped", repair="go on with: medgpt run")
        whole(*words, **named)

    said, printed = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch, contextlib.chdir(folder):
        patch.setattr(story, "run_pipeline", stops_at_the_second)
        with contextlib.redirect_stderr(said):
            assert main(line(*TOWERS)) == 130
        first = weights(Path("study/clip"))
        with contextlib.redirect_stdout(printed):
            assert main([*line(*TOWERS), "--resume"]) == 0
        yield Study(said.getvalue(), first, printed.getvalue())


def test_stopped_it_goes_on_by_its_own_line_and_trains_nothing_twice(study: Study) -> None:
    assert study.stopped.splitlines()[-1] == (
        "go on with: medgpt eval encoders --tower clip --tower siglip --tower biomedclip --data local.jsonl "
        "--task heldout.jsonl --llm tiny --recipes encoder-study --out study --resume " + " ".join(WORDS)
    )
    assert study.first
    assert weights(Path("study/clip")) == study.first


def test_every_tower_is_trained_alike_behind_the_same_language_model(study: Study) -> None:
    told = {each["name"]: each for each in study.document["towers"]}
    assert list(told) == list(TOWERS)
    assert [each["kind"] for each in told.values()] == [
        "clip_vision_model",
        "siglip_vision_model",
        "vit",
    ]
    assert [(each["side"], each["patches"]) for each in told.values()] == [(28, 4), (28, 4), (224, 196)]
    for each in told.values():
        align, sft = each["stages"]
        assert (align["steps"], sft["steps"]) == (2, 2)
        assert {part for part, count in align["learnt"].items() if count} == {"projector"}
        assert {part for part, count in sft["learnt"].items() if count} == {"projector", "llm"}
        recipes = [
            json.loads((Path("study") / each["folder"] / stage / "recipe.json").read_text())
            for stage in ("1-align", "2-sft")
        ]
        assert recipes[0]["model"]["llm"] == "tiny"
        assert recipes[0]["model"]["vision"] == each["name"]
        assert recipes[1]["lora"]["r"] == 16
        assert {recipe["train"]["seed"] for recipe in recipes} == {0}
    assert len({each["stages"][0]["start"] for each in told.values()}) == 3


def test_scores_and_differences_are_those_of_eval_compare(
    study: Study, capsys: pytest.CaptureFixture[str]
) -> None:
    runs = [f"study/{tower}/scores/2-sft" for tower in TOWERS]
    for run, tower in zip(runs, study.document["towers"], strict=True):
        (scores,) = json.loads((Path(run) / "scores.json").read_text())["tasks"]
        (headline,) = [each for each in scores["measures"] if each["name"] == scores["headline"]]
        assert tower["scores"]["heldout"]["value"] == headline["value"]
        assert tower["scores"]["heldout"]["high"] == headline["high"] > 0
    capsys.readouterr()
    assert main(["eval", "compare", *runs, "--json"]) == 0
    (task,) = json.loads(capsys.readouterr().out)["tasks"]
    assert [each["result"] for each in study.document["comparisons"]] == task["against_first"]
    named = [(each["tower"], each["against"]) for each in study.document["comparisons"]]
    assert named == [("siglip", "clip"), ("biomedclip", "clip")]


def test_the_table_and_the_page_say_what_is_not_the_same(study: Study) -> None:
    head, *rows = study.printed.splitlines()
    assert head.split()[:5] == ["task", "measure", "tower", "score", "95"]
    assert [row.split()[2] for row in rows[:3]] == list(TOWERS)
    assert re.search(r"biomedclip +vit +5,561,472 +224 x 224 +196 ", study.printed)
    page = Path("study/report.html").read_text()
    assert "Not the same: the size of what a tower sees" in page
    assert "224 x 224" in page
    assert not re.search(r"https?://|<script|<link|src=", page)
    for text in ("Is one", "bright", "one.png"):
        assert text not in page + Path("study/summary.json").read_text()


def test_finished_it_says_so_and_another_study_is_refused(
    study: Study, capsys: pytest.CaptureFixture[str]
) -> None:
    before = weights(Path("study"))
    assert main([*line(*TOWERS), "--resume", "--json"]) == 0
    out, err = capsys.readouterr()
    assert json.loads(out) == {**study.document, "out": "study"}
    assert "study had already finished." in err
    assert weights(Path("study")) == before
    assert main([*line("siglip", "clip"), "--resume"]) == 2
    assert "study holds another study, with different towers" in capsys.readouterr().err
    assert main(["verify", "study"]) == 0


def test_towers_that_cannot_be_held_are_told_at_once_before_anything_is_done(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(line("clip", "pmc-clip", "nowhere", out="none")) == 3
    err = capsys.readouterr().err
    assert (
        "pmc-clip  the tower is no vision transformer; it is for transfer only; compare it with " in err
    )
    assert "medgpt eval transfer --tower pmc-clip" in err
    assert "nowhere  there is no model folder nowhere" in err
    assert "2 of 3 towers cannot be used, so nothing was trained" in err
    assert not Path("none").exists()


@pytest.mark.parametrize(
    ("towers", "says"),
    [
        (("clip",), "one tower alone has nothing to be compared with"),
        (("clip", "clip"), "a tower is named twice"),
    ],
)
def test_towers_that_make_no_study(
    towers: tuple[str, ...], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(line(*towers, out="none")) == 2
    assert says in capsys.readouterr().err


def test_recipes_that_name_their_own_model_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "1-align.yaml").write_text("stage: align\nmodel: {base: tiny}\n")
    (tmp_path / "2-eval.yaml").write_text("stage: eval\n")
    assert main([*line("clip", "siglip", out="none"), "--recipes", str(tmp_path)]) == 3
    assert "1-align names its own model, and the study gives it one" in capsys.readouterr().err


def test_a_dry_run_names_every_line_and_writes_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*line("clip", "siglip", out="none"), "--dry-run"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert (
        lines[0] == "clip: clip_vision_model, 44,768 parameters, sees 28 x 28 pixels, 4 tokens a picture"
    )
    assert [text.split()[1] for text in lines[1:5]] == ["align", "eval", "sft", "eval"]
    assert not Path("none").exists()
