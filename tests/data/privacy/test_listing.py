from __future__ import annotations

import os
from pathlib import Path

from PIL import Image

from medgpt_cli.data.privacy.listing import list_source
from tests.data.privacy.seeded import seeded


def test_files_are_told_by_what_they_are(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    for name in ("b.jsonl", "a.json.gz", "deep/c.ndjson", "note.txt", "deep/report.rpt"):
        (tmp_path / name).write_text("{}")
    seeded(tmp_path / "deep" / "IM0001")
    Image.new("L", (20, 20)).save(tmp_path / "x.dat", "PNG")
    (tmp_path / "table.parquet").write_bytes(b"PAR1" + bytes(20))
    (tmp_path / "movie.mp4").write_bytes(bytes(4) + b"ftyp" + bytes(20))
    (tmp_path / "manifest.json").write_text('{\n  "kind": "x"\n}\n')
    (tmp_path / "empty").write_bytes(b"")
    (tmp_path / "link.png").symlink_to(tmp_path / "x.dat")
    os.mkfifo(tmp_path / "pipe.jsonl")
    listing = list_source(tmp_path)
    assert [file.name for file in listing.records] == ["a.json.gz", "b.jsonl", "c.ndjson"]
    assert [file.name for file in listing.texts] == ["note.txt", "report.rpt"]
    assert [file.name for file in listing.images] == ["x.dat", "IM0001"]
    assert listing.others == {
        "is a Parquet or Arrow table": 1,
        "is HEIC, AVIF or a video": 1,
        "is an empty file": 1,
        "is a link": 1,
        "is JSON and no list of records": 1,
        "is not a regular file": 1,
    }


def test_one_file_is_a_source_too(tmp_path: Path) -> None:
    assert list_source(seeded(tmp_path / "a.dcm")).images == [tmp_path / "a.dcm"]
