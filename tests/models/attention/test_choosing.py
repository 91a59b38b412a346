"""Which attention a recipe's word means on a machine that has, or has not, a flash kernel."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from medgpt_cli.core.documents import EAGER, OURS
from medgpt_cli.core.errors import BadRecipe, Missing
from medgpt_cli.models.attention import choosing
from medgpt_cli.models.attention.choosing import Chosen, choose_attention, require_kernel
from medgpt_cli.models.attention.closed import closed_documents

BF16 = torch.bfloat16


def forgets_sinks(*args: Any, s_aux: Any, **kwargs: Any) -> Any:
    return closed_documents(*args, s_aux=None, **kwargs)


@pytest.fixture
def kernel(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Installs a kernel of one's own as flash_attention_2, on what is said to be a GPU."""

    def install(attention: Any) -> None:
        monkeypatch.setattr(
            choosing, "find_spec", lambda package: object() if package == "flash_attn" else None
        )
        monkeypatch.setattr(choosing, "_kernel", lambda name: attention)
        tried = choosing.probe
        monkeypatch.setattr(
            choosing, "probe", lambda *args, device, **words: tried(*args, device="cpu", **words)
        )
        monkeypatch.setattr(choosing, "require_agreement", lambda device, dtype: None)

    return install


def chosen(word: str, device: str = "cuda", dtype: torch.dtype = BF16, **words: Any) -> Chosen:
    return choose_attention(word, device=device, dtype=dtype, **{"sinks": True, **words})


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("auto", Chosen(OURS, "ours", "no flash kernel is installed")),
        ("ours", Chosen(OURS, "ours")),
        ("eager", Chosen(EAGER, "eager")),
    ],
)
def test_without_a_kernel(word: str, expected: Chosen) -> None:
    assert chosen(word, "cpu", torch.float32) == expected


def test_a_kernel_that_is_not_installed_is_named_with_its_line() -> None:
    for ask in (lambda: chosen("flash"), lambda: require_kernel("flash")):
        with pytest.raises(Missing) as caught:
            ask()
        assert caught.value.exit_code == 5
        assert caught.value.what == "no flash kernel is installed"
        assert caught.value.repair == "pip install flash-attn --no-build-isolation"
    require_kernel("auto")


@pytest.mark.parametrize("word", ["auto", "flash"])
def test_a_kernel_that_agrees_is_used(kernel: Any, word: str) -> None:
    kernel(closed_documents)
    found = chosen(word)
    assert (found.name, found.word) == ("flash_attention_2", "flash")
    assert found.sentence() == (
        "attention: flash, flash_attention_2, which agrees with eager here, gradients included"
    )


def test_a_kernel_that_forgets_sinks_serves_a_model_without_them_alone(kernel: Any) -> None:
    kernel(forgets_sinks)
    found = chosen("auto")
    assert found.name == OURS
    assert found.reason.startswith("flash_attention_2 differs from eager here: output differs by")
    assert chosen("auto", sinks=False).name == "flash_attention_2"
    with pytest.raises(BadRecipe, match="flash_attention_2 differs from eager here"):
        chosen("flash")


def test_where_no_kernel_can_run_the_reason_is_told(kernel: Any) -> None:
    kernel(closed_documents)
    with pytest.raises(BadRecipe, match="flash kernels run on a GPU"):
        chosen("flash", "cpu")
    with pytest.raises(BadRecipe, match="flash kernels compute in 16 bits"):
        chosen("flash", dtype=torch.float32)
    assert chosen("auto", shared=True) == Chosen(
        OURS, "ours", "which alone can share a row among processes"
    )
