"""Real llama.cpp beside transformers: the same tokens in, the same words out, with and without a picture.

llama.cpp is no dependency; the package xllamacpp brings it as a wheel.  Where it is not installed nothing here is run,
and the summary of the tests says so.
"""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
import torch
from PIL import Image

from medgpt_cli.export import gguf
from medgpt_cli.export.prompts import PROMPTS
from medgpt_cli.models import checkpoint, embedded
from tests.export.gguf.making import model_at, truncating

pytestmark = pytest.mark.slow
MARKER = re.compile(r"<__media_\w+__>")
"""What stands for a picture in a prompt; llama.cpp draws it anew in each process."""
LENGTH = 48

Serve = Callable[[Path], str]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Starts llama.cpp's own server on a folder, all in float32; gives its address."""
    xllamacpp = pytest.importorskip(
        "xllamacpp", reason="NOT RUN: llama.cpp is not installed (pip install xllamacpp)"
    )
    running = []

    def start(folder: Path) -> str:
        asked = xllamacpp.CommonParams()
        asked.model.path, asked.mmproj.path = str(folder / "model.gguf"), str(folder / "mmproj.gguf")
        asked.n_ctx, asked.n_parallel, asked.cpuparams.n_threads = 1024, 1, 1
        asked.n_gpu_layers, asked.mmproj_use_gpu, asked.warmup, asked.fit_params = 0, False, False, False
        asked.cache_type_k = asked.cache_type_v = xllamacpp.ggml_type.GGML_TYPE_F32
        asked.flash_attn_type = xllamacpp.llama_flash_attn_type.LLAMA_FLASH_ATTN_TYPE_DISABLED
        asked.use_jinja, asked.verbosity = True, 0
        running.append(xllamacpp.Server(asked))
        return str(running[-1].listening_address)

    yield start
    running.clear()


@pytest.fixture(scope="module")
def siglip(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> Path:
    return truncating(embedded.folder("tiny-siglip"), tmp_path_factory.mktemp("siglip") / "model")


def drawn() -> Image.Image:
    """A picture of the tower's own size, so that nobody resizes it."""
    pixels = np.random.default_rng(0).integers(0, 255, (112, 112, 3), dtype=np.uint8)
    return Image.fromarray(pixels)


def asked(server: str, path: str, body: dict[str, Any]) -> Any:
    return httpx.post(server + path, json=body, timeout=120).raise_for_status().json()


def both(server: str, folder: Path, *, picture: bool) -> tuple[list[int], list[int], float, str, str]:
    """Greedy tokens of transformers and of llama.cpp, how far the first log-probabilities differ, both prompts."""
    model, processor = checkpoint.load(folder, dtype=torch.float32)
    words = {"type": "text", "text": "Describe this image."}
    url = ""
    if picture:
        drawn().save(held := io.BytesIO(), "PNG")
        url = base64.b64encode(held.getvalue()).decode()
    shown = (
        [{"type": "image_url", "image_url": {"url": f"data:image/png;base64,{url}"}}] if picture else []
    )
    ours = [{"role": "user", "content": [*([{"type": "image"}] if picture else []), words]}]
    text = processor.tokenizer.apply_chat_template(ours, tokenize=False, add_generation_prompt=True)
    inputs = processor(
        text=text, images=drawn() if picture else None, return_tensors="pt", add_special_tokens=False
    )
    with torch.no_grad():
        expected = model(**inputs).logits[0, -1].log_softmax(-1)
        answer = model.generate(**inputs, do_sample=False, max_new_tokens=LENGTH)
    prompt = asked(
        server, "/apply-template", {"messages": [{"role": "user", "content": [*shown, words]}]}
    )
    said = asked(
        server,
        "/completion",
        {
            "prompt": {"prompt_string": prompt["prompt"], "multimodal_data": [url]} if picture else prompt["prompt"],
            "n_predict": LENGTH,
            "temperature": 0,
            "top_k": 1,
            "n_probs": 5,
            "return_tokens": True,
        },
    )  # fmt: skip
    likeliest = said["completion_probabilities"][0]["top_logprobs"]
    differ = max(abs(each["logprob"] - float(expected[each["id"]])) for each in likeliest)
    tokens = answer[0, inputs["input_ids"].shape[1] :].tolist()
    return tokens, said["tokens"], differ, text, MARKER.sub(processor.image_token, prompt["prompt"])


@pytest.mark.parametrize("picture", [False, True])
def test_the_same_words_as_transformers(
    serve: Serve, siglip: Path, tmp_path: Path, picture: bool
) -> None:
    gguf.write(model_at(siglip), tmp_path, quantise="f32")
    ours, theirs, differ, prompt, rendered = both(serve(tmp_path), siglip, picture=picture)
    assert rendered == prompt
    assert len(ours) == LENGTH
    assert theirs == ours
    assert differ < 2e-3


def test_the_same_tokens(serve: Serve, siglip: Path, tmp_path: Path) -> None:
    model = model_at(siglip)
    gguf.write(model, tmp_path, quantise="q8_0")
    server = serve(tmp_path)
    for prompt in PROMPTS:
        body = {"content": prompt.text, "add_special": False, "parse_special": False}
        found = asked(server, "/tokenize", body)["tokens"]
        assert found == model.processor.tokenizer(prompt.text, add_special_tokens=False)["input_ids"]


@pytest.mark.parametrize("precision", ["mxfp4", "q8_0", "f16"])
def test_every_precision_loads_and_sees(
    serve: Serve, siglip: Path, tmp_path: Path, precision: str
) -> None:
    gguf.write(model_at(siglip), tmp_path, quantise=precision)
    ours, theirs, differ, _, _ = both(serve(tmp_path), siglip, picture=True)
    assert len(theirs) == len(ours)
    # Random weights: where two experts are almost as likely, rounding asks another one, and the words change.
    assert differ < {"mxfp4": 3.0, "q8_0": 1.5, "f16": 0.05}[precision]


def test_the_fault_for_which_clip_is_refused_still_stands(
    serve: Serve, tiny: Path, tmp_path: Path
) -> None:
    """When this fails, llama.cpp has been mended, and CLIP towers need be refused no more."""
    folder = truncating(tiny, tmp_path / "model")
    (tmp_path / "out").mkdir()
    gguf.write(model_at(folder), tmp_path / "out", quantise="f32", allow=frozenset({gguf.CLIP}))
    server = serve(tmp_path / "out")
    assert both(server, folder, picture=False)[2] < 1e-4
    assert both(server, folder, picture=True)[2] > 0.1
