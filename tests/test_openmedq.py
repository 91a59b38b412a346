"""The small OpenMedQ from words to report, a few steps of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image
from safetensors.torch import load_file

from tests.openmedq import main, write_words


def test_the_decoder_reads_words_alone(tmp_path: Path) -> None:
    Image.new("L", (8, 8)).save(tmp_path / "a.png")
    records = (
        {"question": "Which plane?", "answer": "axial", "image": "a.png"},
        {"image": "a.png", "caption": "A grey square."},
        {"text": "Figure 1.\n<image>\nNothing.", "images": ["a.png"]},
    )
    path = tmp_path / "local.jsonl"
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    words = write_words(path, tmp_path / "words.jsonl").read_text().splitlines()
    assert [json.loads(line)["text"] for line in words] == [
        "Which plane?\naxial",
        "Describe this image.\nA grey square.",
        "Figure 1.\nNothing.",
    ]


def tensors(folder: Path, part: str) -> dict[str, bytes]:
    whole = load_file(folder / "model.safetensors")
    found = {name: tensor.numpy().tobytes() for name, tensor in whole.items() if part in name}
    assert found
    return found


@pytest.mark.slow
def test_a_few_steps_end_in_a_verdict(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(tmp_path, slices=0.4, reading=2, training=2)
    said = capsys.readouterr().out
    document = json.loads((tmp_path / "transfer" / "scores.json").read_text())
    assert [each["name"] for each in document["sets"]] == ["plane", "side", "modality"]
    assert [each["kind"] for each in document["towers"]] == ["vit", "vit"]
    [verdict] = document["found"]
    assert verdict in said
    assert verdict in (tmp_path / "transfer" / "report.html").read_text().replace("&#43;", "+")
    assert " scratch by a linear probe: macro-F1 " in verdict
    # The tower and the projector have learnt in full, the decoder through its adapters alone.
    before, after = tmp_path / "read" / "model", tmp_path / "openmedq" / "model"
    for part in ("vision_tower", "multi_modal_projector"):
        assert tensors(before, part) != tensors(after, part)
    assert tensors(before, "mlp.gate_proj") == tensors(after, "mlp.gate_proj")
    assert tensors(before, "self_attn.v_proj") != tensors(after, "self_attn.v_proj")
    settings = json.loads((tmp_path / "openmedq" / "adapter" / "adapter_config.json").read_text())
    assert settings["r"] == 8
