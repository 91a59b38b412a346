import pytest
import torch

from medgpt_cli.models.attention.sinks import attend
from medgpt_cli.models.attention.sliding import attend_in_blocks, window_bias
from tests.models.attention.masks import pair_of_masks


@pytest.mark.parametrize("lengths", [[40], [8], [7, 1, 20, 12], [1] * 17])
@pytest.mark.parametrize("window", [4, 8])
def test_blocks_see_what_the_full_mask_lets_them_see(lengths, window):
    torch.manual_seed(0)
    tokens = sum(lengths)
    query = torch.randn(1, 4, tokens, 8, requires_grad=True)
    key, value = (torch.randn(1, 2, tokens, 8, requires_grad=True) for _ in range(2))
    sinks = torch.randn(4, requires_grad=True)
    numbers = torch.repeat_interleave(torch.arange(len(lengths)), torch.tensor(lengths))
    full = pair_of_masks(lengths, window)["sliding_attention"]
    expected = attend(query, key, value, sinks, scale=0.3, bias=full)
    bias = window_bias(tokens, window, numbers, like=query)
    got = attend_in_blocks(query, key, value, sinks, scale=0.3, bias=bias)
    torch.testing.assert_close(got, expected, atol=1e-6, rtol=0)
    grad = torch.randn_like(expected)
    for ours, theirs in zip(
        torch.autograd.grad(got, (query, key, value, sinks), grad),
        torch.autograd.grad(expected, (query, key, value, sinks), grad),
        strict=True,
    ):
        torch.testing.assert_close(ours, theirs, atol=1e-5, rtol=1e-5)


def test_several_rows_are_attended_apart():
    torch.manual_seed(0)
    query, key, value = (torch.randn(3, 2, 21, 8) for _ in range(3))
    sinks = torch.randn(2)
    bias = window_bias(21, 4, None, like=query)
    together = attend_in_blocks(query, key, value, sinks, scale=1.0, bias=bias)
    for row in range(3):
        alone = attend_in_blocks(
            query[row : row + 1], key[row : row + 1], value[row : row + 1], sinks, scale=1.0, bias=bias
        )
        torch.testing.assert_close(together[row : row + 1], alone)


def test_the_bias_grows_with_the_sequence_and_not_with_its_square():
    like = torch.empty(0)
    sizes = [window_bias(tokens, 8, None, like=like).numel() for tokens in (80, 160, 320)]
    assert sizes == [80 * 16, 160 * 16, 320 * 16]
