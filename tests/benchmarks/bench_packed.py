"""How far records that share a row are from what they are alone, by each way to keep them apart.

    python -m tests.benchmarks.bench_packed FOLDER

A small gpt-oss vision-language model, float32; mixed records with pictures and without, one behind the other.  Told is
the largest difference of any logit between the packed row and the records one by one (by stock eager attention), the
share of positions whose likeliest token changes, and the largest logit beside which the difference stands.  Position
ids that begin anew, and one 4-D block mask, are what other toolboxes do; the pair of masks is exact and quadratic.
Writes FOLDER/packed.json and prints a table.  Nothing is asserted here.
"""

from __future__ import annotations

import sys
import tempfile
from itertools import pairwise
from pathlib import Path
from typing import Any

import torch

from medgpt_cli.core import offline, tables
from medgpt_cli.data.batches import EncodedDataset, collate
from medgpt_cli.models.attention.closed import close_documents, document_numbers
from medgpt_cli.models.libraries import quiet_libraries
from tests.benchmarks.measuring import environment, write
from tests.benchmarks.step_material import model_and_processor, read_records, write_records

RECORDS = 6
VOCABULARY = "vocabulary 4,160"


def block_masks(bounds: torch.Tensor, window: int) -> dict[str, torch.Tensor]:
    """The masks of full and of sliding layers, (1, 1, S, S) of 0 and the lowest number."""
    number = document_numbers(bounds)
    place = torch.arange(len(number))
    behind = place[:, None] - place
    full = (number[:, None] == number) & (behind >= 0)
    lowest = torch.finfo(torch.float32).min
    return {
        name: torch.zeros(seen.shape).masked_fill_(~seen, lowest)[None, None]
        for name, seen in (("full_attention", full), ("sliding_attention", full & (behind < window)))
    }


def run(folder: Path) -> None:
    """Measures, writes `packed.json` into `folder`, and prints the table."""
    offline.go_offline()
    quiet_libraries()
    model, processor = model_and_processor(VOCABULARY)
    model.eval()
    with tempfile.TemporaryDirectory() as held, torch.no_grad():
        records, pixels = read_records(write_records(Path(held), RECORDS, seed=0), processor)
        rows = EncodedDataset(records, pixels)
        items = [rows[number] for number in range(len(records))]
        alone = torch.cat([logits(model, collate([item])) for item in items], dim=1)
        row = collate(items)
        bounds = row["cu_seq_lens_q"]
        masks = block_masks(bounds, model.config.text_config.sliding_window)
        packed = {
            "position ids alone (stock)": logits(model, row, position_ids=row["position_ids"]),
            "one 4-D mask": logits(
                model, row, position_ids=row["position_ids"], attention_mask=masks["full_attention"]
            ),
            "a pair of 4-D masks": logits(
                model, row, position_ids=row["position_ids"], attention_mask=masks
            ),
        }
        close_documents(model)
        packed["medgpt"] = logits(
            model, row, position_ids=row["position_ids"], cu_seq_lens_q=row["cu_seq_lens_q"]
        )
    found = {
        name: {
            "largest_difference": float((each - alone).abs().max()),
            "changed": float((each.argmax(-1) != alone.argmax(-1)).float().mean()),
        }
        for name, each in packed.items()
    }
    document = {
        "what": "packed logits less those of the same records alone",
        "lengths": [int(end - start) for start, end in pairwise(bounds.tolist())],
        "largest_logit": float(alone.abs().max()),
        **environment(),
        "ways": found,
    }
    write(folder, "packed", document)
    lines = [
        (name, f"{each['largest_difference']:.1e}", f"{each['changed']:.1%}")
        for name, each in found.items()
    ]
    heads = ("kept apart by", f"largest difference (of {alone.abs().max():.1f})", "likeliest changed")
    sys.stdout.write(tables.aligned(heads, lines) + "\n")


def logits(model: Any, row: dict[str, Any], **words: Any) -> torch.Tensor:
    """The logits of a row, (1, S, V)."""
    out: torch.Tensor = model(
        input_ids=row["input_ids"], pixel_values=row.get("pixel_values"), use_cache=False, **words
    ).logits
    return out


if __name__ == "__main__":
    run(Path(sys.argv[1]))
