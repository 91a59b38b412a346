"""Exporting a model, as a person does it: what other programs read must be what was trained."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, get_args

import pytest
import torch
from PIL import Image
from safetensors.torch import load_file
from transformers import AutoModelForImageTextToText, AutoProcessor

from medgpt_cli.app import main
from medgpt_cli.core.adapted import Adapted
from medgpt_cli.core.manifest import file_hashes, model_hash, write_manifest
from medgpt_cli.core.recipe.export_sections import Layout, Waiver
from medgpt_cli.models import checkpoint
from medgpt_cli.models.adapters import folder as adapters
from medgpt_cli.models.adapters.attach import adapter_config, attach
from medgpt_cli.workflows.export import LAYOUTS, WAIVERS
from tests.exporting import evaluation, inside
from tests.models.upstream.making import write_packed_gpt_oss
from tests.parts import write_tower

ASKED = [{"role": "user", "content": [{"type": "image"}, {"type": "text", "text": "Which plane?"}]}]


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def stock_logits(model: Any, processor: Any) -> torch.Tensor:
    """What a stock program makes of a wide picture and a question."""
    text = processor.apply_chat_template(ASKED, add_generation_prompt=True)
    picture = Image.new("RGB", (90, 50), (10, 200, 60))
    inputs = processor(text=text, images=[picture], return_tensors="pt")
    with torch.no_grad():
        logits: torch.Tensor = model(**inputs).logits
    return logits


def test_transformers_alone_reads_the_very_model(exported: Path) -> None:
    copy = AutoModelForImageTextToText.from_pretrained(exported / "exp", dtype="auto").eval()
    processor = AutoProcessor.from_pretrained(exported / "exp")
    original, own = checkpoint.load(exported / "run/model")
    assert torch.equal(stock_logits(copy, processor), stock_logits(original, own))
    written, before = (load_file(exported / each / "model.safetensors") for each in ("exp", "run/model"))
    assert written.keys() == before.keys()
    assert all(torch.equal(written[name], before[name]) for name in before)
    assert any(name.startswith("vision_tower.vision_model.") for name in written)
    config = json.loads((exported / "exp/config.json").read_text())
    assert config["text_config"]["architectures"] == ["GptOssForCausalLM"]
    assert config["use_cache"] is config["text_config"]["use_cache"] is True
    assert json.loads((exported / "run/model/config.json").read_text())["use_cache"] is False


@pytest.mark.slow
def test_a_program_that_has_no_medgpt_reads_it(exported: Path) -> None:
    code = """
import sys
sys.modules["medgpt_cli"] = None
from transformers import AutoModelForImageTextToText, AutoProcessor
from PIL import Image
model = AutoModelForImageTextToText.from_pretrained(sys.argv[1], dtype="auto")
processor = AutoProcessor.from_pretrained(sys.argv[1])
asked = [{"role": "user", "content": [{"type": "image"}, {"type": "text", "text": "Which plane?"}]}]
prompt = processor.apply_chat_template(asked, add_generation_prompt=True)
inputs = processor(text=prompt, images=[Image.new("RGB", (90, 50))], return_tensors="pt").to(model.dtype)
print(processor.decode(model.generate(**inputs, max_new_tokens=4)[0]))
"""
    done = subprocess.run(
        [sys.executable, "-I", "-c", code, str(exported / "exp")], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert "Which plane?" in done.stdout


def test_every_file_is_covered_by_sums_that_sha256sum_reads(exported: Path) -> None:
    folder = exported / "exp"
    listed = {line.split("  ")[1] for line in (folder / "SHA256SUMS").read_text().splitlines()}
    present = {item.name for item in folder.iterdir()}
    assert listed == present - {"SHA256SUMS"}
    assert {"README.md", "sbom.cdx.json", "verify.json", "manifest.json"} <= listed
    done = subprocess.run(["sha256sum", "-c", "--strict", "--quiet", "SHA256SUMS"], cwd=folder)
    assert done.returncode == 0
    promised = json.loads((folder / "manifest.json").read_text())["files"]
    assert set(promised) == present - {"SHA256SUMS", "manifest.json"}


def test_the_comparison_stands_in_the_folder(exported: Path) -> None:
    found = json.loads((exported / "exp/verify.json").read_text())
    assert (found["max_logit"], found["kl_max"], found["top1"], found["greedy"]) == (0.0, 0.0, 1.0, 1.0)
    assert found["positions"] > 100
    assert found["stock_processor"] == {"same_ids": 6, "prompts": 6, "pixel_cosine": 1.0}
    assert found["files"]["model.safetensors"] == file_hashes(exported / "exp")["model.safetensors"]


def test_the_card_tells_what_the_runs_recorded_and_nothing_of_the_records(exported: Path) -> None:
    card = (exported / "exp/README.md").read_text()
    for line in (
        "| 2 | run | run: sft, 1 steps, seed 0 |",
        "| a.jsonl | run | not recorded |",
        "- run: scanned at level normal; found phone 1, and perhaps name 1",
        "attested by Dr. Example (protocol 7): phone",
        "Not a medical device",
        "largest difference of a logit 0,",
    ):
        assert line in card
    bill = (exported / "exp/sbom.cdx.json").read_text()
    for text in (card, bill, (exported / "exp/manifest.json").read_text()):
        assert "617-555" not in text
        assert "a.png" not in text
        assert "axial" not in text.replace("Which plane is shown?\nA. axial", "")
    assert '"purl": "pkg:pypi/torch@' in bill


def test_the_lineage_runs_from_the_model_to_data_and_base(exported: Path) -> None:
    manifest = json.loads((exported / "exp/manifest.json").read_text())
    assert [(link["what"], link["name"]) for link in manifest["lineage"]] == [
        ("model", "run"),
        ("run", "run"),
        ("data", "a.jsonl"),
        ("base", "tiny-untrained"),
    ]
    assert manifest["original"] == {
        "name": "run",
        "adapter": None,
        "sha256": model_hash(exported / "run/model"),
    }
    assert manifest["gates"][0]["phi"]["attest"]["by"] == "Dr. Example"
    assert all(re.fullmatch("[0-9a-f]{64}", link["sha256"]) for link in manifest["lineage"])


@pytest.mark.slow
def test_an_export_of_an_export_carries_the_lineage_on(exported: Path, tmp_path: Path) -> None:
    with inside(exported):
        assert main(["export", "--model", "exp", "--out", str(tmp_path / "again")]) == 0
    links = json.loads((tmp_path / "again/manifest.json").read_text())["lineage"]
    assert [link["what"] for link in links] == ["model", "model", "run", "data", "base"]
    assert "attested by Dr. Example" in (tmp_path / "again/README.md").read_text()


def test_an_adapter_is_added_to_the_weights(exported: Path, tmp_path: Path) -> None:
    model, processor = checkpoint.load(exported / "run/model")
    name = "model.language_model.layers.0.self_attn.q_proj"
    config = adapter_config(
        [Adapted(name, "llm", 4, 8)], dropout=0.0, dora=False, rslora=False, base="run", whole=()
    )
    before = model.get_submodule(name).weight.clone()
    attach(model, config)
    layer = model.get_submodule(name)
    torch.manual_seed(3)
    a, b = layer.lora_A["default"].weight.data, layer.lora_B["default"].weight.data.normal_(std=0.1)
    Path("adapter").mkdir()
    adapters.save(model, processor, Path("adapter"))
    base = {"name": str(exported / "run"), "hash": model_hash(exported / "run/model")}
    data = {"b.jsonl": "0" * 64}
    promised = file_hashes(Path("adapter"))
    write_manifest(Path("adapter"), {"run": "ad", "base": base, "data": data, "files": promised})
    assert main(["export", "--model", "adapter", "--out", "exp"]) == 0
    written = load_file("exp/model.safetensors")
    merged = written["language_model.model.layers.0.self_attn.q_proj.weight"]
    torch.testing.assert_close(merged, before + 2.0 * b @ a, rtol=0, atol=1e-6)
    others = load_file(exported / "run/model/model.safetensors")
    changed = [name for name, tensor in written.items() if not torch.equal(tensor, others[name])]
    assert changed == ["language_model.model.layers.0.self_attn.q_proj.weight"]
    manifest = json.loads(Path("exp/manifest.json").read_text())
    assert manifest["original"]["adapter"] == "adapter"
    links = [link["what"] for link in manifest["lineage"]]
    assert links == ["adapter", "data", "base", "run", "data", "base"]
    assert main(["verify", "exp"]) == 0


def test_a_composed_model_in_shards(monkeypatch: pytest.MonkeyPatch) -> None:
    from medgpt_cli.models.upstream import writing

    write_packed_gpt_oss(Path("gpt-oss"))
    write_tower(Path("siglip"), "siglip")
    assert main(["compose", "--llm", "gpt-oss", "--vision", "siglip", "--out", "start"]) == 0
    monkeypatch.setattr(writing.write_shards, "__kwdefaults__", {"shard_bytes": 200_000})
    assert main(["export", "--model", "start", "--out", "exp"]) == 0
    assert len(list(Path("exp").glob("*.safetensors"))) > 2
    original, _ = checkpoint.load(Path("start"))
    copy = AutoModelForImageTextToText.from_pretrained("exp", dtype="auto").eval()
    assert copy.dtype is torch.bfloat16
    for name, tensor in original.state_dict().items():
        assert torch.equal(copy.state_dict()[name], tensor), name
    manifest = json.loads(Path("exp/manifest.json").read_text())
    assert [link["what"] for link in manifest["lineage"]] == ["model", "llm", "vision"]
    card = Path("exp/README.md").read_text()
    assert "No training run stands behind this model" in card
    assert 'base_model: ["gpt-oss", "siglip"]' in card
    # SigLIP's own grey is not the colour medgpt pads with: told, with the number.
    assert "Other programs pad pictures with another colour" in card


def test_a_copy_that_answers_otherwise_is_not_kept(
    exported: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from medgpt_cli.models.upstream import writing

    write = writing.write_shards

    def spoilt(tensors: Any, folder: Path) -> int:
        return write(((n, t * 1.01 if "q_proj" in n else t) for n, t in tensors), folder)

    monkeypatch.setattr(writing, "write_shards", spoilt)
    assert main(["export", "--model", str(exported / "run"), "--out", "exp"]) == 4
    assert "the copy does not answer as the original" in capsys.readouterr().err
    assert list(Path().iterdir()) == []


def test_a_copy_with_a_tensor_missing_is_not_kept(
    exported: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from medgpt_cli.models.upstream import writing

    write = writing.write_shards

    def short(tensors: Any, folder: Path) -> int:
        return write(((n, t) for n, t in tensors if "layers.0.self_attn.sinks" not in n), folder)

    monkeypatch.setattr(writing, "write_shards", short)
    assert main(["export", "--model", str(exported / "run"), "--out", "exp"]) == 4
    assert "transformers reads 1 tensors of the copy otherwise" in capsys.readouterr().err
    assert list(Path().iterdir()) == []


@pytest.mark.parametrize(("spoil", "code"), [("other model", 4), ("edited", 4), ("none", 3)])
def test_scores_of_another_model_or_edited_ones_are_refused(
    exported: Path, spoil: str, code: int
) -> None:
    evaluation(
        Path("scored"), "0" * 64 if spoil == "other model" else model_hash(exported / "run/model")
    )
    if spoil == "edited":
        text = Path("scored/scores.json").read_text()
        Path("scored/scores.json").write_text(text.replace("0.500", "0.900"))
    if spoil == "none":
        shutil.rmtree("scored")
        Path("scored").mkdir()
    words = ["export", "--model", str(exported / "run"), "--out", "exp", "--scores", "scored"]
    assert main(words) == code
    assert not Path("exp").exists()


def test_a_dry_run_writes_nothing(exported: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["export", "--model", str(exported / "run"), "--out", "exp", "--dry-run", "--json"]
    assert main(words) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["written"] is False
    assert told["bytes"] == (exported / "run/model/model.safetensors").stat().st_size
    assert list(Path().iterdir()) == []


def test_what_stands_in_out_is_left_alone_or_an_export_made_anew_with_scores(
    exported: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["export", "--model", str(exported / "run"), "--out"]
    Path("mine").mkdir()
    Path("mine/thesis.txt").write_text("years of work")
    assert main([*words, "mine"]) == 2
    assert main([*words, "mine", "--force"]) == 2
    assert "no export of medgpt, so it is left alone" in capsys.readouterr().err
    assert Path("mine/thesis.txt").read_text() == "years of work"
    Path("file").write_text("")
    assert main([*words, "file"]) == 2
    shutil.copytree(exported / "exp", "before")
    Path("before/stale.txt").write_text("")
    assert main([*words, "before"]) == 2
    evaluation(Path("scored"), model_hash(exported / "run/model"))
    assert main([*words, "before", "--force", "--scores", "scored", "--json"]) == 0
    assert not Path("before/stale.txt").exists()
    assert "- accuracy v1 0.500 (0.1 to 0.9, Wilson) | N 4" in Path("before/README.md").read_text()
    assert json.loads(capsys.readouterr().out)["max_logit"] == 0.0


def test_a_model_inside_out_is_not_overwritten(exported: Path) -> None:
    shutil.copytree(exported / "exp", "exp")
    assert main(["export", "--model", "exp", "--out", "exp", "--force"]) == 2
    assert file_hashes(Path("exp")) == file_hashes(exported / "exp")


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["--model", "nowhere"], 3),
        (["--model", "tiny", "--to", "onnx"], 2),
        (["--model", "gpt-oss"], 3),
    ],
)
def test_what_cannot_be_exported(words: list[str], code: int) -> None:
    write_packed_gpt_oss(Path("gpt-oss"))  # a language model alone is no model of ours
    assert main(["export", *words, "--out", "exp"]) == code
    assert not Path("exp").exists()


def test_a_disk_that_is_too_small(exported: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("medgpt_cli.workflows.export.disk_free", lambda path: 1000)
    assert main(["export", "--model", str(exported / "run"), "--out", "exp"]) == 6
    assert not Path("exp").exists()


def test_a_recipe_names_the_layouts_and_waivers_of_the_command() -> None:
    assert set(get_args(Layout)) == set(LAYOUTS)
    assert set(get_args(Waiver)) == set(WAIVERS)


def test_a_recipe_says_what_the_flags_do_not(
    exported: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    run = exported / "run"
    Path("mine.yaml").write_text(f"stage: export\nmodel: {{base: {run}}}\nexport: {{to: gguf}}\n")
    words = ["export", "--recipe", "mine.yaml", "--out", "exp", "--dry-run", "--json"]
    assert main(words) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["to"], told["model"]) == ("gguf", str(run))
    assert main([*words, "--to", "hf"]) == 0
    assert json.loads(capsys.readouterr().out)["to"] == "hf"
    assert main([*words, "export.to=onnx", "export.quantise=f16"]) == 3
    refused = json.loads(capsys.readouterr().out)["complaints"]
    assert [each["where"] for each in refused] == ["export.to=onnx", "export.quantise=f16"]
    assert main([*words, "--to", "hf", "export.to=hf", "export.quantise=f16"]) == 3
