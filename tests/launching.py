"""Command lines run by several real processes that meet under gloo, as torchrun starts them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

CHILD = """
import json, sys
from medgpt_cli.app import main
for words in json.loads(sys.argv[1]):
    if code := main(words):
        print("the line was", *words, file=sys.stderr)
        sys.exit(code)
    from transformers.integrations.deepspeed import unset_hf_deepspeed_config
    unset_hf_deepspeed_config()  # or the next line's model would be made in shards before it is read
"""


def launch(
    folder: Path, *lines: Sequence[str], ranks: int = 2, child: str = CHILD
) -> subprocess.CompletedProcess[str]:
    """Runs lines one after another in the same processes.

    Args:
        folder: Where they run, and where the program of the processes is written.
        lines: The words of each line.
        ranks: How many processes meet.
        child: What each process runs; it gets the lines as JSON.
    """
    (folder / "child.py").write_text(child)
    launcher = ["torch.distributed.run", "--nproc-per-node", str(ranks), "--standalone"]
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", *launcher, "child.py", json.dumps(lines)],
        cwd=folder,
        env=os.environ | {"OMP_NUM_THREADS": "1", "DS_ACCELERATOR": "cpu", "PYTHONWARNINGS": "ignore"},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done
