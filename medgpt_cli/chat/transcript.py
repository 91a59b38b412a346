"""A dialogue as the JSON document that `/save` writes.  This module writes no file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from medgpt_cli.chat.dialogue import Exchange
from medgpt_cli.chat.events import Answered
from medgpt_cli.chat.notice import NOTICE
from medgpt_cli.chat.voices import Voice


def transcript(exchanges: Sequence[Exchange], voice: Voice) -> dict[str, Any]:
    """The document.

    `notice` is the standing one.  `model`, `model_hash` and `adapter` are of who speaks now; a model has `model` (its
    name), `model_hash` (SHA-256 over its files, its adapter's among them) and `adapter`, which is null or has `folder`
    and `hash`, `base` and `base_hash`.

    `turns` alternate.  A turn with `role` `user` has `text` as it was typed, `images` (paths, with what was written
    behind the `#`) and `image_names`, which name them in their order, empty for one without a name.  A turn with `role`
    `assistant` has the three of the model that answered, and `text`, `thinking` (reasoning, which is never shown to a
    model again), `finished` (false where it was cut), `interrupted` (the person stopped it), `tokens`, `seconds` and
    `first_token_seconds`.  Where two models were compared, `compared` holds the same of the second one.

    Args:
        exchanges: What was said.
        voice: Who speaks now.
    """
    turns: list[dict[str, Any]] = []
    for each in exchanges:
        turns.append(
            {
                "role": "user",
                "text": each.text,
                "images": [shown.path for shown in each.pictures],
                "image_names": [shown.name for shown in each.pictures],
            }
        )
        turns.append({"role": "assistant", **_model(each.voice), **_answer(each.answer)})
        if each.beside is not None:
            other, answer = each.beside
            turns[-1]["compared"] = {**_model(other), **_answer(answer)}
    return {"notice": NOTICE, **_model(voice), "turns": turns}


def _model(voice: Voice) -> dict[str, Any]:
    adapter = {
        "folder": voice.adapter,
        "hash": voice.adapter_hash,
        "base": voice.base,
        "base_hash": voice.base_hash,
    }
    return {"model": voice.name, "model_hash": voice.hash, "adapter": adapter if voice.adapter else None}


def _answer(answered: Answered) -> dict[str, Any]:
    reply = answered.reply
    return {
        "text": reply.text,
        "thinking": reply.thinking,
        "finished": reply.finished,
        "interrupted": answered.interrupted,
        "tokens": reply.tokens,
        "seconds": round(reply.seconds, 3),
        "first_token_seconds": round(reply.first_token_seconds, 3),
    }
