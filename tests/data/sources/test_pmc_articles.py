from __future__ import annotations

from pathlib import Path

from medgpt_cli.core.types import Place
from medgpt_cli.data.images.paths import ImageRoot
from medgpt_cli.data.records import read_record
from medgpt_cli.data.sources.paragraphs import cut
from medgpt_cli.data.sources.pmc_articles import ADAPTER
from tests.data.sources.test_jats import FRONT, HEAD

BODY = (
    '<body><p>One.</p><fig><label>Figure 3</label><caption><p>Seen.</p></caption><graphic xlink:href="a-g003"/></fig>'
    '<p>Two.</p><fig><label>Figure 4</label><caption><p>Lost.</p></caption><graphic xlink:href="a-g004.tif"/></fig>'
    '<fig><label>Figure 5</label><graphic xlink:href="a-g005.tif"/></fig></body></article>'
)


def folder(root: Path) -> Path:
    inside = root / "PMC212319"
    inside.mkdir()
    (inside / "a.nxml").write_text(HEAD + FRONT + BODY)
    (inside / "a-g003.jpg").touch()
    (inside / "a-g003.gif").touch()
    (inside / "a-g005.jpg").touch()
    return root


def test_an_article_is_a_document_with_its_figures_in_place(tmp_path: Path) -> None:
    (written,) = ADAPTER.read(folder(tmp_path))
    assert written.record == {
        "source": "pmc-articles",
        "id": "PMC212319",
        "licence": "CC BY 4.0",
        "text": "A case\n\nAbstract\nBackground\nKnown.\n\nResults\nFound.\n\nOne.\n\n"
        "<image>\nFigure 3 Seen.\n\nTwo.\n\nFigure 4 Lost.\n\n<image>\nFigure 5",
        "images": ["PMC212319/a-g003.jpg", "PMC212319/a-g005.jpg"],
        "keys": [
            "pmcid:PMC212319",
            "pmid:12345",
            "figure:PMC212319_Fig3",
            "figure:PMC212319_Fig4",
            "figure:PMC212319_Fig5",
        ],
        "facets": {"figures_without_picture": "1"},
    }
    form, sample = read_record(written.record, Place("x", 1), ImageRoot(tmp_path).resolve)
    assert form == "text"
    assert [part for part in sample.document if isinstance(part, int)] == [0, 1]


def test_it_can_be_cut(tmp_path: Path) -> None:
    pieces = [piece.record for piece in cut(ADAPTER.read(folder(tmp_path)), 30)]
    assert [piece["id"] for piece in pieces] == [f"PMC212319/{i}" for i in range(1, len(pieces) + 1)]
    assert [piece["images"] for piece in pieces if "images" in piece] == [
        ["PMC212319/a-g003.jpg"],
        ["PMC212319/a-g005.jpg"],
    ]


def test_a_graphic_cannot_name_a_file_elsewhere(tmp_path: Path) -> None:
    inside = tmp_path / "in"
    inside.mkdir()
    (tmp_path / "secret.jpg").touch()
    (inside / "a.xml").write_text(
        HEAD
        + '<body><p>x</p><fig><graphic xlink:href="../secret"/></fig><fig><graphic xlink:href=".."/></fig></body>'
        "</article>"
    )
    (written,) = ADAPTER.read(tmp_path)
    assert "images" not in written.record
    assert written.record["facets"] == {"figures_without_picture": "2"}


def test_what_is_no_article_is_told_and_the_rest_is_read(tmp_path: Path) -> None:
    folder(tmp_path)
    (tmp_path / "a.xml").write_text("<article>")
    (tmp_path / "b.xml").write_text("<other/>")
    (tmp_path / "c.xml").write_text("<article/>")
    assert [w.fault for w in ADAPTER.read(tmp_path)] == [
        "is not a whole XML file",
        "holds no JATS article",
        "the article has no text",
        "",
    ]


def test_detection_reads_a_head_alone(tmp_path: Path) -> None:
    assert not ADAPTER.detect(tmp_path)
    assert ADAPTER.detect(folder(tmp_path))
    assert ADAPTER.detect(tmp_path / "PMC212319/a.nxml")
    (tmp_path / "0.xml").write_text("<eCitation/>")
    assert not ADAPTER.detect(tmp_path)
