import re

import pytest
import torch
from transformers.integrations.sdpa_attention import sdpa_attention_forward

from medgpt_cli.core.documents import OURS
from medgpt_cli.models.attention import probe
from medgpt_cli.models.attention.closed import closed_documents


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_ours_is_chosen_on_this_processor(dtype):
    name, verdicts = probe.choose_attention("cpu", dtype)
    assert name == OURS
    assert [verdict.reason for verdict in verdicts] == ["agrees with eager in output and gradients"]


def forgets_sinks(*args, s_aux, **kwargs):
    return closed_documents(*args, s_aux=None, **kwargs)


def detaches_sinks(*args, s_aux, **kwargs):
    return closed_documents(*args, s_aux=s_aux.detach(), **kwargs)


def forgets_the_window(*args, sliding_window, **kwargs):
    return closed_documents(*args, sliding_window=None, **kwargs)


def is_off_by_one(*args, sliding_window, **kwargs):
    return closed_documents(*args, sliding_window=sliding_window and sliding_window + 1, **kwargs)


def leaks(*args, cu_seq_lens_q, **kwargs):
    return closed_documents(*args, **kwargs)


@pytest.mark.parametrize(
    ("attention", "reason"),
    [
        (forgets_sinks, "output differs by .* in a full layer"),
        (detaches_sinks, "gives no gradient of sinks"),
        (forgets_the_window, "output differs by .* in a sliding layer"),
        (is_off_by_one, "output differs by .* in a sliding layer"),
        (leaks, "output differs by .* in a full layer"),
        (sdpa_attention_forward, "."),
    ],
)
def test_an_attention_that_differs_is_found_out(attention, reason):
    verdict = probe.probe("candidate", attention)
    assert not verdict.agrees
    assert verdict.name == "candidate"
    assert re.search(reason, verdict.reason)


def test_eager_remains_when_nothing_agrees(monkeypatch):
    monkeypatch.setattr(probe, "closed_documents", forgets_sinks)
    assert probe.choose_attention("cpu", torch.float32)[0] == "eager"
