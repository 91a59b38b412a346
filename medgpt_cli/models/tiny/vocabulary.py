"""The tokenizer of `tiny`: byte-level BPE with the special tokens of gpt-oss, at a fiftieth of its size.

`tokenizer.json` beside this file is what is used; it was trained once by `train` on ICD-10-CM descriptions (public
domain) and the questions of our sample set, and `make vocabulary` repeats that byte for byte.  The special tokens
have the names and the order they have in gpt-oss (openai/harmony, docs/format.md), so that everything written for
one tokenizer holds for the other.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

FILE = Path(__file__).with_name("tokenizer.json")
"""The trained tokenizer, shipped with the package."""

SIZE = 4096
"""Rows of the embedding, special tokens included; a multiple of 64."""

SPECIALS = 64
"""The last rows, reserved for special tokens."""

NAMED = {
    0: "<|startoftext|>",
    1: "<|endoftext|>",
    4: "<|return|>",
    5: "<|constrain|>",
    7: "<|channel|>",
    8: "<|start|>",
    9: "<|end|>",
    10: "<|message|>",
    14: "<|call|>",
    20: "<|endofprompt|>",
}
"""Special tokens with a meaning, by their distance from the first; all others are reserved."""

# Words with their leading space, runs of digits by at most three, punctuation, white space: the o200k rules without
# the split at capital letters, which a small vocabulary cannot afford.
WORDS = Regex(r" ?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+")


def special_tokens() -> list[str]:
    """The names of the special tokens in the order of their ids."""
    return [NAMED.get(i, f"<|reserved_{SIZE - SPECIALS + i}|>") for i in range(SPECIALS)]


def train(lines: Iterable[str]) -> Tokenizer:
    """Learns the merges from `lines`.  The same lines give the same tokenizer.

    Returns:
        A tokenizer of `SIZE` entries whose last `SPECIALS` are the special tokens.
    """
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(WORDS, behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.train_from_iterator(
        lines,
        trainers.BpeTrainer(
            vocab_size=SIZE - SPECIALS,
            initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
            show_progress=False,
        ),
    )
    tokenizer.add_special_tokens(
        [AddedToken(name, special=True, normalized=False) for name in special_tokens()]
    )
    if tokenizer.get_vocab_size() != SIZE:
        raise ValueError(
            f"the text gave {tokenizer.get_vocab_size()} entries, not {SIZE}: too little of it"
        )
    return tokenizer
