"""Tokenizers as keys of a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from gguf import GGUFReader, GGUFWriter
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers
from transformers import PreTrainedTokenizerFast

from medgpt_cli.core.errors import BadCheckpoint
from medgpt_cli.export.gguf import vocabulary
from medgpt_cli.models.tiny.build import tokenizer as tiny_tokenizer

SPELT = r"(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])"
SHORT = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)"
O200K = (
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+@?|"
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*@?|"
    r"\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
LLAMA3 = r"@|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"


def keys_of(tmp_path: Path, tokenizer: Any, rows: int) -> tuple[dict[str, Any], list[str]]:
    writer = GGUFWriter(tmp_path / "keys.gguf", "llama")
    warnings = vocabulary.add_vocabulary(writer, tokenizer, rows=rows)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    start = "tokenizer.ggml."
    fields = GGUFReader(tmp_path / "keys.gguf").fields.items()
    return {n.removeprefix(start): f.contents() for n, f in fields if n.startswith(start)}, warnings


def bytes_with(before: Any) -> Any:
    bare = Tokenizer(models.BPE(vocab={"a": 0, "b": 1, "ab": 2}, merges=[("a", "b")]))
    bare.pre_tokenizer = before
    return PreTrainedTokenizerFast(tokenizer_object=bare)


def split(expression: str, behaviour: str = "isolated") -> Any:
    return pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(expression), behavior=behaviour),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )


BYTES = pre_tokenizers.ByteLevel(add_prefix_space=False)


@pytest.mark.parametrize(
    ("before", "name"),
    [
        (split(O200K.replace("@", SHORT)), "gpt-4o"),
        (split(O200K.replace("@", SPELT)), "gpt-4o"),
        (split(LLAMA3.replace("@", SHORT)), "llama-bpe"),
        (split(LLAMA3.replace("@", SHORT).replace("{1,3}", "")), "qwen2"),
        (BYTES, "gpt-2"),
        (pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True), BYTES]), "smollm"),
    ],
)
def test_rules_that_llama_cpp_has(tmp_path: Path, before: Any, name: str) -> None:
    keys, warnings = keys_of(tmp_path, bytes_with(before), 3)
    assert (keys["model"], keys["pre"], warnings) == ("gpt2", name, [])


@pytest.mark.parametrize(
    "before",
    [
        split(r"\p{L}+|\p{N}"),
        split(O200K.replace("@", SHORT), "removed"),
        pre_tokenizers.ByteLevel(add_prefix_space=True),
        pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=False), BYTES]),
    ],
)
def test_other_rules_are_told(tmp_path: Path, before: Any) -> None:
    keys, warnings = keys_of(tmp_path, bytes_with(before), 3)
    assert (keys["pre"], warnings) == ("gpt-2", [vocabulary.OTHER_RULE])


def test_tokens_of_tiny(tmp_path: Path) -> None:
    tokenizer = tiny_tokenizer()
    keys, _ = keys_of(tmp_path, tokenizer, len(tokenizer) + 2)
    assert keys["tokens"] == [
        *tokenizer.convert_ids_to_tokens(range(len(tokenizer))),
        "[PAD4096]",
        "[PAD4097]",
    ]
    control, normal, unused = 3, 1, 5
    assert keys["token_type"] == [normal] * 4032 + [control] * 64 + [unused] * 2
    vocabulary_, merges = tokenizer.get_vocab(), [each.split(" ") for each in keys["merges"]]
    assert len(merges) > 3000
    assert all(one + other in vocabulary_ for one, other in merges)
    ids = {name: keys[f"{name}_token_id"] for name in ("bos", "eos", "padding")}
    assert ids == {"bos": 4032, "eos": 4036, "padding": 4033}
    assert keys["add_eos_token"] is False


def llama_like(normalizer: Any, before: Any = None) -> Any:
    words = ["<unk>", "<s>", "</s>", "<0x41>", "▁", "a", "b", "ab", "▁ab", "zz"]
    bare = Tokenizer(
        models.BPE(
            vocab={word: at for at, word in enumerate(words)},
            merges=[("▁", "ab"), ("a", "b")][::-1],
            byte_fallback=True,
            unk_token="<unk>",
        )
    )
    bare.normalizer = normalizer
    if before is not None:
        bare.pre_tokenizer = before
    bare.decoder = decoders.ByteFallback()
    bare.add_special_tokens([AddedToken(each, special=True) for each in words[:3]])
    bare.add_tokens([AddedToken("[IMG]", special=False)])
    return PreTrainedTokenizerFast(
        tokenizer_object=bare, bos_token="<s>", eos_token="</s>", unk_token="<unk>"
    )


def test_merges_become_scores(tmp_path: Path) -> None:
    prepended = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    keys, warnings = keys_of(tmp_path, llama_like(prepended), 12)
    assert warnings == [vocabulary.SCORED]
    assert keys["model"] == "llama"
    scores = dict(zip(keys["tokens"], keys["scores"], strict=True))
    assert (scores["ab"], scores["▁ab"]) == (0.0, -1.0)
    assert scores["zz"] == scores["a"] == pytest.approx(vocabulary.LAST)
    kinds = dict(zip(keys["tokens"], keys["token_type"], strict=True))
    assert [kinds[each] for each in ("<unk>", "<s>", "<0x41>", "ab", "[IMG]", "[PAD11]")] == [
        2,
        3,
        6,
        1,
        4,
        5,
    ]
    assert keys["add_space_prefix"] is True
    assert keys["unknown_token_id"] == 0


@pytest.mark.parametrize(("scheme", "prefixed"), [("first", True), ("always", True), ("never", False)])
def test_space_before_the_first_word(tmp_path: Path, scheme: Any, prefixed: bool) -> None:
    before = pre_tokenizers.Metaspace(prepend_scheme=scheme)
    keys, _ = keys_of(tmp_path, llama_like(None, before), 12)
    assert keys["add_space_prefix"] is prefixed


def test_other_kinds_are_refused(tmp_path: Path) -> None:
    bare = Tokenizer(models.WordLevel({"a": 0}, unk_token="a"))
    with pytest.raises(BadCheckpoint, match="1 WordLevel tokens for 4 rows cannot be written as GGUF"):
        keys_of(tmp_path, PreTrainedTokenizerFast(tokenizer_object=bare), 4)
    with pytest.raises(BadCheckpoint, match="4096 BPE tokens for 4095 rows"):
        keys_of(tmp_path, tiny_tokenizer(), 4095)
