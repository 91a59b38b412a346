"""The card of an exported model."""

from __future__ import annotations

from typing import Any

import yaml

from medgpt_cli.export.card import card


def facts(**changed: Any) -> dict[str, Any]:
    phi = {
        "level": "strict",
        "sure": {"phone": 2},
        "doubtful": {"phone": 3, "date": 1400},
        "attest": {"by": "A | B", "basis": "ethics vote 12", "classes": ["phone"]},
    }
    found: dict[str, Any] = {
        "name": "out",
        "environment": {"medgpt": "0.1.0"},
        "model": {
            "llm": "gpt_oss",
            "vision": "clip_vision_model",
            "parameters": 20_900_000_000,
            "tokens_per_image": 576,
            "context": 131_072,
            "image_size": 336,
        },
        "lineage": [
            {"what": "model", "name": "runs/a", "sha256": "a" * 64, "licences": []},
            {
                "what": "run",
                "name": "runs/a",
                "sha256": "b" * 64,
                "licences": [],
                "stage": "sft",
                "steps": 7,
                "seed": 1,
                "ended": "2026-01-31",
            },
            {"what": "data", "name": "set", "sha256": "c" * 64, "licences": ["CC-BY-4.0"], "run": "a"},
            {"what": "base", "name": "gpt-oss", "sha256": None, "licences": ["weights: Apache-2.0"]},
        ],
        "gates": [{"run": "runs/a", "phi": phi, "leakage": {"slake": {"image": 2, "text": 3}}}],
        "waivers": [],
        "scores": [],
        "warnings": ["Mind the step."],
        "verification": {
            "inputs": 6,
            "positions": 100,
            "max_logit": 0.0,
            "kl_mean": 0.0,
            "kl_max": 0.0,
            "top1": 1.0,
            "greedy": 1.0,
        },
    }
    return found | changed


def test_the_header_is_yaml_that_hubs_read() -> None:
    _, header, _ = card(facts()).split("---\n", 2)
    read = yaml.safe_load(header)
    assert read["base_model"] == ["gpt-oss"]
    assert (read["library_name"], read["pipeline_tag"]) == ("transformers", "image-text-to-text")


def test_what_was_found_let_pass_and_left_out() -> None:
    text = card(facts())
    assert "- runs/a: scanned at level strict; found phone 2, and perhaps date 1,400, phone 3\n" in text
    assert "attested by A / B (ethics vote 12): phone" in text
    assert "left out for standing in evaluation sets: slake 5" in text


def test_stages_in_their_order_data_and_licences() -> None:
    text = card(facts())
    assert "| 1 | gpt-oss | base | not recorded |\n| 2 | runs/a | run: sft, 7 steps, seed 1 |" in text
    assert "| set | a | CC-BY-4.0 | `cccccccccccccccc` |" in text
    assert "- set: CC-BY-4.0\n- gpt-oss: weights: Apache-2.0\n" in text
    assert "336 x 336 pixels" in text
    assert "- Mind the step.\n" in text


def test_what_nobody_recorded_is_said_to_be_unknown() -> None:
    text = card(facts(lineage=[], gates=[], scores=[]))
    assert "No training run stands behind this model, so nothing was scanned." in text
    assert "## Data\nNone that was recorded.\n" in text
    assert "## Scores\nNone were named when it was exported.\n" in text
    assert "base_model" not in text


def test_names_cannot_break_the_card() -> None:
    link = {"what": "data", "name": "a|b\n# <b>`x`", "sha256": None, "licences": [], "run": "r"}
    assert "| a/b # ‹b›'x' | r | not recorded | not recorded |" in card(facts(lineage=[link]))


def test_the_tiles_of_a_large_picture_are_told_where_there_are_any() -> None:
    model = facts()["model"]
    assert "576 tokens an image, context" in card(facts())
    told = card(facts(model=model | {"max_tiles": 6}))
    assert (
        "576 tokens an image, in medgpt up to 6 tiles and a thumbnail of a large picture, context"
        in told
    )
