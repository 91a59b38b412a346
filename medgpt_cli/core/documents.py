"""Closed documents in one row: the words by which data, models and training speak of them.

`data` lays records one behind the other, `models` attends to each alone, `training` relies on both.  The bounds of B
documents in a row of S tokens are the B + 1 places where one begins and the last ends, from 0 to S; they travel as
`cu_seq_lens_q`, the word transformers' flash kernels read too.  This module knows no tensors.
"""

from __future__ import annotations

OURS = "closed_documents"
"""Our attention in transformers' registry; holds neither "sdpa" nor "flash", by which transformers chooses paths."""

EAGER = "eager"
"""transformers' own, with a whole S x S matrix; it knows no bounds, so a row may hold one document."""

FLASH = ("flash_attention_3", "flash_attention_2")
"""transformers' names of flash kernels that packages bring, the newest first."""

READS_BOUNDS = frozenset({OURS, *FLASH})
"""Attentions that keep documents apart by their bounds; with any other, packed records would see each other."""
