"""A Hugging Face token classifier from a local folder, as a reader of identifiers.

Weights are safetensors or they are not read; no code of the folder runs, and nothing is fetched.  This module knows
nothing of the rules.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForTokenClassification, AutoTokenizer

from medgpt_cli.core.errors import BadCheckpoint, NotThere
from medgpt_cli.data.privacy.findings import Finding, Identifier, settle

WINDOW, STRIDE = 512, 64
"""Tokens read at once, and how many of them the next window reads again."""
_LABELS = (
    (Identifier.NAME, "NAME|PER|PATIENT|STAFF|HCW|DOCTOR|USER"),
    (Identifier.EMAIL, "MAIL"),
    (Identifier.FAX, "FAX"),
    (Identifier.PHONE, "PHONE|CONTACT|PAGER"),
    (Identifier.SSN, "SSN|SOCIAL"),
    (Identifier.RECORD_NUMBER, "RECORD|MRN"),
    (Identifier.DATE, "DATE|AGE|DOB|BIRTH"),
    (Identifier.PLACE, "LOC|GPE|HOSP|CITY|STREET|ZIP|ADDRESS|STATE|COUNTRY|ORG|VENDOR|FAC"),
    (Identifier.ACCOUNT, "ACCOUNT"),
    (Identifier.LICENCE, "LICEN"),
    (Identifier.DEVICE, "DEVICE"),
    (Identifier.URL, "URL"),
    (Identifier.IP, "^IP"),
    (Identifier.OTHER, "ID|NUM|OTHER|MISC"),
)
"""Words that published models use in their labels; the first that fits counts."""


def token_classifier(folder: Path) -> Callable[[str], list[Finding]]:
    """Loads a token classifier.

    Raises:
        NotThere: There is no such folder.
        BadCheckpoint: It holds no token classifier with weights as safetensors.
    """
    if not folder.is_dir():
        raise NotThere("there is no such folder", where=str(folder), repair="mend --ner-model")
    if not any(folder.glob("*.safetensors")):
        raise BadCheckpoint(
            "holds no *.safetensors",
            where=str(folder),
            repair="save the model again with save_pretrained; pickled weights can run code and are not read",
        )
    try:
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True, use_fast=True)
        model = AutoModelForTokenClassification.from_pretrained(
            folder, local_files_only=True, use_safetensors=True
        ).eval()
    except (OSError, ValueError, KeyError):
        raise BadCheckpoint(
            "is no token classifier that transformers can load",
            where=str(folder),
            repair="name a folder with config.json, a fast tokenizer and model.safetensors",
        ) from None
    classes = {index: _identifier(label) for index, label in model.config.id2label.items()}

    def find(text: str) -> list[Finding]:
        return settle(_spans(text, tokenizer, model, classes))  # windows overlap

    return find


def _identifier(label: str) -> Identifier | None:
    """The class a label means; None for no entity, and for labels without a meaning here."""
    plain = re.sub(r"^[BIELSU]-", "", label.upper())
    if plain == "O" or plain.startswith("LABEL_"):
        return None
    return next((identifier for identifier, words in _LABELS if re.search(words, plain)), None)


def _spans(
    text: str, tokenizer: Any, model: Any, classes: dict[int, Identifier | None]
) -> Iterator[Finding]:
    window = min(
        WINDOW, getattr(model.config, "max_position_embeddings", WINDOW), tokenizer.model_max_length
    )
    # RoBERTa keeps two positions for itself.
    window -= 2 if model.config.model_type in {"roberta", "xlm-roberta", "camembert"} else 0
    encoded = tokenizer(
        text,
        truncation=True,
        max_length=window,
        stride=min(STRIDE, window // 4),
        return_overflowing_tokens=True,
        return_offsets_mapping=True,
        return_special_tokens_mask=True,
    )
    for index, ids in enumerate(encoded["input_ids"]):
        with torch.inference_mode():
            best = model(input_ids=torch.tensor([ids])).logits[0].argmax(-1).tolist()
        start = end = 0
        current: Identifier | None = None
        for (first, last), label, special in zip(
            encoded["offset_mapping"][index], best, encoded["special_tokens_mask"][index], strict=True
        ):
            found = None if special or first == last else classes[label]
            if found is not None and found is current and not text[end:first].strip():
                end = last
                continue
            if current is not None:
                yield Finding(current, start, end, "named entity", sure=False)
            start, end, current = first, last, found
        if current is not None:
            yield Finding(current, start, end, "named entity", sure=False)
