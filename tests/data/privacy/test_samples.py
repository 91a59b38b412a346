from __future__ import annotations

import re
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from medgpt_cli.core.types import Place, Role, Sample, Turn
from medgpt_cli.data.privacy.findings import Finding, Identifier
from medgpt_cli.data.privacy.samples import PLACES, Tally, scan_samples
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
            sample(4, "clean", patient_id="X", facets=(("X", "X"),)),
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


def test_headers_of_dicom_images_are_read_and_others_are_not(tmp_path: Path) -> None:
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
