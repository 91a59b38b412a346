"""Raw sets to one prepared set: judge every record, divide the whole, write what is left, and say what was left out.

The folder is owned from the start and every artefact is renamed into it, so the command may be killed at any instant;
given again with --resume it ends in the same bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from medgpt_cli.core import console, files, rundir
from medgpt_cli.core.errors import UsageError
from medgpt_cli.core.machine import cores
from medgpt_cli.core.rundir import RunFolder
from medgpt_cli.data.prepared.opening import KIND
from medgpt_cli.workflows.prep import listing, outlook, telling
from medgpt_cli.workflows.prep.asking import Asked, again, share_of, understand
from medgpt_cli.workflows.prep.beginning import begin, begun_so, refuse_other
from medgpt_cli.workflows.prep.merging import finish
from medgpt_cli.workflows.prep.working import Share, work_together


def run_prep(
    words: Sequence[str],
    *,
    out: Path | None,
    recipe: str | None = None,
    against: Sequence[str] = (),
    image_root: Path | None = None,
    max_bad: int | None = None,
    workers: int | None = None,
    shards: str | None = None,
    merge: bool = False,
    resume: bool = False,
    force: bool = False,
    dry_run: bool = False,
    list_sets: bool = False,
    json: bool = False,
) -> None:
    """Prepares a set, or one machine's share of it.

    Args:
        words: Sources and KEY=VALUE words.
        out: The prepared set.
        recipe: A recipe's name or file.
        against: Evaluation sets whose records must not be in the result.
        image_root: Folder that image paths are relative to.
        max_bad: Bad records allowed.
        workers: Processes; as many as there are cores when None.
        shards: `i/n`: judge that share alone and write nothing else.
        merge: Write the set from shares that other commands have judged.
        resume: Start or continue.
        force: Overwrite an earlier preparation.
        dry_run: Say what would happen and write nothing.
        list_sets: Show the sets that can be read by name, and do nothing else.
        json: Print the outcome as one JSON document.

    Raises:
        BadRecord: More records are bad than allowed; the good ones are kept for `--resume`.
        GateRefusal: A gate refuses the whole.
    """
    if list_sets:
        listing.list_adapters(json=json)
        return
    share = share_of(shards)
    if shards is not None and merge:
        raise UsageError("--shards judges a share and --merge writes the set", repair="give one of them")
    asked = understand(
        words, recipe=recipe, against=against, image_root=image_root, max_bad=max_bad, out=out
    )
    if dry_run:
        outlook.tell(asked, workers or cores().usable, as_json=json)
        return
    if out is None:
        raise UsageError("a prepared set needs a folder", repair="name it with --out")
    line = partial(
        again,
        words,
        out,
        recipe=recipe,
        against=list(against),
        image_root=image_root,
        workers=workers,
    )
    same = line(max_bad=max_bad)
    if shards is not None:
        unfinished = _one_share(
            out,
            asked,
            share,
            workers or cores().usable,
            f"{same} --shards {shards}",
            resume=resume,
            force=force,
        )
        if unfinished:
            telling.share(out, share, as_json=json)
        else:
            telling.whole(out, as_json=json)
        return
    run = RunFolder.open(out, resume=resume or merge, force=force, kind=KIND, state=rundir.STATE_OF_DATA)
    try:
        if run.done:
            refuse_other(out, asked)
            console.say(f"{out} had already finished.")
        else:
            console.log_to(run.log)
            begin(out, asked)
            if not merge:
                work_together(asked.work, share, workers or cores().usable, same)
            finish(run, asked, line, max_bad)
        telling.whole(out, as_json=json)
    finally:
        console.log_to(None)
        run.close()


def _one_share(
    out: Path, asked: Asked, share: Share, workers: int, line: str, *, resume: bool, force: bool
) -> bool:
    """Judges one share, unless the whole set has finished; other shares may be at work in the same folder.

    With `force` a finished set, or one begun otherwise, is thrown away once; what another share of the same line has
    begun is what was asked for.
    """
    rundir.examine(out, resume=resume or not force, force=force, kind=KIND)
    if force and rundir.is_run(out) and (rundir.is_done(out) or not begun_so(out, asked)):
        RunFolder.open(out, force=True, kind=KIND, state=rundir.STATE_OF_DATA).close()
    if rundir.is_done(out):
        refuse_other(out, asked)
        console.say(f"{out} had already finished.")
        return False
    files.make_folder(out)
    if not rundir.is_run(out):
        files.write_json(out / rundir.STATE_OF_DATA, {"state": "running", "kind": KIND})
    begin(out, asked)
    work_together(asked.work, share, workers, line)
    return True
