"""How fast dialogues become token ids and masks, beside the preparation of a peer toolbox (TRL's `SFTTrainer`).

    python -m tests.benchmarks.bench_encode FOLDER [RECORDS]

The same JSONL of two- and four-turn dialogues, the same tokenizer and template: ours reads, checks and encodes as a
training stage does before its first step; TRL loads with `datasets` and prepares with assistant masks, as its trainer
does before its first.  Each runs in a process of its own, on one thread; ids and masks must be equal, record by record.
The other needs TRL: in this environment, or in one whose interpreter MEDGPT_BENCH_TRL names; else it is *not run*.

Processor seconds from after the imports on, medians of five in alternating order, and the peak memory.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from tests.benchmarks import measuring
from tests.benchmarks.bench_prep import words

RECORDS = 20_000
ROUNDS = 5
TRL = "MEDGPT_BENCH_TRL"
"""The environment variable that names another interpreter, one that has TRL."""


def write_source(path: Path, records: int) -> None:
    """Dialogues of two turns, and every third of four; 10 to 60 words a turn."""
    draw = random.Random(0)
    with path.open("w") as file:
        for number in range(records):
            turns = [
                {"role": role, "content": words(draw, draw.randint(10, 60))}
                for _ in range(2 if number % 3 == 0 else 1)
                for role in ("user", "assistant")
            ]
            file.write(json.dumps({"messages": turns}) + "\n")


def ours(source: Path) -> Iterable[tuple[Sequence[int], Sequence[bool]]]:
    """What a stage does with its records before the first step."""
    from medgpt_cli.data.dialogue import IGNORED
    from medgpt_cli.data.encoded_rows import EncodedRows
    from medgpt_cli.data.records import read_records
    from medgpt_cli.workflows.loading import encoder_of

    rows = EncodedRows(encoder_of(_processor()).encode_all(read_records(source).samples))
    return ((row.input_ids, [label != IGNORED for label in row.labels]) for row in rows)


def trl(source: Path) -> Iterable[tuple[Sequence[int], Sequence[bool]]]:
    """What `SFTTrainer` does with its records before the first step."""
    import datasets
    from trl import SFTConfig, SFTTrainer

    from medgpt_cli.data.dialogue import IGNORED

    datasets.disable_progress_bars()
    with tempfile.TemporaryDirectory() as cache:
        loaded = datasets.load_dataset("json", data_files=str(source), split="train", cache_dir=cache)
        settings = SFTConfig(
            output_dir=cache,
            assistant_only_loss=True,
            max_length=None,
            report_to=[],
            bf16=False,
            use_cpu=True,
        )
        trainer = SFTTrainer.__new__(SFTTrainer)  # its preparation alone, without a model
        tokenizer = _processor().tokenizer
        trainer._tokenizer, trainer.chat_template = tokenizer, tokenizer.chat_template
        trainer.completion_only_loss = False
        made = trainer._prepare_dataset(loaded, tokenizer, settings, False, None, "train")
        return [
            (row["input_ids"], [label != IGNORED for label in row["labels"]]) for row in made.to_list()
        ]


def _processor() -> Any:
    from medgpt_cli.models import checkpoint
    from medgpt_cli.workflows.naming import model_folder

    return checkpoint.load_processor(model_folder("tiny", online=False))


WORKS: dict[str, Callable[[Path], Iterable[tuple[Sequence[int], Sequence[bool]]]]] = {
    "ours": ours,
    "trl": trl,
}


def child(who: str, source: str) -> None:
    """One measured process."""
    import medgpt_cli.workflows.stage_data  # noqa: F401  (what the clock must not count)

    if who == "trl":
        import datasets  # noqa: F401
        from trl import SFTTrainer  # noqa: F401
    _processor()
    cpu = time.process_time()
    made = WORKS[who](Path(source))
    spent = time.process_time() - cpu
    peak = measuring.resident("VmHWM")
    digest, count = hashlib.sha256(), 0
    for ids, said in made:
        digest.update(json.dumps([list(ids), list(said)]).encode())
        count += 1
    found = {"cpu": spent, "peak_mb": peak / 2**20, "digest": digest.hexdigest(), "records": count}
    sys.stdout.write("\n" + json.dumps(found) + "\n")


def run(folder: Path, records: int = RECORDS) -> None:
    """Measures, writes `encode.json` into `folder`, and prints the table."""
    python = os.environ.get(TRL) or (sys.executable if measuring.installed("trl") else None)
    found: dict[str, list[dict[str, Any]]] = {"ours": []} | ({"trl": []} if python else {})
    with tempfile.TemporaryDirectory() as scratch:
        source = Path(scratch) / "source.jsonl"
        write_source(source, records)
        for turn in range(ROUNDS):
            for who in list(found)[:: 1 if turn % 2 == 0 else -1]:
                interpreter = python if who == "trl" and python else sys.executable
                found[who].append(
                    measuring.child(
                        "bench_encode", "--child", who, str(source), python=interpreter, threads=1
                    )
                )
    assert len({each["digest"] for rounds in found.values() for each in rounds}) == 1
    lines = {
        who: {word: median(each[word] for each in rounds) for word in ("cpu", "peak_mb")}
        for who, rounds in found.items()
    }
    document = {
        "what": "dialogues read and encoded a CPU-second, equal ids and masks",
        "records": records,
        "environment": measuring.environment("trl", "datasets"),
        "lines": lines,
        "not_run": {}
        if python
        else {"trl": f"it is not installed; name an interpreter that has it in {TRL}"},
    }
    measuring.write(folder, "encode", document)
    for who, line in lines.items():
        told = f"{who:5}  {records / line['cpu']:>8,.0f} records/CPU-s  peak {line['peak_mb']:,.0f} MB"
        sys.stdout.write(f"{told}  {line['cpu'] / lines['ours']['cpu']:.2f} x our time\n")
    for who, why in document["not_run"].items():
        sys.stdout.write(f"{who:5}  not run: {why}\n")


if __name__ == "__main__":
    if sys.argv[1] == "--child":
        child(*sys.argv[2:])
    else:
        run(Path(sys.argv[1]), *map(int, sys.argv[2:]))
