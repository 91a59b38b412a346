"""Whole folders: every tensor and key beside what transformers holds, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import AutoModelForImageTextToText, LlamaForCausalLM, SiglipVisionModel
from transformers.integrations.mxfp4 import convert_moe_packed_tensors

from medgpt_cli.core.errors import BadCheckpoint, GateRefusal, UsageError
from medgpt_cli.export import gguf
from medgpt_cli.export.gguf import folder, positions, vocabulary
from medgpt_cli.models import checkpoint, embedded
from medgpt_cli.models.compose import compose
from medgpt_cli.models.processor import build_processor
from tests.export.gguf.making import model_at, read_back
from tests.parts import write_llama


@pytest.fixture(scope="module")
def siglip(cache: Path) -> Path:
    return embedded.folder("tiny-siglip")


@pytest.fixture(scope="module")
def llama(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A llama with biases and shared keys behind a SigLIP whose picture is no multiple of its patch."""
    from transformers import AutoTokenizer, LlamaConfig, SiglipVisionConfig

    room = tmp_path_factory.mktemp("llama")
    tokenizer = AutoTokenizer.from_pretrained(write_llama(room / "upstream"))
    torch.manual_seed(4)
    llm = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=len(tokenizer),
            hidden_size=64,
            intermediate_size=80,
            num_hidden_layers=2,
            num_attention_heads=4,
            num_key_value_heads=2,
            attention_bias=True,
            mlp_bias=True,
        )
    )
    for name, parameter in llm.named_parameters():
        if name.endswith("bias"):
            torch.nn.init.normal_(parameter)
    vision = SiglipVisionModel(
        SiglipVisionConfig(
            hidden_size=32, intermediate_size=64, num_hidden_layers=3, num_attention_heads=2,
            image_size=30, patch_size=14, vision_use_head=False,
        )
    )  # fmt: skip
    processor = build_processor(
        tokenizer, vision.config, template="plain", date="2026-01-01", reasoning="low"
    )
    model = compose(llm, vision, processor, feature_layer=-1)
    (room / "model").mkdir()
    checkpoint.save(model, processor, room / "model")
    return room / "model"


def held(at: Path) -> dict[str, np.ndarray]:
    """The tensors as transformers names and holds them."""
    model = AutoModelForImageTextToText.from_pretrained(at, dtype=torch.float32)
    return {name: tensor.numpy() for name, tensor in model.state_dict().items()}


def tower_tensors(state: dict[str, np.ndarray], blocks: int) -> dict[str, np.ndarray]:
    """llama.cpp's names for tower and projector, written out by hand."""
    start = "model.vision_tower."
    names = {
        "v.patch_embd.weight": f"{start}embeddings.patch_embedding.weight",
        "v.position_embd.weight": f"{start}embeddings.position_embedding.weight",
        "mm.0.weight": "model.multi_modal_projector.linear_1.weight",
        "mm.0.bias": "model.multi_modal_projector.linear_1.bias",
        "mm.2.weight": "model.multi_modal_projector.linear_2.weight",
        "mm.2.bias": "model.multi_modal_projector.linear_2.bias",
    }
    if f"{start}embeddings.class_embedding" in state:
        names["v.class_embd"] = f"{start}embeddings.class_embedding"
        names |= {f"v.pre_ln.{end}": f"{start}pre_layrnorm.{end}" for end in ("weight", "bias")}
    else:
        names["v.patch_embd.bias"] = f"{start}embeddings.patch_embedding.bias"
    for at in range(blocks):
        for short, long in {
            "ln1": "layer_norm1", "ln2": "layer_norm2", "attn_q": "self_attn.q_proj",
            "attn_k": "self_attn.k_proj", "attn_v": "self_attn.v_proj", "attn_out": "self_attn.out_proj",
            "ffn_up": "mlp.fc1", "ffn_down": "mlp.fc2",
        }.items():  # fmt: skip
            for end in ("weight", "bias"):
                names[f"v.blk.{at}.{short}.{end}"] = f"{start}encoder.layers.{at}.{long}.{end}"
    return {name: state[origin] for name, origin in names.items()}


def gpt_oss_tensors(state: dict[str, np.ndarray], layers: int) -> dict[str, np.ndarray]:
    """llama.cpp's names for gpt-oss, written out by hand."""
    start = "model.language_model."
    made = {
        "token_embd.weight": state[f"{start}embed_tokens.weight"],
        "output_norm.weight": state[f"{start}norm.weight"],
        "output.weight": state["lm_head.weight"],
    }
    for at in range(layers):
        source = {
            n.removeprefix(f"{start}layers.{at}."): t
            for n, t in state.items()
            if n.startswith(f"{start}layers.{at}.")
        }
        both, down = source["mlp.experts.gate_up_proj"], source["mlp.experts.down_proj"]
        bias = source["mlp.experts.gate_up_proj_bias"]
        own = {
            "attn_norm.weight": source["input_layernorm.weight"],
            "post_attention_norm.weight": source["post_attention_layernorm.weight"],
            "attn_sinks.weight": source["self_attn.sinks"],
            "ffn_gate_inp.weight": source["mlp.router.weight"],
            "ffn_gate_inp.bias": source["mlp.router.bias"],
            "ffn_gate_exps.weight": np.swapaxes(both[:, :, ::2], 1, 2),
            "ffn_up_exps.weight": np.swapaxes(both[:, :, 1::2], 1, 2),
            "ffn_down_exps.weight": np.swapaxes(down, 1, 2),
            "ffn_gate_exps.bias": bias[:, ::2],
            "ffn_up_exps.bias": bias[:, 1::2],
            "ffn_down_exps.bias": source["mlp.experts.down_proj_bias"],
        }
        for short, long in (("attn_q", "q"), ("attn_k", "k"), ("attn_v", "v"), ("attn_output", "o")):
            for end in ("weight", "bias"):
                own[f"{short}.{end}"] = source[f"self_attn.{long}_proj.{end}"]
        made |= {f"blk.{at}.{name}": tensor for name, tensor in own.items()}
    return made


def bound(type_: str, tensor: np.ndarray) -> np.ndarray:
    """How far a stored number may be from the true one."""
    if type_ == "F32":
        return np.zeros_like(tensor)
    if type_ == "F16":
        return np.abs(tensor) * 2**-11 + 2**-25
    blocks = np.abs(tensor.reshape(*tensor.shape[:-1], -1, 32)).max(-1, keepdims=True).repeat(32, -1)
    # Q8_0: half a step of 1/127, and the step itself rounded to 16 bits; MXFP4: at most half the gap from 4 to 6.
    share = {"Q8_0": 0.5 / 127 + 2**-11, "MXFP4": 1 / 4}[type_]
    least = 127 * 2**-25 if type_ == "Q8_0" else 0.0  # steps of rows near nothing, as 16 bits have them
    return blocks.reshape(tensor.shape) * share * 1.0001 + least


def compare(found: dict[str, np.ndarray], types: dict[str, str], wanted: dict[str, np.ndarray]) -> None:
    assert found.keys() == wanted.keys()
    for name, tensor in wanted.items():
        assert found[name].shape == tensor.shape, name
        assert (np.abs(found[name] - tensor) <= bound(types[name], tensor)).all(), name


@pytest.mark.parametrize("precision", ["mxfp4", "q8_0", "f16", "f32"])
def test_every_tensor_of_gpt_oss(siglip: Path, tmp_path: Path, precision: str) -> None:
    written = gguf.write(model_at(siglip), tmp_path, quantise=precision)
    state = held(siglip)
    _, found, types = read_back(tmp_path / "model.gguf")
    compare(found, types, gpt_oss_tensors(state, 4))
    _, seen, seen_types = read_back(tmp_path / "mmproj.gguf")
    compare(seen, seen_types, tower_tensors(state, 5))
    experts, rest = {"mxfp4": ("MXFP4", "Q8_0"), "q8_0": ("Q8_0", "Q8_0")}.get(
        precision, (precision.upper(),) * 2
    )
    assert types["blk.3.ffn_down_exps.weight"] == experts
    assert types["output.weight"] == types["blk.0.attn_k.weight"] == rest
    assert seen_types["mm.2.weight"] == ("F32" if precision == "f32" else "F16")
    assert {
        types[f"blk.0.{n}"] for n in ("attn_sinks.weight", "ffn_gate_inp.weight", "ffn_up_exps.bias")
    } == {"F32"}
    assert sum(written.types.values()) == len(types) + len(seen_types)
    assert len(written.rounded) == (12 if precision == "mxfp4" else 0)
    assert sum("rounded to MXFP4" in each for each in written.warnings) == (precision == "mxfp4")
    assert {each.name for each in tmp_path.iterdir()} == set(written.files)


def test_every_key_of_gpt_oss(siglip: Path, tmp_path: Path) -> None:
    written = gguf.write(model_at(siglip), tmp_path)
    assert written.warnings[:2] == (positions.TRUNCATED, vocabulary.OTHER_RULE)
    keys, _, _ = read_back(tmp_path / "model.gguf")
    own = {
        n: v for n, v in keys.items() if not n.startswith(("GGUF.", "tokenizer.ggml.", "gpt-oss.rope"))
    }
    template = own.pop("tokenizer.chat_template")
    assert own == {
        "general.architecture": "gpt-oss",
        "general.type": "model",
        "general.name": "toy",
        "general.file_type": 38,
        "general.quantization_version": 2,
        "gpt-oss.vocab_size": 4096,
        "gpt-oss.block_count": 4,
        "gpt-oss.context_length": 131072,
        "gpt-oss.embedding_length": 128,
        "gpt-oss.feed_forward_length": 64,
        "gpt-oss.expert_feed_forward_length": 64,
        "gpt-oss.attention.head_count": 4,
        "gpt-oss.attention.head_count_kv": 2,
        "gpt-oss.attention.key_length": 32,
        "gpt-oss.attention.value_length": 32,
        "gpt-oss.attention.layer_norm_rms_epsilon": pytest.approx(1e-5),
        "gpt-oss.attention.sliding_window": 32,
        "gpt-oss.expert_count": 8,
        "gpt-oss.expert_used_count": 2,
    }
    assert "Current date: 2026-01-01" in template
    assert "endgeneration" not in template
    assert keys["tokenizer.ggml.add_bos_token"] is False  # harmony prints none
    assert keys["gpt-oss.rope.scaling.original_context_length"] == 4096


def test_every_key_of_the_tower(siglip: Path, tmp_path: Path) -> None:
    gguf.write(model_at(siglip), tmp_path)
    keys, _, _ = read_back(tmp_path / "mmproj.gguf")
    assert {n.removeprefix("clip."): v for n, v in keys.items() if not n.startswith("GGUF.")} == {
        "general.architecture": "clip",
        "general.type": "mmproj",
        "general.file_type": 1,
        "has_vision_encoder": True,
        "has_llava_projector": True,
        "projector_type": "mlp",
        "use_gelu": True,
        "vision.image_size": 112,
        "vision.patch_size": 14,
        "vision.embedding_length": 128,
        "vision.feed_forward_length": 512,
        "vision.projection_dim": 128,
        "vision.attention.head_count": 4,
        "vision.attention.layer_norm_epsilon": pytest.approx(1e-6),
        "vision.block_count": 5,
        "vision.feature_layer": [5],
        "vision.image_mean": [0.5, 0.5, 0.5],
        "vision.image_std": [0.5, 0.5, 0.5],
    }


def test_the_modelfile_is_called_experimental(siglip: Path, tmp_path: Path) -> None:
    gguf.write(model_at(siglip), tmp_path, quantise="q8_0")
    lines = (tmp_path / "Modelfile").read_text().splitlines()
    assert lines[0].startswith("# Experimental: ")
    assert "FROM ." in lines


def test_every_tensor_of_llama(llama: Path, tmp_path: Path) -> None:
    written = gguf.write(model_at(llama), tmp_path)
    assert written.rounded == {}
    state, (keys, found, types) = held(llama), read_back(tmp_path / "model.gguf")
    start = "model.language_model."
    wanted = {
        "token_embd.weight": state[f"{start}embed_tokens.weight"],
        "output_norm.weight": state[f"{start}norm.weight"],
        "output.weight": state["lm_head.weight"],
    }
    turned = np.arange(16).reshape(2, 8).T.ravel()  # halves of a head become neighbours
    for at in range(2):
        for short, long, heads in (
            ("attn_q", "self_attn.q_proj", 4), ("attn_k", "self_attn.k_proj", 2),
            ("attn_v", "self_attn.v_proj", 0), ("attn_output", "self_attn.o_proj", 0),
            ("ffn_gate", "mlp.gate_proj", 0), ("ffn_up", "mlp.up_proj", 0), ("ffn_down", "mlp.down_proj", 0),
        ):  # fmt: skip
            rows = (
                np.concatenate([head * 16 + turned for head in range(heads)]) if heads else slice(None)
            )
            for end in ("weight", "bias"):
                wanted[f"blk.{at}.{short}.{end}"] = state[f"{start}layers.{at}.{long}.{end}"][rows]
        for short, long in (("attn_norm", "input_layernorm"), ("ffn_norm", "post_attention_layernorm")):
            wanted[f"blk.{at}.{short}.weight"] = state[f"{start}layers.{at}.{long}.weight"]
    compare(found, types, wanted)
    assert types["blk.0.ffn_down.weight"] == "F16"  # 80 columns are no multiple of 32
    assert types["blk.0.ffn_up.weight"] == "Q8_0"
    _, seen, seen_types = read_back(tmp_path / "mmproj.gguf")
    compare(seen, seen_types, tower_tensors(state, 3))
    assert keys["general.architecture"] == "llama"
    assert keys["llama.attention.head_count_kv"] == 2
    assert keys["tokenizer.ggml.add_bos_token"] is True  # our plain template prints it
    assert keys["tokenizer.chat_template"].startswith("{#- For a base language model")


def test_packed_experts_keep_every_code(siglip: Path, tmp_path: Path) -> None:
    model = model_at(siglip)
    weights: dict[str, torch.Tensor] = dict(model.weights)
    draw, wanted = torch.Generator().manual_seed(9), {}
    for name in [each for each in weights if each.endswith(("gate_up_proj", "down_proj"))]:
        count, columns, rows = weights.pop(name).shape
        blocks = torch.randint(
            0, 256, (count, rows, columns // 32, 16), generator=draw, dtype=torch.uint8
        )
        scales = torch.randint(110, 130, blocks.shape[:3], generator=draw, dtype=torch.uint8)
        weights |= {f"{name}_blocks": blocks, f"{name}_scales": scales}
        wanted[name] = convert_moe_packed_tensors(blocks, scales, dtype=torch.float32).numpy()
    packed = gguf.Model("toy", model.config, model.processor, weights)
    written = gguf.write(
        packed, tmp_path, quantise="f16"
    )  # what is packed stays packed, whatever is asked
    assert written.rounded == {}
    _, found, types = read_back(tmp_path / "model.gguf")
    for at in range(4):
        experts = f"language_model.model.layers.{at}.mlp.experts."
        both, down = wanted[f"{experts}gate_up_proj"], wanted[f"{experts}down_proj"]
        for name, tensor in (("gate", both[:, :, ::2]), ("up", both[:, :, 1::2]), ("down", down)):
            assert types[f"blk.{at}.ffn_{name}_exps.weight"] == "MXFP4"
            assert np.array_equal(found[f"blk.{at}.ffn_{name}_exps.weight"], np.swapaxes(tensor, 1, 2))


def test_a_clip_tower_is_refused_by_name(tiny: Path, tmp_path: Path) -> None:
    with pytest.raises(GateRefusal) as refusal:
        gguf.write(model_at(tiny), tmp_path)
    assert "issue 25814" in str(refusal.value)
    assert "--allow clip-gguf" in refusal.value.repair
    assert list(tmp_path.iterdir()) == []


def test_a_clip_tower_is_written_when_waived(tiny: Path, tmp_path: Path) -> None:
    written = gguf.write(model_at(tiny), tmp_path, allow=frozenset({gguf.CLIP}))
    assert written.warnings[0] == folder.CLIP_FAULT
    keys, seen, types = read_back(tmp_path / "mmproj.gguf")
    compare(seen, types, tower_tensors(held(tiny), 5))
    assert keys["clip.use_gelu"] is False


def test_an_unknown_precision(siglip: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError) as error:
        gguf.write(model_at(siglip), tmp_path, quantise="q8")
    assert str(error.value) == "there is no precision q8\ndid you mean q8_0?"


def change(**values: Any) -> Callable[[Any], None]:
    """Sets values of a configuration: `text_x`, `vision_x`, or of the whole."""

    def apply(config: Any) -> None:
        for name, value in values.items():
            part, _, rest = name.partition("_")
            if part in ("text", "tower"):
                setattr(config.text_config if part == "text" else config.vision_config, rest, value)
            else:
                setattr(config, name, value)

    return apply


@pytest.mark.parametrize(
    ("changing", "what"),
    [
        (change(text_model_type="mistral"), "a language model of type mistral is not written as GGUF"),
        (change(text_layer_types=["full_attention"] * 4), "layer_types do not slide in turn"),
        (change(text_swiglu_limit=5.0), "swiglu_limit is not 7.0"),
        (change(text_attention_bias=False), "attention has no biases"),
        (change(tower_model_type="dinov2"), "a vision tower of type dinov2"),
        (change(tower_hidden_act="relu"), "a tower with relu"),
        (change(projector_hidden_act="silu"), "a projector with silu"),
        (change(multimodal_projector_bias=False), "a projector without biases"),
        (change(vision_feature_select_strategy="default"), "by the strategy default"),
        (change(vision_feature_layer=[-2, -1]), r"vision_feature_layer \[-2, -1\] cannot be written"),
        (change(vision_feature_layer=-8), "vision_feature_layer -8 cannot be written"),
        (change(tower_hidden_size=64), "has the shape"),
    ],
)
def test_what_llama_cpp_has_not_is_refused(
    siglip: Path, tmp_path: Path, changing: Callable[[Any], None], what: str
) -> None:
    model = model_at(siglip)
    changing(model.config)
    with pytest.raises(BadCheckpoint, match=what):
        gguf.write(model, tmp_path)


def test_a_missing_tensor_is_named(siglip: Path, tmp_path: Path) -> None:
    model = model_at(siglip)
    weights = {
        name: tensor for name, tensor in model.weights.items() if not name.endswith("2.self_attn.sinks")
    }
    with pytest.raises(
        BadCheckpoint, match=r"the tensor language_model.*2\.self_attn\.sinks is missing"
    ):
        gguf.write(gguf.Model("toy", model.config, model.processor, weights), tmp_path)


@pytest.mark.parametrize("value", [70_000.0, float("nan")])
def test_numbers_that_16_bits_cannot_hold_are_refused(
    siglip: Path, tmp_path: Path, value: float
) -> None:
    model = model_at(siglip)
    weights = dict(model.weights)
    weights["language_model.lm_head.weight"][0, 0] = value
    with pytest.raises(BadCheckpoint, match=r"output\.weight holds numbers that 16 bits cannot"):
        gguf.write(gguf.Model("toy", model.config, model.processor, weights), tmp_path, quantise="f16")
