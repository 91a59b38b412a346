"""What is refused from a model's config.json alone; the folders here hold no weights."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from transformers import GptOssConfig, LlamaConfig, LlavaConfig

from medgpt_cli.core.errors import BadRecipe
from medgpt_cli.workflows.context import check_context, check_processes


def recipe(
    length: int = 2048, factor: float | None = None, original: int | None = None, together: int = 1
) -> Any:
    return SimpleNamespace(
        model=SimpleNamespace(yarn=SimpleNamespace(factor=factor, original=original)),
        train=SimpleNamespace(
            max_length=length, accumulate=1, packing=False, batch_size=8, batch_tokens=None
        ),
        engine=SimpleNamespace(sequence_parallel=together),
    )


@pytest.fixture
def llama(tmp_path: Path) -> Path:
    """A language model that is composed with a tower."""
    LlamaConfig(max_position_embeddings=2048, num_attention_heads=9, hidden_size=576).save_pretrained(
        tmp_path
    )
    return tmp_path


@pytest.fixture
def gpt_oss(tmp_path: Path) -> Path:
    """A whole model."""
    LlavaConfig(text_config=GptOssConfig()).save_pretrained(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    "kept",
    [
        recipe(),
        recipe(8192, factor=4.0),
        recipe(4096, factor=4.0, original=1024),
        recipe(together=3),
    ],
)
def test_what_a_llama_takes(llama: Path, kept: Any) -> None:
    check_context(kept, llama)


@pytest.mark.parametrize(
    ("asked", "where", "what"),
    [
        (recipe(2049), "train.max_length", "2,049 tokens are more than the model holds, 2,048"),
        (
            recipe(8193, factor=4.0),
            "train.max_length",
            "8,193 tokens are more than the model holds, 8,192",
        ),
        (
            recipe(factor=2.0, original=1024),
            "model.yarn.original",
            "1,024 tokens times 2 do not stretch a context of 2,048",
        ),
        (
            recipe(factor=2.0, original=4096),
            "model.yarn.original",
            "4,096 tokens times 2 do not stretch a context of 2,048",
        ),
        (
            recipe(together=2),
            "engine.sequence_parallel",
            "2 processes cannot share the 9 attention heads of the language model evenly",
        ),
    ],
)
def test_what_a_llama_does_not_take(llama: Path, asked: Any, where: str, what: str) -> None:
    with pytest.raises(BadRecipe) as refused:
        check_context(asked, llama)
    assert (refused.value.where, refused.value.what) == (where, what)


def test_gpt_oss_takes_its_131072_tokens_and_no_second_scaling(gpt_oss: Path) -> None:
    check_context(recipe(131_072), gpt_oss)
    with pytest.raises(BadRecipe) as refused:
        check_context(recipe(factor=2.0), gpt_oss)
    assert refused.value.what == (
        "the language model already reaches 131,072 tokens by YaRN x32; "
        "a second scaling would be stacked on it and blur its positions"
    )


def test_what_is_no_model_is_left_to_who_loads_it(tmp_path: Path) -> None:
    check_context(recipe(), tmp_path)


@pytest.mark.parametrize(("launched", "together"), [(1, 1), (4, 2), (2, 2)])
def test_processes_that_are_a_multiple(
    launched: int, together: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORLD_SIZE", str(launched))
    check_processes(recipe(together=together))


@pytest.mark.parametrize(("launched", "together", "word"), [(1, 2, "1 was"), (3, 2, "3 were")])
def test_processes_that_are_no_multiple(
    launched: int, together: int, word: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORLD_SIZE", str(launched))
    with pytest.raises(BadRecipe, match=f"2 processes share a row, and {word} launched"):
        check_processes(recipe(together=together))
