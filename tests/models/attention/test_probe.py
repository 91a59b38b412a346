import re

import pytest
import torch
from transformers.integrations.sdpa_attention import sdpa_attention_forward

from medgpt_cli.models.attention import probe
from medgpt_cli.models.attention.closed import closed_documents


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_ours_agrees_on_this_processor(dtype):
    verdict = probe.probe("ours", closed_documents, dtype=dtype)
    assert verdict == probe.Verdict("ours", True, "agrees with eager in output and gradients")
    probe.require_agreement("cpu", dtype)


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


def test_training_does_not_begin_where_ours_differs(monkeypatch):
    monkeypatch.setattr(probe, "closed_documents", forgets_sinks)
    with pytest.raises(RuntimeError, match="differs from eager on this machine: output differs by"):
        probe.require_agreement("cpu", torch.float32)
