"""The conversions behind `small`, on small files in exactly the formats of the two packages."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper
from transformers import Dinov2Config, Dinov2Model

from medgpt_cli.core.errors import Missing
from medgpt_cli.core.types import Role, Turn
from medgpt_cli.models import embedded
from medgpt_cli.models.small.build import LANGUAGE_MODEL, VISION_TOWER, vision_tower
from medgpt_cli.workflows.loading import load_model
from tests.conftest import PERSONAL_CACHE

WIDTH = 64


def exported(model: Dinov2Model) -> onnx.ModelProto:
    """A graph with the names an export by torch leaves: matrices transposed under numbers, the position table cut."""
    tensors, nodes = [], []
    state = {name: value.numpy() for name, value in model.state_dict().items()}
    original = {
        "attention.q_proj": "attention.attention.query",
        "attention.k_proj": "attention.attention.key",
        "attention.v_proj": "attention.attention.value",
        "attention.o_proj": "attention.output.dense",
    }
    number = 1957
    for name, array in state.items():
        for ours, theirs in original.items():
            name = name.replace(ours, theirs)
        name = name.replace("encoder.layers.", "encoder.layer.")
        if name == "embeddings.mask_token":
            continue
        if name == "embeddings.position_embeddings":
            tensors.append(numpy_helper.from_array(array[:, :1].copy(), f"onnx::Concat_{number}"))
            tensors.append(numpy_helper.from_array(array[:, 1:].copy(), f"onnx::Reshape_{number + 1}"))
        elif name.startswith("encoder.") and array.ndim == 2:
            matrix = f"onnx::MatMul_{number}"
            tensors.append(numpy_helper.from_array(np.ascontiguousarray(array.T), matrix))
            path = "/backbone/" + name.removesuffix(".weight").replace(
                "encoder.layer.", "encoder/layer.", 1
            )
            head, _, tail = path.partition("layer.")
            layer, _, rest = tail.partition(".")
            nodes.append(
                helper.make_node(
                    "MatMul",
                    ["x", matrix],
                    ["y"],
                    name=f"{head}layer.{layer}/{rest.replace('.', '/')}/MatMul",
                )
            )
        else:
            tensors.append(numpy_helper.from_array(array, f"backbone.{name}"))
        number += 2
    tensors.append(numpy_helper.from_array(np.zeros((3, 3), np.float32), "decoder.final_conv.weight"))
    value = helper.make_tensor_value_info("x", TensorProto.FLOAT, None)
    return helper.make_model(helper.make_graph(nodes, "g", [value], [], tensors))


def test_an_exported_tower_keeps_its_features() -> None:
    torch.manual_seed(0)
    config = Dinov2Config(
        hidden_size=WIDTH, num_hidden_layers=12, num_attention_heads=1, image_size=518, patch_size=14
    )
    upstream = Dinov2Model(config).eval()
    torch.nn.init.normal_(upstream.embeddings.position_embeddings)
    converted = vision_tower(exported(upstream)).eval()
    pixels = torch.randn(2, 3, 112, 112)
    with torch.no_grad():
        expected = upstream(pixels).last_hidden_state
        ours = converted(pixels).last_hidden_state
    torch.testing.assert_close(ours, expected, rtol=0, atol=0)


def test_without_its_parts_small_says_how_to_get_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MEDGPT_CACHE", str(tmp_path))
    with pytest.raises(Missing) as refusal:
        embedded.folder("small")
    assert refusal.value.repair == "medgpt doctor --get small --online"


@pytest.mark.slow
def test_the_real_parts_become_a_model_that_answers(cache: Path) -> None:
    upstream = PERSONAL_CACHE / "small" / "upstream"
    if not all((upstream / name).is_file() for name in (LANGUAGE_MODEL, VISION_TOWER)):
        pytest.skip("not run: the parts of small are not here; medgpt doctor --get small --online")
    (cache / "small").mkdir()
    (cache / "small" / "upstream").symlink_to(upstream)
    reply = load_model("small").generate(
        [Turn(Role.USER, ("What is the capital of France?",))], [], max_new_tokens=12
    )
    assert "Paris" in reply.text
