"""`medgpt eval compare` from words to table, over folders made from lists of values."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from medgpt_cli.app import main
from medgpt_cli.core import console
from medgpt_cli.evaluation import published
from medgpt_cli.evaluation.statistics import paired
from tests.workflows.eval_folders import PROTOCOL, answers, evaluation, seal

FIRST = [1.0] * 20 + [0.0] * 20
SECOND = [1.0] * 16 + [0.0] * 4 + [1.0] * 16 + [0.0] * 4
Say = Callable[..., tuple[int, str, str]]


@pytest.fixture
def compare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Say:
    """Runs the command in an empty folder: exit code, stdout, stderr."""
    monkeypatch.chdir(tmp_path)

    def run(*words: str) -> tuple[int, str, str]:
        code = main(["eval", "compare", *words])
        out, err = capfd.readouterr()
        return code, out, err

    return run


@pytest.fixture
def runs(compare: Say) -> None:
    """Two models on 40 questions: the second gains 16 and loses 4."""
    evaluation("runs/before", answers("slake", FIRST))
    evaluation("runs/after", answers("slake", SECOND), model="tuned")


def test_a_table_to_the_letter(compare: Say, runs: None) -> None:
    """Gains 16, losses 4: p = 2 (1 + 20 + 190 + 1140 + 4845) / 2**20."""
    code, out, err = compare("runs/before", "runs/after")
    assert (code, err) == (0, "")
    found = paired.compare(FIRST, SECOND, [str(n) for n in range(40)])
    assert found.p == pytest.approx(2 * (1 + 20 + 190 + 1140 + 4845) / 2**20)
    assert out.splitlines() == [
        "task   measure  before  after  difference              95 %      p  verdict  visible  won:lost  items/cases",
        f"slake  exact     0.500  0.800      +0.300  {found.low:+.3f} to {found.high:+.3f}  0.012  better   "
        f"  {found.visible:.3f}      16:4        40/40",
        "",
        "verdicts at p < 0.05; visible: the smallest true difference that such items show four times in five; "
        "won:lost: items on which the run is better : worse than the first; cases: patients, studies or images",
        "before: tiny, weights 74696e790000",
        "after: tuned, weights 74756e656400",
        "slake: slake#0123456789ab / short / shots 0 / greedy, 64 tokens / em_v1",
    ]


@pytest.mark.parametrize("width", [60, 80])
def test_in_a_narrow_terminal_each_line_is_told_in_words(
    compare: Say, runs: None, monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    monkeypatch.setattr(console.result(), "_width", width)
    _, out, _ = compare("runs/before", "runs/after")
    lines = out.splitlines()
    assert max(map(len, lines)) <= width
    assert lines[0].startswith("slake: measure exact, before 0.500, after 0.800,")
    told = " ".join(" ".join(lines[: lines.index("")]).split())
    assert "difference +0.300" in told
    visible = paired.compare(FIRST, SECOND, [str(n) for n in range(40)]).visible
    assert told.endswith(
        f"p 0.012, verdict better, visible {visible:.3f}, won:lost 16:4, items/cases 40/40"
    )


def test_json_holds_all_numbers(compare: Say, runs: None) -> None:
    code, out, err = compare("runs/before", "runs/after", "--json", "--quiet")
    assert (code, err) == (0, "")
    document = json.loads(out)
    assert [run["name"] for run in document["runs"]] == ["before", "after"]
    assert (document["warnings"], document["waived"], document["probes"]) == ([], [], [])
    [task] = document["tasks"]
    assert (task["task"], task["measure"], task["protocol"]) == (
        "slake",
        "exact",
        PROTOCOL.format(task="slake"),
    )
    [found] = task["against_first"]
    assert (found["gained"], found["lost"], found["verdict"]) == (16, 4, "better")
    assert found["test"] == "McNemar, exact"


@pytest.mark.parametrize("form", ["markdown", "latex"])
def test_other_forms(compare: Say, runs: None, form: str) -> None:
    code, out, _ = compare("runs/before", "runs/after", "--format", form)
    assert code == 0
    if form == "markdown":
        assert out.splitlines()[1] == "| :-- | :-- |" + " --: |" * 5 + " :-- |" + " --: |" * 3
        assert "| slake | exact | 0.500 | 0.800 | +0.300 |" in out
        assert "- slake: slake\\#0123456789ab / short" in out
    else:
        assert out.startswith("\\begin{tabular}{llrrrrrlrrr}\n\\hline\n")
        assert "slake & exact & 0.500 & 0.800 & +0.300 & " in out
        assert "\\par{\\footnotesize slake: slake\\#0123456789ab / short" in out


def test_questions_on_one_picture_are_one_case(compare: Say) -> None:
    evaluation("a", answers("slake", FIRST, per_case=10))
    evaluation("b", answers("slake", SECOND, per_case=10), model="tuned")
    code, out, _ = compare("a", "b")
    assert code == 0
    assert "  undecided  " in out
    assert out.splitlines()[1].endswith("40/4")


def test_several_checkpoints_show_what_was_forgotten(compare: Say) -> None:
    for name, slake, medqa in (("base", 20, 38), ("align", 36, 37), ("sft", 38, 20)):
        evaluation(
            name,
            answers("slake", [1.0] * slake + [0.0] * (40 - slake)),
            answers("medqa", [1.0] * medqa + [0.0] * (40 - medqa)),
            model=name,
        )
    code, out, _ = compare("base", "align", "sft")
    assert code == 0
    table = [line.split() for line in out.splitlines()[:7]]
    assert out.startswith(
        "task   measure  run    score  difference              95 %  p (Holm)  verdict"
    )
    assert [line[:5] for line in table[1:]] == [
        ["slake", "exact", "base", "0.500", "-"],
        ["slake", "exact", "align", "0.900", "+0.400"],
        ["slake", "exact", "sft", "0.950", "+0.450"],
        ["medqa", "exact", "base", "0.950", "-"],
        ["medqa", "exact", "align", "0.925", "-0.025"],
        ["medqa", "exact", "sft", "0.500", "-0.450"],
    ]
    verdicts = [word for line in table[1:] for word in line if word in ("better", "worse", "undecided")]
    assert verdicts == ["better", "better", "undecided", "worse"]


def test_two_folders_of_one_name_are_called_by_their_paths(compare: Say) -> None:
    evaluation("one/eval", answers("slake", FIRST))
    evaluation("two/eval", answers("slake", SECOND), model="tuned")
    _, out, _ = compare("one/eval", "two/eval")
    assert out.split()[2:4] == ["one/eval", "two/eval"]


def test_the_same_weights_are_told(compare: Say) -> None:
    for name in "ab":
        evaluation(name, answers("slake", FIRST))
    code, out, err = compare("a", "b")
    assert (code, err) == (0, "warning: a and b are the same weights\n")
    assert out.endswith("\nwarning: a and b are the same weights\n")


def test_other_protocols_are_refused_part_by_part(compare: Say) -> None:
    evaluation("a", answers("slake", FIRST))
    other = "{task}#ffff / chat / shots 2#01 / greedy, 64 tokens / em_v1"
    evaluation("b", answers("slake", SECOND), model="tuned", protocol=other)
    assert compare("a", "b") == (
        3,
        "",
        "slake  questions: 'slake#0123456789ab' in a, 'slake#ffff' in b\n"
        "slake  prompt: 'short' in a, 'chat' in b\n"
        "slake  shots: 'shots 0' in a, 'shots 2#01' in b\n"
        "error: these runs cannot be compared\n"
        "evaluate all runs in one way, or compare them nevertheless with --allow protocol\n",
    )
    code, out, err = compare("a", "b", "--allow", "protocol")
    assert code == 0
    warning = "warning: protocols differ, slake, prompt: 'short' in a, 'chat' in b"
    assert warning in out.splitlines()
    assert warning in err.splitlines()
    code, out, _ = compare("a", "b", "--allow", "protocol", "--json", "--quiet")
    assert json.loads(out)["waived"] == ["protocol"]
    assert len(json.loads(out)["warnings"]) == 3


def test_a_protocol_with_other_parts_is_told_whole(compare: Say) -> None:
    evaluation("a", answers("slake", FIRST))
    evaluation("b", answers("slake", SECOND), protocol="slake / greedy")
    _, _, err = compare("a", "b")
    assert f"slake  protocol: '{PROTOCOL.format(task='slake')}' in a, 'slake / greedy' in b" in err


def test_other_items_are_refused_whatever_is_waived(compare: Say) -> None:
    evaluation("a", answers("slake", FIRST))
    evaluation("b", answers("slake", SECOND[:30]), model="tuned")
    assert compare("a", "b", "--allow", "protocol") == (
        3,
        "",
        "slake  other items were asked: 40 items in a, 30 in b, 30 in both\n"
        "error: these runs cannot be compared\n"
        "evaluate all runs on the same items\n",
    )
    evaluation("c", answers("slake", [{"exact": 1.0}] * 40), model="tuned")
    rows = [
        row.replace(b'"q0"', b'"x0"') for row in Path("c/samples.jsonl").read_bytes().splitlines(True)
    ]
    Path("c/samples.jsonl").write_bytes(b"".join(rows))
    seal(Path("c"))
    assert "40 items in a, 40 in c, 39 in both" in compare("a", "c")[2]


def test_other_words_under_the_same_protocol_line_are_refused(compare: Say) -> None:
    evaluation("a", answers("slake", FIRST))
    evaluation("b", answers("slake", SECOND, prompt_hash="another"), model="tuned")
    code, _, err = compare("a", "b")
    assert code == 3
    assert err.startswith(
        "slake  40 of 40 items asked in other words in a and b, though the protocol line is the same\n"
    )
    assert compare("a", "b", "--allow", "protocol")[0] == 0


def test_another_version_of_the_measure_is_refused(compare: Say) -> None:
    evaluation("a", answers("slake", FIRST))
    evaluation("b", answers("slake", SECOND), model="tuned", version=2)
    code, _, err = compare("a", "b")
    assert code == 3
    assert "slake  exact has version 1 and 2 in a and b\n" in err


def test_reports_read_by_another_model_are_another_protocol(compare: Say) -> None:
    for name, reader in (("a", "radgraph-xl"), ("b", "radgraph-xl"), ("c", "radgraph"), ("d", "")):
        rows = answers("mimic", [{"radgraph_partial": n / 40} for n in range(40)], kind="report")
        evaluation(name, rows, model=name, headline="radgraph_partial", read_by=reader)
    assert compare("a", "b")[0] == 0
    code, _, err = compare("a", "c")
    assert code == 3
    assert err.startswith(
        "mimic radgraph_partial  reports were read by radgraph-xl in a, by radgraph in c\n"
    )
    assert "by nobody in d" in compare("a", "d")[2]


def test_tasks_of_one_run_alone_are_left_out_and_named(compare: Say) -> None:
    evaluation("a", answers("slake", FIRST), answers("medqa", FIRST))
    evaluation("b", answers("slake", SECOND), model="tuned")
    code, out, err = compare("a", "b")
    assert (code, err) == (0, "warning: only some runs have medqa, so a's is left out\n")
    assert [line.split()[0] for line in out.splitlines()[1:2]] == ["slake"]
    evaluation("c", answers("vqa-rad", FIRST), model="tuned")
    assert compare("a", "c") == (
        3,
        "",
        "a  slake, medqa\nc  vqa-rad\nerror: the runs have no task in common\nname runs of the same tasks\n",
    )


def test_another_measure_than_the_headline(compare: Say) -> None:
    for name, gain in (("a", 0.0), ("b", -0.5)):
        rows = answers("mimic", [{"exact": 0.0, "radcliq": 1.0 + gain + n / 40} for n in range(40)])
        evaluation(name, rows, model=name, better="lower")
    code, out, _ = compare("a", "b", "--measure", "radcliq")
    assert code == 0
    assert out.splitlines()[1].split()[:5] == ["mimic", "radcliq", "1.488", "0.988", "-0.500"]
    assert " better " in out
    assert compare("a", "b", "--measure", "rouge")[::2] == (
        3,
        "error: no item was measured by rouge in all runs\nmeasured in all: exact, radcliq\n",
    )


def test_a_measure_of_the_whole_table(compare: Say) -> None:
    """BLEU-1 over all answers: matched words, words, words of the references."""
    for name, matched in (("a", 1.0), ("b", 2.0)):
        counts = [{"bleu1_corpus#0": matched, "bleu1_corpus#1": 2.0, "bleu1_corpus#2": 2.0}] * 20
        evaluation(name, answers("pathvqa", counts), model=name, headline="bleu1_corpus")
    code, out, _ = compare("a", "b", "--json")
    assert code == 0
    [found] = json.loads(out)["tasks"][0]["against_first"]
    assert (found["first"], found["second"], found["gained"]) == (0.5, 1.0, None)
    assert (found["test"], found["verdict"]) == ("cases changing sides", "better")


def test_what_is_measured_of_some_items_only_is_counted(compare: Say) -> None:
    half: Sequence[Any] = [
        {"exact": 1.0, "f1": n % 3 / 2} if n % 2 else {"exact": 1.0} for n in range(40)
    ]
    for name in "ab":
        evaluation(name, answers("slake", half), model=name)
    code, out, err = compare("a", "b", "--measure", "f1")
    assert (code, err) == (0, "warning: slake: 20 of 40 items measured by f1 in all runs\n")
    assert out.splitlines()[1].endswith("20/20")


def test_items_that_training_met_are_left_out_in_a_second_line(compare: Say) -> None:
    clean, met = answers("slake", FIRST), answers("slake", SECOND, seen="pixels")
    evaluation("a", answers("slake", FIRST, seen="unknown"))
    evaluation("b", met[:10] + answers("slake", SECOND)[10:], model="tuned")
    code, out, _ = compare("a", "b")
    assert code == 0
    assert [line.split("  ")[0] for line in out.splitlines()[1:3]] == ["slake", "slake, unseen items"]
    assert [line.split()[-1] for line in out.splitlines()[1:3]] == ["40/40", "30/30"]
    evaluation("c", clean, model="c")
    assert "unseen" not in compare("a", "c")[1]


def test_probes_say_whether_each_model_looks_and_are_not_compared(compare: Say) -> None:
    """Thirty of the questions have pictures; without them the first model knows ten and the second all it knew."""
    for name, knows in (("a", 10), ("b", 30)):
        plain = answers("slake", [1.0] * 30 + [0.0] * 10)
        evaluation(name, plain, answers("slake+blank", [1.0] * knows + [0.0] * (30 - knows)), model=name)
    code, out, err = compare("a", "b")
    assert (code, err) == (0, "")
    assert [line.split()[0] for line in out.splitlines()[:2]] == ["task", "slake"]
    assert "slake+blank" not in out
    looking, blind = (line for line in out.splitlines() if "every picture blank" in line)
    assert looking.startswith(
        "slake, a, every picture blank: the score goes from 1.000 to 0.333 (difference -0.667"
    )
    assert looking.endswith("); the model looks at the image")
    assert blind.startswith(
        "slake, b, every picture blank: the score goes from 1.000 to 1.000 (difference +0.000"
    )
    assert blind.endswith("); no sign that the model looks at the image")
    evaluation("c", answers("slake", [1.0] * 40), model="c")
    assert compare("a", "c")[2] == ""
    effects = json.loads(compare("a", "b", "--json")[1])["probes"]
    assert [(effect["of"], effect["probe"]) for effect in effects] == [
        ("slake, a", "blanked"),
        ("slake, b", "blanked"),
    ]
    assert [effect["flips"] for effect in effects] == pytest.approx([2 / 3, 0])


def test_published_numbers_stand_beside_ours_with_a_warning(compare: Say, runs: None) -> None:
    code, out, err = compare("runs/before", "--published", "slake")
    assert code == 0
    assert err == f"warning: {published.PROTOCOLS_DIFFER}\n"
    lines = out.splitlines()
    assert lines[0].split() == ["model", "measure", "score", "95", "%", "items", "from"]
    assert lines[1].split() == ["tiny", "exact", "0.500", "0.250–0.750", "40", "before,", "slake"]
    row = next(row for row in published.rows("slake") if row.model == "MedGPT-oss-20B")
    [told] = [line for line in lines if line.startswith("MedGPT-oss-20B ")]
    assert told.split()[1:5] == ["exact", "match", f"{row.share:.4f}", "-"]
    assert told.endswith(row.source)
    assert published.PROTOCOLS_DIFFER in lines
    assert "before: slake#0123456789ab / short / shots 0 / greedy, 64 tokens / em_v1" in lines
    assert any(row.protocol in line for line in lines)
    [hulu] = [line for line in lines if "Hulu-Med-14B" in line and "fifteen points" in line]
    assert "Hulu-Med-7B, Hulu-Med-14B, Hulu-Med-32B" in hulu  # one note for all that it is about
    assert lines[-1] == (
        "even under one protocol 40 questions could not show a difference in accuracy below 0.221"
    )
    assert "better" not in lines[1]


def test_so_few_questions_could_show_nothing(compare: Say) -> None:
    evaluation("a", answers("slake", [1]))
    _, out, _ = compare("a", "--published", "slake")
    assert out.endswith(
        "\neven under one protocol so few questions (1) could show no difference in accuracy\n"
    )


def test_two_runs_and_published_numbers(compare: Say, runs: None) -> None:
    code, out, _ = compare("runs/before", "runs/after", "--published", "slake", "--json")
    assert code == 0
    document = json.loads(out)
    assert document["tasks"][0]["against_first"][0]["verdict"] == "better"
    assert [ours["run"] for ours in document["published"]["ours"]] == ["before", "after"]
    assert len(document["published"]["published"]) == len(published.rows("slake"))
    assert document["warnings"] == [published.PROTOCOLS_DIFFER]


def test_published_numbers_of_another_set(compare: Say, runs: None) -> None:
    assert compare("runs/before", "--published", "medqa") == (
        3,
        "",
        "error: no run here scored medqa; they scored slake\nmedgpt eval list names the tasks\n",
    )
    code, _, err = compare("runs/before", "--published", "slaek")
    assert code == 2
    assert err.startswith("error: no published number of slaek is recorded\n")


REFUSED: list[tuple[tuple[str, ...], int, str]] = [
    (
        ("good",),
        2,
        "error: one run alone has nothing to be compared with\n"
        "name a second run folder, or a set with --published\n",
    ),
    (("good", "./good"), 2, "error: a run is named twice\nname each run folder once\n"),
    (
        ("good", "other", "--allow", "items"),
        2,
        "error: nothing is called 'items' that could be waived\n--allow protocol is all\n",
    ),
    (
        ("good", "absent"),
        3,
        "error: there is no run folder absent\nname the --out of a medgpt eval run\n",
    ),
    (
        ("good", "running"),
        3,
        "error: running  has not finished\ngo on with it: medgpt eval run … --resume\n",
    ),
    (
        ("good", "empty"),
        3,
        "error: empty  holds no scores.json, so it is no evaluation\nname the --out of a medgpt eval run\n",
    ),
    (
        ("good", "changed"),
        4,
        "error: changed  samples.jsonl is missing or not the file that changed/manifest.json describes\n"
        "restore the folder from its source; a damaged checkpoint is not used\n",
    ),
    (
        ("good", "older"),
        3,
        "error: older/scores.json  is not as this version of medgpt writes it "
        "(Object missing required field `model_hash`)\nevaluate again with this version\n",
    ),
    (
        ("good", "torn"),
        3,
        "torn/samples.jsonl:2  is no answer as medgpt writes it\n"
        "torn/samples.jsonl:4  answers an item a second time\n"
        "error: torn/samples.jsonl  2 lines cannot be read\n"
        "evaluate again into another --out\n",
    ),
]


@pytest.mark.parametrize(("words", "code", "said"), REFUSED)
def test_refusals(compare: Say, words: Sequence[str], code: int, said: str) -> None:
    for name in ("good", "other", "changed", "older", "torn"):
        evaluation(name, answers("slake", FIRST[:3]), model=name)
    evaluation("running", answers("slake", FIRST[:3]), state="running")
    Path("empty").mkdir()
    with Path("changed/samples.jsonl").open("a") as file:
        file.write("\n")
    Path("older/scores.json").write_text('{"model": "tiny", "tasks": []}')
    seal(Path("older"))
    lines = Path("torn/samples.jsonl").read_bytes().splitlines(True)
    Path("torn/samples.jsonl").write_bytes(lines[0] + b'{"secret": "Jane\xff\n' + lines[1] + lines[0])
    seal(Path("torn"))
    assert compare(*words) == (code, "", said)


def test_an_error_as_json(compare: Say, runs: None) -> None:
    code, out, err = compare("runs/before", "absent", "--json")
    assert code == 3
    assert json.loads(out)["error"] == "NOT_FOUND"
    assert err == ""
