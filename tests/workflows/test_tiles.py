"""`model.max_tiles` from the recipe to the answer: what is learnt, kept with the model, shown, counted and told."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from medgpt_cli.app import main
from medgpt_cli.core.manifest import file_hashes
from medgpt_cli.data.images.tiles import tiles_of
from medgpt_cli.models import checkpoint, tiles
from medgpt_cli.workflows import export_check, export_facts
from medgpt_cli.workflows.naming import named_model
from tests.exporting import inside
from tests.pictures import film

PICTURES = {"small": (90, 80), "large": (250, 240), "tall": (150, 300)}
SQUARES = {"small": 1, "large": 5, "tall": 3}
SIDE = 112
"""Pixels of tiny's tower; 64 tokens."""
STEP = ["train.max_steps=1", "train.batch_size=4", "train.lr=1e-3", "--quiet"]
ASK = ["--prompt", "Which plane?", "--max-new-tokens", "3", "--json", "--quiet"]


def records(names: dict[str, list[str]]) -> str:
    """One question about each picture, which may be several files, one about two of them, and a text."""
    lines: list[dict[str, Any]] = [
        {"question": f"Which plane is {name}?", "answer": "axial", "images": files}
        for name, files in names.items()
    ]
    both = [*names["large"], *names["small"]]
    lines += [{"question": "The same?", "answer": "no", "images": both}, {"text": "Dullness is a sign."}]
    return "".join(json.dumps(line) + "\n" for line in lines)


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of one step on pictures in tiles, and one on the same squares written by hand as pictures."""
    folder = tmp_path_factory.mktemp("tiled")
    names: dict[str, list[str]] = {}
    with inside(folder):
        for seed, (name, size) in enumerate(PICTURES.items()):
            film(seed, *size).save(f"{name}.png")
            squares = tiles_of(Image.open(f"{name}.png"), SIDE, 4)
            names[name] = [f"{name}-{number}.png" for number in range(len(squares))]
            for file, square in zip(names[name], squares, strict=True):
                square.save(file)
        Path("local.jsonl").write_text(records({name: [f"{name}.png"] for name in PICTURES}))
        Path("byhand.jsonl").write_text(records(names))
        for data, word in (("local", "model.max_tiles=4"), ("byhand", "model.max_tiles=1")):
            assert main(["sft", "--data", f"{data}.jsonl", "--out", data, word, *STEP]) == 0
    return folder


@pytest.fixture(autouse=True)
def _here(room: Path) -> Iterator[None]:
    with inside(room):
        yield


def answer(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    assert main([*words, *ASK]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def outlook(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    assert main(["sft", "--data", "local.jsonl", "--dry-run", "--json", *words]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def test_tiles_teach_what_the_same_squares_written_by_hand_teach() -> None:
    tiled, byhand = (file_hashes(Path(run) / "model") for run in ("local", "byhand"))
    assert {name for name in tiled if tiled[name] != byhand[name]} == {"processor_config.json"}
    first, second = (
        [json.loads(line) for line in Path(run, "metrics.jsonl").read_text().splitlines()]
        for run in ("local", "byhand")
    )
    assert first[0]["loss"] == second[0]["loss"]
    assert first[0]["tokens"] == second[0]["tokens"]


def test_the_number_is_kept_with_the_model_and_none_where_pictures_are_whole(tiny: Path) -> None:
    assert tiles.tiles_of(Path("local/model")) == 4
    assert json.loads(Path("local/recipe.json").read_text())["model"]["max_tiles"] == 4
    plain = file_hashes(tiny)
    assert file_hashes(Path("byhand/model"))["processor_config.json"] == plain["processor_config.json"]


def test_chat_shows_the_tiles_it_was_trained_with(capsys: pytest.CaptureFixture[str]) -> None:
    one = answer(capsys, "chat", "--model", "local", "--image", "large.png")
    squares = [f"--image=large-{number}.png" for number in range(SQUARES["large"])]
    several = answer(capsys, "chat", "--model", "byhand", *squares)
    assert (several["answer"], several["prompt_tokens"]) == (one["answer"], one["prompt_tokens"])
    assert (several["images"], one["images"]) == (5, 1)
    whole = answer(capsys, "chat", "--model", "byhand", "--image", "large.png")
    assert one["prompt_tokens"] == whole["prompt_tokens"] + (SQUARES["large"] - 1) * 64


def test_the_next_stage_goes_on_as_its_model_began(capsys: pytest.CaptureFixture[str]) -> None:
    shown = sum(SQUARES.values()) + SQUARES["large"] + SQUARES["small"]
    found = outlook(capsys, "--model", "local")
    assert (found["images"], found["tiles"]) == (5, shown)
    found = outlook(capsys, "--model", "byhand")
    assert (found["images"], found["tiles"]) == (5, 5)


@pytest.mark.parametrize(
    ("model", "word", "told"),
    [
        ("local", 1, "which is shown pictures in up to 4 tiles: from here on they are shown whole"),
        (
            "local",
            2,
            "which is shown pictures in up to 4 tiles: from here on they are shown in up to 2 tiles",
        ),
        ("byhand", 4, "which is shown pictures whole: from here on they are shown in up to 4 tiles"),
        ("local", 4, ""),
    ],
)
def test_another_number_than_the_models_is_said(
    capsys: pytest.CaptureFixture[str], model: str, word: int, told: str
) -> None:
    words = ["--data", "local.jsonl", "--model", model, f"model.max_tiles={word}"]
    assert main(["sft", *words, "--dry-run", "--json"]) == 0
    err = capsys.readouterr().err
    assert (f"model.max_tiles={word} differs from {model}, {told}" in err) is bool(told)
    assert ("differs from" in err) is bool(told)


@pytest.mark.parametrize("word", ["0", "-3", "41", "2.5", "many", "true"])
def test_what_is_no_number_of_tiles_is_refused(capsys: pytest.CaptureFixture[str], word: str) -> None:
    assert main(["sft", "--data", "local.jsonl", f"model.max_tiles={word}"]) == 3
    err = capsys.readouterr().err
    assert "model.max_tiles" in err
    assert "Traceback" not in err


def test_a_plan_counts_the_tiles(capsys: pytest.CaptureFixture[str]) -> None:
    def tokens(*words: str) -> int:
        # A machine that is described need not be measured.
        words = ("--gpus", "1", "--gpu-memory", "80GB", *words)
        assert main(["plan", "sft", "--data", "local.jsonl", "--json", *words]) == 0
        return int(json.loads(capsys.readouterr().out)["rows"]["tokens_per_pass"])

    whole, tiled = tokens(), tokens("model.max_tiles=4")
    more = sum(SQUARES.values()) + SQUARES["large"] + SQUARES["small"] - 5
    assert tiled == whole + more * 64
    assert tokens("--model", "local") == tiled
    assumed = [tokens("--model", "pmc-llama-7b", f"model.max_tiles={number}") for number in (1, 4)]
    assert assumed[1] > assumed[0]  # a shape without a folder: the side of its tower decides


def test_a_record_of_more_tiles_than_a_row_holds_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["sft", "--data", "local.jsonl", "--model", "local", "--out", "never"]
    assert main([*words, "train.max_length=400"]) == 3
    err = capsys.readouterr().err
    assert "1 record is longer than train.max_length=400; nothing is cut off silently" in err
    assert "lower model.max_tiles" in err
    assert "tokens long, 384 of them for 2 images in 6 tiles" in err
    assert main([*words, "train.packing=true", "train.max_images=4"]) == 3
    err = capsys.readouterr().err
    assert "2 records show more images than train.max_images=4; nothing is cut off silently" in err
    assert "local.jsonl:2  shows 1 image in 5 tiles" in err
    assert "raise train.max_images, lower model.max_tiles" in err
    assert not Path("never").exists()


def test_a_dialogue_of_many_tiles_is_parted_between_its_questions(
    capsys: pytest.CaptureFixture[str],
) -> None:
    turns = [
        {"role": role, "content": text}
        for text in ("large", "tall")
        for role, text in (("user", f"<image>\nWhich plane is {text}?"), ("assistant", "axial"))
    ]
    document = {"messages": turns, "images": ["large.png", "tall.png"]}
    Path("two.jsonl").write_text(json.dumps(document) + "\n" + '{"text": "Dullness is a sign."}\n')
    words = ["sft", "--data", "two.jsonl", "--model", "local", "--dry-run", "train.overlong=split"]
    # The second piece shows both pictures again, in eight tiles: a row that holds five holds no piece of it.
    assert main([*words, "train.packing=true", "train.max_images=8"]) == 0
    assert main([*words, "train.packing=true", "train.max_images=5"]) == 3
    assert "in a single exchange or paragraph" in capsys.readouterr().err


def test_an_evaluation_says_in_its_protocol_how_pictures_were_shown(
    capsys: pytest.CaptureFixture[str],
) -> None:
    lines = [
        {"id": "1", "question": "Which plane?", "answer": "axial", "image": "large.png"},
        {"id": "2", "question": "Which side?", "answer": "left", "image": "small.png"},
    ]
    Path("ask.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    Path("read.jsonl").write_text('{"id": "1", "question": "HU of water?", "answer": "0"}\n')
    words = ["eval", "run", "--task", "ask.jsonl", "--task", "read.jsonl", "eval.max_new_tokens=3"]
    assert main([*words, "--model", "local", "--out", "scored", "--json", "--quiet"]) == 0
    first, second = (
        task["protocol"].split(" / ") for task in json.loads(capsys.readouterr().out)["tasks"]
    )
    assert first[1] == f"{second[1]}, max_tiles 4"
    answers = [json.loads(line) for line in Path("scored/samples.jsonl").read_text().splitlines()]
    tokens = [each["prompt_tokens"] for each in answers]
    assert tokens[0] - tokens[1] == (SQUARES["large"] - 1) * 64
    assert main([*words, "--model", "byhand", "--dry-run", "--quiet"]) == 0
    assert "max_tiles" not in capsys.readouterr().out


def test_an_adapter_keeps_its_own_number(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["adapt", "--data", "local.jsonl", "--out", "adapted", "model.max_tiles=4", "lora.r=2"]
    assert main([*words, "lora.merge=true", *STEP]) == 0
    assert tiles.tiles_of(Path("byhand/model"), Path("adapted/adapter")) == 4
    assert tiles.tiles_of(Path("adapted/model")) == 4
    capsys.readouterr()
    with_adapter = answer(
        capsys, "chat", "--model", "tiny", "--adapter", "adapted", "--image", "large.png"
    )
    assert with_adapter["prompt_tokens"] > SQUARES["large"] * 64
    assert "in up to 4 tiles and a thumbnail" in Path("adapted/adapter/README.md").read_text()


def test_whoever_exports_it_is_warned_that_others_know_no_tiles() -> None:
    read_alike = {"pixel_cosine": 1.0, "same_ids": 6, "prompts": 6}
    (told,) = export_facts.warnings_of(named_model("local"), read_alike)
    assert told.startswith("Trained on large pictures in up to 4 tiles and a thumbnail; other programs")
    assert export_facts.warnings_of(named_model("byhand"), read_alike) == []
    model, processor = checkpoint.load(Path("local/model"))
    assert export_facts.model_facts(model, processor)["max_tiles"] == 4
    assert export_check.stock_reading(Path("local/model"))["same_ids"] == 6  # one picture, one image


def test_a_preview_shows_the_tiles() -> None:
    assert main(["data", "preview", "local.jsonl", "--model", "local", "--out", "p.html"]) == 0
    page = Path("p.html").read_text()
    assert "large ones in up to\n4 tiles and a thumbnail" in page
    assert "250 × 240 pixels, seen at 2 × 2 tiles and a thumbnail of 112 × 112" in page
    assert "90 × 80 pixels, seen at 112 × 112" in page
    assert "image 0 · 320 tokens" in page
    assert "image 1 · 64 tokens" in page  # the second picture of the record about two


@pytest.mark.slow
def test_a_rehearsal_goes_the_same_way(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sft", "--data", "local.jsonl", "model.max_tiles=4", "--rehearse", "--json"]) == 0
    (tiled,) = json.loads(capsys.readouterr().out)["rehearsed"]
    assert main(["sft", "--data", "local.jsonl", "--rehearse", "--json"]) == 0
    (whole,) = json.loads(capsys.readouterr().out)["rehearsed"]
    assert tiled["tokens"] > whole["tokens"]
