from __future__ import annotations

import pytest

from medgpt_cli.core.recipe.fields import fields
from medgpt_cli.core.recipe.stages import STAGES


@pytest.mark.parametrize("stage", STAGES)
def test_every_field_is_explained_in_one_sentence(stage: str) -> None:
    for field in fields(stage):
        assert field.doc.endswith("."), field.name
        assert "\n" not in field.doc, field.name


def test_the_words_of_a_preparation() -> None:
    names = {field.name for field in fields("data")}
    assert names >= {
        *(f"data.{word}" for word in ("sources[].path", "against", "image_root", "max_bad")),
        *(f"data.sources[].{word}" for word in ("adapter", "licence", "access", "cap")),
        *(f"splits.{word}" for word in ("train", "validation", "test", "seed")),
        *(f"output.{word}" for word in ("images", "shard_rows")),
    }


@pytest.mark.parametrize("stage", [stage for stage in STAGES if stage not in ("data", "eval", "export")])
def test_the_words_scripts_lean_on(stage: str) -> None:
    names = {field.name for field in fields(stage)}
    assert names >= {
        *(f"model.{word}" for word in ("base", "llm", "vision", "dtype", "feature_layer")),
        *("data.mix[].path", "data.image_root", "data.max_bad"),
        *(f"train.{word}" for word in ("seed", "epochs", "max_steps", "batch_size", "max_length", "lr")),
        *(
            f"train.{word}"
            for word in ("schedule", "warmup", "weight_decay", "clip", "save_steps", "keep")
        ),
        *(
            f"parts.{part}.{word}"
            for part in ("vision", "experts", "router")
            for word in ("train", "lr")
        ),
        *(f"chat.{word}" for word in ("reasoning", "date", "max_new_tokens")),
    }


def test_the_words_of_an_evaluation() -> None:
    names = {field.name for field in fields("eval")}
    assert names >= {"model.base", *(f"eval.{word}" for word in ("tasks", "shots", "limit", "profile"))}


def test_the_words_of_an_export() -> None:
    names = {field.name for field in fields("export")}
    assert names >= {"model.base", *(f"export.{word}" for word in ("to", "quantise", "allow", "scores"))}


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("stage", "sft"),
        ("model", "section"),
        ("model.base", "text or empty"),
        ("model.dtype", "auto | float32 | bfloat16"),
        ("data.mix", "list of sections"),
        ("data.mix[].path", "text"),
        ("data.validation", "list of text"),
        ("train.max_steps", "whole number or empty"),
        ("train.lr", "number"),
        ("parts.llm.train", "true or false"),
        ("parts.experts.train", "true or false or empty"),
        ("chat.date", "text"),
    ],
)
def test_kinds(name: str, kind: str) -> None:
    assert {field.name: field.kind for field in fields("sft")}[name] == kind
