"""Adapters through the front door: `medgpt adapt` and `lora:` in other stages, stopped, resumed, read by others."""

from __future__ import annotations

import json
import shutil
import stat
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from medgpt_cli.app import main
from medgpt_cli.core.manifest import model_hash
from medgpt_cli.models import checkpoint, embedded
from tests.parts import write_llama, write_tower

FAST = ["train.batch_size=2", "train.lr=1e-3", "train.warmup=0", "lora.r=4"]
ADAPT = ["adapt", "--data", "local.jsonl", *FAST]
FRESH = ["--model", "tiny-untrained"]
EXPERTS = ["lora.experts=true", "lora.ranks.experts=2"]
ANSWER = ["--prompt", "Which plane?", "--max-new-tokens", "4", "--quiet"]
PEFTS_OWN = (
    # PEFT looks for the ranks of experts among modules alone, and says that it found none.
    "ignore:The following (rank|alpha)_pattern keys:RuntimeWarning",
    "ignore:`is_gradient_checkpointing` is deprecated:FutureWarning",
)


def write_records(folder: Path) -> None:
    Image.radial_gradient("L").resize((140, 90)).save(folder / "slice.png")
    (folder / "local.jsonl").write_text(
        '{"question": "Which plane?", "answer": "axial", "image": "slice.png"}\n'
        '{"question": "Bright?", "answer": "yes", "image": "slice.png"}\n'
        '{"question": "What is HU?", "answer": "A unit of density."}\n'
    )
    (folder / "base.jsonl").write_text('{"text": "Dullness is a sign."}\n' * 2)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    write_records(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run of four steps with adapters on attention, projector and experts."""
    room = tmp_path_factory.mktemp("kept")
    write_records(room)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(room)
        assert (
            main([*ADAPT, *FRESH, *EXPERTS, "train.max_steps=4", "train.save_steps=2", "--out", "run"])
            == 0
        )
    return room


@pytest.fixture
def run(kept: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(kept)
    return kept / "run"


def tensors(folder: Path) -> dict[str, torch.Tensor]:
    (file,) = folder.glob("*.safetensors")
    return load_file(file)


def same(one: Path, two: Path) -> bool:
    first, second = tensors(one), tensors(two)
    return first.keys() == second.keys() and all(
        torch.equal(first[name], second[name]) for name in first
    )


@torch.no_grad()
def logits(model: Any) -> torch.Tensor:
    ids = torch.arange(20, 44)[None]
    return model.eval()(input_ids=ids).logits  # type: ignore[no-any-return]


def test_only_what_carries_adapters_differs_from_the_base(run: Path, tiny: Path) -> None:
    before, after = load_file(tiny / "model.safetensors"), tensors(run / "model")
    moved = {name for name in before if not torch.equal(before[name], after[name])}
    assert before.keys() == after.keys()
    kinds = (
        "self_attn.q_proj",
        "self_attn.k_proj",
        "self_attn.v_proj",
        "self_attn.o_proj",
        "linear_1",
        "linear_2",
    )
    assert {name for name in moved if ".experts." not in name} == {
        name
        for name in before
        if name.endswith(tuple(f"{kind}.weight" for kind in kinds)) and "vision" not in name
    }
    assert {name for name in moved if ".experts." in name} == {
        name for name in before if name.endswith(("experts.gate_up_proj", "experts.down_proj"))
    }


@pytest.mark.filterwarnings(*PEFTS_OWN)
def test_peft_alone_on_the_base_gives_the_merged_model(run: Path, tiny: Path) -> None:
    from peft import PeftModel
    from transformers import AutoModelForImageTextToText

    base = AutoModelForImageTextToText.from_pretrained(tiny, dtype=torch.float32)
    plain = logits(base)
    alone = logits(PeftModel.from_pretrained(base, run / "adapter"))
    merged = logits(checkpoint.load(run / "model")[0])
    torch.testing.assert_close(alone, merged, rtol=1e-4, atol=1e-4)
    assert (alone - plain).abs().max() > 1e-3


def test_the_folder_says_where_it_comes_from_and_nothing_of_the_records(run: Path, tiny: Path) -> None:
    manifest = json.loads((run / "adapter" / "manifest.json").read_text())
    assert manifest["base"] == {"name": "tiny-untrained", "hash": model_hash(tiny)}
    assert list(manifest["data"]) == ["local.jsonl"]
    assert set(manifest["files"]) == {
        "README.md", "adapter_config.json", "adapter_model.safetensors", "chat_template.jinja",
    }  # fmt: skip
    assert {part: each["unchanged"] for part, each in manifest["changes"].items()} == {
        "projector": 0, "llm": 0, "experts": 0,
    }  # fmt: skip
    card = (run / "adapter" / "README.md").read_text()
    for fact in (
        'base_model: "tiny-untrained"',
        manifest["base"]["hash"],
        manifest["recipe"],
        *manifest["data"].values(),
    ):
        assert fact in card
    assert "| experts | 8 |" in card
    assert "medgpt eval compare before after" in card
    assert "medgpt export --model tiny-untrained --adapter FOLDER --to hf --out merged" in card
    listed = (run / "adapter" / "SHA256SUMS").read_text()
    assert [line.split("  ")[1] for line in listed.splitlines()] == sorted(
        [*manifest["files"], "manifest.json"]
    )
    for path in run.rglob("*"):
        assert not stat.S_IMODE(path.stat().st_mode) & 0o007, path
    for text in ("axial", "density", "slice.png"):
        assert text not in card + json.dumps(manifest)


def test_the_table_says_what_got_adapters(run: Path) -> None:
    log = (run / "log.txt").read_text()
    assert "adapters of rank 4 on 16 weights: q_proj, k_proj, v_proj, o_proj" in log
    assert "adapters of rank 2 on 8 weights: down_proj, gate_up_proj" in log
    parts = json.loads((run / "manifest.json").read_text())["parameters"]
    assert {part: row["trained"] == row["adapters"] for part, row in parts.items()} == dict.fromkeys(
        parts, True
    )
    assert parts["router"]["trained"] == parts["vision"]["trained"] == 0
    assert (
        parts["experts"]["trained"]
        == 28672
        == sum(
            tensor.numel() for name, tensor in tensors(run / "adapter").items() if ".experts." in name
        )
    )


@pytest.mark.parametrize(
    "words",
    [[*EXPERTS, "lora.targets=[attention]"], ["lora.dropout=0.2", "lora.dora=true"]],
    ids=["experts, projector in full", "dropout and dora"],
)
def test_a_run_cut_in_two_ends_in_the_adapters_of_one_that_was_not(
    folder: Path, words: list[str]
) -> None:
    line = [*ADAPT, *FRESH, *words, "train.max_steps=6", "train.save_steps=3"]
    assert main([*line, "--out", "whole"]) == 0
    parts = folder / "parts"
    shutil.copytree(folder / "whole", parts)
    for name in ("checkpoints/step-6", "model", "adapter"):
        shutil.rmtree(parts / name)
    state = json.loads((parts / "state.json").read_text())
    (parts / "state.json").write_text(json.dumps({**state, "state": "running"}))
    # Only the folder's name differs, which is in the manifest and the card.
    assert main([*line, "--out", "parts", "--resume"]) == 0
    assert same(folder / "whole" / "adapter", parts / "adapter")
    assert same(folder / "whole" / "model", parts / "model")


@pytest.mark.slow
def test_kill_9_at_any_instant_and_resume_gives_the_same_adapters(folder: Path) -> None:
    line = [*ADAPT, *FRESH, *EXPERTS, "train.max_steps=14", "train.save_steps=3"]
    assert main([*line, "--out", "whole"]) == 0
    process = subprocess.Popen(
        [sys.executable, "-m", "medgpt_cli", *line, "--out", "killed"],
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    metrics, deadline = folder / "killed" / "metrics.jsonl", time.monotonic() + 180
    while not (metrics.exists() and len(metrics.read_text().splitlines()) >= 7):
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.02)
    process.kill()
    process.wait()
    assert main(["chat", "--model", "killed", *ANSWER]) == 3  # unfinished is refused
    assert main(["chat", "--adapter", "killed", *ANSWER]) == 3
    assert main([*line, "--out", "killed", "--resume"]) == 0
    assert same(folder / "whole" / "adapter", folder / "killed" / "adapter")
    assert same(folder / "whole" / "model", folder / "killed" / "model")


def test_a_kill_between_adapter_and_model_is_made_good(folder: Path, kept: Path) -> None:
    shutil.copytree(kept / "run", folder / "run")
    shutil.rmtree(folder / "run" / "model")
    state = json.loads((folder / "run" / "state.json").read_text())
    (folder / "run" / "state.json").write_text(json.dumps({**state, "state": "running"}))
    line = [
        *ADAPT,
        *FRESH,
        *EXPERTS,
        "train.max_steps=4",
        "train.save_steps=2",
        "--out",
        "run",
        "--resume",
    ]
    assert main(line) == 0
    assert same(folder / "run" / "model", kept / "run" / "model")


def test_adapters_that_learnt_nothing_are_not_kept(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # The first step of a warm-up is taken at a rate of 0.
    words = [*EXPERTS, "train.batch_size=2", "train.warmup=1", "train.max_steps=1", "--out", "run"]
    assert main(["adapt", "--data", "local.jsonl", *words]) == 4
    assert (
        "the adapters of projector, llm, experts change nothing once they are read again; nothing was kept"
        in capsys.readouterr().err
    )
    assert not (folder / "run" / "adapter").exists()
    assert not (folder / "run" / "model").exists()


def test_texts_alone_are_adapted_to_and_leave_the_projector_as_it_was(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["train.batch_size=2", "train.max_steps=3", "--out", "run"]
    assert main(["adapt", "--data", "base.jsonl", *words]) == 0
    err = capsys.readouterr().err
    assert "no record shows a picture, so projector stays as it is\n" in err
    assert "  projector: adapters change its weights by 0.00%; 2 of 2 weights unchanged\n" in err


@pytest.mark.parametrize(
    "words",
    [
        ["align"],
        ["adapt", "parts.llm.train=false", "lora.targets=[projector]"],
    ],
)
def test_what_learns_from_pictures_alone_is_refused_texts(
    folder: Path, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*words, "--data", "base.jsonl", "--out", "run"]) == 3
    assert capsys.readouterr().err.endswith(
        "error: base.jsonl  no record shows a picture, and only projector would learn, from pictures alone\n"
        "name records with images (image: PATH in a record), or learn from texts with medgpt midtrain\n"
    )
    assert not (folder / "run").exists()


@pytest.mark.filterwarnings(*PEFTS_OWN)
def test_a_tower_in_full_beside_adapters_on_a_llama(folder: Path) -> None:
    """OpenMedQ: adapters on the language model, the tower trained in full, both kept in one PEFT folder."""
    from peft import PeftModel
    from transformers import AutoModelForImageTextToText

    write_llama(folder / "llm")
    write_tower(folder / "tower", "clip")
    assert (
        main(["compose", "--llm", "llm", "--vision", "tower", "--dtype", "float32", "--out", "start"])
        == 0
    )
    line = ["sft", "--data", "local.jsonl", *FAST, "lora.r=8", "lora.targets=[attention,mlp]"]
    words = [each for each in line if each != "lora.r=4"]
    assert main([*words, "--model", "start", "train.max_steps=2", "--out", "run"]) == 0
    before, after = tensors(folder / "start"), tensors(folder / "run" / "model")
    moved = {name for name in before if not torch.equal(before[name], after[name])}
    assert any(name.startswith("vision_tower.") for name in moved)
    assert {name for name in before if name.startswith("multi_modal_projector.")} <= moved
    language = {name for name in moved if name.startswith("language_model.")}
    assert language == {
        name for name in before if ".layers." in name and "proj" in name and "language" in name
    }
    config = json.loads((folder / "run" / "adapter" / "adapter_config.json").read_text())
    assert sorted(config["modules_to_save"]) == ["multi_modal_projector", "vision_tower"]
    assert config["r"] == 8
    base = AutoModelForImageTextToText.from_pretrained("start", dtype=torch.float32)
    alone = PeftModel.from_pretrained(base, folder / "run" / "adapter").eval()
    merged = checkpoint.load(folder / "run" / "model")[0]
    pixels = torch.randn(1, 3, 28, 28, generator=torch.Generator().manual_seed(1))
    ids = torch.tensor([[5, *[merged.config.image_token_id] * 4, 9, 11]])
    with torch.no_grad():
        torch.testing.assert_close(
            alone(input_ids=ids, pixel_values=pixels).logits,
            merged(input_ids=ids, pixel_values=pixels).logits,
            rtol=1e-4,
            atol=1e-5,
        )


def test_experts_of_a_model_that_has_none_are_refused(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_llama(folder / "llm")
    write_tower(folder / "tower", "clip")
    assert main(["compose", "--llm", "llm", "--vision", "tower", "--out", "start"]) == 0
    assert main([*ADAPT, "--model", "start", "lora.experts=true", "--out", "run"]) == 3
    assert (
        "lora.experts=true: the language model has no experts; set it to false"
        in capsys.readouterr().err
    )
    assert not (folder / "run").exists()


@pytest.mark.parametrize(
    "words",
    [
        ["--adapter", "run"],
        ["--model", "tiny-untrained", "--adapter", "run"],
        ["--model", "run/adapter"],
    ],
    ids=["alone", "with its model", "as a model"],
)
def test_it_is_talked_to(run: Path, words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["chat", "--model", "run", *ANSWER]) == 0
    merged = capsys.readouterr().out
    assert main(["chat", *words, *ANSWER]) == 0
    assert capsys.readouterr().out == merged


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (
            ["--model", "tiny-siglip", "--adapter", "run"],
            4,
            "tiny-siglip is not the model that the adapter was trained on",
        ),
        (["--model", "run/adapter", "--adapter", "run"], 2, "run/adapter and run are both adapters"),
        (["--adapter", "local.jsonl"], 3, "there is no adapter in local.jsonl"),
        (["--adapter", "nowhere"], 3, "there is no adapter in nowhere"),
    ],
)
def test_a_reference_that_is_not_right(
    run: Path, words: list[str], code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["chat", *words, *ANSWER]) == code
    assert said in capsys.readouterr().err


def test_an_adapter_that_was_changed_is_refused(
    run: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(run / "adapter", folder / "other")
    with (folder / "other" / "adapter_model.safetensors").open("r+b") as file:
        file.seek(-1, 2)
        file.write(b"\x00")
    assert main(["chat", "--adapter", str(folder / "other"), *ANSWER]) == 4
    assert "adapter_model.safetensors is missing or not the file" in capsys.readouterr().err


def test_a_foreign_adapter_needs_its_model_named(
    run: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(run / "adapter", folder / "other")
    for ours in ("manifest.json", "SHA256SUMS"):
        (folder / "other" / ours).unlink()
    assert main(["chat", "--adapter", str(folder / "other"), *ANSWER]) == 3
    assert "the adapter's manifest does not say which model it was trained on" in capsys.readouterr().err
    assert main(["chat", "--model", "tiny-untrained", "--adapter", str(folder / "other"), *ANSWER]) == 0


def test_scores_with_and_without_it_are_compared(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["eval", "run", "--task", "local.jsonl", "--max-new-tokens", "4", "--no-overlap", "--quiet"]
    assert main([*words, "--model", "tiny-untrained", "--out", "before"]) == 0
    assert main([*words, "--adapter", "run", "--out", "after"]) == 0
    manifests = [json.loads(Path(name, "manifest.json").read_text()) for name in ("before", "after")]
    assert manifests[0]["model_hash"] != manifests[1]["model_hash"]
    assert main([*words, "--adapter", "run", "--out", "after", "--resume"]) == 0
    capsys.readouterr()
    assert main(["eval", "compare", "before", "after"]) == 0
    assert "local" in capsys.readouterr().out


def test_several_adapters_share_a_base_and_go_on_with_a_share_of_what_it_learnt(
    run: Path, tmp_path: Path
) -> None:
    """A continual run: the first adapter's weights, new records, and a share of the base's mix against forgetting."""
    mix = ["--data", str(run.parent / "local.jsonl"), "--data", str(run.parent / "base.jsonl")]
    shares = ["data.mix.0.weight=3", "data.mix.1.weight=1"]
    words = [*FAST, *EXPERTS, "train.max_steps=1", "train.lr=1e-12", "lora.merge=false"]
    words = [each for each in words if each != "train.lr=1e-3"]
    assert (
        main(["adapt", *mix, *shares, "--adapter", "run", *words, "--out", str(tmp_path / "next")]) == 0
    )
    assert not (tmp_path / "next" / "model").exists()
    first, then = tensors(run / "adapter"), tensors(tmp_path / "next" / "adapter")
    assert first.keys() == then.keys()
    assert all(torch.allclose(first[name], then[name], atol=1e-9) for name in first)
    manifest = json.loads((tmp_path / "next" / "manifest.json").read_text())
    assert manifest["base"] == "run"
    assert [each["name"] for each in manifest["mix"]["sources"]] == [
        "local.jsonl",
        "base.jsonl",
    ] or manifest["mix"]
    assert (
        main(["chat", "--model", str(tmp_path / "next"), *ANSWER]) == 0
    )  # a run that keeps an adapter alone
    other = [each for each in words if each != "lora.r=4"]
    assert (
        main(["adapt", *mix, "--adapter", "run", *other, "lora.r=5", "--out", str(tmp_path / "no")]) == 3
    )


def test_a_whole_model_learns_on_from_an_adapter(run: Path, tmp_path: Path) -> None:
    words = [
        "train.max_steps=1",
        "train.lr=1e-12",
        "train.batch_size=2",
        "--out",
        str(tmp_path / "whole"),
    ]
    assert (
        main(["sft", "--data", "local.jsonl", "--adapter", "run", *words]) == 2
    )  # a word of adapt, chat and eval
    assert main(["sft", "--data", "local.jsonl", "model.adapter=run", *words]) == 0
    merged, after = tensors(run / "model"), tensors(tmp_path / "whole" / "model")
    assert all(torch.allclose(merged[name], after[name], atol=1e-6) for name in merged)


def test_frozen_weights_are_kept_in_half_precision_where_they_are_computed_in_it(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [*ADAPT, *FRESH, *EXPERTS, "model.dtype=bfloat16", "train.max_steps=2", "--out", "run"]
    assert main(words) == 0
    parts = json.loads((folder / "run" / "manifest.json").read_text())["parameters"]
    assert {row["dtype"] for row in parts.values()} == {"bfloat16"}
    assert all(tensor.dtype == torch.float32 for tensor in tensors(folder / "run" / "adapter").values())
    before = load_file(embedded.folder("tiny-untrained") / "model.safetensors")
    after = tensors(folder / "run" / "model")
    assert all(torch.equal(before[name], after[name]) for name in before if "vision" in name)


def test_a_dry_run_counts_adapters_and_writes_nothing(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*ADAPT, *EXPERTS, "--out", "run", "--dry-run", "--json"]) == 0
    parts = json.loads(capsys.readouterr().out)["parameters"]
    assert parts["experts"]["trained"] == parts["experts"]["adapters"] == 28672
    assert not (folder / "run").exists()
