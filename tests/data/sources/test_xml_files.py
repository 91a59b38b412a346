from __future__ import annotations

from pathlib import Path

import pytest

from medgpt_cli.data.complaints import Unfit
from medgpt_cli.data.sources import xml_files
from medgpt_cli.data.sources.xml_files import attribute, name_of, read_xml

BOMB = (
    '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY l "lol"><!ENTITY m "&l;&l;&l;&l;&l;&l;&l;&l;&l;&l;">'
    '<!ENTITY n "&m;&m;&m;&m;&m;&m;&m;&m;&m;&m;">]><a>&n;</a>'
)
FOREIGN = '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/hostname">]><a>&x;</a>'


@pytest.mark.parametrize("text", [BOMB, FOREIGN])
def test_entities_are_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.xml").write_text(text)
    with pytest.raises(Unfit) as caught:
        read_xml(tmp_path / "a.xml")
    assert (
        caught.value.faults[0].what
        == "defines entities of its own, which no article needs and bombs are made of"
    )


@pytest.mark.parametrize(
    "text", ["", "<a>", "no xml", "<a>&nbsp;</a>", '<?xml version="1.0" encoding="x-none"?><a/>']
)
def test_what_is_no_xml_is_told(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.xml").write_text(text)
    with pytest.raises(Unfit) as caught:
        read_xml(tmp_path / "a.xml")
    assert caught.value.faults[0].what == "is not a whole XML file"


def test_a_huge_file_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xml_files, "XML_CAP", 3)
    (tmp_path / "a.xml").write_text("<a/>")
    with pytest.raises(Unfit) as caught:
        read_xml(tmp_path / "a.xml")
    assert caught.value.faults[0].what == "is an XML file over 64 MB"


def test_a_published_doctype_is_fine_and_nothing_of_it_is_fetched(tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_text(
        '<!DOCTYPE article PUBLIC "-//NLM//DTD JATS//EN" "http://nowhere.invalid/x.dtd">'
        '<article xmlns:xlink="http://www.w3.org/1999/xlink"><x:b xmlns:x="u" xlink:href="h"/></article>'
    )
    root = read_xml(tmp_path / "a.xml")
    assert (name_of(root), name_of(root[0]), attribute(root[0], "href")) == ("article", "b", "h")
