"""What a transfer leaves behind: what was asked, the answers, the scores, the page, and their hashes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import msgspec

from medgpt_cli.chat.notice import NOTICE
from medgpt_cli.core import console, files, tables
from medgpt_cli.core.errors import UsageError
from medgpt_cli.core.manifest import environment, versions, write_manifest
from medgpt_cli.core.rundir import RunFolder
from medgpt_cli.core.transfer import Mode, TransferRecipe
from medgpt_cli.data.classification.sets import ClassificationSet
from medgpt_cli.evaluation.transfer import means, report, table, words
from medgpt_cli.evaluation.transfer.means import Compared
from medgpt_cli.evaluation.transfer.outcomes import Answers, Gold, Scored, score
from medgpt_cli.workflows.transfer_inputs import NamedTower

SCORES, PREDICTIONS = "scores.json", "predictions.jsonl"
NOTES = (
    "Macro-F1 over the set's fixed list of classes, the mean over seeds; what a probe of pretrained weights gives "
    "is the same for each seed. Intervals draw whole patients or pictures of the test split anew; they do not hold "
    "what another training split would change.",
    "Whether a tower met these pictures in its own training was not looked at here: medgpt data leakage does that "
    "for sets it can read.",
)


def asked(
    sets: Sequence[ClassificationSet],
    towers: Sequence[NamedTower],
    modes: Sequence[Mode],
    recipe: TransferRecipe,
) -> dict[str, Any]:
    """What is asked of what, as the manifest keeps it; a run only goes on with the same."""
    return {
        "towers": {each.name: each.hash for each in towers},
        "sets": {each.name: each.fingerprint() for each in sets},
        "modes": list(modes),
        "recipe": recipe.model_dump(mode="json"),
    }


def begin(run: RunFolder, asked: dict[str, Any]) -> None:
    """Says in the manifest what is compared, or refuses a folder that holds another comparison.

    Raises:
        UsageError: It does.
    """
    if not run.manifest.exists():
        files.write_json(run.recipe, asked["recipe"])
        write_manifest(run.path, {"kind": "transfer", "notice": NOTICE, "asked": asked})
        return
    before = json.loads(run.manifest.read_text())["asked"]
    if changed := [word for word in asked if asked[word] != before.get(word)]:
        raise UsageError(
            f"{run.path} holds another transfer, with different {', '.join(changed)}",
            repair="name another --out, or overwrite with --force",
        )


def end(
    run: RunFolder,
    asked: dict[str, Any],
    sets: Sequence[ClassificationSet],
    towers: Sequence[NamedTower],
    parameters: dict[str, int],
    done: Sequence[dict[str, Any]],
    given: Sequence[Answers],
) -> None:
    """Scores the answers, writes everything with its hash, and declares the folder finished."""
    scores, comparisons = judged(sets, towers, asked["modes"], given)
    told_sets = [_told_set(each) for each in sets]
    told_towers = [
        {
            "name": each.name,
            "kind": each.tower.kind,
            "side": each.tower.side,
            "parameters": parameters[each.name],
            "hash": each.hash,
        }
        for each in towers
    ]
    document = {
        "recipe": asked["recipe"],
        "towers": told_towers,
        "sets": told_sets,
        "scores": [msgspec.to_builtins(each) for each in scores],
        "comparisons": [msgspec.to_builtins(each) for each in comparisons],
        "found": words.sentences(comparisons),
        "jobs": [{word: job[word] for word in job if word != "predicted"} for job in done],
        "notes": list(NOTES),
    }
    files.write_json(run.path / SCORES, document)
    files.write_text(run.path / PREDICTIONS, "".join(f"{line}\n" for line in _predictions(sets, given)))
    machine = environment()
    facts = {
        "medgpt": f"{machine['medgpt']}, code {machine['code'][:12]}",
        "platform": machine["platform"],
        **machine["packages"],
        **versions(["scikit-learn", "open_clip_torch", "timm"]),
    }
    page = report.render(
        scores,
        comparisons,
        sets=told_sets,
        towers=told_towers,
        settings=_flat(asked["recipe"]),
        facts=facts,
        notes=NOTES,
        notice=NOTICE,
    )
    files.write_text(run.report, page)
    hashes = {
        name: files.sha256_file(run.path / name) for name in (SCORES, PREDICTIONS, run.report.name)
    }
    write_manifest(
        run.path,
        {"kind": "transfer", "notice": NOTICE, "asked": asked, "environment": machine, "files": hashes},
    )
    run.finish()


def judged(
    sets: Sequence[ClassificationSet],
    towers: Sequence[NamedTower],
    modes: Sequence[Mode],
    given: Sequence[Answers],
) -> tuple[list[Scored], list[Compared]]:
    """Scores of every tower on every set and over all, and each tower against the first, p-values over all of it."""
    gold = [_gold(each) for each in sets]
    by_name = {(each.mode, each.tower, each.set): each for each in given}
    scores: list[Scored] = []
    compared: list[Compared] = []
    for mode in modes:
        answered = [[by_name[mode, tower.name, each.name] for each in sets] for tower in towers]
        for own in answered:
            found = [score(each, answers) for each, answers in zip(gold, own, strict=True)]
            scores += found
            if len(sets) > 1:
                scores.append(means.mean_score(found, gold, own))
        for other in answered[1:]:
            # The first tower is the one of interest: told is what it is ahead of the others by.
            compared += means.compare(gold, other, answered[0])
    order = {each.name: place for place, each in enumerate(sets)}
    scores.sort(key=lambda each: (order.get(each.set, len(order)), modes.index(each.mode)))
    compared.sort(key=lambda each: (order.get(each.set, len(order)), modes.index(each.mode)))
    return scores, means.adjusted(compared)


def tell(run: RunFolder, *, as_json: bool) -> None:
    """Prints the scores of a finished folder."""
    document = json.loads((run.path / SCORES).read_text())
    if as_json:
        console.print_json({**document, "out": str(run.path)})
        return
    page = console.result()
    scores = msgspec.convert(document["scores"], list[Scored])
    page.print(tables.aligned(table.HEADERS, table.score_rows(scores)), soft_wrap=True)
    if document["comparisons"]:
        compared = msgspec.convert(document["comparisons"], list[Compared])
        page.print()
        page.print(tables.aligned(table.COMPARED, table.compared_rows(compared)), soft_wrap=True)
        page.print()
        for sentence in words.sentences(compared):
            page.print(sentence, soft_wrap=True)
    for each in document["sets"]:
        for note in each["notes"]:
            console.warn(f"{each['name']}: {note}")
    console.say(f"report: {run.report}")


def _gold(each: ClassificationSet) -> Gold:
    tested = [each.examples[number] for number in each.of("test")]
    return Gold(
        name=each.name,
        labels=each.labels,
        gold=tuple(example.label for example in tested),
        cases=tuple(example.case for example in tested),
    )


def _told_set(each: ClassificationSet) -> dict[str, Any]:
    return {
        "name": each.name,
        "form": each.form,
        "labels": list(each.labels),
        "counts": each.counts(),
        "support": each.support(),
        "parted": each.parted,
        "notes": list(each.notes),
        "hash": each.fingerprint(),
    }


def _predictions(sets: Sequence[ClassificationSet], given: Sequence[Answers]) -> list[str]:
    lines = []
    for each in sets:
        own = [answers for answers in given if answers.set == each.name]
        for row, number in enumerate(each.of("test")):
            example = each.examples[number]
            line = {
                "set": each.name,
                "place": example.place,
                "label": each.labels[example.label],
                "predicted": {
                    f"{answers.tower} {answers.mode}": [
                        each.labels[seed[row]] for seed in answers.predicted
                    ]
                    for answers in own
                },
            }
            lines.append(json.dumps(line, ensure_ascii=False))
    return lines


def _flat(recipe: dict[str, Any]) -> list[tuple[str, str]]:
    found = []
    for name, value in recipe.items():
        inner = value.items() if isinstance(value, dict) else [("", value)]
        found += [(f"{name}.{key}".rstrip("."), str(each)) for key, each in inner]
    return found
