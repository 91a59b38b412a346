"""The tokens of every row of a prepared set, as training counts them, for packing by the index.

One batch of rows is held at a time.  Whose tokens they are stands in the manifest by a hash over what decides a
length, so that lengths of another tokenizer or dialogue template are never taken for one's own.
"""

from __future__ import annotations

import hashlib
import json
from array import array
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from medgpt_cli.core.recipe.sections import Chat
from medgpt_cli.data.prepared.opening import samples_in
from medgpt_cli.data.prepared.shards import write_tokens

if TYPE_CHECKING:
    from medgpt_cli.data.dialogue import DialogueEncoder


class Counter(NamedTuple):
    """What counts tokens.

    Attributes:
        model: As it was named.
        hash: `encoder_hash` of its processor.
        encoder: Of its processor.
    """

    model: str
    hash: str
    encoder: DialogueEncoder


def counter(model: str) -> Counter:
    """The encoder of a model, its dialogues written as a recipe of training writes them by default.

    Args:
        model: A word, a run folder, a checkpoint folder, or a hub id in the cache.

    Raises:
        NotThere: There is no such model.
        BadCheckpoint: Its processor cannot be read.
    """
    from medgpt_cli.models.checkpoint import load_processor
    from medgpt_cli.models.processor import set_template
    from medgpt_cli.workflows.loading import encoder_of
    from medgpt_cli.workflows.naming import model_folder

    processor = load_processor(model_folder(model))
    chat = Chat()
    set_template(processor, date=chat.date, reasoning=chat.reasoning)
    return Counter(model, encoder_hash(processor), encoder_of(processor))


def encoder_hash(processor: Any) -> str:
    """SHA-256 over what decides how many tokens a record has: tokenizer, template, image token, its times and tiles."""
    from medgpt_cli.models.processor import tokens_per_image
    from medgpt_cli.models.tiles import max_tiles

    tokenizer = json.loads(processor.tokenizer.backend_tokenizer.to_str())
    told = {
        "tokenizer": {key: tokenizer[key] for key in tokenizer if key not in ("truncation", "padding")},
        "template": processor.tokenizer.chat_template,
        "image_token": processor.image_token,
        "tokens_per_image": tokens_per_image(processor),
        "stop": processor.tokenizer.eos_token,
    }
    if (tiles := max_tiles(processor)) > 1:
        told |= {"max_tiles": tiles, "side": processor.image_processor.size["height"]}
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


def count_tokens(folder: Path, shards: Sequence[str], model: str) -> dict[str, str]:
    """Fills the column `tokens` of `index.parquet`.

    Args:
        folder: The prepared set, its shards and its index written.
        shards: Their names, in the order of the index.
        model: Whose tokens.

    Returns:
        What the manifest says of it.
    """
    counts = counter(model)
    lengths = array("i")
    for name in shards:
        for sample in samples_in(folder / "data" / name, ""):
            lengths.append(len(counts.encoder.encode(sample).input_ids))
    write_tokens(folder / "index.parquet", lengths)
    return {"model": counts.model, "encoder": counts.hash}
