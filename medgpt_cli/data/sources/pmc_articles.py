"""PMC open-access articles as JATS XML with their pictures beside them: long documents with figures in place.

    PMC1234567/article.nxml    or  .xml; any depth of folders
    PMC1234567/article-g001.jpg

This module finds the files; `jats` reads the elements, `paragraphs` cuts what is too long.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from medgpt_cli.core.types import Place
from medgpt_cli.data.complaints import Unfit, unfit
from medgpt_cli.data.marks import MARK
from medgpt_cli.data.sources.adapter import Access, Adapter, Written
from medgpt_cli.data.sources.jats import Article, Paragraph, articles_of
from medgpt_cli.data.sources.making import made, told
from medgpt_cli.data.sources.paragraphs import BREAK
from medgpt_cli.data.sources.xml_files import read_xml

ENDINGS = (".nxml", ".xml")
PICTURES = (".jpg", ".jpeg", ".png", ".tif", ".tiff", ".gif")
"""Endings of pictures, best first: PMC's packages hold a small GIF beside the JPEG."""
HEAD = 4096
FOLDERS = 64
"""Folders looked into before a set is held to be another."""


def _files(path: Path) -> Iterator[Path]:
    if path.is_file():
        yield path
        return
    for folder, inner, names in os.walk(path):
        inner.sort()
        yield from (Path(folder, name) for name in sorted(names) if name.lower().endswith(ENDINGS))


def _read(path: Path) -> Iterator[Written]:
    root = path if path.is_dir() else path.parent
    for file in _files(path):
        place = Place(str(file), 1)
        try:
            articles = list(articles_of(read_xml(file)))
        except Unfit as error:
            yield Written({}, place, root, told(error))
            continue
        if not articles:
            yield Written({}, place, root, "holds no JATS article")
        for article in articles:
            yield made(partial(_record, article, file.parent, root), place, root, source="pmc-articles")


def _record(article: Article, folder: Path, root: Path) -> dict[str, Any]:
    images: list[str] = []
    missing = 0
    texts = []
    for paragraph in article.paragraphs:
        found = [_picture(folder, graphic, root) for graphic in paragraph.graphics]
        texts.append(_with_marks(paragraph, found))
        images += [name for name in found if name]
        missing += found.count("")
    text = BREAK.join(text for text in texts if text)
    if not text:
        raise unfit("", "the article has no text")
    record: dict[str, Any] = {"text": text, "licence": article.licence}
    keys = [f"pmcid:{article.pmcid}"] if article.pmcid else []
    keys += [f"pmid:{article.pmid}"] if article.pmid else []
    keys += [
        f"figure:{article.pmcid}_Fig{n}" for p in article.paragraphs for n in p.figures if article.pmcid
    ]
    if keys:
        record["keys"] = list(dict.fromkeys(keys))
        record["id"] = article.pmcid or article.pmid
    if images:
        record["images"] = images
    if missing:
        record["facets"] = {"figures_without_picture": str(missing)}
    return record


def _with_marks(paragraph: Paragraph, found: list[str]) -> str:
    """The paragraph with marks for those pictures alone that are there; the caption stays in any case."""
    if not paragraph.graphics:
        return paragraph.text
    return (
        paragraph.text.replace(MARK * len(found), MARK * sum(map(bool, found)), 1)
        .replace("\n\n", "\n")
        .strip()
    )


def _picture(folder: Path, graphic: str, root: Path) -> str:
    """The file a graphic names, with the ending it really has, relative to `root`; empty when there is none."""
    name = graphic.rpartition("/")[2]
    stem, dot, ending = name.rpartition(".")
    stems = [name, stem] if dot and f".{ending.lower()}" in PICTURES else [name]
    for candidate in (f"{stem}{end}" for end in PICTURES for stem in stems):
        if name not in ("", ".", "..") and (folder / candidate).is_file():
            return (folder / candidate).relative_to(root).as_posix()
    return ""


def _detect(path: Path) -> bool:
    first = next(_files(path), None) if path.is_file() else _first_near(path)
    if first is None or not first.name.lower().endswith(ENDINGS):
        return False
    try:
        with first.open("rb") as file:
            head = file.read(HEAD)
    except OSError:
        return False
    return b"<article" in head or b"<pmc-articleset" in head


def _first_near(path: Path) -> Path | None:
    """The first XML file, if it is among the first folders: another set may have a million of them."""
    for folder, inner, names in islice(os.walk(path), FOLDERS):
        inner.sort()
        found = sorted(name for name in names if name.lower().endswith(ENDINGS))
        if found:
            return Path(folder, found[0])
    return None


ADAPTER = Adapter(
    name="pmc-articles",
    title="PMC open-access articles (JATS XML with figures)",
    licence="per article, from its XML",
    access=Access.OPEN,
    home="https://pmc.ncbi.nlm.nih.gov/tools/openftlist/",
    read=_read,
    detect=_detect,
    use=("midtrain",),
)
