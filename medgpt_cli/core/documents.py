"""Closed documents in one row: the words by which data, models and training speak of them.

`data` lays records one behind the other, `models` attends to each alone, `training` relies on both.  The bounds of B
documents in a row of S tokens are the B + 1 places where one begins and the last ends, from 0 to S; they travel as
`cu_seq_lens_q`, the word transformers' flash kernels read too.  This module knows no tensors.
"""

from __future__ import annotations

OURS = "closed_documents"
"""Our attention in transformers' registry; holds neither "sdpa" nor "flash", by which transformers chooses paths."""

READS_BOUNDS = frozenset({OURS, "flash_attention_2", "flash_attention_3"})
"""Attentions that keep documents apart by their bounds; with any other, packed records would see each other."""
