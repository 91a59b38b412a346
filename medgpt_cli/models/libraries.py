"""How the libraries below us behave on screen: they say nothing, we do.

This module knows nothing of models.
"""

from __future__ import annotations

import os
from functools import cache


@cache
def quiet_libraries() -> None:
    """Silences transformers' warnings and bars.  What matters in them (unread weights) is an error of ours instead."""
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    from transformers.utils import logging

    logging.set_verbosity_error()
    logging.disable_progress_bar()
