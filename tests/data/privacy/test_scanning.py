"""What of a file is looked through, and what a finding's place is called."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

from medgpt_cli.core.types import Place, Role, Sample, Turn
from medgpt_cli.data.privacy.scanning import Scanner, strings
from medgpt_cli.data.privacy.text import find_text


def scanner(**more: bool) -> Scanner:
    return Scanner(find_text, lambda identifier, rule: False, **more)


def test_every_text_of_a_record_is_read_and_no_odd_key_shown() -> None:
    record = {"a": "x", "b": [{"c": "y"}], "Ann Lee": "z", "n": 12345, "m": 7, "t": True, "none": None}
    assert list(strings(record)) == [
        ("a", "a", "x"), ("b[0].c", "c", "y"), ("(a key not shown)", "Ann Lee", "z"), ("n", "n", "12345"),
    ]  # fmt: skip


def test_columns_that_training_ignores_are_read_too(tmp_path: Path) -> None:
    path = tmp_path / "local.jsonl"
    path.write_text(json.dumps({"text": "clear", "accession_number": 12345678, "dob": "1951-03-14"}))
    scan = scanner()
    scan.record_file(path, None)
    assert [(seen.place, seen.identifier, seen.sure) for seen in scan.seen] == [
        (f"{path}:1 accession_number", "other", False),
        (f"{path}:1 dob", "date", True),
    ]


def test_a_name_in_an_image_path_is_found_and_called_by_its_field(tmp_path: Path) -> None:
    (tmp_path / "Thompson_Priya_12345678.png").touch()
    path = tmp_path / "local.jsonl"
    path.write_text(json.dumps({"caption": "clear", "images": ["Thompson_Priya_12345678.png"]}))
    scan = scanner()
    scan.record_file(path, None)
    assert {seen.place for seen in scan.seen} == {f"{path}:1 images[0]"}
    assert len(scan.seen) == 1
    assert list(scan.images.values()) == [f"{path}:1 images[0]"]


def test_samples_are_read_turn_by_turn() -> None:
    sample = Sample(
        Place("set", 3),
        turns=(
            Turn(Role.USER, ("MRN: 12345678", 0)),
            Turn(Role.ASSISTANT, ("ok",), "call 617-555-0123"),
        ),
        images=("a.png",),
    )
    scan = scanner()
    scan.samples([sample, Sample(Place("set", 4), document=("SSN 123-45-6789",))])
    assert [seen.place for seen in scan.seen] == [
        "set:3 turns[0]",
        "set:3 turns[1] thinking",
        "set:4 text",
    ]
    assert scan.images == {"a.png": "set:3 images[0]"}


def test_values_are_kept_only_where_asked_for(tmp_path: Path) -> None:
    for values in (False, True):
        scan = scanner(values=values)
        scan.text("p", "MRN: 12345678")
        assert scan.seen[0].value == ("12345678" if values else "")


def test_lines_and_columns_of_a_plain_text(tmp_path: Path) -> None:
    path = tmp_path / "note.txt"
    path.write_bytes("\ufeffΩ\n\n  MRN 12345678\nSSN 123-45-6789".encode() + b"\xff")
    scan = scanner()
    scan.text_file(path, "note")
    assert [(seen.place, seen.offset, seen.length) for seen in scan.seen] == [
        ("note:3", 6, 8),
        ("note:4", 4, 11),
    ]


def test_headers_of_images_inside_tables_are_read(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif.get_ifd(0x8825)[2] = (51.0, 30.0, 0.0)  # GPSLatitude
    Image.new("RGB", (8, 8)).save(tmp_path / "a.jpg", exif=exif)
    Image.new("RGB", (8, 8)).save(tmp_path / "b.jpg")
    table = pa.table({"image": [(tmp_path / name).read_bytes() for name in ("a.jpg", "b.jpg")]})
    pq.write_table(table, tmp_path / "a.parquet")
    scan = scanner()
    for row in (0, 1):
        scan.images[f"{tmp_path}/a.parquet#row={row}&column=image&frame=0"] = f"set:{row}"
    scan.images[f"{tmp_path}/a.jpg#row=0&column=image"] = "set:2"
    scan.headers()
    assert {seen.place for seen in scan.seen if seen.identifier == "place"} == {"set:0 EXIF GPSInfo"}
    assert {seen.place.split()[0] for seen in scan.seen} == {"set:0"}
    assert scan.counted["images"] == 3
    assert [(each.where, each.what) for each in scan.complaints] == [
        ("set:2", "is no table, and a row of it is named")
    ]
