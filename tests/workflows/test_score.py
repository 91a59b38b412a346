"""`medgpt eval score`: answers from elsewhere become the same folder, by the same code, and bad ones become nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from medgpt_cli.app import main
from medgpt_cli.core import files, manifest
from medgpt_cli.evaluation.hashes import Hashes

QUESTIONS = [
    {"id": "a", "question": "Plane of Jane Doe's slice?", "answer": "axial", "source": "ct"},
    {"id": "b", "question": "Sex of Jane Doe?", "answer": "female", "source": "ct"},
    {"question": "Side?", "options": ["left", "right"], "answer": "B"},
    {"question": "Plane?", "answer": "coronal"},
]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write("my.jsonl", QUESTIONS)


def write(name: str, rows: list[dict[str, Any]]) -> None:
    Path(name).write_text("".join(json.dumps(row) + "\n" for row in rows))


def answers(*rows: tuple[str, Any]) -> None:
    write("answers.jsonl", [{"id": identity, "answer": text} for identity, text in rows])


def score(*words: str) -> int:
    return main(["eval", "score", "--task", "my.jsonl", "--answers", "answers.jsonl", *words])


ALL = (("line-4", "Coronal"), ("b", "male"), ("line-3", "The answer is (B)"), ("a", "Axial."))


def test_the_table_the_folder_and_what_it_claims(capfd: pytest.CaptureFixture[str]) -> None:
    answers(*ALL)
    assert score("--out", "out") == 0
    out, err = capfd.readouterr()
    lines = [line.rstrip() for line in out.splitlines()]
    digest = json.loads(Path("out/scores.json").read_text())["tasks"][0]["data_hash"][:12]
    assert lines[0] == (
        f"my#{digest} / prompt not told / shots not told / decoding not told / em_v1+letters_v1"
    )
    assert lines[2].split() == [
        "all",
        "0.750",
        "0.301–0.954",
        "3/4",
        "0.750",
        "0.750",
        "100.0%",
        "0.0%",
        "0.0%",
    ]
    assert err == "report: out/report.html\n"
    names = {path.name for path in Path("out").iterdir()} - {".lock"}
    assert names >= {
        "scores.json",
        "samples.jsonl",
        "report.html",
        "manifest.json",
        "state.json",
        "log.txt",
    }
    assert all("Jane Doe" not in Path("out", name).read_text() for name in names)
    rows = [json.loads(line) for line in Path("out/samples.jsonl").read_text().splitlines()]
    assert [(row["id"], row["correct"], row["status"]) for row in rows] == [
        ("a", True, "ok"),
        ("b", False, "ok"),
        ("line-3", True, "ok"),
        ("line-4", True, "ok"),
    ]


def test_the_manifest_names_the_answers_and_hashes_what_came_out() -> None:
    answers(*ALL)
    score("--out", "out", "--quiet")
    document = json.loads(Path("out/manifest.json").read_text())
    digest = files.sha256_file(Path("answers.jsonl"))
    assert (document["model_hash"], document["answers_hash"]) == (None, digest)
    assert document["asked"]["answers"] == digest
    assert document["asked"]["model"] == "answers.jsonl"
    manifest.verify_files(Path("out"))


def test_the_model_is_named_where_it_is_not_here_and_hashed_where_it_is(
    capfd: pytest.CaptureFixture[str],
) -> None:
    from medgpt_cli.workflows.naming import named_model

    answers(*ALL)
    digest = files.sha256_file(Path("answers.jsonl"))[:12]
    assert score("--out", "away", "--quiet", "--model-name", "ward 7B") == 0
    told = capfd.readouterr().out.splitlines()[-1]
    assert told == f"model ward 7B, weights not told, answers' SHA-256 {digest}"
    line = json.loads(Path("away/scores.json").read_text())["lines"][0]
    assert f" | model not told | answers {digest} | " in line
    assert score("--out", "here", "--quiet", "--model", "tiny") == 0
    told = capfd.readouterr().out.splitlines()[-1]
    own = named_model("tiny").hash()
    assert told == f"model tiny, SHA-256 {own[:12]}, answers' SHA-256 {digest}"
    assert json.loads(Path("here/scores.json").read_text())["model_hash"] == own
    page = Path("here/report.html").read_text()
    assert f"model SHA-256</th><td><code>{own}</code>" in page
    assert "answers SHA-256</th>" in page


def test_a_comparison_calls_the_hash_that_of_answers(capfd: pytest.CaptureFixture[str]) -> None:
    answers(*ALL)
    for out in ("one", "two"):
        score("--out", out, "--quiet")
    capfd.readouterr()
    assert main(["eval", "compare", "one", "two"]) == 0
    out, err = capfd.readouterr()
    assert err == "warning: one and two are the same answers\n"
    assert "\none: answers.jsonl, answers " in out
    assert "weights" not in out


class Echo:
    """A model that gives the same answers as the file."""

    def __call__(self, requests: Any, on_reply: Any) -> None:
        from medgpt_cli.core.types import Reply

        said = {"Plane of Jane Doe's slice?": "Axial.", "Sex of Jane Doe?": "male", "Plane?": "Coronal"}
        for number, request in enumerate(requests):
            text = request.turns[-1].text.strip()
            on_reply(number, Reply(said.get(text, "The answer is (B)")))


def test_the_numbers_are_those_of_eval_run(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    from medgpt_cli.workflows import eval_backing

    monkeypatch.setattr(
        eval_backing,
        "opened",
        lambda settings, name: eval_backing.Answering(Hashes("0" * 64), Echo(), {}),
    )
    monkeypatch.setattr(eval_backing, "check_there", lambda settings, name: None)
    answers(*ALL)
    assert score("--out", "ours", "--quiet", "--json") == 0
    ours = json.loads(capfd.readouterr().out)["tasks"][0]
    words = ["--model", "tiny", "--task", "my.jsonl", "--no-overlap", "--quiet", "--json"]
    assert main(["eval", "run", *words, "--out", "theirs"]) == 0
    theirs = json.loads(capfd.readouterr().out)["tasks"][0]
    assert ours.pop("protocol") != theirs.pop("protocol")
    assert ours == theirs


def test_what_is_missing_or_empty_is_wrong_and_counted(capfd: pytest.CaptureFixture[str]) -> None:
    answers(("a", "axial"), ("b", ""), ("line-3", None))
    assert score("--out", "out", "--json") == 0
    out, err = capfd.readouterr()
    [task] = json.loads(out)["tasks"]
    overall = task["overall"]
    assert (overall["n"], overall["k"], overall["parsed"], overall["errors"]) == (4, 1, 1, 2)
    assert err.splitlines()[:2] == [
        "warning: 2 of 4 questions without an answer in answers.jsonl, counted as wrong",
        "warning: answers that are empty, and count as wrong: 1 (answers.jsonl:2)",
    ]
    rows = [json.loads(line) for line in Path("out/samples.jsonl").read_text().splitlines()]
    assert [(row["status"], row["error"]) for row in rows] == [
        ("ok", ""),
        ("ok", ""),
        ("error", "NO_ANSWER"),
        ("error", "NO_ANSWER"),
    ]


def test_an_answer_that_was_cut_is_wrong() -> None:
    write("answers.jsonl", [{"id": "a", "answer": "axial", "finished": False}])
    score("--out", "out", "--quiet")
    row = json.loads(Path("out/samples.jsonl").read_text().splitlines()[0])
    assert (row["status"], row["correct"]) == ("truncated", False)


BAD_FILE = b"""{"id": "a", "answer": "axial"}
{"id": "Jane Doe", "answer": "axial"}
{"id": "a", "answer": "coronal"}
{"id": "b", "answer": 3}
{"id": "b", "answer": "gr\xfcn"}
"""


def test_all_faults_of_the_answers_are_told_at_once_and_nothing_is_written(
    capfd: pytest.CaptureFixture[str],
) -> None:
    Path("answers.jsonl").write_bytes(BAD_FILE)
    assert score("--out", "out") == 3
    out, err = capfd.readouterr()
    assert out == ""
    assert err.splitlines() == [
        "answers.jsonl:4 answer  is a number where a text belongs; write it in quotes",
        "answers.jsonl:5  the text is not UTF-8, perhaps LATIN1; "
        "iconv -f LATIN1 -t UTF-8 answers.jsonl > utf8.jsonl",
        "answers.jsonl:2 id  is no question of this task; remove the line, or name its task",
        "answers.jsonl:3 id  is answered at answers.jsonl:1 already; keep one answer to a question",
        "error: answers.jsonl  4 of 5 answers cannot be used",
        "an answer's id is its question's in my.jsonl, or line-N without one",
    ]
    assert not Path("out").exists()


@pytest.mark.parametrize(
    ("words", "exit_code", "says"),
    [
        (["--metric", "rouge_x"], 2, "error: there is no metric rouge_x\ndid you mean rouge_l?\n"),
        (
            ["--metric", "radgraph_partial"],
            2,
            "error: --metric radgraph_partial is for reports, and my asks for none\nleave it out\n",
        ),
        (
            ["--metric", "accuracy_likelihood"],
            2,
            "error: --metric accuracy_likelihood needs likelihoods, which a file of answers does not hold\n"
            "leave it out\n",
        ),
        (
            ["--extracted", "absent"],
            3,
            "error: absent  there is no such folder\nmedgpt eval extract makes it\n",
        ),
        (
            ["--model", "tiny", "--model-name", "ward 7B"],
            2,
            "error: the model is named twice\ngive --model where it is here, else --model-name\n",
        ),
        (["--answers", "absent.jsonl"], 3, "error: absent.jsonl  there is no such file\n"),
        (["--resume"], 2, "error: --resume needs to know which run\nname it with --out\n"),
    ],
)
def test_words_that_mean_nothing(
    words: list[str], exit_code: int, says: str, capfd: pytest.CaptureFixture[str]
) -> None:
    answers(*ALL)
    assert score(*words) == exit_code
    assert capfd.readouterr() == ("", says)
    assert not Path("runs").exists()


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ("", 'error: answers.jsonl  holds no answer to my\nwrite {"id": …, "answer": …} on each line\n'),
        (
            '{"id": "a", "answer": null}\n',
            "warning: 4 of 4 questions without an answer in answers.jsonl, counted as wrong\n"
            "error: my  not one of 4 questions could be answered: NO_ANSWER 4\n"
            "mend what they name, then go on with --resume\n",
        ),
    ],
)
def test_no_answer_at_all_is_no_score(data: str, says: str, capfd: pytest.CaptureFixture[str]) -> None:
    Path("answers.jsonl").write_text(data)
    assert score("--out", "out") == 3
    assert capfd.readouterr() == ("", says)
    assert not Path("out/scores.json").exists()


def test_more_measures_are_laid_beside_the_headline(capfd: pytest.CaptureFixture[str]) -> None:
    answers(*ALL)
    assert score("--out", "out", "--metric", "rouge_l", "--metric", "exact", "--json") == 0
    [task] = json.loads(capfd.readouterr().out)["tasks"]
    assert task["headline"] == "exact"
    assert [measure["name"] for measure in task["measures"]].count("exact") == 1
    assert "rouge_l" in [measure["name"] for measure in task["measures"]]


def test_begun_again_after_a_kill_and_refused_with_other_answers(
    capfd: pytest.CaptureFixture[str],
) -> None:
    answers(*ALL)
    score("--out", "out", "--quiet")
    whole = Path("out/scores.json").read_bytes()
    state = json.loads(Path("out/state.json").read_text())
    Path("out/state.json").write_text(json.dumps({**state, "state": "running"}))
    Path("out/scores.json").unlink()
    samples = Path("out/samples.jsonl").read_bytes()
    Path("out/samples.jsonl").write_bytes(samples[: len(samples) // 2])  # torn
    assert score("--out", "out") == 2
    assert score("--out", "out", "--resume", "--quiet") == 0
    assert Path("out/scores.json").read_bytes() == whole
    assert Path("out/samples.jsonl").read_bytes() == samples
    capfd.readouterr()
    assert score("--out", "out", "--resume") == 0
    assert capfd.readouterr().err.startswith("out had already finished.\n")
    answers(*ALL[1:])
    assert score("--out", "out", "--resume") == 2
    assert "out holds another evaluation, with different answers" in capfd.readouterr().err


def test_the_log_of_a_run_that_kept_its_texts_is_scored_the_same(
    capfd: pytest.CaptureFixture[str],
) -> None:
    answers(*ALL)
    assert score("--out", "first", "--keep-text", "--quiet", "--json") == 0
    first = json.loads(capfd.readouterr().out)["tasks"]
    words = [
        "--task",
        "my.jsonl",
        "--answers",
        "first/samples.jsonl",
        "--out",
        "second",
        "--json",
        "--quiet",
    ]
    assert main(["eval", "score", *words]) == 0
    assert json.loads(capfd.readouterr().out)["tasks"] == first


def test_two_scored_files_are_compared(capfd: pytest.CaptureFixture[str]) -> None:
    answers(*ALL)
    assert score("--out", "one", "--quiet") == 0
    answers(*ALL[:2])
    assert score("--out", "two", "--quiet") == 0
    capfd.readouterr()
    assert main(["eval", "compare", "one", "two", "--json"]) == 0
    assert json.loads(capfd.readouterr().out)


def test_questions_of_several_lists_of_classes_have_no_macro_f1_to_compare(
    capfd: pytest.CaptureFixture[str],
) -> None:
    more = {"question": "Plane?", "options": ["axial", "coronal", "sagittal"], "answer": "C"}
    write("my.jsonl", [QUESTIONS[2], more])
    answers(("line-1", "B"), ("line-2", "C"))
    for out in ("one", "two"):
        assert score("--out", out, "--quiet", "--metric", "macro_f1") == 0
    assert "macro_f1: the questions do not share one list of classes" in capfd.readouterr().out
    assert main(["eval", "compare", "one", "two", "--measure", "macro_f1"]) == 3
    assert capfd.readouterr().err == (
        "error: no item was measured by macro_f1 in all runs\nmeasured in all: exact\n"
    )
