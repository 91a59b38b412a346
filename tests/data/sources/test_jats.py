from __future__ import annotations

from xml.etree.ElementTree import fromstring

import pytest

from medgpt_cli.data.sources.jats import Article, articles_of

HEAD = """<?xml version="1.0"?>
<!DOCTYPE article PUBLIC "-//NLM//DTD JATS (Z39.96) v1.2//EN" "JATS-archivearticle1.dtd">
<article xmlns:xlink="http://www.w3.org/1999/xlink" xmlns:mml="http://www.w3.org/1998/Math/MathML">
"""
FRONT = """<front><journal-meta><journal-title>J</journal-title></journal-meta><article-meta>
<article-id pub-id-type="pmid">12345</article-id><article-id pub-id-type="pmc">212319</article-id>
<title-group><article-title>A <italic>case</italic></article-title></title-group>
<permissions><license xlink:href="https://creativecommons.org/licenses/by/4.0/"><license-p>Free.</license-p>
</license></permissions>
<abstract><sec><title>Background</title><p>Known.</p></sec><sec><title>Results</title><p>Found.</p></sec></abstract>
<abstract abstract-type="graphical"><p>Seen.</p></abstract>
</article-meta></front>"""


def article(body: str, front: str = FRONT, after: str = "") -> Article:
    (found,) = articles_of(fromstring(f"{HEAD}{front}<body>{body}</body>{after}</article>"))
    return found


def texts(body: str, after: str = "") -> list[str]:
    return [p.text for p in article(body, front="", after=after).paragraphs]


def test_title_abstract_ids_and_licence() -> None:
    found = article("<p>Body.</p>")
    assert (found.pmcid, found.pmid, found.licence) == ("PMC212319", "12345", "CC BY 4.0")
    assert [p.text for p in found.paragraphs] == [
        "A case",
        "Abstract\nBackground\nKnown.",
        "Results\nFound.",
        "Body.",
    ]


def test_an_id_that_brings_its_letters_gets_no_second_ones() -> None:
    front = (
        '<front><article-meta><article-id pub-id-type="pmcid">PMC77</article-id></article-meta></front>'
    )
    assert article("<p>x</p>", front).pmcid == "PMC77"


@pytest.mark.parametrize(
    ("link", "licence"),
    [
        ("http://creativecommons.org/licenses/by-nc-nd/3.0/", "CC BY-NC-ND 3.0"),
        ("https://creativecommons.org/publicdomain/zero/1.0/", "CC0 1.0"),
        ("https://creativecommons.org/licenses/by-nc/4.0", "CC BY-NC 4.0"),
        ("https://publisher.example/terms", "not stated"),
    ],
)
def test_licences(link: str, licence: str) -> None:
    front = (
        '<front><article-meta><permissions xmlns:ali="http://www.niso.org/schemas/ali/1.0/"><license>'
        f"<ali:license_ref>{link}</ali:license_ref></license></permissions></article-meta></front>"
    )
    assert article("<p>x</p>", front).licence == licence


def test_a_licence_is_taken_from_the_permissions_alone() -> None:
    front = (
        '<front><article-meta><abstract><p><ext-link xlink:href="https://creativecommons.org/licenses/by/4.0/">x'
        "</ext-link></p></abstract></article-meta></front>"
    )
    assert article("<p>x</p>", front).licence == "not stated"


def test_figures_stand_where_they_are_written() -> None:
    found = article(
        '<sec><title>Case</title><p>Before.<fig id="f1"><label>Figure 1</label><caption><title>CT.</title>'
        '<p>Arrow.</p></caption><graphic xlink:href="a-g001"/></fig> After.</p></sec>'
        '<fig id="f2"><label>Fig. 2.</label><caption><p>Two panels.</p></caption>'
        '<graphic xlink:href="a-g002"/><graphic xlink:href="a-g003"/></fig><p>End.</p>',
        front="",
    )
    assert [(p.text, p.graphics, p.figures) for p in found.paragraphs] == [
        ("Case\nBefore. After.", [], []),
        ("<image>\nFigure 1 CT. Arrow.", ["a-g001"], ["1"]),
        ("<image><image>\nFig. 2. Two panels.", ["a-g002", "a-g003"], ["2"]),
        ("End.", [], []),
    ]


def test_of_alternatives_one_picture_is_shown() -> None:
    body = '<fig><alternatives><graphic xlink:href="big"/><graphic xlink:href="small"/></alternatives></fig>'
    assert article(body).paragraphs[-1].graphics == ["big"]


def test_floating_figures_stand_behind_the_paragraph_that_cites_them() -> None:
    floats = (
        '<floats-group><fig id="F1"><label>Figure 1</label><graphic xlink:href="g1"/></fig>'
        '<fig id="F2"><label>Figure 2</label><graphic xlink:href="g2"/></fig>'
        '<table-wrap id="T1"><label>Table 1</label><table><tr><td>1</td></tr></table></table-wrap></floats-group>'
    )
    body = (
        '<p>One <xref ref-type="fig" rid="F2">Figure 2</xref>.</p>'
        '<p>Two <xref ref-type="fig" rid="F2">2</xref> and <xref ref-type="table" rid="T1">Table 1</xref>.</p>'
    )
    assert texts(body, floats) == [
        "One Figure 2.",
        "<image>\nFigure 2",
        "Two 2 and Table 1.",
        "Table 1\n1",
        "<image>\nFigure 1",
    ]


def test_references_are_dropped_with_their_brackets_and_nothing_else_is() -> None:
    ref = '<xref ref-type="bibr" rid="b">{}</xref>'.format
    assert texts(
        f"<p>Known [{ref(3)}, {ref(5)}-{ref(7)}] and HBsAg (-) was () seen<sup>{ref(1)},{ref(2)}</sup>, "
        f"as in ({ref('Doe 2001')}; {ref('Roe 2002')}) and by Doe et al. {ref('[4]')}</p>"
    ) == ["Known and HBsAg (-) was () seen, as in and by Doe et al."]


def test_tables_lists_and_formulas_are_texts() -> None:
    found = texts(
        "<sec><title>Results</title>"
        "<table-wrap><label>Table 1</label><caption><p>Doses.</p></caption><table><thead><tr><th>Drug</th>"
        "<th>mg</th></tr></thead><tbody><tr><td>A</td><td>5</td></tr></tbody></table>"
        "<table-wrap-foot><p>Note.</p></table-wrap-foot></table-wrap>"
        "<list><list-item><label>1</label><p>First.</p></list-item><list-item><p>Second.</p></list-item></list>"
        "<disp-formula><alternatives><tex-math>\\documentclass[12pt]{minimal}\\begin{document}$x=1$\\end{document}"
        "</tex-math><mml:math><mml:mi>x</mml:mi></mml:math></alternatives></disp-formula>"
        "<p>So <inline-formula><mml:math><mml:mi>y</mml:mi></mml:math></inline-formula>.</p></sec>"
    )
    assert found == [
        "Results\nTable 1 Doses.\nDrug | mg\nA | 5",
        "- First.\n- Second.",
        "$x=1$",
        "So y.",
    ]


def test_back_matter_letters_and_footnotes_are_left_out() -> None:
    after = (
        "<back><ack><p>Thanks.</p></ack><ref-list><ref><mixed-citation>Doe.</mixed-citation></ref></ref-list></back>"
        "<sub-article><body><p>Review.</p></body></sub-article>"
    )
    assert texts("<p>Text<fn><p>foot</p></fn>.</p>", after) == ["Text."]


def test_a_mark_typed_in_the_text_stands_for_no_picture() -> None:
    assert texts("<p>the &lt;image&gt; tag</p>") == ["the < image > tag"]


def test_a_heading_without_text_is_not_lost_to_the_next_section() -> None:
    assert texts("<sec><title>A</title><sec><title>B</title><p>b</p></sec></sec><p>c</p>") == [
        "A\nB\nb",
        "c",
    ]


def test_a_set_of_articles_is_read_one_by_one() -> None:
    root = fromstring(
        "<pmc-articleset><article><body><p>1</p></body></article><article><body><p>2</p></body></article>"
        "</pmc-articleset>"
    )
    assert [a.paragraphs[0].text for a in articles_of(root)] == ["1", "2"]


def test_control_characters_that_xml_lets_pass_are_blanks() -> None:
    assert texts("<p>5 \x96 10\x7fmg</p>") == ["5 10 mg"]
