"""The running text of JATS elements: without references' numbers, with formulas as TeX.

This module knows inline elements; where blocks stand is `jats`' business.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.etree.ElementTree import Element

from medgpt_cli.data.marks import MARK
from medgpt_cli.data.sources.xml_files import attribute, name_of

_BLANKS = re.compile(r"[\s\x7f-\x9f]+")
"""XML lets the control characters of Latin-1 pass, which stand for nothing."""
_DROPPED = "\x00"
"""Stands where a reference's number stood: XML cannot hold it, so "(-)" is told from an emptied "(3-5)"."""
_EMPTIED = re.compile(r"\s*[\[(][\s,;–-]*\x00[\x00\s,;–-]*[\])]")
_NUMBERS = re.compile(r"\s*\x00(?:[\s,;–-]*\x00)*")
_TEX = re.compile(r"\\begin\{document\}(.*)\\end\{document\}", re.DOTALL)
_LEFT_OUT = {
    "ref-list", "fn", "fn-group", "table-wrap-foot", "object-id", "label", "caption", "permissions", "attrib",
    "supplementary-material", "media", "inline-supplementary-material", "graphic", "inline-graphic", "alt-text",
    "long-desc", "annotation", "fig", "fig-group", "table-wrap", "table-wrap-group",
}  # fmt: skip
"""Blocks of their own, which `jats` puts beside the paragraph, and what is no text."""
_APART = {
    "p", "sec", "list", "list-item", "title", "disp-formula", "boxed-text", "disp-quote", "def-list", "verse-group",
    "statement", "speech", "break",
}  # fmt: skip
"""Elements between which words must not run together."""


def inline(element: Element) -> str:
    """The running text of an element on one line; blocks inside it are told apart from it elsewhere."""
    text = _BLANKS.sub(" ", "".join(_pieces(element)))
    return _NUMBERS.sub("", _EMPTIED.sub("", text)).strip().replace(MARK, "< image >")


def _pieces(element: Element) -> Iterator[str]:
    yield element.text or ""
    for inner in element:
        kind = name_of(inner)
        if kind == "tex-math":
            tex = "".join(inner.itertext())
            match = _TEX.search(tex)
            yield match[1] if match else tex
        elif kind == "alternatives":
            holder = Element("alternative")
            holder.extend(([tex for tex in inner if name_of(tex) == "tex-math"] or list(inner))[:1])
            yield from _pieces(holder)
        elif kind == "xref" and attribute(inner, "ref-type") in ("bibr", "fn", "table-fn"):
            yield _DROPPED
        elif kind and kind not in _LEFT_OUT:
            yield from _pieces(inner)
            if kind in _APART:
                yield " "
        yield inner.tail or ""
