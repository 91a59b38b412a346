"""A dialogue about four pictures: tokens a second, and the wait for the first token in the first and in a later turn.

    python -m tests.benchmarks.bench_decode FOLDER [ROUNDS]

Ours, transformers' own `generate` and `transformers serve` (see `serve_peer`) over the same float32 weights, and
llama.cpp over its GGUF exports (f16; experts MXFP4 and the rest Q8_0), with the same number of threads.  `tiny-siglip`,
and a gpt-oss of about 110 million weights (12 layers, width 768, 8 experts of which 2 are asked) behind a SigLIP tower,
both untrained.  Ours must say what generate says; llama.cpp rounds differently and serve takes marks out, so their
words are not compared here, but serve must write as many tokens.  Medians in turns.  Writes FOLDER/decode.json and
prints a table.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from typing import Any

import torch
from transformers import (
    GptOssConfig,
    GptOssForCausalLM,
    LlavaConfig,
    SiglipVisionConfig,
    SiglipVisionModel,
)

from medgpt_cli.core import tables
from medgpt_cli.core.types import Generate, Reply, Role, Turn
from medgpt_cli.export import gguf
from medgpt_cli.models import checkpoint, embedded
from medgpt_cli.models.compose import compose
from medgpt_cli.models.processor import build_processor
from medgpt_cli.models.tiny.build import tokenizer
from medgpt_cli.models.upstream.weights import Weights
from medgpt_cli.workflows.engines import load_speaker
from tests.benchmarks import serve_peer
from tests.benchmarks.measuring import environment, write
from tests.pictures import film

NOT_RUN = f"not run: FastAPI is not installed (pip install 'transformers[serving]', or {serve_peer.PYTHON}=PYTHON)"
ROUNDS = 5
TOKENS = 96
PICTURES = 4
ASKED = "What is seen in these images? " * 12


def larger(folder: Path) -> Path:
    """The larger model, on disk."""
    torch.manual_seed(0)
    words = tokenizer()
    rope = {"rope_type": "yarn", "factor": 32.0, "beta_fast": 32.0, "beta_slow": 1.0, "truncate": True}
    config = GptOssConfig(
        num_hidden_layers=12, hidden_size=768, intermediate_size=768, num_attention_heads=12,
        num_key_value_heads=4, head_dim=64, num_local_experts=8, num_experts_per_tok=2,
        vocab_size=len(words), sliding_window=128, max_position_embeddings=131_072,
        layer_types=["sliding_attention", "full_attention"] * 6, eos_token_id=words.eos_token_id,
        rope_parameters=rope | {"rope_theta": 150_000.0, "original_max_position_embeddings": 4096},
    )  # fmt: skip
    tower = SiglipVisionModel(
        SiglipVisionConfig(
            hidden_size=384, intermediate_size=1536, num_hidden_layers=12, num_attention_heads=6,
            image_size=224, patch_size=16,
        )
    )  # fmt: skip
    processor = build_processor(
        words, tower.config, template="harmony", date="2026-01-01", reasoning="low"
    )
    model = compose(GptOssForCausalLM._from_config(config), tower, processor)
    checkpoint.save(model, processor, folder)
    return folder


def exported(folder: Path, out: Path, precision: str) -> Path:
    """A GGUF export of a folder."""
    out.mkdir()
    config = LlavaConfig.from_pretrained(folder)
    processor = checkpoint.load_processor(folder)
    gguf.write(gguf.Model("toy", config, processor, Weights(folder)), out, quantise=precision)
    return out


def turns_of(later: bool) -> list[Turn]:
    """The first question, or the dialogue up to a second one."""
    first = Turn(Role.USER, (*range(PICTURES), ASKED))
    if not later:
        return [first]
    return [first, Turn(Role.ASSISTANT, ("the liver",)), Turn(Role.USER, ("And beside it?",))]


def dialogue(generate: Generate, pictures: list[str], forget: Callable[[], None]) -> tuple[Reply, Reply]:
    """Both turns, as if never asked before."""
    forget()
    return tuple(generate(turns_of(later), pictures, max_new_tokens=TOKENS) for later in (False, True))  # type: ignore[return-value]


def engines(
    folder: Path, room: Path, serving: str | None, held: ExitStack
) -> dict[str, tuple[Generate, Callable[[], None]]]:
    """What answers, and what makes it forget.

    Args:
        folder: The model.
        room: For exports.
        serving: The interpreter that runs `transformers serve`, or None.
        held: Ends that with the measurement.
    """
    talker: Any = load_speaker(str(folder)).generate

    def forget() -> None:
        talker.dialogues._held.clear()
        talker.features._held.clear()

    found: dict[str, tuple[Generate, Callable[[], None]]] = {
        "ours": (talker, forget),
        "transformers generate": (talker._otherwise, lambda: None),
    }
    if serving is not None:
        side = checkpoint.load_processor(folder).image_processor.size["height"]
        peer: Any = held.enter_context(serve_peer.Served(serving, folder, side))
        found["transformers serve"] = (peer, lambda: None)  # it remembers nothing
    for precision in ("f16", "mxfp4"):
        out = exported(folder, room / f"{folder.name}-{precision}", precision)
        llama = load_speaker(str(out)).generate
        # One other dialogue in between pushes this one out of its only slot.
        found[f"llama.cpp {precision}"] = (
            llama,
            lambda llama=llama: llama([Turn(Role.USER, ("Good morning",))], [], max_new_tokens=1),  # type: ignore[misc]
        )
    return found


def measured(folder: Path, room: Path, rounds: int, serving: str | None) -> dict[str, dict[str, float]]:
    """Medians of each engine on a model."""
    with ExitStack() as held:
        return _measured(folder, room, rounds, serving, held)


def _measured(
    folder: Path, room: Path, rounds: int, serving: str | None, held: ExitStack
) -> dict[str, dict[str, float]]:
    pictures = []
    for seed in range(PICTURES):
        film(seed, 300, 280).save(room / f"{seed}.png")
        pictures.append(str(room / f"{seed}.png"))
    able = engines(folder, room, serving, held)
    spent: dict[str, list[tuple[float, float, float]]] = {name: [] for name in able}
    said: dict[str, tuple[str, ...]] = {}
    wrote: dict[str, tuple[int, int]] = {}
    for turn in range(rounds + 1):
        for name in list(able) if turn % 2 else list(able)[::-1]:
            first, later = dialogue(able[name][0], pictures, able[name][1])
            said[name] = (first.text, first.thinking, later.text, later.thinking)
            wrote[name] = first.tokens, later.tokens
            writing = first.seconds - first.first_token_seconds
            if turn:  # the first round warms up
                rate = (first.tokens - 1) / writing
                spent[name].append((rate, first.first_token_seconds, later.first_token_seconds))
    if said["ours"] != said["transformers generate"]:
        raise AssertionError("ours does not say what transformers says")
    if wrote.get("transformers serve", wrote["ours"]) != wrote["ours"]:
        raise AssertionError("transformers serve writes another number of tokens")
    words = ("tokens_per_second", "first_turn_seconds", "later_turn_seconds")
    return {
        name: {word: median(each[at] for each in found) for at, word in enumerate(words)}
        for name, found in spent.items()
    }


def run(folder: Path, rounds: int = ROUNDS) -> None:
    """Measures, writes `decode.json` into `folder`, and prints the table."""
    serving = serve_peer.python()
    with tempfile.TemporaryDirectory() as held:
        room = Path(held)
        models = {"tiny-siglip": embedded.folder("tiny-siglip"), "larger": larger(room / "larger")}
        found = {}
        for name, model in models.items():
            (room / f"of-{name}").mkdir()
            found[name] = measured(model, room / f"of-{name}", rounds, serving)
    document = {
        "what": f"a dialogue about {PICTURES} pictures, {TOKENS} tokens a turn",
        "rounds": rounds,
        "threads": torch.get_num_threads(),
        **environment("xllamacpp"),
        "models": found,
        "transformers serve": "run" if serving else NOT_RUN,
    }
    write(folder, "decode", document)
    rows = [
        (
            name,
            engine,
            f"{row['tokens_per_second']:,.1f}",
            f"{row['tokens_per_second'] / engines_of['transformers generate']['tokens_per_second']:.2f}x",
            f"{row['first_turn_seconds']:.3f}",
            f"{row['later_turn_seconds']:.3f}",
        )
        for name, engines_of in found.items()
        for engine, row in engines_of.items()
    ]
    heads = ("model", "engine", "tokens/s", "by generate", "first token s", "in a later turn")
    sys.stdout.write(tables.aligned(heads, rows) + "\n")
    if serving is None:
        sys.stdout.write(f"transformers serve: {NOT_RUN}\n")


if __name__ == "__main__":
    run(Path(sys.argv[1]), *map(int, sys.argv[2:]))
