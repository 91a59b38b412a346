"""What medgpt is not, in one line: shown before a chat, kept in transcripts and reports.

This module knows nothing of where it is shown.
"""

from __future__ import annotations

NOTICE = "Research software, not a medical device; never base a patient's care on it."
