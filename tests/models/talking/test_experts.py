from __future__ import annotations

import pytest
import torch
from transformers import GptOssConfig
from transformers.integrations.moe import ALL_EXPERTS_FUNCTIONS
from transformers.models.gpt_oss.modeling_gpt_oss import GptOssMLP

from medgpt_cli.models.talking import experts


def mlp() -> GptOssMLP:
    torch.manual_seed(0)
    config = GptOssConfig(
        hidden_size=24,
        intermediate_size=40,
        num_local_experts=6,
        num_experts_per_tok=3,
        num_hidden_layers=1,
    )
    config._experts_implementation = "grouped_mm"
    made = GptOssMLP(config)
    for parameter in made.parameters():
        torch.nn.init.normal_(parameter, std=0.7)
    return made


@pytest.mark.parametrize("tokens", [1, experts.FEW, experts.FEW + 3])
def test_few_tokens_come_out_as_many_do(tokens: int, monkeypatch: pytest.MonkeyPatch) -> None:
    module, hidden = mlp(), torch.randn(1, tokens, 24)
    grouped = []
    plain = experts.grouped_mm_experts_forward
    monkeypatch.setattr(
        experts, "grouped_mm_experts_forward", lambda *given: grouped.append(1) or plain(*given)
    )
    with torch.inference_mode():
        expected = module(hidden)[0]
        with experts.of_few(module.experts.config):
            found = module(hidden)[0]
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-5)
    assert len(grouped) == (tokens > experts.FEW)


def test_the_way_is_taken_back() -> None:
    module = mlp()
    config = module.experts.config
    seen = []

    def fail() -> None:
        with experts.of_few(config):
            seen.append(config._experts_implementation)
            raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        fail()
    assert seen == [experts.NAME]
    assert experts.NAME in ALL_EXPERTS_FUNCTIONS
    assert config._experts_implementation == "grouped_mm"


@pytest.mark.parametrize("chosen", [None, "eager"])
def test_what_somebody_chose_stays(chosen: str | None) -> None:
    config = GptOssConfig(num_hidden_layers=1)
    config._experts_implementation = chosen
    with experts.of_few(config):
        assert config._experts_implementation == chosen
