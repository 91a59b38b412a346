"""What Prometheus reads, and that it reads no more."""

from __future__ import annotations

import re

from tests.serving.serving import Model, said, serving

SECRET = "Mrs Secretname"
LINE = re.compile(r"(# (HELP|TYPE) \w+ .+|\w+(\{\w+=\"[^\"]*\"(,\w+=\"[^\"]*\")*\})? -?[0-9.e+]+)")


def test_counts_by_path_and_status_tokens_and_seconds() -> None:
    with serving(Model()) as here:
        here.ask(said(SECRET))
        here.ask(said(SECRET, temperature=1))
        here.get(f"/{SECRET}")
        shown = here.get("/metrics")
    assert shown.headers["content-type"].startswith("text/plain; version=0.0.4")
    lines = shown.text.splitlines()
    assert all(LINE.fullmatch(line) for line in lines)
    for expected in (
        'medgpt_requests_total{path="/v1/chat/completions",status="200"} 1',
        'medgpt_requests_total{path="/v1/chat/completions",status="400"} 1',
        'medgpt_requests_total{path="other",status="404"} 1',
        'medgpt_tokens_total{kind="prompt"} 12',
        'medgpt_tokens_total{kind="completion"} 2',
        'medgpt_answer_seconds_bucket{le="0.25"} 0',
        'medgpt_answer_seconds_bucket{le="0.5"} 1',
        'medgpt_answer_seconds_bucket{le="+Inf"} 1',
        "medgpt_answer_seconds_sum 0.500000",
        "medgpt_first_token_seconds_count 1",
        "medgpt_inside 0",
    ):
        assert expected in lines
    assert "Secretname" not in shown.text
