"""The balance of routers against transformers' own, where a gpt-oss stands alone and says it."""

from __future__ import annotations

import pytest
import torch
from transformers import GptOssConfig, GptOssForCausalLM

from medgpt_cli.core.errors import BadRecipe
from medgpt_cli.training.router_balance import RouterBalance

COEFFICIENT = 0.3


@pytest.fixture
def stock() -> GptOssForCausalLM:
    torch.manual_seed(0)
    config = GptOssConfig(
        vocab_size=97, hidden_size=32, intermediate_size=16, num_hidden_layers=3, num_attention_heads=4,
        num_key_value_heads=2, head_dim=8, num_local_experts=6, num_experts_per_tok=2, sliding_window=8,
        router_aux_loss_coef=COEFFICIENT, pad_token_id=0,
    )  # fmt: skip
    model = GptOssForCausalLM(config)
    for name, parameter in model.named_parameters():
        if "router" in name:
            torch.nn.init.normal_(parameter, std=0.5)
    return model.train()


def ids() -> torch.Tensor:
    return torch.randint(1, 97, (2, 21), generator=torch.Generator().manual_seed(1))


def test_value_and_gradients_are_those_of_transformers(stock: GptOssForCausalLM) -> None:
    theirs = stock(input_ids=ids(), labels=ids(), output_router_logits=True)
    theirs.loss.backward()
    expected = {n: p.grad.clone() for n, p in stock.named_parameters() if p.grad is not None}
    stock.zero_grad()
    balance = RouterBalance(stock)
    with balance.listening() as logits:
        loss = stock(input_ids=ids(), labels=ids(), output_router_logits=False).loss
    aux = balance.loss(logits)
    torch.testing.assert_close(aux, theirs.aux_loss, rtol=1e-6, atol=1e-7)
    assert aux.item() != pytest.approx(
        2.0, rel=1e-3
    )  # which two of six choices cost when nothing is out of balance
    (loss + COEFFICIENT * aux).backward()
    for name, parameter in stock.named_parameters():
        if name in expected:
            torch.testing.assert_close(parameter.grad, expected[name], rtol=1e-5, atol=1e-7, msg=name)


def test_a_row_without_padding_is_what_transformers_counts_of_padded_ones(
    stock: GptOssForCausalLM,
) -> None:
    mask = torch.ones(2, 21, dtype=torch.long)
    mask[1, 13:] = 0
    theirs = stock(input_ids=ids(), attention_mask=mask, labels=ids(), output_router_logits=True)
    balance = RouterBalance(stock)
    with balance.listening() as logits:
        stock(input_ids=ids()[:1])
        stock(input_ids=ids()[1:, :13])
    torch.testing.assert_close(balance.loss(logits), theirs.aux_loss, rtol=1e-5, atol=1e-6)


@pytest.mark.filterwarnings("ignore:.*use_cache:UserWarning")
def test_layers_that_compute_again_are_counted_once(stock: GptOssForCausalLM) -> None:
    balance = RouterBalance(stock)
    gradients = []
    for again in (False, True):
        if again:
            stock.activation_checkpointing_enable({"use_reentrant": False})
        with balance.listening() as logits:
            stock(input_ids=ids(), use_cache=False)
        assert len(logits) == 3
        balance.loss(logits).backward()
        assert len(logits) == 3
        gradients.append([p.grad.clone() for n, p in stock.named_parameters() if "router" in n])
        stock.zero_grad()
    assert all(one.abs().max() > 0 for one in gradients[0][:-1])
    for one, other in zip(*gradients, strict=True):
        torch.testing.assert_close(one, other)


def test_a_graph_that_was_cut_is_no_silent_zero(stock: GptOssForCausalLM) -> None:
    balance = RouterBalance(stock)
    with balance.listening() as logits, torch.no_grad():
        stock(input_ids=ids())
    with pytest.raises(RuntimeError, match="no gradient to balance them by"):
        balance.loss(logits)


def test_a_model_without_routers_is_refused() -> None:
    with pytest.raises(BadRecipe, match="no router whose choices could be balanced"):
        RouterBalance(torch.nn.Linear(2, 2))
