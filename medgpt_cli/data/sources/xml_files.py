"""An XML file read without trust: entity bombs, foreign entities and huge files are refused.

This module knows nothing of what the elements mean.
"""

from __future__ import annotations

from pathlib import Path
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import parse

from medgpt_cli.data.complaints import unfit

XML_CAP = 64 * 2**20
"""Bytes a file may have; articles have under one million, with a few exceptions."""


def read_xml(path: Path) -> Element:
    """The root element of a file.

    Raises:
        Unfit: It is no XML, defines entities, or is over the cap.
    """
    try:
        if path.stat().st_size > XML_CAP:
            raise unfit("", "is an XML file over 64 MB", "leave it out")
        root: Element | None = parse(path, forbid_entities=True, forbid_external=True).getroot()
    except DefusedXmlException:
        raise unfit(
            "", "defines entities of its own, which no article needs and bombs are made of"
        ) from None
    except (ParseError, OSError, ValueError, LookupError, RecursionError):
        raise unfit("", "is not a whole XML file") from None
    if root is None:
        raise unfit("", "is not a whole XML file")
    return root


def name_of(element: Element) -> str:
    """An element's name without its namespace; empty for comments and instructions."""
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def attribute(element: Element, name: str) -> str:
    """An attribute's value by its local name, whatever namespace it is written in."""
    return next((value for key, value in element.attrib.items() if key.rpartition("}")[2] == name), "")
