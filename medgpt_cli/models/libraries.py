"""How the libraries below us behave on screen: they say nothing, we do.

This module knows nothing of models.
"""

from __future__ import annotations

import logging
import os
from functools import cache


@cache
def quiet_libraries() -> None:
    """Silences transformers' warnings and bars.  What matters in them (unread weights) is an error of ours instead."""
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    # Wherever it is installed, every import of PEFT brings it, and it tells of a kernel it did not find on the hub.
    logging.getLogger("bitsandbytes").setLevel(logging.ERROR)
    from transformers.utils import logging as of_transformers

    of_transformers.set_verbosity_error()
    of_transformers.disable_progress_bar()
