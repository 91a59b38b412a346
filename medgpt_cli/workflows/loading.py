"""A model's name in, something that answers out: where a checkpoint, its dialogue and its pictures meet."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from medgpt_cli.core import runs
from medgpt_cli.core.types import MAX_NEW_TOKENS, AnswerMany, Generate, Turn
from medgpt_cli.data.answers import AnswerEncoder
from medgpt_cli.data.batches import Pixels
from medgpt_cli.data.images.reading import open_image
from medgpt_cli.data.images.tiling import OpenPicture, Tiling
from medgpt_cli.models import checkpoint
from medgpt_cli.models.adapters.folder import read_as
from medgpt_cli.models.answering.answerer import Answerer
from medgpt_cli.models.generate import Generator
from medgpt_cli.models.processor import tokens_per_image
from medgpt_cli.models.rounding import round_weights
from medgpt_cli.models.talking.talker import Talker
from medgpt_cli.models.tiles import max_tiles
from medgpt_cli.workflows.adding import add_adapter
from medgpt_cli.workflows.naming import WORDS, Named, meant, named_model


@dataclass(frozen=True)
class LoadedModel:
    """A model ready to answer.

    Attributes:
        name: What to print: the word or path that was given; with an adapter, that of the adapter.
        folder: The checkpoint folder, or the adapter's.
        hash: SHA-256 over the checkpoint's files, and the adapter's.
        generate: Answers dialogues.
        answer: Answers many questions at once, for the evaluation.
        named: The model and its adapter apart.
    """

    name: str
    folder: Path
    hash: str
    generate: Generate
    answer: AnswerMany
    named: Named


def tiling_of(processor: Any, open_picture: OpenPicture = open_image) -> Tiling:
    """How a checkpoint's pictures become squares: as many, and as large, as its folder says."""
    side = processor.image_processor.size["height"]
    return Tiling(side, max_tiles(processor), open_picture, file_stamp)


def encoder_of(processor: Any, open_picture: OpenPicture = open_image) -> AnswerEncoder:
    """The dialogue encoder of a checkpoint's processor; where pictures have tiles it counts those of each."""
    return AnswerEncoder(
        processor.tokenizer,
        image_token=processor.image_token,
        tokens_per_image=tokens_per_image(processor),
        tiles_in=tiling_of(processor, open_picture).count,
    )


def pixels_of(processor: Any, open_picture: OpenPicture = open_image) -> Pixels:
    """Pictures as a checkpoint's tower takes them: opened, cut into squares, normalised."""
    return Pixels(processor.image_processor, tiling_of(processor, open_picture).cut)


def file_stamp(reference: str) -> str:
    """Another text once the file that a picture's reference names was written anew; empty where there is no file."""
    try:
        found = os.stat(reference.partition("#")[0])
    except OSError:
        return ""
    return f"{found.st_ino}.{found.st_size}.{found.st_mtime_ns}"


def default_model() -> str:
    """The newest finished run under `runs/`, else `tiny`."""
    newest = runs.newest_run()
    return str(newest) if newest is not None else "tiny"


def load_model(
    ref: str | None,
    adapter: str | None = None,
    *,
    online: bool = False,
    open_picture: OpenPicture = open_image,
) -> LoadedModel:
    """Finds, checks and loads a model.

    Args:
        ref: How the person named it; None for the model of `adapter`, else the newest run, else `tiny`.
        adapter: A run or adapter folder; its adapter is added to the model's weights.
        online: Whether a hub id may be fetched.
        open_picture: Opens what an image part names; a file's path where nobody says otherwise.

    Raises:
        NotThere: There is no such model.
        BadCheckpoint: It cannot be loaded.
        HashMismatch: Its files are not those its manifest names, or the adapter belongs to another model.
    """
    import torch

    from medgpt_cli.core.device import pick_device, pick_dtype

    name = meant(adapter or ref or default_model())
    named = named_model(ref if adapter is not None else name, adapter, online=online)
    device, _ = pick_device()
    dtype, _ = pick_dtype(device)
    if named.adapter is None:
        model, processor = checkpoint.load(named.folder, dtype=getattr(torch, dtype))
    else:
        model, processor = checkpoint.load(named.folder)
        add_adapter(model, named.adapter)  # in the number format of the files, and cast once
        read_as(processor, named.adapter)
        round_weights(model, getattr(torch, dtype))
    model = model.to(device)
    encoder = encoder_of(processor, open_picture)
    pixels = pixels_of(processor, open_picture)

    def make_inputs(turns: Sequence[Turn], images: Sequence[str]) -> dict[str, Any]:
        shown = [pixels([images[i]]) for turn in turns for i in turn.images]
        ids = torch.tensor([encoder.prompt(turns, [len(tiles) for tiles in shown])])
        inputs = {"input_ids": ids, "attention_mask": torch.ones_like(ids)}
        if shown:
            inputs["pixel_values"] = torch.cat(shown).to(model.dtype)
        return inputs

    limit, context = reply_limit(name), model.config.text_config.max_position_embeddings
    limits = {"max_new_tokens": limit, "context": context}
    plain = Generator(model, processor.tokenizer, make_inputs, **limits)
    generate = Talker(
        model, processor.tokenizer, encoder, pixels, otherwise=plain, stamp=file_stamp, **limits
    )
    answer = Answerer(model, processor.tokenizer, encoder, pixels, **limits)
    return LoadedModel(
        name=name,
        folder=named.adapter or named.folder,
        hash=named.hash(),
        generate=generate,
        answer=answer,
        named=named,
    )


def reply_limit(name: str) -> int:
    """Tokens an answer may take where nobody says: as the run's recipe has it."""
    recipe = Path(name) / "recipe.json"
    if name in WORDS or not recipe.is_file():
        return MAX_NEW_TOKENS
    limit = json.loads(recipe.read_text()).get("chat", {}).get("max_new_tokens", MAX_NEW_TOKENS)
    return int(limit)
