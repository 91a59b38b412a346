"""What `data scan` takes for what: prepared sets, folders of everything."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from medgpt_cli.app import main
from medgpt_cli.core.errors import PhiFound
from medgpt_cli.workflows.scan import scan_data

LONG = (
    "The lungs are clear and the heart is of normal size. No effusion was seen on the film of that day."
)


def test_a_prepared_set_is_read_row_by_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    texts = [LONG, f"{LONG} It was compared on 03/14/2021."]
    Path("local.jsonl").write_text("\n".join(json.dumps({"text": text}) for text in texts))
    assert main(["data", "prep", "local.jsonl", "--out", "set"]) == 0
    capsys.readouterr()
    assert scan_data([Path("set")], json=True) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["records"] == 2
    [found] = document["findings"]
    assert (found["place"].split("/")[:2], found["class"]) == (["set", "data"], "date")


def test_a_folder_is_read_with_everything_below_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    below = tmp_path / "below"
    below.mkdir()
    (tmp_path / "Ann_Lee.txt").write_text("SSN 123-45-6789")
    (below / "local.jsonl").write_text(json.dumps({"text": "MRN: 12345678"}))
    (below / "film.zip").write_bytes(b"PK")
    with pytest.raises(PhiFound) as caught:
        scan_data([tmp_path])
    assert [str(each) for each in caught.value.complaints] == [
        f"{below / 'local.jsonl'}:1 text  record number: labelled record number",
        f"{tmp_path} text 1:1  ssn: labelled Social Security number",
    ]
    out, err = capsys.readouterr()
    assert "warning: 1 file not scanned: " in err
    assert "Ann" not in out + err
