from __future__ import annotations

from pathlib import Path

from medgpt_cli.data.sources.registry import find
from tests.data.sources.layouts_questions import medframeqa
from tests.data.sources.reading import read
from tests.data.sources.writing import as_parquet, embedded


def test_null_padded_frames_are_no_frames(tmp_path: Path) -> None:
    medframeqa(tmp_path)
    two, five = (written.record for written in find("medframeqa").read(tmp_path))
    base = "data/test-00000-of-00001.parquet"
    assert two["images"] == [f"{base}#row=0&column=image_{n}" for n in (1, 2)]
    assert five["images"] == [f"{base}#row=1&column=image_{n}" for n in range(1, 6)]


def test_questions_on_one_video_are_tied_and_no_reasoning_is_shown(tmp_path: Path) -> None:
    medframeqa(tmp_path)
    found = [written.record for written in find("medframeqa").read(tmp_path)]
    assert [record["keys"] for record in found] == [["video:medframeqa/v1"]] * 2
    assert "Because" not in str(found)
    assert found[0]["facets"] == {"modality": "MRI", "anatomy": "brain", "system": "nervous system"}
    assert (found[0]["answer"], len(found[0]["options"])) == ("C", 6)


def test_octomeds_copy_holds_frames_in_a_list(tmp_path: Path) -> None:
    folder = tmp_path / "MedFrameQA"
    row = {
        "image": [embedded(1), embedded(2), embedded(3)],
        "question": "What?",
        "options": ["x", "y"],
        "answer": "B",
    }
    as_parquet(folder / "data/test-00000-of-00001.parquet", [row])
    (written,) = find("medframeqa").read(folder)
    assert [name.partition("#")[2] for name in written.record["images"]] == [
        f"row=0&column=image&item={item}" for item in range(3)
    ]
    assert find("medframeqa").detect(folder)


def test_a_question_without_a_frame_is_told(tmp_path: Path) -> None:
    row = {"image": [], "question": "What?", "options": ["x", "y"], "answer": "B"}
    full = row | {"image": [embedded()]}
    as_parquet(tmp_path / "data/test-00000-of-00001.parquet", [full, row])
    assert read("medframeqa", tmp_path)[1] == ["2: image_1 and the other columns hold no frame"]
