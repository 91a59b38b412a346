from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image

from medgpt_cli.core.errors import BadRecipe, BadRecord, InputError, MedGPTError, NotThere, UsageError
from medgpt_cli.core.types import Role
from medgpt_cli.evaluation.items import Kind
from medgpt_cli.evaluation.tasks.task import Task
from medgpt_cli.workflows.task_files import TaskSettings, read_tasks
from tests.data.sources import layouts, layouts_questions
from tests.data.sources.writing import as_csv, as_json, as_jsonl, as_parquet, pictures
from tests.workflows.prep.making import pair, prep, written
from tests.workflows.task_sets import lay


def read(word: str, data: Path = Path(), **settings: object) -> Task:
    [task] = read_tasks([word], TaskSettings(data=data, **settings))  # type: ignore[arg-type]
    return task


def test_a_task_carries_what_its_score_is_printed_with(tmp_path: Path) -> None:
    task = read("slake", lay(tmp_path, "slake"))
    assert (task.name, task.version, task.title, task.kind) == ("slake", 1, "SLAKE, English", Kind.SHORT)
    assert (task.licence, task.access, task.sources, task.cluster) == (
        "CC BY 4.0",
        "open",
        ("slake",),
        "image",
    )
    assert task.measures[0] == "exact"
    assert (task.choices_by, task.max_new_tokens, task.limit) == ("none", 512, None)
    part, profile, shots, decoding, scorer = task.protocol.split(" / ")
    assert part == f"slake@1#{task.data_hash[:12]}"
    assert (profile, shots, decoding, scorer) == ("medgpt", "shots 0", "greedy, 512 tokens", "em_v1")
    assert [item.id for item in task.items] == ["test/3", "test/5"]


def test_the_hash_is_that_of_what_is_asked(tmp_path: Path) -> None:
    lay(tmp_path / "here", "slake")
    lay(tmp_path / "there" / "below", "slake")
    one, two = read("slake", tmp_path / "here"), read("slake", tmp_path / "there" / "below")
    assert one.data_hash == two.data_hash
    assert [item.prompt_hash for item in one.items] == [item.prompt_hash for item in two.items]
    assert read("slake-all", tmp_path / "here").data_hash != one.data_hash
    rows = json.loads((tmp_path / "here/slake/test.json").read_text())
    rows[0]["answer"] = "No"
    as_json(tmp_path / "here/slake/test.json", rows)
    assert read("slake", tmp_path / "here").data_hash != one.data_hash


def test_a_swapped_picture_is_another_set(tmp_path: Path) -> None:
    lay(tmp_path, "slake")
    before = read("slake", tmp_path)
    [shown, *_] = {image for item in before.items for image in item.images}
    Image.new("L", (32, 32), 7).save(shown)
    assert read("slake", tmp_path).data_hash != before.data_hash


def test_another_profile_is_another_prompt_and_says_so(tmp_path: Path) -> None:
    data = lay(tmp_path, "medmcqa")
    ours, theirs = read("medmcqa", data), read("medmcqa", data, profile="lm-eval")
    assert ours.data_hash == theirs.data_hash
    assert ours.items[0].prompt_hash != theirs.items[0].prompt_hash
    assert theirs.protocol.endswith(
        " / lm-eval / shots 0 / likelihood of the option's letter / accuracy_likelihood"
    )
    assert theirs.measures[0] == "accuracy_likelihood"
    assert theirs.items[0].question.startswith("Question: Which vitamin?\nChoices:\nA. One")
    with pytest.raises(UsageError) as caught:
        read("medmcqa", data, profile="lm-evl")
    assert str(caught.value) == "medmcqa has no prompt profile 'lm-evl'\ndid you mean lm-eval?"


def test_a_report_names_its_views_and_the_prior_ones(tmp_path: Path) -> None:
    data = lay(tmp_path, "mimic-cxr")
    said = {
        view: [item.question for item in read(f"mimic-cxr-findings-{view}", data).items]
        for view in ("single", "multi", "longitudinal")
    }
    assert "Pictures: current PA image." in said["single"][0]
    assert "Pictures: current PA image, current LATERAL image." in said["multi"][0]
    assert "Pictures: current AP image, prior PA image, prior LATERAL image." in said["longitudinal"][1]
    assert "compare it with the prior one" in said["longitudinal"][1]
    assert "compare" not in said["longitudinal"][0]
    task = read("mimic-cxr-findings-longitudinal", data)
    assert [len(item.images) for item in task.items] == [2, 3]
    assert "50000001" not in task.items[1].question  # the prior report is never given
    assert task.protocol.endswith(" / greedy, 512 tokens / rouge_l")
    assert len({item.cluster for item in task.items}) == 1  # one patient


def test_an_impression_from_the_findings_is_asked_without_pictures(tmp_path: Path) -> None:
    task = read("mimic-cxr-impression-of-findings", lay(tmp_path, "mimic-cxr"), shots=1)
    first = task.items[0]
    assert first.images == ()
    assert [turn.role for turn in first.turns] == [Role.USER, Role.ASSISTANT, Role.USER]
    assert first.turns[0].text.startswith("FINDINGS: Findings of 5000000")
    assert first.turns[0].text.split()[3] in ("50000003.", "50000004.")
    assert first.turns[1].text == f"Impression {first.turns[0].text.split()[3]}"
    assert first.question.startswith("FINDINGS: Findings of 50000001.\n")
    assert f"shots 1#{task.shots_hash[:12]}" in task.protocol
    assert read("mimic-cxr-impression-of-findings", tmp_path).shots_hash == ""


def test_what_a_study_lacks_is_left_out_and_counted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lay(tmp_path, "mimic-cxr")
    report = tmp_path / "mimic-cxr/files/p10/p10000001/s50000002.txt"
    report.write_text(report.read_text().replace("FINDINGS:", "NOTES:"))
    assert len(read("mimic-cxr-findings-multi", tmp_path).items) == 1
    assert (
        "mimic-cxr-findings-multi: rows left out because the report has no findings: 1"
        in capsys.readouterr().err
    )


def test_slake_in_two_languages_shares_pictures_and_no_example_shows_them(tmp_path: Path) -> None:
    data = lay(tmp_path, "slake")
    task = read("slake-all", data, shots=1)
    asked = {item.images[-1].split("/")[-2] for item in task.items}
    assert asked == {"xmlab1", "xmlab3"}
    assert {item.images[0].split("/")[-2] for item in task.items} == {"xmlab2"}
    for limit in (None, 1):  # those that a limit leaves out are no examples either
        with pytest.raises(InputError, match="with any question: 1"):
            read("slake-all", data, shots=2, limit=limit)


def test_examples_are_the_same_under_a_limit(tmp_path: Path) -> None:
    data = lay(tmp_path, "medmcqa")
    rows = [layouts_questions.mcq(f"train-{n}", cop=n % 4, question=f"Number {n}?") for n in range(9)]
    as_parquet(data / "medmcqa/data/train-00000-of-00001.parquet", rows)
    whole, part = read("medmcqa", data, shots=3), read("medmcqa", data, shots=3, limit=1)
    assert whole.shots_hash == part.shots_hash
    assert part.protocol.startswith(f"medmcqa@1[:1]#{whole.data_hash[:12]} / medgpt / shots 3#")
    assert whole.items[0] == part.items[0]
    turns = whole.items[0].turns
    assert [turn.role.value for turn in turns] == ["user", "assistant"] * 3 + ["user"]
    assert {turn.text for turn in turns[1::2]} <= {"A", "B", "C", "D"}
    assert all(turn.text.endswith("and nothing else.") for turn in turns[::2])


def test_a_set_without_a_split_to_draw_from(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        read("medbullets-op4", lay(tmp_path, "medbullets"), shots=1)
    assert str(caught.value) == (
        "medbullets-op4  1 before each question were asked for; examples that share nothing with any question: 0\n"
        "ask without --shots"
    )


def test_equal_options_are_equally_right(tmp_path: Path) -> None:
    rows = [layouts_questions.mcq("v-0", cop=1, opa="Two"), layouts_questions.mcq("v-1", cop=-1)]
    as_parquet(tmp_path / "medmcqa/data/validation-00000-of-00001.parquet", rows)
    [item] = read("medmcqa", tmp_path).items  # the other one's label is hidden
    assert item.letters == ("A", "B")


def test_a_letter_that_is_another_options_text_is_left_out_and_counted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [
        layouts_questions.mcq(
            "v-0", cop=0, opa="AB", opb="A"
        ),  # the gold is option A, and A is a blood group
        layouts_questions.mcq("v-1", cop=2, opa="AB", opb="A"),
    ]
    as_parquet(tmp_path / "medmcqa/data/validation-00000-of-00001.parquet", rows)
    assert [item.id for item in read("medmcqa", tmp_path).items] == ["v-1"]
    assert "medmcqa: rows left out because may mean option: 1" in capsys.readouterr().err


def test_pictures_are_shown_as_the_text_names_them_and_options_once(tmp_path: Path) -> None:
    row = layouts_questions.massive(
        "validation_Pharmacy_2",
        "Is <image 2> like <image 1>?",
        "['<image 3>', 'b', '<image 2>']",
        "C",
        3,
    )
    layouts_questions.with_pictures(
        tmp_path / "mmmu-medical/Pharmacy/validation-00000-of-00001.parquet", [row]
    )
    [item] = read("mmmu-med-val", tmp_path).items
    assert item.turns[-1].parts == (
        "Is ", 0, " like ", 1, "?\nA. ", 2, "\nB. b\nC. ", 3,
        "\nAnswer with the letter of the right option and nothing else.",
    )  # fmt: skip
    assert [image.rpartition("_")[2] for image in item.images] == ["2", "1", "3", "2"]
    assert item.letters == ("C",)
    [moved] = read("mmmu-med-val", tmp_path, profile="medgpt-shuffled").items
    parts = moved.turns[-1].parts
    label = next(at for at, part in enumerate(parts) if str(part).endswith(f"\n{moved.gold}. "))
    assert moved.images[int(parts[label + 1])].endswith("_2")  # the right letter went with its picture


@pytest.mark.parametrize("profile", ["medgpt", "medgpt-shuffled", "official-answer-only"])
@pytest.mark.parametrize("name", ["medxpertqa-mm", "medxpertqa-text"])
def test_options_that_the_question_repeats_are_read_once(
    tmp_path: Path, name: str, profile: str
) -> None:
    [item] = read(name, lay(tmp_path, "medxpertqa"), profile=profile).items
    assert [item.question.count(f"Choice {letter}") for letter, _ in item.options] == [1] * len(
        item.options
    )


def test_every_published_alternative_is_right(tmp_path: Path) -> None:
    data = lay(tmp_path, "vqa-med-2019", "vqa-med-2021")
    assert [item.golds for item in read("vqa-med-2019", data).items] == [
        ("glioma", "multi-cystic complex mass"),
        ("(angioinvasive aspergillosis with) septic cerebral emboli", "septic cerebral emboli"),
    ]
    assert [item.golds for item in read("vqa-med-2021", data).items] == [("cyst",), ("a", "b", "c")]


def test_a_row_that_cannot_be_asked_refuses_the_task(tmp_path: Path) -> None:
    named = {"Answer": "Red", "Answer_label": "B"}
    as_csv(tmp_path / "pmc-vqa/test.csv", [layouts.asked("PMC1_Fig1_1.jpg", **named)])
    pictures(tmp_path / "pmc-vqa/images", "PMC1_Fig1_1.jpg")
    with pytest.raises(BadRecord) as caught:
        read("pmc-vqa", tmp_path)
    assert str(caught.value).replace(f"{tmp_path}/", "") == (
        "pmc-vqa/test.csv:2  Answer_label names another choice than the answer's text\n"
        "pmc-vqa  1 of 1 row cannot be asked\n"
        "mend them, or name the fault under leaves_out in a task file of your own"
    )


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"label": "F"}, "label is no letter of an option"),
        ({"options": {"B": "one"}}, "options  has 1 option; a choice has at least 2"),
        ({"images": ["absent.jpeg"]}, "there is no such file"),
        ({"label": ""}, "label is no letter of an option"),
        ({"id": "MM-1"}, "the id is already used at"),
    ],
)
def test_bad_rows_are_named_by_file_line_and_field(
    tmp_path: Path, change: dict[str, object], told: str
) -> None:
    rows = [
        layouts_questions.expert("MM-1", 5, images=["a.jpeg"]),
        {**layouts_questions.expert("MM-2", 5, images=["a.jpeg"]), **change},
    ]
    as_jsonl(tmp_path / "MM/test.jsonl", rows)
    pictures(tmp_path / "images", "a.jpeg")
    with pytest.raises(BadRecord) as caught:
        read("medxpertqa-mm", tmp_path)
    [complaint] = caught.value.complaints
    assert "MM/test.jsonl:2" in complaint.where
    assert told in str(complaint)
    assert "absent" not in str(caught.value)


def test_a_fault_in_a_file_that_is_not_asked_is_nobodys(tmp_path: Path) -> None:
    lay(tmp_path, "medxpertqa")
    as_jsonl(tmp_path / "medxpertqa/MM/dev.jsonl", [layouts_questions.expert("MM-1", 5, label="Z")])
    assert len(read("medxpertqa-mm", tmp_path).items) == 1


def test_what_is_missing_says_what_to_put_where(tmp_path: Path) -> None:
    with pytest.raises(NotThere) as caught:
        read("medframeqa", tmp_path)
    assert str(caught.value) == (
        f"{tmp_path}  the data of medframeqa are not in this folder or one below it\n"
        "put test-*.parquet in a folder called medframeqa there, or name another folder with --data; "
        "they come from https://huggingface.co/datasets/SuhaoYu1020/MedFrameQA"
    )
    layouts_questions.pubmedqa(tmp_path / "pubmedqa")
    with pytest.raises(InputError) as found:
        read("pubmedqa", tmp_path)
    assert "none of its 2 rows is a question of pubmedqa" in str(found.value)
    assert "test_ground_truth.json" in str(found.value)


def test_another_number_of_questions_than_published_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    read("vqa-rad", lay(tmp_path, "vqa-rad"))
    assert "vqa-rad: 2 questions here, 451 published" in capsys.readouterr().err


def test_a_record_file_is_asked_as_it_is_written_unless_a_profile_is_named(tmp_path: Path) -> None:
    path = written(tmp_path / "my.jsonl", {**pair(1), "options": ["x", "y"], "answer": "y"}, pair(2))
    task = read(str(path))
    assert (task.name, task.version, task.profile, task.access) == ("my", 0, "as-written", "local")
    assert task.protocol.startswith(f"my#{task.data_hash[:12]} / as-written / shots 0 / greedy / ")
    choice, short = read(str(path), profile="medgpt").items
    assert choice.question.endswith(
        "A. x\nB. y\nAnswer with the letter of the right option and nothing else."
    )
    assert short.question.endswith("\nAnswer with a single word or a short phrase and nothing else.")
    with pytest.raises(UsageError, match="my has no prompt profile 'lm-eval'"):
        read(str(path), profile="lm-eval")
    with pytest.raises(InputError, match=r"my  1 before each .* question: 0"):
        read(str(path), shots=1)


def test_a_prepared_set_draws_examples_from_its_training_part(tmp_path: Path) -> None:
    lines = [pair(number, split="train" if number < 4 else "test") for number in range(6)]
    written(tmp_path / "a.jsonl", *lines)
    assert prep(tmp_path / "a.jsonl", "--out", tmp_path / "set") == 0
    task = read(str(tmp_path / "set"), shots=2)
    assert [len(item.turns) for item in task.items] == [5, 5]


def test_what_was_prepared_from_a_lent_set_stays_lent(tmp_path: Path) -> None:
    written(tmp_path / "a.jsonl", *(pair(number, split="test") for number in range(3)))
    assert read(str(tmp_path / "a.jsonl")).access == "local"
    assert prep(tmp_path / "a.jsonl", "--out", tmp_path / "set") == 0
    assert read(str(tmp_path / "set")).access == "local"
    manifest = json.loads((tmp_path / "set/manifest.json").read_text())
    manifest["sources"][0]["access"] = "credentialed"
    as_json(tmp_path / "set/manifest.json", manifest)
    assert read(str(tmp_path / "set")).access == "credentialed"
    (tmp_path / "mine.yaml").write_text(
        "version: 1\ntitle: Mine\nkind: short\nrecords: set\nsplits: [test]\n"
    )
    assert read(str(tmp_path / "mine.yaml")).access == "credentialed"
    assert read(str(lay(tmp_path / "raw", "slake") / "slake")).access == "open"


OWN = """version: 3
title: Our chest questions
kind: choice
records: data/ours.jsonl
splits: [test]
filters: {{site: north}}
profiles:
  ours: {{ask: "{{question}} ({{letters}})\\n{{options}}", option: "{{letter}}) {{text}}"}}
max_new_tokens: 8
cluster: patient
{more}"""


def own(tmp_path: Path, more: str = "") -> Path:
    records = [
        {
            "id": f"r{n}",
            "question": f"Which side, {n}?",
            "options": ["left", "right"],
            "answer": "B",
            "patient_id": f"p{n % 3}",
            "split": "test" if n % 2 else "train",
            "facets": {"site": "south" if n == 3 else "north"},
        }
        for n in range(8)
    ]
    (tmp_path / "data").mkdir(exist_ok=True)
    as_jsonl(tmp_path / "data/ours.jsonl", records)
    path = tmp_path / "chest.yaml"
    path.write_text(OWN.format(more=more))
    return path


def test_a_task_file_of_ones_own(tmp_path: Path) -> None:
    task = read(str(own(tmp_path)))
    assert [item.id for item in task.items] == ["r1", "r5", "r7"]
    assert task.items[0].question == "Which side, 1? (A or B)\nA) left\nB) right"
    assert task.protocol.startswith("chest@3#")
    assert " / ours / shots 0 / greedy, 8 tokens / letters_v1" in task.protocol
    # Patients: r1 and r7 are p1, r5 is p2; of the training part r0 and r6 are p0, r2 is p2, r4 is p1.
    assert [task.items[0].cluster == item.cluster for item in task.items] == [True, False, True]
    shown = read(str(own(tmp_path)), shots=1)
    assert shown.items[0].turns[0].text.split("?")[0] in ("Which side, 0", "Which side, 6")
    with pytest.raises(InputError, match="with any question: 1"):
        read(str(own(tmp_path)), shots=2)


def test_a_task_file_may_read_a_public_set(tmp_path: Path) -> None:
    path = tmp_path / "ct.yaml"
    path.write_text(
        "version: 1\ntitle: CT alone\nkind: short\nreads: [slake]\nfilters: {modality: CT}\nsplits: [train]\n"
        "shots_from: [validation]\n"
    )
    task = read(str(path), lay(tmp_path / "sets", "slake"))
    assert (len(task.items), task.licence) == (2, "CC BY 4.0")


def test_faults_of_a_task_file_are_told_by_line(tmp_path: Path) -> None:
    with pytest.raises(BadRecipe) as caught:
        read(str(own(tmp_path, "clusters: patient\n")))
    assert f"{tmp_path}/chest.yaml:11 clusters  is no word of a task; did you mean cluster?" in str(
        caught.value
    )
    with pytest.raises(InputError) as found:
        read(str(own(tmp_path, "images: some\n")))
    assert str(found.value) == (
        f"{tmp_path}/data/ours.jsonl  none of its 8 rows is a question of chest\n"
        "mend splits and filters in the task file"
    )


@pytest.mark.parametrize(
    ("words", "kind", "told"),
    [
        ([], UsageError, "no task was named\nadd --task slake or --task my.jsonl"),
        (["slake", "slake"], UsageError, "a task is named twice\nname each --task once"),
        (["slak"], UsageError, "no task is called 'slak'\ndid you mean slake?"),
        (["absent.jsonl"], NotThere, "absent.jsonl"),
        (["absent.yaml"], NotThere, "absent.yaml  there is no such file\nmend the path"),
        (["slake"], NotThere, "nowhere  there is no such folder\nmend --data"),
    ],
)
def test_words_that_name_no_task(words: list[str], kind: type[MedGPTError], told: str) -> None:
    with pytest.raises(kind) as caught:
        read_tasks(words, TaskSettings(data=Path("nowhere")))
    assert told in str(caught.value)
