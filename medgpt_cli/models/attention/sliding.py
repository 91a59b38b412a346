"""A sliding window in blocks: each block of queries meets the keys of its own and the previous block, and no others.

Cost and memory grow with the sequence, not with its square.  Closed documents need no loop here: a key is seen if it
is close enough behind the query and in the same document.

Shapes: B rows, H query heads, G key-value heads, S tokens, D head size, N blocks of W tokens, W the window.
"""

from __future__ import annotations

import torch
from torch.nn.functional import pad

from medgpt_cli.models.attention.sinks import attend


def window_bias(
    tokens: int, window: int, documents: torch.Tensor | None, *, like: torch.Tensor
) -> torch.Tensor:
    """Which keys each query of a block sees, as 0 or -inf.

    Args:
        tokens: S.
        window: W: a query sees itself and the W - 1 tokens before it, as in transformers.
        documents: The number of each token's document (S), or None for one.
        like: Whose dtype and device it takes.

    Returns:
        (N, 1, W, 2W): the keys of block n are those of blocks n - 1 and n.
    """
    blocks = -(-tokens // window)
    behind = torch.arange(window, 2 * window, device=like.device)[:, None]
    behind = behind - torch.arange(2 * window, device=like.device)
    seen = ((behind >= 0) & (behind < window)).repeat(blocks, 1, 1)
    seen[0, :, :window] = False
    if documents is not None:
        number = pad(documents, (window, blocks * window - tokens), value=-1)
        of_query, of_key = number[window:].view(blocks, window, 1), number.unfold(0, 2 * window, window)
        seen &= of_query == of_key[:, None]
    # Queries that only fill the last block see themselves: a row without any key would be NaN, also in the gradient.
    bias = torch.full(seen.shape, float("-inf"), dtype=like.dtype, device=like.device)
    return bias.masked_fill_(seen, 0.0)[:, None]


def attend_in_blocks(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    sinks: torch.Tensor | None,
    *,
    scale: float,
    bias: torch.Tensor,
) -> torch.Tensor:
    """Sliding-window attention.

    Args:
        query: (B, H, S, D).
        key: (B, G, S, D).
        value: (B, G, S, D).
        sinks: One logit a query head (H), or None.
        scale: What the products of query and key are multiplied by.
        bias: What `window_bias` returned, (N, 1, W, 2W).

    Returns:
        (B, H, S, D).
    """
    rows, heads, tokens, size = query.shape
    blocks, _, window, _ = bias.shape
    fill = blocks * window - tokens

    def to_blocks(states: torch.Tensor) -> torch.Tensor:
        """(B, G, S, D) to (B·N, G, 2W, D)."""
        filled = pad(states, (0, 0, window, fill))
        windows = filled.unfold(2, 2 * window, window)  # (B, G, N, D, 2W)
        return windows.permute(0, 2, 1, 4, 3).reshape(rows * blocks, -1, 2 * window, size)

    asked = pad(query, (0, 0, 0, fill)).view(rows, heads, blocks, window, size).transpose(1, 2)
    out = attend(
        asked.reshape(rows * blocks, heads, window, size),
        to_blocks(key),
        to_blocks(value),
        sinks,
        scale=scale,
        bias=bias.repeat(rows, 1, 1, 1) if rows > 1 else bias,
    )
    whole = out.view(rows, blocks, heads, window, size).transpose(1, 2)
    return whole.reshape(rows, heads, blocks * window, size)[:, :, :tokens]
