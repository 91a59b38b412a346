"""Comparing towers, as a person does it: real towers, real training, at toy size."""

from __future__ import annotations

import html
import json
import signal
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from sklearn.metrics import accuracy_score, f1_score

from medgpt_cli.app import main
from medgpt_cli.core.files import sha256_file
from medgpt_cli.evaluation.transfer.words import BY, STANDS
from medgpt_cli.workflows import transfer_jobs
from tests.data.classification.making import patient_rows, write_folders, write_npz, write_table
from tests.models.upstream.making import write_open_clip
from tests.parts import write_tower
from tests.transfer_sets import write_sets

SETS = ("--data", "planes.npz", "--data", "cxr", "--data", "views.csv")
TOWERS = ("--tower", "clip", "--tower", "pmc-clip", "--tower", "scratch")
QUICK = ("seeds=2", "finetune.epochs=2", "finetune.least_steps=2", "probe.c=[0.1, 1]")


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("inputs")
    write_tower(folder / "clip", "clip")
    write_open_clip(folder / "pmc-clip", "resnet")
    write_npz(folder / "planes.npz")
    write_folders(folder / "cxr", 6)
    write_table(folder / "views.csv", patient_rows(folder), ("image", "label", "patient"))
    return folder


@pytest.fixture(autouse=True)
def _here(inputs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(inputs)


@pytest.fixture(scope="module")
def whole(inputs: Path) -> Path:
    """One comparison of everything, from beginning to end."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(inputs)
        assert main(["eval", "transfer", *TOWERS, *SETS, *QUICK, "--out", "whole", "--quiet"]) == 0
    return inputs / "whole"


def scores(folder: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((folder / "scores.json").read_text())
    return document


def test_scores_are_scikit_learns_of_the_predictions(whole: Path) -> None:
    lines = [json.loads(line) for line in (whole / "predictions.jsonl").read_text().splitlines()]
    document = scores(whole)
    labels = {each["name"]: each["labels"] for each in document["sets"]}
    checked = 0
    for score in document["scores"]:
        if score["set"] == "mean":
            continue
        own = [line for line in lines if line["set"] == score["set"]]
        gold = [line["label"] for line in own]
        given = [line["predicted"][f"{score['tower']} {score['mode']}"] for line in own]
        by_seed = [
            f1_score(gold, seed, labels=labels[score["set"]], average="macro", zero_division=0)
            for seed in zip(*given, strict=True)
        ]
        right = [accuracy_score(gold, seed) for seed in zip(*given, strict=True)]
        assert score["by_seed"] == pytest.approx(by_seed)
        assert score["macro_f1"] == pytest.approx(sum(by_seed) / 2)
        assert score["accuracy"] == pytest.approx(sum(right) / 2)
        assert score["n"] == len(own)
        checked += 1
    assert checked == 3 * 3 * 2
    means = {(s["tower"], s["mode"]): s for s in document["scores"] if s["set"] == "mean"}
    for (tower, mode), mean in means.items():
        own = [s["macro_f1"] for s in document["scores"]
               if (s["tower"], s["mode"]) == (tower, mode) and s["set"] != "mean"]  # fmt: skip
        assert mean["macro_f1"] == pytest.approx(sum(own) / 3)


def test_every_tower_is_compared_with_the_first(whole: Path) -> None:
    document = scores(whole)
    pairs = Counter((each["second"], each["first"]) for each in document["comparisons"])
    assert pairs == {
        ("clip", "pmc-clip"): 8,
        ("clip", "scratch"): 8,
    }  # three sets and their mean, two modes
    by_name = {(s["set"], s["mode"], s["tower"]): s["macro_f1"] for s in document["scores"]}
    for each in document["comparisons"]:
        lead = (
            by_name[each["set"], each["mode"], "clip"]
            - by_name[each["set"], each["mode"], each["first"]]
        )
        assert each["result"]["difference"] == pytest.approx(lead)
        assert each["result"]["adjusted"] >= each["result"]["p"]


def test_the_report_says_in_words_who_is_ahead(whole: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = scores(whole)["found"]
    by_mode = [
        f"clip {stands} {other} by {mode}"
        for mode in ("a linear probe", "full fine-tuning")
        for other in ("pmc-clip", "scratch")
        for stands in [
            next(
                STANDS[each["result"]["verdict"]]
                for each in scores(whole)["comparisons"]
                if (each["set"], each["first"], BY[each["mode"]]) == ("mean", other, f"by {mode}")
            )
        ]
    ]
    assert [sentence.partition(": ")[0] for sentence in found] == by_mode
    page = (whole / "report.html").read_text()
    assert all(html.escape(sentence) in page for sentence in found)
    capsys.readouterr()
    assert main(["eval", "transfer", *TOWERS, *SETS, *QUICK, "--out", "whole", "--resume"]) == 0
    assert capsys.readouterr().out.endswith("".join(f"{sentence}\n" for sentence in found))


def test_splits_are_by_patient_where_patients_are_told(whole: Path) -> None:
    told = {each["name"]: each for each in scores(whole)["sets"]}
    assert told["views"]["parted"].startswith("by patient here")
    assert told["cxr"]["parted"].startswith("by picture here")
    assert told["planes"]["parted"] == "by the set"
    views = [s for s in scores(whole)["scores"] if s["set"] == "views"]
    assert {s["n"] for s in views} == {2 * s["cases"] for s in views}


def test_a_probe_of_pretrained_weights_is_done_once_and_scratch_for_each_seed(whole: Path) -> None:
    done = Counter((job["tower"], job["mode"]) for job in scores(whole)["jobs"])
    assert done == {
        ("clip", "probe"): 3,
        ("pmc-clip", "probe"): 3,
        ("scratch", "probe"): 6,
        ("clip", "finetune"): 6,
        ("pmc-clip", "finetune"): 6,
        ("scratch", "finetune"): 6,
    }


def test_the_manifest_names_everything_by_its_hash(whole: Path) -> None:
    manifest = json.loads((whole / "manifest.json").read_text())
    assert set(manifest["files"]) == {"scores.json", "predictions.jsonl", "report.html"}
    for name, digest in manifest["files"].items():
        assert sha256_file(whole / name) == digest
    assert set(manifest["asked"]["towers"]) == {"clip", "pmc-clip", "scratch"}
    assert manifest["asked"]["sets"] == {each["name"]: each["hash"] for each in scores(whole)["sets"]}
    assert json.loads((whole / "state.json").read_text()) == {"state": "done", "kind": "transfer"}


def test_the_report_says_everything_and_names_no_file(whole: Path) -> None:
    page = (whole / "report.html").read_text()
    for word in ("finetune.least_steps", "pmc-clip", "by patient here", "Research software", "striped"):
        assert word in page
    assert "src=" not in page
    assert "http" not in page
    kept = [
        page,
        *(file.read_text() for file in whole.rglob("*") if file.suffix in (".json", ".jsonl", ".txt")),
    ]
    assert not any("Miller" in text for text in kept)


def test_the_same_line_gives_the_same_bytes(whole: Path) -> None:
    line = [
        "eval",
        "transfer",
        "--tower",
        "clip",
        "--tower",
        "scratch",
        "--data",
        "cxr",
        *QUICK,
        "--quiet",
    ]
    for name in ("one", "two"):
        assert main([*line, "--out", name]) == 0
    assert Path("one/predictions.jsonl").read_bytes() == Path("two/predictions.jsonl").read_bytes()
    documents = [scores(Path(name)) for name in ("one", "two")]
    for document in documents:
        for job in document["jobs"]:
            del job["seconds"]
    assert documents[0] == documents[1]


def test_a_run_that_was_stopped_goes_on(
    whole: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    line = ["eval", "transfer", "--tower", "clip", "--tower", "scratch", "--data", "cxr", *QUICK]
    done = transfer_jobs._done
    begun: list[str] = []

    def stopped(run: Any, job: Any, *rest: Any) -> Any:
        begun.append(job.name)
        if len(begun) == 3:
            signal.raise_signal(signal.SIGTERM)
        return done(run, job, *rest)

    monkeypatch.setattr(transfer_jobs, "_done", stopped)
    assert main([*line, "--out", "parts"]) == 75
    assert "give the same line again with --resume" in capsys.readouterr().err
    assert main([*line, "--out", "parts"]) == 2  # without --resume nothing is overwritten
    assert main([*line, "--out", "parts", "--resume"]) == 0
    assert len(begun) == 7 + 1  # seven trainings, one of them begun twice
    assert len(set(begun)) == 7
    assert main([*line, "--out", "parts", "--resume"]) == 0
    assert "had already finished" in capsys.readouterr().err
    monkeypatch.undo()
    monkeypatch.chdir(whole.parent)
    assert main([*line, "--out", "uncut", "--quiet"]) == 0
    assert Path("parts/predictions.jsonl").read_bytes() == Path("uncut/predictions.jsonl").read_bytes()
    assert scores(Path("parts"))["scores"] == scores(Path("uncut"))["scores"]


def test_another_recipe_is_not_gone_on_with(whole: Path, capsys: pytest.CaptureFixture[str]) -> None:
    line = ["eval", "transfer", *TOWERS, *SETS, "--out", "whole", "--resume"]
    assert main([*line, *QUICK, "seed=5"]) == 2
    assert capsys.readouterr().err.endswith(
        "whole holds another transfer, with different recipe\n"
        "name another --out, or overwrite with --force\n"
    )


def test_a_dry_run_counts_and_writes_nothing(inputs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = sorted(inputs.iterdir())
    assert main(["eval", "transfer", *TOWERS, "--data", "planes.npz", *QUICK, "--dry-run"]) == 0
    assert capsys.readouterr().out == (
        "clip: clip_vision_model, 44,768 parameters\n"
        "pmc-clip: resnet, 330,540 parameters\n"
        "scratch: clip_vision_model, 44,768 parameters\n"
        "planes: 3 classes, 24 pictures to train, 12 to choose, 18 to test, parted by the set\n"
        "10 trainings\n"
    )
    assert sorted(inputs.iterdir()) == before


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (
            ("--tower", "scratch", "--data", "cxr"),
            2,
            "error: scratch has the architecture of another tower, and none is named\nname one with --tower\n",
        ),
        (
            ("--tower", "clip", "--tower", "clip", "--data", "cxr"),
            2,
            "error: a tower is named twice\nname each --tower once\n",
        ),
        (
            ("--tower", "clip", "--data", "cxr", "--data", "sub/cxr.npz"),
            2,
            "error: 1 names stand for several sets (such as cxr)\n"
            "rename the file or folder: its name is the set's\n",
        ),
        (
            ("--tower", "clip", "--data", "none.csv", "--data", "gone.npz"),
            3,
            "none.csv  there is no such set; name a .npz, a .csv, or a folder of folders\n"
            "gone.npz  there is no such set; name a .npz, a .csv, or a folder of folders\n"
            "error: 2 of 2 sets cannot be used\n",
        ),
        (
            ("--tower", "clip", "--data", "cxr", "layer=9"),
            2,
            "error: clip  layer=9 is none of a tower with 3 layers\nname one from -4 to 3\n",
        ),
    ],
)
def test_words_that_cannot_be_are_refused(
    inputs: Path, words: tuple[str, ...], code: int, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (inputs / "sub").mkdir(exist_ok=True)
    write_npz(inputs / "sub" / "cxr.npz")
    assert main(["eval", "transfer", *words, "--out", "never"]) == code
    assert capsys.readouterr().err == says
    assert not (inputs / "never").exists()


@pytest.mark.slow
def test_real_sets_cut_from_installed_packages_are_read_in_every_form(inputs: Path) -> None:
    assert main(["data", "sample", "--out", "sample", "--slices", "0.4"]) == 0
    paths = write_sets(Path("sample"), Path("real"))
    words = [word for path in paths for word in ("--data", str(path))]
    towers = ("--tower", "tiny", "--tower", "scratch")
    line = ["eval", "transfer", *towers, *words, "--mode", "probe", "seeds=1", "--out", "cut"]
    assert main(line) == 0
    document = scores(Path("cut"))
    assert [each["form"] for each in document["sets"]] == ["npz", "table", "table", "folder"]
    assert all(min(each["counts"].values()) > 0 for each in document["sets"])
    assert not any(each["notes"] for each in document["sets"])
