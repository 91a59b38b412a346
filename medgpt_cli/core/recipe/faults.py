"""What the schema found wrong, in words for a person: what is expected, what is there, the nearest name.

Values are never quoted, only their kind: a file given by mistake may hold clinical text.  This module
knows nothing of where values were written.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from medgpt_cli.core.nearest import nearest
from medgpt_cli.core.recipe.fields import fields
from medgpt_cli.core.recipe.layers import Fault, dotted
from medgpt_cli.core.recipe.yaml12 import Keys

if TYPE_CHECKING:
    from pydantic import ValidationError
    from pydantic_core import ErrorDetails

ELSEWHERE = {
    "learning_rate": "train.lr",
    "num_train_epochs": "train.epochs",
    "num_epochs": "train.epochs",
    "per_device_train_batch_size": "train.batch_size",
    "micro_batch_size": "train.batch_size",
    "gradient_accumulation_steps": "train.accumulate",
    "lr_scheduler_type": "train.schedule",
    "warmup_ratio": "train.warmup",
    "max_grad_norm": "train.clip",
    "max_seq_length": "train.max_length",
    "save_total_limit": "train.keep",
    "logging_steps": "train.log_steps",
    "model_name_or_path": "model.base",
    "torch_dtype": "model.dtype",
    "vision_feature_layer": "model.feature_layer",
    "datasets": "data.mix",
    "image_folder": "data.image_root",
}
"""What other trainers call the same thing.  It is an error that points here, not an alias."""

FOUR_BITS = (
    "adapters learn beside 4-bit weights with lora.quantise_base: mxfp4 for gpt-oss, whose stacked experts "
    "bitsandbytes would leave in 16 bits; nf4 for dense models"
)
FOUR_BITS_WORDS = (
    "qlora",
    "load_in_4bit",
    "quantize",
    "quantise",
    "quantize_base",
    "nf4",
    "mxfp4",
    "bits",
)
NOT_OFFERED = dict.fromkeys(FOUR_BITS_WORDS, FOUR_BITS) | {
    "load_in_8bit": "8-bit weights are not made here; lora.quantise_base has 4 bits",
    "bnb_4bit_quant_type": "here it is called lora.quantise_base",
    "bnb_4bit_use_double_quant": "lora.quantise_base=nf4 always does",
    "target_modules": "here it is called lora.targets",
    "target_parameters": "experts carry adapters with lora.experts=true",
    "lora_alpha": "here it is called lora.alpha",
    "lora_dropout": "here it is called lora.dropout",
    "use_dora": "here it is called lora.dora",
    "use_rslora": "here it is called lora.rslora",
    "rank_pattern": "ranks of parts stand in lora.ranks",
    "modules_to_save": "a part that is not in lora.targets learns in full by parts.<part>.train=true",
}
"""What PEFT calls things, and what of it there is here.  An export has a word of its own for fewer bits."""

EXPECTED = {
    "int_type": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "string_type": "text",
    "tuple_type": "a list",
    "model_type": "a section of KEY: VALUE lines",
}


def from_schema(error: ValidationError, stage: str) -> Iterator[Fault]:
    """One fault for each thing the schema refuses.

    Args:
        error: What pydantic found.
        stage: Whose field names are offered for an unknown one.
    """
    for detail in error.errors(include_url=False):
        yield detail["loc"], *_words(detail, stage)


def _words(detail: ErrorDetails, stage: str) -> tuple[str, str]:
    kind, bounds, found = detail["type"], detail.get("ctx", {}), detail["input"]
    match kind:
        case "extra_forbidden":
            return "no such field", _meant(detail["loc"], stage)
        case "missing":
            return "is missing", ""
        case "greater_than":
            return f"must be more than {_number(bounds['gt'])}", ""
        case "greater_than_equal":
            return f"must be at least {_number(bounds['ge'])}", ""
        case "less_than":
            return f"must be less than {_number(bounds['lt'])}", ""
        case "less_than_equal":
            return f"must be at most {_number(bounds['le'])}", ""
        case "literal_error":
            return f"must be {bounds['expected'].replace(chr(39), '')}", ""
        case "json_invalid":
            return "a value is text that is not valid Unicode", ""
        case "finite_number":
            return "must be a finite number", ""
        case "value_error" if detail["loc"][-1:] == ("date",):
            return "must be a date such as 2026-01-31", ""
        case _ if kind in EXPECTED:
            quotes = (
                "put it in quotes"
                if kind == "string_type" and isinstance(found, bool | int | float)
                else ""
            )
            return f"must be {EXPECTED[kind]}, {_not(found, kind)}", quotes
        case _:
            return f"is not valid ({kind})", ""


def _not(found: Any, kind: str) -> str:
    if isinstance(found, float) and kind == "int_type":
        return "without a decimal point"
    names = {str: "not text", bool: "not true or false", list: "not a list", dict: "not a section"}
    return "not empty" if found is None else names.get(type(found), "not a number")


def _number(bound: float) -> str:
    return f"{bound:.15g}"


def _meant(keys: Keys, stage: str) -> str:
    """The field probably meant by an unknown key."""
    leaf = str(keys[-1])
    if leaf in NOT_OFFERED and (stage != "export" or leaf not in FOUR_BITS_WORDS):
        return NOT_OFFERED[leaf]
    if leaf in ELSEWHERE:
        return f"here it is called {ELSEWHERE[leaf]}"
    typed = dotted(tuple(key for key in keys if not isinstance(key, int)))
    known = {field.name.replace("[]", ""): field.name for field in fields(stage)}
    close = _same_leaf(leaf, known) or nearest(typed, known)
    return f"did you mean {known[close]}?" if close else ""


def _same_leaf(leaf: str, names: Iterable[str]) -> str | None:
    """A field of the same last word in another section, the shortest name first."""
    return min((name for name in names if name.split(".")[-1] == leaf), key=len, default=None)
