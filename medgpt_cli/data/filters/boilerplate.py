"""Texts that say nothing about the picture: "see Figure 2", "image courtesy of", publisher's lines.

A long text may hold such a sentence; it is objected to only where such sentences are at least half of it.
"""

from __future__ import annotations

import re

from medgpt_cli.core.types import Sample
from medgpt_cli.data.filters.filter import Filter
from medgpt_cli.data.filters.wording import learnt, sentences

HALF = 0.5
"""Share of the characters from which boilerplate is what the text is."""

_EMPTY_WORDS = re.compile(
    r"""(?ix)
    ^\W*(?:please\s+)?(?:see|refer\s+to|as\s+(?:shown|seen|described)\s+in|shown\s+in|cf\.?)\s+(?:the\s+)?
        (?:(?:text|legend|caption|main\s+text|full\s+text|supplementary\s+\w+|figure|fig\.?|table|video)\b[\W\w]{0,60})$
    | \b(?:image|images|photo|photograph|picture|figure|slide|slides|video)s?\s+(?:is\s+|are\s+)?
        (?:courtesy\s+of|provided\s+by|credit|reproduced|adapted|reprinted|used\s+with\s+permission)
    | \b(?:reproduced|reprinted|adapted|modified|used|republished)\s+(?:\w+\s+){0,3}?
        (?:with\s+permission|from\s+(?:ref|\[))
    | \bcourtesy\s+of\b | \bpermission\s+(?:of|from)\s+(?:the\s+)?(?:publisher|author)
    | \ball\s+rights\s+reserved\b | (?:©|\(c\)|\bcopyright\b)\s*(?:\d{4}|by|the|elsevier|springer|wiley)
    | \bthis\s+is\s+an\s+open[\s-]access\s+article\b | \bcreative\s+commons\b | \bCC[\s-]BY\b
    | \b(?:elsevier|springer|wiley|taylor\s*&\s*francis|bmj\s+publishing|mdpi|hindawi)\b
        .{0,40}\b(?:ltd|inc|gmbh|publish|license)
    | \b(?:click|tap)\s+(?:here|on\s+the\s+image)\b | \bto\s+view\s+(?:a\s+)?(?:larger|full|the\s+full)\b
    | \bhigher\s+resolution\s+version\b | \bfor\s+(?:peer\s+)?review\s+only\b
    | \b(?:subscribe|like\s+and\s+share|follow\s+us)\b | \bhttps?://\S+\s*$ | \bdoi:\s*10\.\d+
    | ^\W*(?:no\s+(?:caption|description|legend)(?:\s+available)?|untitled|n/?a|not\s+available|caption)\W*$
    | ^\W*(?:supplementary|additional|extended\s+data)\s+(?:figure|file|material|table|data|information)\s*\S{0,6}\W*$
    | ^\W*(?:figure|fig\.?|image|panel|table|scheme)\s*[\dA-Z]{0,4}[a-z]?\W*$
    """
)


def boilerplate() -> Filter:
    """Objects to texts of which at least half is boilerplate."""

    def judge(sample: Sample) -> str:
        pieces = sentences(learnt(sample))
        every = sum(map(len, pieces))
        empty = sum(len(piece) for piece in pieces if _EMPTY_WORDS.search(piece))
        return "boilerplate" if every and empty >= HALF * every else ""

    return Filter("boilerplate", judge)
