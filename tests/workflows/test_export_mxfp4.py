"""Exporting gpt-oss with packed experts, as a person does it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from transformers import AutoModelForImageTextToText

from medgpt_cli.app import main
from medgpt_cli.core.manifest import file_hashes, model_hash, write_manifest
from medgpt_cli.core.microscaling import on_lattice, unpacked
from medgpt_cli.models import checkpoint
from medgpt_cli.models.upstream.packed import Unpacked, place_of
from medgpt_cli.models.upstream.weights import Weights
from tests.exporting import flip, inside
from tests.models.upstream.making import write_packed_gpt_oss
from tests.parts import write_tower

EXPERT = "language_model.model.layers.1.mlp.experts.down_proj"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """gpt-oss with packed experts (`gpt-oss`), a model composed of it (`start`), and three made from that.

    `attended` has another attention; in `nudged` experts moved by 0.2 % of their norm, in `moved` by 30 %.
    """
    folder = tmp_path_factory.mktemp("mxfp4")
    with inside(folder):
        write_packed_gpt_oss(Path("gpt-oss"))
        write_tower(Path("siglip"), "siglip")
        assert main(["compose", "--llm", "gpt-oss", "--vision", "siglip", "--out", "start"]) == 0
        _changed("attended", "self_attn.q_proj.weight", 0.1)
        _changed("nudged", "experts.down_proj", 0.002)
        _changed("moved", "experts.down_proj", 0.3)
        assert main(["export", "--model", "attended", "--to", "mxfp4", "--out", "exp"]) == 0
    return folder


def _changed(name: str, which: str, share: float) -> None:
    """A model as a run leaves it: some weights changed by a share of their norm, the base named in its manifest."""
    model, processor = checkpoint.load(Path("start"), dtype=torch.float32)
    draw = torch.Generator().manual_seed(3)
    with torch.no_grad():
        for each, weight in model.named_parameters():
            if each.endswith(which):
                added = torch.randn(weight.shape, generator=draw)
                weight += added * share * weight.norm() / added.norm()
    Path(name).mkdir()
    checkpoint.save(model, processor, Path(name))
    base = {"name": "start", "hash": model_hash(Path("start"))}
    write_manifest(Path(name), {"base": base, "files": file_hashes(Path(name))})


@pytest.fixture
def here(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of all of it, to work in."""
    shutil.copytree(made, tmp_path / "all")
    monkeypatch.chdir(tmp_path / "all")
    return tmp_path / "all"


def test_experts_that_were_not_trained_keep_upstreams_bytes(made: Path) -> None:
    upstream, written = Weights(made / "gpt-oss"), load_file(made / "exp/model.safetensors")
    packed = [name for name in written if name.endswith(("_blocks", "_scales"))]
    assert len(packed) == 8
    for name in packed:
        assert torch.equal(written[name], upstream[name.removeprefix("language_model.")])
    rest = {name: each.dtype for name, each in written.items() if name not in packed}
    assert set(rest.values()) == {torch.bfloat16}
    checked = json.loads((made / "exp/verify.json").read_text())
    assert checked["experts"] == {
        "upstream": "gpt-oss",
        "kept_bytes": 4,
        "rounded_exactly": 0,
        "rounded": 0,
        "rounding_error": 0.0,
        "training": [],
    }
    assert (checked["max_logit"], checked["greedy"]) == (0.0, 1.0)
    assert checked["unrounded"]["top1"] > 0.9  # the rest went from float32 to bfloat16


def test_transformers_reads_it_as_is_and_so_do_we(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stock, info = AutoModelForImageTextToText.from_pretrained(
        made / "exp", dtype=torch.float32, output_loading_info=True
    )
    assert not info["missing_keys"]
    assert not info["unexpected_keys"]
    # As on a GPU that has the kernels, where stock transformers 5.23 cannot load a LLaVA model.
    for name in ("is_kernels_available", "is_triton_available"):
        monkeypatch.setattr(f"transformers.quantizers.quantizer_mxfp4.{name}", lambda *a, **k: True)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda *a: (9, 0))
    ours, _ = checkpoint.load(made / "exp", dtype=torch.float32)
    monkeypatch.undo()
    ids = torch.arange(40)[None]
    with torch.no_grad():
        assert torch.equal(stock.eval()(ids).logits, ours(ids).logits)
    assert not hasattr(ours.config, "quantization_config")  # it can be trained
    held = Unpacked(Weights(made / "exp"))
    for name, parameter in ours.named_parameters():
        if place_of(name) is not None:
            assert torch.equal(
                parameter, held[name.replace("model.language_model", "language_model.model")].float()
            )


def test_the_card_says_how_others_load_it(made: Path) -> None:
    card = (made / "exp/README.md").read_text()
    assert '--hf-overrides \'{"quantization_config": {"quant_method": "gpt_oss_mxfp4"' in card
    assert "Mxfp4Config(dequantize=True)" in card
    assert "Of the experts' tensors 4 hold upstream's bytes" in card
    config = json.loads((made / "exp/config.json").read_text())
    assert config["quantization_config"]["quant_method"] == "mxfp4"
    assert config["dtype"] == config["text_config"]["dtype"] == "bfloat16"
    assert config["text_config"]["architectures"] == ["GptOssForCausalLM"]


def test_verify_asks_both_and_finds_a_flipped_bit(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of one file; `test_flipped_bytes` tries all, of GGUF too."""
    assert main(["verify", "exp"]) == 0
    assert "same      answers  largest difference of a logit 0" in capsys.readouterr().out
    flip(Path("exp/model.safetensors"))
    assert main(["verify", "exp"]) == 4


@pytest.mark.parametrize("to", ["mxfp4", "gguf"])
def test_training_that_rounding_would_erase_is_refused(
    here: Path, to: str, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["export", "--model", "nudged", "--to", to, "--out", "out"]
    assert main(words) == 4
    said = capsys.readouterr().err
    assert "experts beside gpt-oss: what training changed, and what is left of it in MXFP4" in said
    assert "1        0.20%    0.00%    0.000       0%" in said
    assert "rounding would erase the training" in said
    for way in ("adapter beside its base", "train.qat=mxfp4", "--allow erased-delta"):
        assert way in said
    assert ("--to hf" if to == "mxfp4" else "--quantise f16") in said
    assert not Path("out").exists()
    assert main([*words, "--allow", "erased-delta"]) == 0
    assert json.loads(Path("out/manifest.json").read_text())["waivers"] == ["erased-delta"]
    assert "0% arrives after rounding to MXFP4" in Path("out/README.md").read_text()


def test_training_that_survives_is_rounded_and_told(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["export", "--model", "moved", "--to", "mxfp4", "--out", "out"]) == 0
    found = json.loads(Path("out/verify.json").read_text())
    assert found["max_logit"] == 0.0
    experts = found["experts"]
    assert (experts["kept_bytes"], experts["rounded_exactly"], experts["rounded"]) == (2, 0, 2)
    total = experts["training"][0]["total"]
    assert total["delta"] == pytest.approx(0.3, rel=1e-3)
    written, moved = load_file("out/model.safetensors"), load_file("moved/model.safetensors")
    numbers = unpacked(written[EXPERT + "_blocks"], written[EXPERT + "_scales"]).float()
    assert torch.equal(numbers.transpose(1, 2), on_lattice(moved[EXPERT]))
    # The same four numbers, by hand.
    before = load_file("start/model.safetensors")
    old = {place: before[place].double() for place in (EXPERT, EXPERT.replace("1", "0"))}
    new = {place: moved[place].double() for place in old}
    added = torch.cat([(new[place] - old[place]).flatten() for place in old])
    left = torch.cat([(on_lattice(new[place].float()) - old[place]).flatten() for place in old])
    assert total["codes_changed"] == pytest.approx(float((left != 0).double().mean()))
    assert total["cosine"] == pytest.approx(float(torch.cosine_similarity(added, left, dim=0)))
    assert total["retained"] == pytest.approx(float(added @ left / (added @ added)))
    assert "| all | 30.00% |" in Path("out/README.md").read_text()


def test_without_upstream_untrained_experts_are_packed_again_without_loss(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for gone in ("gpt-oss", "start"):
        shutil.rmtree(gone)
    assert main(["export", "--model", "attended", "--to", "mxfp4", "--out", "out"]) == 0
    assert "upstream's bytes could not be copied" in capsys.readouterr().err
    experts = json.loads(Path("out/verify.json").read_text())["experts"]
    assert (experts["upstream"], experts["rounded_exactly"], experts["rounded"]) == (None, 4, 0)
    one, other = (Unpacked(Weights(Path(name))) for name in ("exp", "out"))
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_without_upstream_nobody_can_tell_what_rounding_leaves(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for gone in ("gpt-oss", "start"):
        shutil.rmtree(gone)
    assert main(["export", "--model", "moved", "--to", "mxfp4", "--out", "out"]) == 4
    assert "no model that stood before training is at hand" in capsys.readouterr().err


def test_what_has_no_experts_or_narrow_ones(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = json.loads(Path("start/config.json").read_text())
    Path("start/manifest.json").unlink()
    for change, told in (
        ({"model_type": "llama"}, "a llama model has no experts"),
        ({"intermediate_size": 100}, "intermediate_size 100 is not a multiple of the 32"),
    ):
        changed: dict[str, Any] = {**config, "text_config": {**config["text_config"], **change}}
        Path("start/config.json").write_text(json.dumps(changed))
        assert main(["export", "--model", "start", "--to", "mxfp4", "--out", "out"]) == 3
        assert told in capsys.readouterr().err


WORDS = [
    "sft",
    "--model=start",
    "--data=own.jsonl",
    "train.max_steps=4",
    "train.lr=3e-4",
    "train.warmup=0",
    "train.schedule=constant",
    "train.save_steps=3",
    "parts.vision.train=false",
    "parts.projector.train=false",
]
ROUNDED = ["train.qat=mxfp4", "train.qat_share=0.5"]


def loss(folder: str) -> float:
    """Of fixed tokens, in float32."""
    model, _ = checkpoint.load(Path(folder), dtype=torch.float32)
    ids = torch.arange(100, 160)[None]
    with torch.no_grad():
        return float(model(ids, labels=ids).loss)


def records() -> None:
    asked = [{"question": f"Which plane is {n}?", "answer": "axial"} for n in range(8)]
    Path("own.jsonl").write_text("".join(json.dumps(each) + "\n" for each in asked))


def test_training_on_rounded_experts_survives_where_plain_training_is_refused(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    records()
    assert main([*WORDS, "--out", "plain"]) == 0
    assert main(["export", "--model", "plain", "--to", "mxfp4", "--out", "lost"]) == 4
    capsys.readouterr()
    assert main([*WORDS, *ROUNDED, "--out", "rounded"]) == 0
    assert "experts are rounded to MXFP4 from step 3 of 4 on" in capsys.readouterr().err
    assert main(["export", "--model", "rounded", "--to", "mxfp4", "--out", "out"]) == 0
    experts = json.loads(Path("out/verify.json").read_text())["experts"]
    assert experts["rounded"] == 0
    assert experts["rounded_exactly"] > 0  # some codes did change
    assert experts["training"][0]["total"]["retained"] == 1.0
    assert loss("out") == pytest.approx(loss("rounded/model"), abs=1e-2)  # the rest became bfloat16
    held = Unpacked(Weights(Path("out")))
    model, _ = checkpoint.load(Path("rounded/model"))
    saved = {
        name.replace("model.language_model", "language_model.model"): each
        for name, each in model.named_parameters()
    }
    for name in held.experts().values():
        assert torch.equal(held[name].float(), saved[name])
    # A checkpoint keeps the exact weights, so that a run that goes on learns on.
    exact, _ = checkpoint.load(Path("rounded/checkpoints/step-4"))
    kept = exact.model.language_model.layers[0].mlp.experts.down_proj
    assert not torch.equal(kept, on_lattice(kept))
    assert torch.equal(on_lattice(kept), model.model.language_model.layers[0].mlp.experts.down_proj)


@pytest.mark.slow
def test_adapters_of_experts_that_learnt_rounded_are_rounded_with_their_weights(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    records()
    rest = [word for word in WORDS[1:] if not word.startswith("train.lr")]
    words = ["adapt", *rest, "lora.targets=[attention]", "lora.experts=true", "lora.r=4"]
    words.append("lora.merge=true")
    assert main([*words, "--out", "plain", "train.lr=1e-4"]) == 0
    lost = ["export", "--model", "start", "--adapter", "plain", "--to", "mxfp4", "--out", "lost"]
    assert main(lost) == 4
    words.append("train.lr=1e-2")
    assert main([*words, *ROUNDED, "--out", "rounded"]) == 0
    assert json.loads(Path("rounded/adapter/manifest.json").read_text())["rounded"] == "mxfp4"
    assert "Learnt with experts rounded to MXFP4" in Path("rounded/adapter/README.md").read_text()
    for ref in (["--model", "start", "--adapter", "rounded"], ["--model", "rounded/model"]):
        out = f"out{len(ref)}"
        assert main(["export", *ref, "--to", "mxfp4", "--out", out]) == 0
        found = json.loads(Path(out, "verify.json").read_text())["experts"]
        assert found["rounded"] == 0
        assert found["training"][0]["total"]["retained"] == 1.0
    one, other = (load_file(f"{out}/model.safetensors") for out in ("out2", "out4"))
    assert all(torch.equal(one[name], other[name]) for name in one if "experts" in name)


@pytest.mark.slow
def test_a_run_that_goes_on_rounds_from_where_it_would_have(here: Path) -> None:
    records()
    assert main([*WORDS, *ROUNDED, "--out", "whole"]) == 0
    shutil.copytree("whole", "part")
    for gone in ("model", "checkpoints/step-4"):
        shutil.rmtree(Path("part", gone))
    state = json.loads(Path("part/state.json").read_text())
    Path("part/state.json").write_text(json.dumps({**state, "state": "running"}))
    assert main([*WORDS, *ROUNDED, "--out", "part", "--resume"]) == 0
    one, other = (load_file(f"{run}/model/model.safetensors") for run in ("whole", "part"))
    assert all(torch.equal(one[name], other[name]) for name in one)
