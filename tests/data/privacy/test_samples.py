from __future__ import annotations

import re
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from medgpt_cli.core.types import Place, Role, Sample, Turn
from medgpt_cli.data.privacy.findings import Finding, Identifier
from medgpt_cli.data.privacy.samples import PLACES, Scan, Tally, scan_samples
from medgpt_cli.data.privacy.text import find_text
from tests.data.privacy.seeded import seeded


def x(text: str) -> list[Finding]:
    return [
        Finding(Identifier.SSN, m.start(), m.end(), "x", m[0] == "X") for m in re.finditer("[xX]", text)
    ]


def sample(line: int, *said: str, **more: object) -> Sample:
    turns = tuple(Turn(role, (text,)) for role, text in zip(Role, said, strict=False))
    return Sample(Place("f", line), turns, **more)  # type: ignore[arg-type]


def test_every_text_that_is_read_or_learnt() -> None:
    scan = scan_samples(
        [
            sample(1, "X", "x", "X"),
            Sample(Place("f", 2), (Turn(Role.ASSISTANT, ("no", 0, "X"), "X"),)),
            Sample(Place("f", 3), document=("X", 0, "x")),
            sample(4, "clean", patient_id="x", facets=(("x", "x"),)),
        ],
        x,
    )
    assert scan.sure == {
        "ssn": Tally(5, ["1 turns[0]", "1 turns[2]", "2 turns[0]", "2 turns[0] thinking", "3 text"])
    }
    assert scan.doubtful == {"ssn": Tally(2, ["1 turns[1]", "3 text"])}


def test_places_are_few_and_counts_are_all() -> None:
    scan = scan_samples([sample(line, "X") for line in range(100)], x)
    assert scan.sure["ssn"].count == 100
    assert len(scan.sure["ssn"].places) == PLACES


def test_fields_beside_the_texts_count_where_they_are_certain() -> None:
    more = {
        "id": "MRN: 84756123",
        "patient_id": "078-05-1120",
        "study_id": "Tel: 617-555-0123",
        "source": "a.zwiebel@hospital.org",
        "keys": ("mrn:84756123", "patient:mimic/10000032"),
        "facets": (("site", "Patient: John Smith"),),
    }
    scan = scan_samples([sample(4, "clean", **more)], find_text)
    assert {word: tally.places for word, tally in scan.sure.items()} == {
        "record_number": ["4 id", "4 keys[0]"],
        "ssn": ["4 patient_id"],
        "phone": ["4 study_id"],
        "email": ["4 source"],
        "name": ["4 facets[0]"],
    }
    assert scan_samples([sample(4, "clean", **more)], find_text, texts=False).sure == {}


@pytest.mark.parametrize(
    "code",
    ["P0012", "17", "10000032", "123456789", "s50414267", "CXR1234_IM-0123-1001", "2.25.123456789012",
     "f4ad41d3-4b7a-4c1e-9c3e-111111111111", "PMC212319_Fig3", "2024-01-05"],
)  # fmt: skip
def test_numbers_without_a_label_tie_records_and_refuse_nothing(code: str) -> None:
    keys = tuple(f"{kind}:{code}" for kind in ("patient", "study", "image", "figure", "pmid", "pmcid"))
    more = {"id": code, "patient_id": code, "study_id": code, "keys": (*keys, f"patient:site/{code}")}
    assert scan_samples([sample(1, "clean", **more)], find_text) == Scan()


def test_metadata_of_pictures_is_read(tmp_path: Path) -> None:
    info = PngInfo()
    info.add_text("Comment", "Patient: John Brown, MRN: 48291035")
    Image.radial_gradient("L").save(tmp_path / "a.png", pnginfo=info)
    scan = scan_samples([sample(7, "X", images=(str(tmp_path / "a.png"),))], find_text, texts=False)
    assert scan.sure == {
        "name": Tally(1, ["7 images[0] PNG Comment"]),
        "record_number": Tally(1, ["7 images[0] PNG Comment"]),
    }


def test_headers_are_read_and_broken_images_passed_over(tmp_path: Path) -> None:
    dicom = str(seeded(tmp_path / "a.dcm"))
    (tmp_path / "b.png").write_bytes(b"\x89PNG\r\n\x1a\n broken")
    images = (f"{dicom}#frame=0", str(tmp_path / "b.png"), str(tmp_path / "gone.dcm"))
    scan = scan_samples([sample(7, "X", images=images)], lambda _: [], texts=False)
    assert scan.sure["record_number"].places[0] == "7 images[0] PatientID"
    assert scan.sure["name"].count >= 3


def test_headers_of_dicom_bytes_in_tables_are_read(tmp_path: Path) -> None:
    table = pa.table({"image": [b"\x89PNG\r\n\x1a\n broken", seeded(tmp_path / "a.dcm").read_bytes()]})
    pq.write_table(table, tmp_path / "a.parquet")
    images = tuple(f"{tmp_path}/a.parquet#row={row}&column=image" for row in (0, 1, 2))
    scan = scan_samples([sample(7, "X", images=images)], lambda _: [], texts=False)
    assert scan.sure["record_number"].places[0] == "7 images[1] PatientID"
