"""An exported folder against the model it was made from: both asked the same, the copy as other programs load it.

They are never in memory together.  Numbers are those of the original's own number format.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForImageTextToText, AutoProcessor

from medgpt_cli.core.device import pick_device
from medgpt_cli.core.errors import GateRefusal
from medgpt_cli.core.types import Role, Turn
from medgpt_cli.data.batches import Pixels
from medgpt_cli.data.images.tiling import Tiling
from medgpt_cli.export.observing import Difference, Said, difference, listen
from medgpt_cli.export.prompts import PROMPTS, picture
from medgpt_cli.models import checkpoint, reading
from medgpt_cli.models.adapters.folder import read_as
from medgpt_cli.workflows.adding import add_adapter
from medgpt_cli.workflows.loading import encoder_of
from medgpt_cli.workflows.naming import Named


@dataclass(frozen=True)
class Heard:
    """What a model says to the fixed prompts.

    Attributes:
        inputs: The prompts as it reads them.
        said: Its words, one for each.
        dtype: Its number format.
    """

    inputs: Sequence[Mapping[str, Any]]
    said: Sequence[Said]
    dtype: torch.dtype


def load_original(named: Named) -> tuple[Any, Any]:
    """A model as medgpt answers with it, in the number format of its files: an adapter is added to its weights.

    Args:
        named: Which.

    Raises:
        BadCheckpoint: It cannot be loaded.
        HashMismatch: Its files are not those its manifest names.
    """
    model, processor = checkpoint.load(named.folder)
    if named.adapter is not None:
        add_adapter(model, named.adapter)
        read_as(processor, named.adapter)
    return model.eval(), processor


def hear(model: Any, processor: Any) -> Heard:
    """Asks a model the fixed prompts, read and drawn as medgpt does it."""
    inputs = _inputs(processor)
    device, _ = pick_device()
    said = listen(model.to(device), inputs, processor.image_token_id)
    return Heard(inputs, said, model.dtype)


def hear_again(folder: Path, heard: Heard) -> Difference:
    """Loads an exported folder by transformers alone, and tells how far it differs.

    Args:
        folder: The copy.
        heard: What the original said, and to what.

    Raises:
        GateRefusal: transformers finds tensors missing, or some that the model does not have.
    """
    copy, info = AutoModelForImageTextToText.from_pretrained(
        folder,
        dtype=heard.dtype,
        local_files_only=True,
        use_safetensors=True,
        output_loading_info=True,
        **reading.unpacking(folder),
    )
    wrong = sorted({*info["missing_keys"], *info["unexpected_keys"]})
    if wrong:
        raise GateRefusal(
            f"transformers reads {len(wrong)} tensors of the copy otherwise (such as {wrong[0]})",
            where=str(folder),
            repair="this is a fault of the export; nothing was kept",
        )
    device, _ = pick_device()
    token = copy.config.image_token_id
    return difference(heard.said, listen(copy.eval().to(device), heard.inputs, token))


def stock_reading(folder: Path) -> dict[str, Any]:
    """How the stock processor in a folder reads the fixed prompts, beside how medgpt reads them.

    Args:
        folder: The copy.

    Returns:
        `same_ids`, of how many prompts the token ids are the same; `prompts`; and `pixel_cosine`, the least likeness
        of a picture as it pads it to a square, and as medgpt does.
    """
    processor = AutoProcessor.from_pretrained(folder, local_files_only=True)
    same, cosines = 0, [1.0]
    for prompt, ours in zip(PROMPTS, _inputs(processor), strict=True):
        content = [*({"type": "image"} for _ in prompt.pictures), {"type": "text", "text": prompt.text}]
        text = processor.apply_chat_template(
            [{"role": "user", "content": content}], add_generation_prompt=True
        )
        drawn = [picture(name) for name in prompt.pictures]
        theirs = processor(
            text=text, images=drawn or None, return_tensors="pt", add_special_tokens=False
        )
        same += int(theirs["input_ids"].tolist() == ours["input_ids"].tolist())
        if drawn:
            pairs = zip(theirs["pixel_values"], ours["pixel_values"], strict=True)
            cosines += [
                float(torch.nn.functional.cosine_similarity(a.flatten(), b.flatten(), dim=0))
                for a, b in pairs
            ]
    return {"same_ids": same, "prompts": len(PROMPTS), "pixel_cosine": round(min(cosines), 6)}


def _inputs(processor: Any) -> list[dict[str, Any]]:
    """The fixed prompts, every picture whole: other programs know no tiles, and a tile is a picture like any other."""
    rules = processor.image_processor
    encoder, pixels = encoder_of(processor), Pixels(rules, Tiling(rules.size["height"], 1, picture).cut)
    found = []
    for prompt in PROMPTS:
        turn = Turn(Role.USER, (*range(len(prompt.pictures)), prompt.text))
        ids = torch.tensor([encoder.prompt([turn])])
        inputs = {"input_ids": ids, "attention_mask": torch.ones_like(ids)}
        if prompt.pictures:
            inputs["pixel_values"] = pixels(prompt.pictures)
        found.append(inputs)
    return found
