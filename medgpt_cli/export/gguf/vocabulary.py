"""The tokenizer as keys of a GGUF file.

Two kinds are written: byte-level BPE (gpt-oss, GPT-2 and their like), whose merges are listed, and LLaMA's BPE with
bytes to fall back on, whose merges become scores.  How text is split before merging cannot be written down: llama.cpp
knows a number of rules by name, and where a tokenizer has another rule the nearest is named and the person told.
This module knows nothing of models.
"""

from __future__ import annotations

import json
import re
from typing import Any

import gguf
from gguf import TokenType

from medgpt_cli.core.errors import BadCheckpoint

_ENDINGS = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)"
_TAIL = r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
_UPPER, _LOWER = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]", r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"
_O200K = "|".join(
    [
        rf"[^\r\n\p{{L}}\p{{N}}]?{_UPPER}*{_LOWER}+{_ENDINGS}?",
        rf"[^\r\n\p{{L}}\p{{N}}]?{_UPPER}+{_LOWER}*{_ENDINGS}?",
        r"\p{N}{1,3}",
        r" ?[^\s\p{L}\p{N}]+[\r\n/]*",
        r"\s*[\r\n]+",
        r"\s+(?!\S)",
        r"\s+",
    ]
)
_LLAMA3 = rf"{_ENDINGS}|[^\r\n\p{{L}}\p{{N}}]?\p{{L}}+|\p{{N}}{{1,3}}" + _TAIL
RULES = {_O200K: "gpt-4o", _LLAMA3: "llama-bpe", _LLAMA3.replace(r"\p{N}{1,3}", r"\p{N}", 1): "qwen2"}
"""Rules of splitting that are one expression, and llama.cpp's names for them."""
_SPELT_OUT = re.compile(r"\(\?:'\[sS\](?:\|'(?:\[\w\w\]){1,2}){6}\)")
"""The same endings as `_ENDINGS`, where each letter names both its cases."""
NEAREST = "gpt-2"
OTHER_RULE = (
    "the tokenizer splits text by a rule llama.cpp does not have; gpt-2's is named instead, so some text "
    "(long numbers, for one) may become other tokens than in training"
)
SCORED = (
    "the tokenizer's merges became scores, by which llama.cpp may cut some text into other tokens; compare its "
    "/tokenize with the tokenizer before relying on it"
)
BYTE = re.compile(r"<0x[0-9A-F]{2}>")
LAST = -1e9
"""The score of a token that no merge makes."""


def add_vocabulary(writer: gguf.GGUFWriter, tokenizer: Any, *, rows: int) -> list[str]:
    """Adds the keys of the tokenizer, but for its dialogue template.

    Args:
        writer: Of the language model.
        tokenizer: A fast tokenizer.
        rows: Of the embedding; those beyond the tokenizer become unused tokens.

    Returns:
        Warnings for the person who exports.

    Raises:
        BadCheckpoint: The tokenizer is of a kind that cannot be written, or larger than the embedding.
    """
    document = json.loads(tokenizer.backend_tokenizer.to_str())
    model = document["model"]
    if model["type"] != "BPE" or len(tokenizer) > rows:
        raise BadCheckpoint(
            f"a tokenizer of {len(tokenizer)} {model['type']} tokens for {rows} rows cannot be written as GGUF",
            where="tokenizer.json",
            repair="export with --to hf",
        )
    tokens, types = _tokens(model, document["added_tokens"], rows)
    warnings = []
    merges = [pair if isinstance(pair, str) else " ".join(pair) for pair in model["merges"]]
    if model.get("byte_fallback"):
        writer.add_tokenizer_model("llama")
        writer.add_tokenizer_pre("default")
        ranks: dict[str, int] = {}
        for rank, pair in enumerate(merges):
            ranks.setdefault(pair.replace(" ", "", 1), rank)
        writer.add_token_list(tokens)
        writer.add_token_scores([float(-ranks[each]) if each in ranks else LAST for each in tokens])
        writer.add_add_space_prefix(_prefixed(document))
        warnings.append(SCORED)
    else:
        rule = _rule(document)
        warnings += [] if rule else [OTHER_RULE]
        writer.add_tokenizer_model("gpt2")
        writer.add_tokenizer_pre(rule or NEAREST)
        writer.add_token_list(tokens)
        writer.add_token_merges(merges)
    writer.add_token_types(types)
    for add, token in (
        (writer.add_bos_token_id, tokenizer.bos_token_id),
        (writer.add_eos_token_id, tokenizer.eos_token_id),
        (writer.add_pad_token_id, tokenizer.pad_token_id),
        (writer.add_unk_token_id, tokenizer.unk_token_id),
    ):
        if token is not None:
            add(token)
    writer.add_add_eos_token(False)  # what ends an answer stands in the dialogue template
    return warnings


def _tokens(
    model: dict[str, Any], added: list[dict[str, Any]], rows: int
) -> tuple[list[str], list[TokenType]]:
    tokens = [f"[PAD{row}]" for row in range(rows)]
    types = [TokenType.UNUSED] * rows
    for text, row in model["vocab"].items():
        tokens[row] = text
        fallback = model.get("byte_fallback") and BYTE.fullmatch(text)
        types[row] = TokenType.BYTE if fallback else TokenType.NORMAL
    for each in added:
        tokens[each["id"]] = each["content"]
        types[each["id"]] = TokenType.CONTROL if each["special"] else TokenType.USER_DEFINED
    if model.get("unk_token") in model["vocab"]:
        types[model["vocab"][model["unk_token"]]] = TokenType.UNKNOWN
    return tokens, types


def _rule(document: dict[str, Any]) -> str | None:
    """llama.cpp's name for how text is split; None where it has none."""
    before = document["pre_tokenizer"] or {}
    steps = before.get("pretokenizers", [before])
    if document["normalizer"] or not steps or steps[-1].get("type") != "ByteLevel":
        return None
    if steps[-1].get("add_prefix_space"):
        return None
    own, rest = steps[-1].get("use_regex", True), steps[:-1]
    if own and not rest:
        return "gpt-2"
    if own and [each["type"] for each in rest] == ["Digits"] and rest[0]["individual_digits"]:
        return "smollm"
    if own or len(rest) != 1 or rest[0]["type"] != "Split" or rest[0]["behavior"] != "Isolated":
        return None
    expression = rest[0]["pattern"].get("Regex", "")
    return RULES.get(_SPELT_OUT.sub(_ENDINGS, expression))


def _prefixed(document: dict[str, Any]) -> bool:
    """Whether a space is put before the first word."""
    normalizer = document["normalizer"] or {}
    steps = [*normalizer.get("normalizers", [normalizer]), document["pre_tokenizer"] or {}]
    return any(
        step.get("type") == "Prepend" or step.get("prepend_scheme", "never") != "never" for step in steps
    )
