"""The short name of a Creative Commons licence, from the link by which articles and reports give it."""

from __future__ import annotations

import re

NOT_STATED = "not stated"

_LINK = re.compile(r"creativecommons\.org/(?:licenses|publicdomain)/([a-z-]+)(?:/([\d.]*\d))?")


def short_name(link: str) -> str:
    """`CC BY-NC-ND 4.0` and the like; empty when the text holds no such link."""
    match = _LINK.search(link)
    if not match:
        return ""
    name = {"zero": "CC0", "mark": "public domain"}.get(match[1], f"CC {match[1].upper()}")
    return f"{name} {match[2] or ''}".strip()
