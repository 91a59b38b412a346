from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from medgpt_cli.data.images.reading import open_image
from medgpt_cli.data.prepared.opening import PreparedSet
from medgpt_cli.data.records import read_records
from tests.data.privacy.seeded import seeded
from tests.workflows.prep.making import contents, pair, picture, prep, rejected, rows, text, written


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def splits(folder: str) -> dict[str, int]:
    found = json.loads(Path(folder, "manifest.json").read_text())["splits"]
    return {name: split["rows"] for name, split in found.items()}


def test_what_comes_out_is_what_went_in() -> None:
    picture(Path("a.png"), 1)
    dialogue = {
        "messages": [
            {"role": "system", "content": "be brief"},
            {"role": "user", "content": "first <image> then <image>?"},
            {"role": "assistant", "content": text(1), "thinking": "let me see"},
        ],
        "images": ["a.png", "a.png"],
        "patient_id": "p1",
    }
    choice = pair(2, options={"A": "yes", "B": "no"}, facets={"modality": "CT"}, keys=["pmcid:PMC1"])
    document = {"text": f"{text(3)} <image> {text(4)}", "images": ["a.png"], "source": "notes"}
    path = written(Path("a.jsonl"), dialogue, {**choice, "answer": "no"}, document)
    assert prep(path, "--out", "out") == 0
    before = {sample.place.line: sample for sample in read_records(path).samples}
    found = list(PreparedSet.open(Path("out")).samples())
    assert len(found) == 3
    for sample in found:
        [origin] = [
            old
            for old in before.values()
            if (old.document, old.answer) == (sample.document, sample.answer)
        ]
        for name in (
            "turns",
            "document",
            "images",
            "options",
            "answer",
            "patient_id",
            "keys",
            "facets",
            "source",
        ):
            assert getattr(sample, name) == getattr(origin, name), name


def test_bad_records_are_listed_and_end_with_3_unless_allowed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = written(Path("a.jsonl"), *map(pair, range(40)), '{"question": ', pair(41, image="no.png"))
    assert prep(path, "--out", "out") == 3
    said = capsys.readouterr().err
    assert said == (
        "a.jsonl:41  truncated JSON\n"
        "a.jsonl:42  image there is no such file\n"
        "error: 2 records cannot be used; out/rejects.jsonl lists them, and the others are kept\n"
        "mend them and begin anew, or leave them out: "
        "medgpt data prep a.jsonl --out out --workers 1 --max-bad 2 --resume\n"
    )
    assert rejected(Path("out")) == [
        (41, "record", "truncated JSON"),
        (42, "record", "image there is no such file"),
    ]
    with pytest.raises(Exception, match="has not finished"):
        PreparedSet.open(Path("out"))
    assert prep(path, "--out", "out", "--max-bad", 2, "--resume") == 0
    assert sum(splits("out").values()) == 40
    assert prep(path, "--out", "out", "--max-bad", 2, "--resume") == 0
    assert "out had already finished." in capsys.readouterr().err


def test_nothing_that_a_record_says_reaches_a_screen_or_a_log(
    capsys: pytest.CaptureFixture[str],
) -> None:
    secret = "Zebediah"
    picture(Path(f"{secret}.png"), 1)
    path = written(
        Path("a.jsonl"),
        *map(pair, range(9)),
        {"question": secret, "answer": secret, secret: secret, "image": f"{secret}.png"},
        {"question": secret, "answer": "", "image": f"{secret}.png"},
        {"question": secret, "answer": secret, "image": f"{secret}/no.png"},
        f'{{"question": "{secret}"',
    )
    assert prep(path, "--out", "out", "--max-bad", 9) == 0
    out, err = capsys.readouterr()
    told = [
        Path("out", name).read_text()
        for name in ("log.txt", "rejects.jsonl", "report.html", "manifest.json")
    ]
    assert [secret in text for text in (out, err, *told)] == [False] * 6


def test_patients_stay_together_and_grow_without_moving() -> None:
    def where(folder: str) -> dict[str, str]:
        return {
            row["patient_id"]: split
            for split in ("train", "validation", "test")
            for row in rows(Path(folder), split)
        }

    few = [pair(number, patient_id=f"p{number // 3}") for number in range(150)]
    more = [pair(number, patient_id=f"p{number // 3 % 60}") for number in range(150, 400)]
    assert prep(written(Path("few.jsonl"), *few), "--out", "few") == 0
    assert prep(written(Path("more.jsonl"), *more, *few), "--out", "more") == 0
    first, second = where("few"), where("more")
    assert len(first) == 50
    assert {patient: second[patient] for patient in first} == first
    counts = splits("few")
    assert min(counts.values()) > 0
    assert all(count % 3 == 0 for count in counts.values())


def test_records_that_show_the_same_picture_are_in_one_split() -> None:
    for number in range(30):
        picture(Path(f"{number}.png"), number)
        from PIL import Image

        Image.open(f"{number}.png").save(f"{number}.jpg", quality=80)
    records = [pair(number, image=f"{number}.png") for number in range(30)]
    copies = [pair(100 + number, image=f"{number}.jpg") for number in range(30)]
    assert prep(written(Path("a.jsonl"), *records, *copies), "--out", "out") == 0
    where = {
        int(row["id"][1:]): split
        for split in ("train", "validation", "test")
        for row in rows(Path("out"), split)
    }
    assert len(where) == 60
    assert all(where[number] == where[100 + number] for number in range(30))
    assert len(set(where.values())) > 1


def test_published_splits_are_kept_and_a_patient_in_two_is_held_out() -> None:
    path = written(
        Path("a.jsonl"),
        pair(1, split="train", patient_id="p1"),
        pair(2, split="val", patient_id="p2"),
        pair(3, split="test", patient_id="p3"),
        pair(4, split="train", patient_id="p3"),
        pair(5, split="../../etc", patient_id="p5"),
    )
    assert prep(path, "--out", "out") == 0
    assert [row["id"] for row in rows(Path("out"), "test")] == ["r3"]
    assert [row["id"] for row in rows(Path("out"), "validation")] == ["r2"]
    assert rejected(Path("out")) == [
        (4, "split", "belongs with records that are published in a split held out more")
    ]
    assert (
        prep(
            path,
            "--out",
            "again",
            "splits.published=false",
            "splits.train=1",
            "splits.validation=0",
            "splits.test=0",
        )
        == 0
    )
    assert splits("again") == {"train": 5}


def test_copies_go_and_equal_reports_of_many_patients_are_capped() -> None:
    same = {"question": text(1), "answer": text(2)}
    path = written(
        Path("a.jsonl"),
        *[{**same, "id": f"a{n}"} for n in range(3)],
        *[{"text": text(9, 60), "patient_id": f"p{n}"} for n in range(30)],
    )
    assert prep(path, "--out", "out", "duplicates.max_per_cluster=5") == 0
    reasons = [reason for _, _, reason in rejected(Path("out"))]
    assert reasons.count("is one of a cluster of near-duplicates that has its share already") == 25
    assert sum(splits("out").values()) == 33 - 25 - 2
    manifest = json.loads(Path("out/manifest.json").read_text())
    assert (manifest["duplicates"]["clusters"], manifest["duplicates"]["largest"]) == (2, 30)


def test_the_same_record_twice_is_kept_once() -> None:
    record = pair(1)
    assert prep(written(Path("a.jsonl"), record, pair(2), record), "--out", "out") == 0
    assert rejected(Path("out")) == [
        (3, "duplicate", "says and shows what another record of its group does")
    ]


def test_the_same_question_about_other_pictures_is_no_copy() -> None:
    for number in range(25):
        picture(Path(f"{number}.png"), number)
    same = {"question": text(1), "answer": text(2)}
    path = written(Path("a.jsonl"), *[{**same, "id": str(n), "image": f"{n}.png"} for n in range(25)])
    assert prep(path, "--out", "out") == 0
    assert sum(splits("out").values()) == 25


def test_what_evaluation_sets_hold_is_left_out() -> None:
    for number in range(6):
        picture(Path(f"{number}.png"), number)
    evaluation = written(
        Path("eval.jsonl"), pair(500, image="0.png"), pair(501, patient_id="p7"), pair(502)
    )
    path = written(
        Path("a.jsonl"),
        pair(1, image="0.png"),
        pair(2, patient_id="p7"),
        {**pair(502), "id": "other"},
        *(pair(10 + n, image=f"{n}.png") for n in range(1, 6)),
    )
    assert prep(path, "--out", "out", "--against", evaluation) == 0
    left = rejected(Path("out"))
    assert [(line, stage) for line, stage, _ in left] == [(1, "leakage"), (2, "leakage"), (3, "leakage")]
    assert left[0][2] == "meets eval.jsonl:1 by same pixels (pixel for pixel)"
    manifest = json.loads(Path("out/manifest.json").read_text())
    digest = hashlib.sha256(evaluation.read_bytes()).hexdigest()
    assert manifest["against"] == {
        "sets": ["eval.jsonl"],
        "read": [
            {"path": "eval.jsonl", "records": 3, "records_not_read": 0, "sha256": {"": digest}},
        ],
        "records_met": 3,
        "records_not_read": 0,
        "images_not_opened": 0,
    }


def test_a_set_prepared_against_itself_keeps_what_it_holds_out() -> None:
    path = written(
        Path("a.jsonl"),
        *(pair(n, split="train") for n in range(4)),
        {**pair(12), "id": "copy", "split": "train"},
        *(pair(n, split=("test", "val")[n % 2]) for n in range(10, 14)),
        pair(20),
    )
    other = written(Path("b.jsonl"), pair(13))
    assert prep(path, "--out", "out", "--against", path) == 0
    assert splits("out") == {"train": 4, "validation": 2, "test": 2}
    # One on the training side is held out too, and one says of itself neither.
    assert [(line, stage) for line, stage, _ in rejected(Path("out"))] == [
        (5, "leakage"),
        (10, "leakage"),
    ]
    # What is held out here stands in another evaluation set as well.
    assert prep(path, "--out", "two", "--against", path, "--against", other) == 0
    assert [line for line, *_ in rejected(Path("two"))] == [5, 9, 10]
    # Divided anew it would be trained on.
    assert prep(path, "--out", "anew", "--against", path, "splits.published=false") == 0
    assert [line for line, *_ in rejected(Path("anew"))] == [5, 6, 7, 8, 9, 10]


def test_what_evaluation_sets_do_not_tell_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    path = written(Path("a.jsonl"), *map(pair, range(5)))
    torn = {"question": 1, "answer": 2, "id": []}
    Path("torn.png").write_bytes(b"\x89PNG")
    against = written(Path("eval.jsonl"), pair(50), torn, "{", pair(51, image="torn.png"))
    assert prep(path, "--out", "out", "--against", against) == 3
    said = capsys.readouterr().err
    assert said.startswith("eval.jsonl:2 ")
    assert (
        "error: 2 records cannot be used and 1 image could not be opened of the evaluation sets, so what they hold "
        "would not be compared\nmend them; or answer for what is not compared with data.max_unread=3\n"
    ) in said
    allowed = ("--against", against, "--resume", "data.max_unread=3")
    assert prep(path, "--out", "out", *allowed) == 0
    manifest = json.loads(Path("out/manifest.json").read_text())
    assert (manifest["against"]["records_not_read"], manifest["against"]["images_not_opened"]) == (2, 1)
    assert (
        "2 records and 1 image of the evaluation sets could not be read, so nothing was compared with them"
        in capsys.readouterr().err
    )


def test_records_that_name_a_patient_refuse_and_can_be_left_out(
    capsys: pytest.CaptureFixture[str],
) -> None:
    named = {"question": text(1), "answer": f"MRN: 48291734. {text(2)}"}
    path = written(Path("a.jsonl"), *map(pair, range(5)), named)
    assert prep(path, "--out", "out") == 4
    said = capsys.readouterr().err
    assert said.startswith(
        "a.jsonl:6  holds record_number\nerror: 1 record identifies a patient (record_number 1)\n"
    )
    assert "48291734" not in said
    assert prep(path, "--out", "out", "--resume", "gates.phi.found=drop") == 0
    assert rejected(Path("out")) == [(6, "phi", "holds identifiers of patients, by the rules")]
    attest = [
        "gates.phi.attest.by=me",
        "gates.phi.attest.basis=x",
        "gates.phi.attest.classes=[record_number]",
    ]
    assert prep(path, "--out", "kept", *attest) == 0
    assert sum(splits("kept").values()) == 6
    assert json.loads(Path("kept/manifest.json").read_text())["phi"]["attest"]["by"] == "me"


def test_dicom_headers_inside_tables_are_looked_at() -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    data = seeded(Path("a.dcm")).read_bytes()
    pq.write_table(pa.table({"image": [data]}), "a.parquet")
    path = written(Path("a.jsonl"), pair(1, image="a.parquet#row=0&column=image"), pair(2))
    assert prep(path, "--out", "out", "gates.phi.found=drop") == 0
    assert [(line, stage) for line, stage, _ in rejected(Path("out"))] == [(1, "phi")]


def test_filters_are_counted_by_name() -> None:
    path = written(Path("a.jsonl"), *map(pair, range(5)), {"question": text(7), "answer": "yes"})
    assert prep(path, "--out", "out", "filters.min_words=3") == 0
    [(line, stage, reason)] = rejected(Path("out"))
    assert (line, stage, reason.partition(":")[0]) == (6, "filter", "length")


@pytest.mark.parametrize("images", ["reference", "embed"])
def test_the_same_sources_give_the_same_bytes(images: str) -> None:
    for number in range(4):
        picture(Path(f"{number}.png"), number)
    path = written(
        Path("a.jsonl"), *(pair(n, image=f"{n % 4}.png", patient_id=str(n // 2)) for n in range(60)), "{"
    )
    for out in ("one", "two"):
        assert prep(path, "--out", out, "--max-bad", 1, f"output.images={images}", "output.block=7") == 0
    assert contents("one") == contents("two")


def test_shares_of_several_machines_make_the_same_set(capsys: pytest.CaptureFixture[str]) -> None:
    path = written(Path("a.jsonl"), *(pair(n, patient_id=str(n // 2)) for n in range(60)))
    assert prep(path, "--out", "whole", "output.block=7") == 0
    assert prep(path, "--out", "shares", "output.block=7", "--shards", "2/2") == 0
    capsys.readouterr()
    assert prep(path, "--out", "shares", "output.block=7", "--merge") == 3
    assert "5 blocks are not judged yet, the first is number 0" in capsys.readouterr().err
    assert prep(path, "--out", "shares", "output.block=7", "--shards", "1/2") == 0
    assert prep(path, "--out", "shares", "output.block=7", "--merge") == 0
    assert contents("shares") == contents("whole")


def test_another_source_in_the_same_folder_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    one, other = written(Path("a.jsonl"), pair(1), "{"), written(Path("b.jsonl"), pair(2))
    assert prep(one, "--out", "out") == 3
    assert prep(other, "--out", "out", "--resume") == 2
    assert "out was begun with other sources or rules for single records" in capsys.readouterr().err
    assert prep(other, "--out", "out") == 2
    assert prep(other, "--out", "out", "--force") == 0


def test_a_source_that_changes_meanwhile_is_noticed(capsys: pytest.CaptureFixture[str]) -> None:
    path = written(Path("a.jsonl"), pair(1), "{")
    assert prep(path, "--out", "out") == 3
    written(path, pair(1), pair(2), "{")
    assert prep(path, "--out", "out", "--resume", "--max-bad", 5) == 3
    assert "a.jsonl  was changed after it was read" in capsys.readouterr().err


def test_a_source_that_breaks_off_gives_what_came_before() -> None:
    import gzip

    data = "".join(json.dumps(pair(n)) + "\n" for n in range(3)).encode()
    Path("a.jsonl.gz").write_bytes(gzip.compress(data) + gzip.compress(b"x" * 99)[:-9])
    assert prep("a.jsonl.gz", "--out", "out", "--max-bad", 1) == 0
    assert sum(splits("out").values()) == 3
    assert rejected(Path("out")) == [(0, "file", "the gzip stream is broken or cut short")]


def test_a_prepared_set_is_prepared_again_with_more() -> None:
    for number in range(3):
        picture(Path(f"{number}.png"), number)
    first = written(Path("a.jsonl"), *(pair(n, image=f"{n}.png", split="test") for n in range(3)))
    more = written(Path("b.jsonl"), *map(pair, range(10, 20)))
    assert prep(first, "--out", "one", "output.images=embed") == 0
    assert prep("one", more, "--out", "two", "output.images=embed") == 0
    assert {row["id"] for row in rows(Path("two"), "test")} >= {"r0", "r1", "r2"}
    assert sum(splits("two").values()) == 13
    shown = [
        open_image(image)
        for sample in PreparedSet.open(Path("two")).samples("test")
        for image in sample.images
    ]
    assert [image.tobytes() for image in shown] == [open_image(f"{n}.png").tobytes() for n in range(3)]


def test_labels_that_are_not_published_are_left_out_and_are_no_bad_records() -> None:
    keys = ("question", "opa", "opb", "opc", "opd")
    asked = [{key: text(10 * n + at) for at, key in enumerate(keys)} for n in range(4)]
    Path("exam").mkdir()
    written(Path("exam/train.json"), *({**each, "id": n, "cop": 2} for n, each in enumerate(asked[:2])))
    written(Path("exam/dev.json"), {**asked[2], "id": 8, "cop": 1})
    written(Path("exam/test.json"), {**asked[3], "id": 9}, {**asked[3], "id": 10})
    assert prep("medmcqa=exam", "--out", "out") == 0
    assert splits("out") == {"train": 2, "validation": 1, "test": 0}
    assert rejected(Path("out")) == [(n, "label", "label not published") for n in (1, 2)]
    manifest = json.loads(Path("out/manifest.json").read_text())
    assert manifest["dropped"] == {"label": {"label not published": 2}}


def test_nothing_left_is_bad_input(capsys: pytest.CaptureFixture[str]) -> None:
    assert prep(written(Path("a.jsonl"), "{"), "--out", "out", "--max-bad", 1) == 3
    assert capsys.readouterr().err.startswith("error: out  no record is left\n")


def test_a_dry_run_counts_and_writes_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    path = written(Path("a.jsonl"), *map(pair, range(700)), "{")
    assert prep(path, "--out", "out", "--dry-run", "--json") == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["sources"][0]["records"], document["sources"][0]["looked_at"]) == (701, 512)
    assert not Path("out").exists()


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        ([], 3, "no source was named"),
        (["no.jsonl", "--out", "out"], 3, "no.jsonl  there is no such file or folder"),
        (["a.jsonl"], 2, "a prepared set needs a folder"),
        (["a.jsonl", "--out", "out", "--shards", "3"], 2, "--shards 3 is no share"),
        (["a.jsonl", "--out", "out", "--shards", "3/2"], 2, "--shards 3/2 is no share"),
        (["a.jsonl", "--out", "out", "--shards", "1/2", "--merge"], 2, "--merge writes the set"),
        (["nothing=a.jsonl", "--out", "out"], 2, "no data set is called 'nothing'"),
        (["a.jsonl", "--out", "out", "splits.train=0.5"], 3, "do not add up to 1"),
        (["a.jsonl", "--out", "out", "splits.trian=0.5"], 3, "did you mean splits.train?"),
        (["a.jsonl", "--out", "out", "filters.languages=[xx]"], 3, "filters.languages"),
        (["a.jsonl", "--out", "out", "--against", "no.jsonl"], 3, "there is no evaluation set no.jsonl"),
        (["a.jsonl", "--out", "out", "--merge"], 3, "no share has been judged to its end"),
        (["./", "--out", "./"], 2, "overlap"),
        (["./", "--out", "below"], 2, "overlap"),  # its list of rejects would be records the next time
    ],
)
def test_refusals(words: list[str], code: int, says: str, capsys: pytest.CaptureFixture[str]) -> None:
    written(Path("a.jsonl"), pair(1))
    assert prep(*words) == code
    assert says in capsys.readouterr().err


def test_one_question_of_two_sources_stands_once() -> None:
    records = [{"id": f"x{n}", "question": f"Which {n}?", "answer": f"The {n}th."} for n in range(40)]
    again = [{**record, "id": f"y{n}"} for n, record in enumerate(records)]
    files = [written(Path("a.jsonl"), *records), written(Path("b.jsonl"), *again)]
    assert prep(*files, "--out", "out") == 0
    assert sum(splits("out").values()) == 40
