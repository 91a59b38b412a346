from __future__ import annotations

import json
from pathlib import Path

import pytest

from medgpt_cli.core.errors import BadCheckpoint
from medgpt_cli.models import checkpoint
from medgpt_cli.training.parts import PARTS, freeze
from medgpt_cli.training.plan.published import SHAPES
from medgpt_cli.training.plan.shapes import shape_of

ALL = dict.fromkeys(PARTS, True)


@pytest.mark.parametrize("frozen", [(), ("vision",), ("llm", "experts", "router")], ids=str)
def test_counts_are_those_of_the_real_model(tiny: Path, frozen: tuple[str, ...]) -> None:
    learns = {part: part not in frozen for part in PARTS}
    model, _ = checkpoint.load(tiny)
    config = json.loads((tiny / "config.json").read_text())
    shape = shape_of("tiny", config, learns)
    assert shape.counts == freeze(model, learns)
    assert shape.count() == sum(each.numel() for each in model.parameters())
    assert shape.count(learnt=True) == sum(
        each.numel() for each in model.parameters() if each.requires_grad
    )
    assert max(each.largest for each in shape.weights) == max(
        each.numel() for each in model.parameters() if each.requires_grad
    )


def test_gpt_oss_20b_has_the_parameters_its_card_names() -> None:
    """openai/gpt-oss-20b: 20.9 billion parameters, 3.6 billion active a token (its model card, without the tower)."""
    shape = shape_of("gpt-oss-20b", SHAPES["gpt-oss-20b"], ALL)
    language = sum(shape.counts[part].total for part in ("llm", "experts", "router"))
    assert language == 20_914_757_184
    active = language - shape.counts["experts"].total * 28 // 32 - shape.count("embedding")
    assert active == pytest.approx(3.6e9, rel=0.02)
    assert shape.expert_layer == 32 * (2880 * 5760 + 5760 + 2880 * 2880 + 2880) + 32 * 2880 + 32
    assert shape.decoder.windows == (128, None) * 12
    assert (shape.tower.tokens, shape.tower.handed_on, shape.tower.used) == (577, 576, 23)


def test_pmc_llama_7b_has_the_parameters_of_llama() -> None:
    shape = shape_of("pmc-llama-7b", SHAPES["pmc-llama-7b"], ALL)
    assert shape.counts["llm"].total == 6_738_415_616 + 2 * 64 * 4096
    assert "experts" not in shape.counts


def test_a_quantised_checkpoint_is_planned_as_it_is_trained() -> None:
    config = SHAPES["gpt-oss-20b"] | {"quantization_config": {"quant_method": "mxfp4"}}
    assert shape_of("x", config, ALL).count() == shape_of("x", SHAPES["gpt-oss-20b"], ALL).count()


@pytest.mark.parametrize(
    "config",
    [{"text_config": {"model_type": "no-such"}}, {"text_config": 3, "vision_config": {}}],
    ids=str,
)
def test_what_is_no_llava_model_is_refused(config: dict[str, object]) -> None:
    with pytest.raises(BadCheckpoint, match="describes no LLaVA model"):
        shape_of("x", config, ALL)
