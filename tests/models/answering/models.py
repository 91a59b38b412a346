"""Models of every shape at toy size, questions about drawn pictures, and the answers of transformers' own generate."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch

from medgpt_cli.core.types import Reply, Request, Role, Turn
from medgpt_cli.data.answers import AnswerEncoder
from medgpt_cli.models import checkpoint, embedded
from medgpt_cli.models.answering import stock
from medgpt_cli.models.answering.answerer import Answerer
from medgpt_cli.models.answering.asked import encode_request
from medgpt_cli.models.compose import compose
from medgpt_cli.models.parts import load_language_model, load_vision_tower
from medgpt_cli.models.processor import build_processor
from medgpt_cli.workflows.loading import encoder_of, pixels_of
from tests.parts import write_llama, write_tower
from tests.pictures import film

KINDS = ("tiny-untrained", "tiny-siglip", "llama")

QUESTIONS = (
    "Which plane is this?",
    "What modality was used to take this image?",
    "Is the heart abnormal?",
    "Which organ is on the left of the image?",
    "What is the main cause of the abnormality that is shown here, in one word?",
    "Does the picture contain liver?",
    "How many kidneys are there in this image?",
)


def load(kind: str, folder: Path) -> tuple[Any, Any]:
    """A model and its processor: `tiny`, `tiny-siglip`, or `llama` behind a tower."""
    if kind != "llama":
        return checkpoint.load(embedded.folder(kind))
    llm, tokenizer = load_language_model(write_llama(folder / "llm"))
    vision = load_vision_tower(write_tower(folder / "vision", "clip"))
    processor = build_processor(
        tokenizer, vision.config, template=None, date="2026-01-01", reasoning="low"
    )
    return compose(llm, vision, processor), processor


def draw(folder: Path, count: int) -> list[str]:
    """Pictures that differ."""
    folder.mkdir(exist_ok=True)
    paths = [folder / f"{seed}.png" for seed in range(count)]
    for seed, path in enumerate(paths):
        film(seed, 64, 56).save(path)
    return list(map(str, paths))


def ask(*parts: str | int, images: Sequence[str] = (), **settings: Any) -> Request:
    """One question."""
    return Request((Turn(Role.USER, parts),), tuple(images), **settings)


def answerer(model: Any, processor: Any, **settings: Any) -> Answerer:
    """Ours, whose replies tell the tokens instead of a text."""
    made = Answerer(
        model, processor.tokenizer, encoder_of(processor), pixels_of(processor),
        **{"max_new_tokens": 9, "context": 2048} | settings,
    )  # fmt: skip
    made._channels = SimpleNamespace(part=lambda ids: SimpleNamespace(text=str(ids), thinking=""))
    return made


def replies(answer: Any, requests: Sequence[Request]) -> list[Reply]:
    """Of all requests in their order; each must come once."""
    found: dict[int, Reply] = {}

    def keep(number: int, reply: Reply) -> None:
        assert number not in found
        found[number] = reply

    answer(requests, keep)
    return [found[number] for number in range(len(requests))]


def expected(model: Any, processor: Any, requests: Sequence[Request], limit: int = 9) -> list[Reply]:
    """What transformers says, one question after the other."""
    encoder: AnswerEncoder = encoder_of(processor)
    ends = model.generation_config.eos_token_id
    found = []
    for number, request in enumerate(requests):
        asked = encode_request(number, request, encoder, limit)
        got = stock.answer(model, asked, pixels_of(processor), frozenset(ends))
        found.append(
            Reply(
                str(got.tokens), finished=got.finished, prompt_tokens=len(asked.prompt),
                tokens=len(got.tokens), error=got.error, likelihoods=got.likelihoods,
            )
        )  # fmt: skip
    return found


def tell_apart(ours: Sequence[Reply], theirs: Sequence[Reply]) -> None:
    """Asserts that all replies are the same, likelihoods within rounding."""
    for mine, reference in zip(ours, theirs, strict=True):
        assert (mine.text, mine.finished, mine.prompt_tokens, mine.tokens, mine.error) == (
            reference.text, reference.finished, reference.prompt_tokens, reference.tokens, reference.error,
        )  # fmt: skip
        torch.testing.assert_close(
            torch.tensor(mine.likelihoods), torch.tensor(reference.likelihoods), rtol=1e-5, atol=2e-4
        )


def end_early(model: Any, said: Sequence[Reply]) -> None:
    """Makes a few tokens that replies hold end them, so that they end at different lengths."""
    tokens = [token for reply in said for token in eval(reply.text)[2:]]
    often = sorted(set(tokens), key=lambda token: (-tokens.count(token), token))
    model.generation_config.eos_token_id = often[:3]
