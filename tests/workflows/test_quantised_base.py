"""Adapters beside a base in four bits, through the front door: trained, stopped, resumed, added, exported, refused."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from transformers import CLIPVisionConfig, GptOssConfig, LlamaConfig, LlavaConfig

from medgpt_cli.app import main
from medgpt_cli.core.files import sha256_file
from medgpt_cli.core.microscaling import on_lattice
from medgpt_cli.models import checkpoint
from medgpt_cli.models.upstream.packed import Unpacked, is_experts
from medgpt_cli.models.upstream.weights import Weights
from medgpt_cli.workflows.adding import add_adapter
from tests.models.quantised.making import write_gpt_oss, write_published
from tests.parts import TOWER

FOUR_BITS = "lora.quantise_base=mxfp4"
ADAPT = [
    "adapt",
    "--data",
    "local.jsonl",
    "lora.r=4",
    "train.lr=1e-3",
    "train.warmup=0",
    "train.max_steps=2",
]
IDS = torch.arange(20, 44)[None]


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two bases and a run beside each: `published` with adapters on attention, `plain` on experts too."""
    room = tmp_path_factory.mktemp("four-bits")
    write_published(room / "published")
    write_gpt_oss(room / "plain")
    (room / "local.jsonl").write_text(
        '{"question": "What is HU?", "answer": "A unit of density."}\n' * 2
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(room)
        words = [*ADAPT, FOUR_BITS, "train.save_steps=1"]
        assert main([*words, "--model", "published", "--out", "attended"]) == 0
        assert main([*words, "--model", "plain", "--out", "learnt", "lora.experts=true"]) == 0
    return room


@pytest.fixture
def here(kept: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(kept)
    return kept


@torch.no_grad()
def logits(folder: Path, adapter: Path | None = None) -> torch.Tensor:
    model, _ = checkpoint.load(folder, dtype=torch.float32)
    if adapter is not None:
        add_adapter(model, adapter)
    return model(input_ids=IDS).logits  # type: ignore[no-any-return]


def test_the_manifests_the_card_and_the_table_name_the_format(here: Path) -> None:
    run = json.loads((here / "attended/manifest.json").read_text())
    weights = 2 * 4 * (64 * 192 + 96 * 64)
    assert run["quantised_base"] == {
        "to": "mxfp4", "weights": weights, "kept": 4, "exact": 0, "rounded": 0, "rounding_error": 0.0,
    }  # fmt: skip
    assert run["parameters"]["experts"]["dtype"] == "mxfp4+float32"
    assert run["parameters"]["experts"]["compute"] == "float32"
    assert run["parameters"]["experts"]["total"] == weights + 2 * 4 * (192 + 64)
    own = json.loads((here / "attended/adapter/manifest.json").read_text())
    assert own["quantised_base"] == run["quantised_base"]
    card = (here / "attended/adapter/README.md").read_text()
    assert (
        "Learnt beside a base whose experts were kept in MXFP4, which holds their very numbers." in card
    )
    said = (here / "attended/log.txt").read_text()
    assert (
        f"experts are kept in MXFP4, {weights:,} weights of 4.25 bits: 4 tensors as their files hold"
        in said
    )
    assert "mxfp4+float32, computed in float32" in said


def test_what_rounding_costs_is_told_where_the_base_was_not_published_so(here: Path) -> None:
    told = json.loads((here / "learnt/adapter/manifest.json").read_text())["quantised_base"]
    assert (told["kept"], told["rounded"]) == (0, 4)
    share = f"{told['rounding_error']:.2%}"
    assert (
        f"rounding changed them by {share} of their norm"
        in (here / "learnt/adapter/README.md").read_text()
    )
    assert "4 rounded, which changed them by" in (here / "learnt/log.txt").read_text()


def test_a_run_cut_in_two_ends_in_the_same_weights(here: Path) -> None:
    shutil.copytree("learnt", "cut")
    for name in ("checkpoints/step-2", "adapter", "model"):
        shutil.rmtree(here / "cut" / name)
    state = json.loads((here / "cut/state.json").read_text())
    (here / "cut/state.json").write_text(json.dumps({**state, "state": "running"}))
    words = [*ADAPT, FOUR_BITS, "train.save_steps=1", "--model", "plain", "lora.experts=true"]
    assert main([*words, "--out", "cut", "--resume"]) == 0
    for name in ("adapter/adapter_model.safetensors", "model/model.safetensors"):
        assert sha256_file(here / "cut" / name) == sha256_file(here / "learnt" / name)


def test_merged_it_is_the_rounded_base_with_the_adapter(here: Path) -> None:
    merged = logits(here / "learnt/model")
    torch.testing.assert_close(merged, logits(here / "plain", here / "learnt/adapter"))
    before, after = (
        load_file(here / "plain/model.safetensors"),
        load_file(here / "learnt/model/model.safetensors"),
    )
    name = "language_model.model.layers.0.mlp.experts.down_proj"
    rounded = on_lattice(before[name])
    assert 0 < float((after[name] - rounded).norm()) < 0.5 * float((before[name] - rounded).norm())


def test_an_export_keeps_the_published_bytes(here: Path) -> None:
    assert main(["export", "--model", "attended", "--to", "mxfp4", "--out", "exported"]) == 0
    written, upstream = load_file(here / "exported/model.safetensors"), Weights(here / "published")
    packed = [name for name in written if is_experts(name)]
    assert len(packed) == 8
    assert all(torch.equal(written[name], upstream[name]) for name in packed)
    held = Unpacked(Weights(here / "attended/model"))
    assert not any(map(held.is_packed, held))


def test_going_on_beside_another_format_is_told(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = [*ADAPT, "--model", "plain", "--adapter", "learnt/adapter", "lora.experts=true", "--dry-run"]
    assert main(words) == 0
    said = "the adapter learnt beside a base in mxfp4, and goes on beside it in its own format"
    assert said in capsys.readouterr().err
    assert main([*words, FOUR_BITS]) == 0
    assert said not in capsys.readouterr().err


TEXT = {
    "vocab_size": 64, "hidden_size": 64, "intermediate_size": 64, "num_hidden_layers": 1, "num_attention_heads": 2,
    "num_key_value_heads": 2, "pad_token_id": 0,
}  # fmt: skip
GPT_OSS = GptOssConfig(**TEXT, num_local_experts=2, num_experts_per_tok=1, head_dim=8)
NARROW = GptOssConfig(
    **TEXT | {"hidden_size": 48}, num_local_experts=2, num_experts_per_tok=1, head_dim=8
)


@pytest.mark.parametrize(
    ("text", "to", "said"),
    [
        (
            LlamaConfig(**TEXT),
            "mxfp4",
            "lora.quantise_base  mxfp4 is the format of gpt-oss's experts, and a llama model has none\n"
            "set lora.quantise_base=nf4, or leave it empty\n",
        ),
        (
            GPT_OSS,
            "nf4",
            "lora.quantise_base  nf4 packs linear layers alone, and the experts of a gpt_oss model are none: "
            "bitsandbytes leaves them, most of its weights, in 16 bits without a word\nset lora.quantise_base=mxfp4\n",
        ),
        (
            NARROW,
            "mxfp4",
            "lora.quantise_base  experts cannot be packed: hidden_size 48 is not a multiple of the 32 numbers that "
            "share a scale\nleave it empty\n",
        ),
    ],
    ids=["llama", "nf4-experts", "narrow"],
)
def test_a_format_that_is_not_for_the_model_is_refused_before_a_weight_is_read(
    text: object,
    to: str,
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    tower = CLIPVisionConfig(**TOWER)
    LlavaConfig(text_config=text, vision_config=tower).save_pretrained("base")  # and no weights
    Path("local.jsonl").write_text('{"text": "Dullness is a sign."}\n')
    words = ["--model", "base", f"lora.quantise_base={to}"]
    assert main([*ADAPT, *words]) == 3
    assert capsys.readouterr().err.endswith(said)
    assert main(["plan", "adapt", *words, "--gpu-memory", "24GB"]) == 3
    assert capsys.readouterr().err.endswith(said)
