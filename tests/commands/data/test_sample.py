import json

import pytest

from medgpt_cli.app import main
from medgpt_cli.data.sample import installed


def test_the_set_is_made_counted_and_the_next_step_named(tmp_path, capsys):
    out = tmp_path / "set"
    assert main(["data", "sample", "--out", str(out), "--slices", "0.05"]) == 0
    shown = capsys.readouterr()
    lines = shown.out.splitlines()
    assert lines[-2].split() == ["local.jsonl", *lines[-2].split()[1:]]
    assert "mni152/plane" in shown.out
    assert shown.err.splitlines() == [
        "cutting pictures from the volumes and images that installed packages carry …",
        f"README.md and LICENCES.md in {out} say what it is and under which terms",
        f"next: medgpt sft --data {out}/local.jsonl",
    ]
    assert (out / "local.jsonl").exists()


def test_json_is_the_report_alone(tmp_path, capsys):
    out = tmp_path / "set"
    assert (
        main(
            ["data", "sample", "--out", str(out), "--slices", "0.05", "--seed", "3", "--json", "--quiet"]
        )
        == 0
    )
    shown = capsys.readouterr()
    report = json.loads(shown.out)
    assert shown.err == ""
    assert report["folder"] == str(out)
    assert report["seed"] == 3
    assert report["records"]["heldout"] == len((out / "heldout.jsonl").read_text().splitlines())


@pytest.mark.parametrize(
    ("args", "code", "said"),
    [
        ([], 2, "error: --out is missing\nmedgpt data sample --help explains every word\n"),
        (
            ["--out", "x", "--slices", "2"],
            2,
            "error: --slices takes a part above 0 and at most 1\nsuch as 0.1 for a tenth\n",
        ),
        (
            ["--out", "x", "--seed", "-1"],
            2,
            "error: --seed takes a whole number of at least 0\nmedgpt data sample --help explains every word\n",
        ),
    ],
)
def test_a_wrong_word_is_explained(tmp_path, monkeypatch, capsys, args, code, said):
    monkeypatch.chdir(tmp_path)
    assert main(["data", "sample", *args]) == code
    err = capsys.readouterr().err
    assert err == said
    assert list(tmp_path.iterdir()) == []


def test_without_the_extra_the_install_line_is_given(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    real = installed.find_spec
    monkeypatch.setattr(installed, "find_spec", lambda name: None if name == "skimage" else real(name))
    assert main(["data", "sample", "--out", "set", "--quiet"]) == 5
    assert capsys.readouterr().err == (
        "error: the sample set is cut from packages that are not installed: skimage\npip install 'medgpt[demo]'\n"
    )


def test_a_full_folder_is_refused(tmp_path, capsys):
    (tmp_path / "mine.txt").write_text("")
    assert main(["data", "sample", "--out", str(tmp_path), "--quiet"]) == 2
    assert capsys.readouterr().err == (
        f"error: {tmp_path} is not empty\nname another --out, or replace it with --force\n"
    )
