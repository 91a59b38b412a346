import pytest
import torch

from medgpt_cli.models.attention.sinks import attend, attend_with_a_key

SCALE = 0.25


def softmax_with_sink(query, key, value, sinks, bias):
    """gpt-oss's own definition, written out."""
    group = query.shape[1] // key.shape[1]
    key, value = key.repeat_interleave(group, 1), value.repeat_interleave(group, 1)
    scores = query @ key.transpose(2, 3) * SCALE + bias
    sink = sinks.view(1, -1, 1, 1).expand(*scores.shape[:3], 1)
    return torch.cat([scores, sink], -1).softmax(-1)[..., :-1] @ value


def states(*, heads=4, groups=2, tokens=37, size=16, rows=2):
    torch.manual_seed(0)
    query = torch.randn(rows, heads, tokens, size, requires_grad=True)
    key, value = (torch.randn(rows, groups, tokens, size, requires_grad=True) for _ in range(2))
    return query, key, value, torch.randn(heads, requires_grad=True)


def triangle(tokens):
    return torch.full((tokens, tokens), float("-inf")).triu(1)[None, None]


@pytest.mark.parametrize("way", [attend, attend_with_a_key])
@pytest.mark.parametrize("bias", [None, triangle(37)], ids=["causal", "bias"])
def test_output_and_every_gradient_equal_the_definition(way, bias):
    given = states()
    expected = softmax_with_sink(*given, triangle(37))
    grad = torch.randn_like(expected)
    got = way(*given, scale=SCALE, bias=bias)
    torch.testing.assert_close(got, expected, atol=1e-6, rtol=0)
    for ours, theirs in zip(
        torch.autograd.grad(got, given, grad), torch.autograd.grad(expected, given, grad), strict=True
    ):
        torch.testing.assert_close(ours, theirs, atol=1e-5, rtol=1e-5)


def test_a_sink_takes_weight():
    query, key, value, sinks = (tensor.detach() for tensor in states())
    light, heavy = (attend(query, key, value, sinks + shift, scale=SCALE) for shift in (-50.0, 50.0))
    torch.testing.assert_close(light, attend(query, key, value, None, scale=SCALE), atol=1e-6, rtol=0)
    assert heavy.abs().max() < 1e-6


def test_half_precision_stays_close_to_single():
    exact = attend(*states(), scale=SCALE)
    half = attend(*(tensor.bfloat16() for tensor in states()), scale=SCALE)
    assert half.dtype is torch.bfloat16
    torch.testing.assert_close(half.float(), exact, atol=0.03, rtol=0.03)


def test_without_sinks_it_is_plain_attention():
    query, key, value, _ = states(groups=4)
    expected = ((query @ key.transpose(2, 3) * SCALE) + triangle(37)).softmax(-1) @ value
    torch.testing.assert_close(attend(query, key, value, None, scale=SCALE), expected, atol=1e-6, rtol=0)
