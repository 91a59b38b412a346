"""The second half of a preparation: from the parts of all blocks to the finished set.

Gates come first, so that a refusal costs nothing that was judged: the same line with other options and --resume goes
on from the parts.
"""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from medgpt_cli.core import files
from medgpt_cli.core.errors import BadRecord, Complaint, InputError, PhiFound
from medgpt_cli.core.rundir import RunFolder
from medgpt_cli.core.wording import counted
from medgpt_cli.data.prepared import describing
from medgpt_cli.data.prepared.evaluation import unreadable
from medgpt_cli.data.prepared.opening import MANIFEST
from medgpt_cli.data.prepared.parts import FOLDER, path_of, read_notes
from medgpt_cli.data.prepared.planning import Fate, Options, Plan, identifying, make_plan
from medgpt_cli.data.prepared.readme import write_readme
from medgpt_cli.data.prepared.report import write_report
from medgpt_cli.data.prepared.screening import names
from medgpt_cli.data.prepared.shards import hash_of_pictures, write_shards
from medgpt_cli.workflows.prep.asking import Asked
from medgpt_cli.workflows.prep.beginning import begin, refuse_other
from medgpt_cli.workflows.prep.inputs import digests, hashes_of, listing
from medgpt_cli.workflows.prep.working import COUNT, missing


def finish(run: RunFolder, asked: Asked, line: Callable[..., str], max_bad: int | None) -> None:
    """Everything behind the judging of single records.

    Args:
        run: The folder, owned.
        asked: What was asked for.
        line: Makes the command line that goes on.
        max_bad: As given on the command line.

    Raises:
        BadRecord: More records are bad than allowed, or none is left.
        PhiFound: Records identify patients and nobody answers for it.
        InputError: Blocks are missing, or a source was changed meanwhile.
    """
    out = run.path
    if (out / MANIFEST).exists():
        refuse_other(out, asked)
    paths = _parts(out)
    # Once more: what came while records were judged is in some blocks and not in others.
    begin(out, asked)
    read = digests(listing(asked.sources, asked.work.settings.against))
    if not (out / MANIFEST).exists():
        _refuse_changed(paths)
        _refuse_unread(paths, asked.work.settings.max_unread)
        _refuse_bad(out, paths, asked.resolved.recipe.data.max_bad, line)
        _restart_if_other(run, asked)
        plan = make_plan(paths, asked.options)
        if asked.resolved.recipe.gates.phi.found == "refuse":
            _refuse_identified(plan, asked.options, partial(line, max_bad=max_bad))
        _refuse_empty(out, paths, plan)
        embedded = asked.work.settings.embed
        rows = asked.resolved.recipe.output.shard_rows
        splits = write_shards(out, paths, plan, embedded=embedded, shard_rows=rows)
        tokens = _counted(out, splits, asked.resolved.recipe.output.tokenizer)
        dropped = describing.write_rejects(out, describing.rejects(paths, plan))
        manifest = describing.manifest(
            sources=asked.sources,
            stated=[each.model_dump() for each in asked.resolved.recipe.data.sources],
            parts=paths,
            plan=plan,
            dropped=dropped,
            splits=splits,
            recipe=asked.resolved.as_json(),
            tokens=tokens,
            hashed={path: hashes_of(path) for path in asked.work.settings.against},
            pictures=None if embedded else hash_of_pictures(out, splits),
        )
        write_report(out, manifest)
        write_readme(out, manifest)
        files.write_json(out / MANIFEST, manifest)
    shutil.rmtree(out / FOLDER, ignore_errors=True)
    run.finish(read=read)


def _counted(out: Path, splits: dict[str, Any], model: str | None) -> dict[str, str] | None:
    """Fills in the tokens of every row where a model is named."""
    if model is None:
        return None
    from medgpt_cli.workflows.prep.lengths import count_tokens

    return count_tokens(
        out, [shard["file"] for split in splits.values() for shard in split["shards"]], model
    )


def _parts(out: Path) -> list[Path]:
    if (out / MANIFEST).exists():
        return []
    if not (out / FOLDER / COUNT).exists():
        raise InputError(
            "no share has been judged to its end", where=str(out), repair="run --shards first"
        )
    if gone := missing(out):
        raise InputError(
            f"{len(gone):,} blocks are not judged yet, the first is number {gone[0]}",
            where=str(out),
            repair="let every --shards i/n end; give those that did not once more",
        )
    count = json.loads((out / FOLDER / COUNT).read_text())["blocks"]
    return [path_of(out, number) for number in range(count)]


def _refuse_changed(paths: Sequence[Path]) -> None:
    """A source that was written to meanwhile would be half of the old and half of the new."""
    seen: dict[str, tuple[int, int]] = {}
    for path in paths:
        for name, state in read_notes(path).files.items():
            now = Path(name).stat() if Path(name).exists() else None
            if seen.setdefault(name, state) != state or (
                now is not None and (now.st_size, now.st_mtime_ns) != state
            ):
                raise InputError(
                    "was changed after it was read", where=name, repair="begin anew with --force"
                )


def _refuse_unread(paths: Sequence[Path], allowed: int) -> None:
    """Parts may have been judged by a line that allowed more."""
    notes = describing.all_notes(paths)
    if (unread := unreadable(notes.compared) + notes.unopened) > allowed:
        raise BadRecord(
            f"{counted(unread, 'record or image', 'records or images')} of the evaluation sets could not be read, "
            "so nothing was compared with them",
            repair=f"mend them and begin anew; or answer for them with data.max_unread={unread}",
        )


def _refuse_bad(out: Path, paths: Sequence[Path], allowed: int, line: Callable[..., str]) -> None:
    bad = [one for one in describing.rejects(paths) if one.stage in describing.BAD]
    if len(bad) <= allowed:
        return
    describing.write_rejects(out, describing.rejects(paths))
    complaints = [Complaint(one.reason, one.where) for one in bad]
    raise BadRecord(
        f"{counted(len(bad), 'record')} cannot be used; {out / describing.REJECTS} lists them, and the others are kept",
        repair=f"mend them and begin anew, or leave them out: {line(max_bad=len(bad))}",
        complaints=complaints,
    )


def _refuse_empty(out: Path, paths: Sequence[Path], plan: Plan) -> None:
    if (plan.split >= 0).any():
        return
    describing.write_rejects(out, describing.rejects(paths, plan))
    raise BadRecord(
        "no record is left",
        where=str(out),
        repair=f"{describing.REJECTS} in it says why; mend the sources, or loosen what left them out",
    )


def _refuse_identified(plan: Plan, options: Options, line: Callable[..., str]) -> None:
    rows = (plan.fate == Fate.PHI).nonzero()[0].tolist()
    if not rows:
        return
    found = identifying(plan.table, options)
    classes: Counter[str] = Counter()
    complaints = []
    for row in rows:
        here = names(int(found[row]))
        classes.update(here)
        complaints.append(Complaint(f"holds {', '.join(here)}", str(plan.table.place(row))))
    words = ", ".join(f"{name} {count:,}" for name, count in sorted(classes.items()))
    raise PhiFound(
        f"{counted(len(rows), 'record identifies a patient', 'records identify patients')} ({words})",
        repair="de-identify the source: medgpt data deid; or leave them out: "
        f"{line(add=['gates.phi.found=drop'])}; or answer for them with gates.phi.attest",
        complaints=complaints,
    )


def _restart_if_other(run: RunFolder, asked: Asked) -> None:
    """Shards that were begun with other options are written anew."""
    resolved: dict[str, Any] = asked.resolved.as_json()
    if run.recipe.exists() and json.loads(run.recipe.read_text()) != resolved:
        shutil.rmtree(run.path / "data", ignore_errors=True)
    files.write_json(run.recipe, resolved)
