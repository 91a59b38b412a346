"""A journal article in JATS XML as paragraphs in reading order, its figures where they stand.

Title, abstract, body: headings, paragraphs, lists, tables as lines of cells.  Left out are references, footnotes,
acknowledgements and reviewers' letters.  This module knows the elements and no file: a figure names its graphic, and
who reads it finds the picture.  Running text is `jats_text`'s business.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element

from medgpt_cli.data.marks import MARK
from medgpt_cli.data.sources.jats_text import inline
from medgpt_cli.data.sources.licences import NOT_STATED, short_name
from medgpt_cli.data.sources.xml_files import attribute, name_of

_NUMBER = re.compile(r"(\d+)")


@dataclass(slots=True)
class Paragraph:
    """One paragraph of a document.

    Attributes:
        text: With a mark where a figure's picture stands.
        graphics: What the figures are called in the XML, in order; one for each mark.
        figures: The figures' numbers ("3" of "Figure 3"), where they have one.
    """

    text: str
    graphics: list[str] = field(default_factory=list)
    figures: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Article:
    """One article.

    Attributes:
        pmcid: With its letters, or empty.
        pmid: Digits, or empty.
        licence: `CC BY 4.0` and the like where a licence is linked; `not stated` otherwise.
        paragraphs: In reading order, the title first.
    """

    pmcid: str
    pmid: str
    licence: str
    paragraphs: list[Paragraph]


def articles_of(root: Element) -> Iterator[Article]:
    """Every article below a root element: one, or those of a `pmc-articleset`."""
    for article in _named(root, "article"):
        meta = next(_named(article, "article-meta"), Element("article-meta"))
        writer = _Writer([fig for group in article if name_of(group) == "floats-group" for fig in group])
        for body in article:
            if name_of(body) == "body":
                writer.blocks(body)
        ids = _ids(meta)
        yield Article(
            ids.get("pmcid", ""), ids.get("pmid", ""), licence_of(meta), [*_front(meta), *writer.ended()]
        )


def _named(element: Element, name: str) -> Iterator[Element]:
    return (inner for inner in element.iter() if name_of(inner) == name)


def _ids(meta: Element) -> dict[str, str]:
    found: dict[str, str] = {}
    for element in meta:
        kind, value = attribute(element, "pub-id-type"), (element.text or "").strip()
        if name_of(element) != "article-id" or not value:
            continue
        if kind in ("pmc", "pmcid"):
            found["pmcid"] = f"PMC{value.upper().removeprefix('PMC')}"
        elif kind == "pmid":
            found["pmid"] = value
    return found


def _front(meta: Element) -> list[Paragraph]:
    title = next(_named(meta, "article-title"), None)
    found = [Paragraph(inline(title))] if title is not None and inline(title) else []
    for element in meta:
        # A graphical abstract repeats a figure; other kinds are summaries for other readers.
        if name_of(element) == "abstract" and not attribute(element, "abstract-type"):
            writer = _Writer([], heading="Abstract")
            writer.blocks(element)
            found += writer.ended()
    return found


def licence_of(meta: Element) -> str:
    """The short name of the Creative Commons licence that an article's permissions link to, or `not stated`."""
    links = (
        attribute(element, "href") or (element.text or "")
        for permissions in _named(meta, "permissions")
        for element in permissions.iter()
    )
    return next(filter(None, map(short_name, links)), NOT_STATED)


class _Writer:
    """Blocks into paragraphs; a heading joins the block after it, so that it never ends a piece."""

    def __init__(self, floats: list[Element], heading: str = "") -> None:
        self._done: list[Paragraph] = []
        self._heading = heading
        self._floats = {
            attribute(element, "id") or str(index): element for index, element in enumerate(floats)
        }

    def ended(self) -> list[Paragraph]:
        """The paragraphs, with the figures nobody cites at the end."""
        self._float(list(self._floats))
        return self._done

    def blocks(self, parent: Element) -> None:
        """Every block of a section or body, in order."""
        for element in parent:
            kind = name_of(element)
            if kind == "title":
                self._heading = "\n".join(filter(None, (self._heading, inline(element))))
            elif kind in (
                "sec",
                "boxed-text",
                "disp-quote",
                "fig-group",
                "table-wrap-group",
                "statement",
            ):
                self.blocks(element)
            elif kind == "fig":
                self._figure(element)
            elif kind == "table-wrap":
                self._add(_captioned(element, "\n".join(_table_lines(element))))
            elif kind in ("list", "def-list"):
                self._add("\n".join(f"- {inline(item)}" for item in element if inline(item)))
                self._inside(element)
            elif kind == "disp-formula":
                self._add(inline(element))
            elif kind == "p":
                self._add(inline(element))
                self._inside(element)

    def _inside(self, element: Element) -> None:
        """Figures, tables and sections that are written inside a paragraph; then floating figures it cites."""
        for inner in _outermost(element, {"fig", "fig-group", "table-wrap"}):
            holder = Element("sec")
            holder.append(inner)
            self.blocks(holder)
        self._float([rid for ref in _named(element, "xref") for rid in attribute(ref, "rid").split()])

    def _float(self, cited: list[str]) -> None:
        for rid in cited:
            if (element := self._floats.pop(rid, None)) is not None:
                holder = Element("sec")
                holder.append(element)
                self.blocks(holder)

    def _figure(self, element: Element) -> None:
        graphics = [attribute(graphic, "href") for graphic in _graphics(element)]
        label = next((inline(inner) for inner in element if name_of(inner) == "label"), "")
        number = _NUMBER.search(label)
        self._add(
            _captioned(element, ""),
            graphics=[graphic for graphic in graphics if graphic],
            figures=[number[1]] if number else [],
        )

    def _add(
        self, text: str, graphics: list[str] | None = None, figures: list[str] | None = None
    ) -> None:
        marked = "\n".join(filter(None, [MARK * len(graphics or ()), text]))
        if marked:
            whole = "\n".join(filter(None, (self._heading, marked)))
            self._done.append(Paragraph(whole, graphics or [], figures or []))
            self._heading = ""


def _graphics(figure: Element) -> Iterator[Element]:
    """The pictures of a figure; of alternatives the first."""
    for element in figure:
        if name_of(element) == "graphic":
            yield element
        elif name_of(element) == "alternatives":
            yield from list(_named(element, "graphic"))[:1]


def _captioned(element: Element, below: str) -> str:
    label = " ".join(inline(inner) for inner in element if name_of(inner) == "label")
    caption = " ".join(
        inline(part)
        for inner in element
        if name_of(inner) == "caption"
        for part in inner
        if inline(part)
    )
    return "\n".join(filter(None, (" ".join(filter(None, (label, caption))), below)))


def _table_lines(element: Element) -> Iterator[str]:
    for row in _named(element, "tr"):
        cells = [inline(cell) for cell in row if name_of(cell) in ("td", "th")]
        if any(cells):
            yield " | ".join(cells)


def _outermost(element: Element, names: set[str]) -> Iterator[Element]:
    for inner in element:
        if name_of(inner) in names:
            yield inner
        else:
            yield from _outermost(inner, names)
