from __future__ import annotations

from pathlib import Path

from medgpt_cli.data.images.reading import open_image
from medgpt_cli.data.sources.registry import adapters, detect
from tests.data.sources.layouts import embedded_questions, vqa_rad
from tests.data.sources.reading import facets, samples, shown
from tests.data.sources.writing import text


def test_a_question_and_its_paraphrase_are_tied_though_the_splits_part_them(tmp_path: Path) -> None:
    vqa_rad(tmp_path)
    free, paraphrase, _ = samples("vqa-rad", tmp_path)
    assert (free.split, paraphrase.split) == ("train", "test")
    assert free.keys == paraphrase.keys == ("image:medpix/synpic29265", "question:vqa-rad/03f451ca")


def test_test_phrases_are_the_test_split(tmp_path: Path) -> None:
    vqa_rad(tmp_path)
    found = samples("vqa-rad", tmp_path)
    assert [(facets(each)["phrase_type"], each.split) for each in found] == [
        ("freeform", "train"),
        ("test_para", "test"),
        ("test_freeform", "test"),
    ]
    assert facets(found[0]) == {
        "anatomy": "CHEST",
        "question_type": "PRES",
        "answer_type": "CLOSED",
        "phrase_type": "freeform",
    }
    assert shown(found[0], tmp_path) == ("VQA_RAD Image Folder/synpic29265.jpg",)


def test_an_answer_that_is_a_number_is_written_out(tmp_path: Path) -> None:
    vqa_rad(tmp_path)
    assert samples("vqa-rad", tmp_path)[2].answer == "4"


def test_the_parquet_copy_is_tied_by_the_bytes_of_its_pictures(tmp_path: Path) -> None:
    folder = tmp_path / "vqa-rad"
    embedded_questions(folder, "train", "test")
    assert [adapter.name for adapter in adapters() if adapter.detect(folder)] == ["vqa-rad"]
    found = samples("vqa-rad", folder)
    assert [each.split for each in found] == ["train"] * 3 + ["test"] * 3
    assert found[0].keys == found[2].keys == found[3].keys != found[1].keys
    name = "data/test-00000-of-00001-eb8844602202be60.parquet"
    assert shown(found[4], folder) == (f"{name}#row=1&column=image",)
    assert found[4].id == f"{name}:2"


def test_the_parquet_copy_is_known_by_its_readme_too(tmp_path: Path) -> None:
    folder = tmp_path / "downloaded"
    embedded_questions(folder, "train")
    assert [adapter.name for adapter in adapters() if adapter.detect(folder)] == []
    text(folder / "README.md", "# Dataset Card for VQA-RAD")
    assert detect(folder).name == "vqa-rad"


def test_a_copy_in_the_hubs_cache_is_read_through_its_links(tmp_path: Path) -> None:
    cache = tmp_path / "datasets--flaviagiammarino--vqa-rad"
    snapshot = cache / "snapshots/bcf91e7654fb9d51c8ab6a5b82cacf3fafd2fae9"
    embedded_questions(snapshot, "train")
    (file,) = snapshot.glob("data/*")
    (cache / "blobs").mkdir()
    file.symlink_to(file.rename(cache / "blobs/0a1b2c"))
    assert detect(snapshot).name == "vqa-rad"
    found = samples("vqa-rad", snapshot)
    assert shown(found[1], cache) == ("blobs/0a1b2c#row=1&column=image",)
    assert open_image(found[1].images[0]).getpixel((0, 0)) == (20, 20, 20)
