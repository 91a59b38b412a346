"""Makes the weights of `tiny` anew and writes them where the package keeps them: `make weights`.

Run by who develops medgpt, never by who uses it: the sample set without the source whose terms forbid changes, the
walk of the family `tiny`, its last model in bfloat16, scored as it is shipped, and exported with its card.  Everything
is done by the commands a person would type; a walk that is there is gone on with.
"""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from pathlib import Path

from medgpt_cli import __version__
from medgpt_cli.core import console, files
from medgpt_cli.core.errors import OutOfResources, UsageError
from medgpt_cli.core.manifest import file_hashes, write_manifest, write_sums
from medgpt_cli.models.embedded import SHIPPED

SOURCES = ("mni152", "pictures", "icd10cm")
"""Of the sample set; HPO is left out, for its licence wants its content unaltered."""
LARGEST = 10_000_000
"""Bytes that the folder may have."""
SAMPLE, WALK, HALVED, SCORES = Path("sample"), Path("runs/tiny"), Path("tiny-bf16"), Path("scores")
TARGET = SHIPPED["tiny"]

MADE = """\
## The very commands
`make weights`, with medgpt {version} at commit {commit}; what it does:

```
{lines}
```

## Terms of what it was trained on
None of it is under terms that forbid commerce or changes.  Of the sample set one source was left out for that: the
Human Phenotype Ontology, whose licence wants its content unaltered.

"""


def lines() -> list[list[str]]:
    """The commands, in order; the model is put into bfloat16 before the last two."""
    held, learnt = str(SAMPLE / "heldout.jsonl"), str(SAMPLE / "local.jsonl")
    scoring = ["eval", "run", "--model", str(HALVED), "--task", held, "--majority", learnt]
    export = ["export", "--model", str(HALVED), "--to", "hf", "--scores", str(SCORES)]
    return [
        [
            "data",
            "sample",
            "--out",
            str(SAMPLE),
            *(word for name in SOURCES for word in ("--source", name)),
        ],
        ["run", "tiny", "--resume"],
        [*scoring, "--out", str(SCORES), "--resume"],
        [*export, "--out", str(TARGET), "--force"],
    ]


def halve(run: Path, out: Path) -> None:
    """Writes a run's model in bfloat16, with the terms of what it learnt from.

    Args:
        run: The last stage of the walk.
        out: The folder to write.
    """
    import torch

    from medgpt_cli.models import checkpoint
    from medgpt_cli.workflows.export_check import load_original
    from medgpt_cli.workflows.naming import named_model

    named = named_model(str(run))
    model, processor = load_original(named)
    with files.staged_folder(out) as folder:
        checkpoint.save(model.to(torch.bfloat16), processor, folder)
        write_manifest(
            folder,
            {
                "model": "tiny",
                "licences": {"weights": "Apache-2.0", **terms()},
                "sources": {"base": {"name": str(run), "sha256": named.hash()}},
                "files": file_hashes(folder),
            },
        )


def terms() -> dict[str, str]:
    """The licences of the training records, by source, as the records have them."""
    found: dict[str, set[str]] = {}
    for line in (SAMPLE / "local.jsonl").read_text().splitlines():
        record = json.loads(line)
        found.setdefault(f"learnt from {record['source'].partition('/')[0]}", set()).add(
            record["licence"]
        )
    return {source: ", ".join(sorted(licences)) for source, licences in found.items()}


def tell(folder: Path, commit: str) -> None:
    """Adds the commands and the notices of the sources to the card, and hashes it anew.

    Args:
        folder: The export.
        commit: Of the code that walked.
    """
    halved = f"# {WALK / last_stage()} in bfloat16, as {HALVED}"
    target = f"medgpt_cli/{TARGET.relative_to(Path(__file__).parents[1])}"
    shown = [shlex.join(["medgpt", *line]).replace(str(TARGET), target) for line in lines()]
    shown.insert(2, halved)
    card = folder / "README.md"
    made = MADE.format(version=__version__, commit=commit, lines="\n".join(shown))
    notices = (SAMPLE / "LICENCES.md").read_text().replace("\n## ", "\n### ").partition("\n")[2]
    files.write_text(card, f"{card.read_text()}\n{made}{notices.lstrip()}")
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["files"][card.name] = files.sha256_file(card)
    write_manifest(folder, manifest)
    write_sums(folder)


def main() -> None:
    """Does it all, in the current folder."""
    sample, walk, score, export = lines()
    for line in (sample, walk):
        if line is not sample or not SAMPLE.is_dir():
            _medgpt(line)
    if not HALVED.is_dir():
        halve(WALK / last_stage(), HALVED)
    _medgpt(score)
    _medgpt(export)
    tell(TARGET, _commit())
    size = sum(each.stat().st_size for each in TARGET.iterdir())
    if size > LARGEST:
        raise OutOfResources(f"{TARGET} has {size:,} bytes, more than {LARGEST:,}")
    console.say(f"wrote {TARGET}: {size:,} bytes")


def last_stage() -> str:
    """The name of the walk's last stage."""
    return Path(json.loads((WALK / "summary.json").read_text())["model"]).name


def _commit() -> str:
    line = ["git", "rev-parse", "HEAD"]
    return subprocess.run(line, capture_output=True, text=True, check=True).stdout.strip()


def _medgpt(words: list[str]) -> None:
    console.say(shlex.join(["medgpt", *words]))
    if subprocess.run([sys.executable, "-m", "medgpt_cli", *words], check=False).returncode:
        raise UsageError(f"{shlex.join(['medgpt', *words])} did not end well")


if __name__ == "__main__":
    main()
