"""`make bench`: every benchmark of this folder, one after the other, its JSON and its table into one folder.

python -m tests.benchmarks FOLDER
"""

from __future__ import annotations

import sys
from pathlib import Path

from tests.benchmarks import (
    bench_attention,
    bench_decode,
    bench_duplicates,
    bench_eval,
    bench_help,
    bench_loss,
    bench_mxfp4,
    bench_packed,
    bench_plan,
    bench_prep,
    bench_records,
    bench_resume,
    bench_train,
    leaks,
    phi,
)

if __name__ == "__main__":
    for bench in (
        bench_help,
        bench_records,
        bench_duplicates,
        phi,
        leaks,
        bench_prep,
        bench_plan,
        bench_packed,
        bench_attention,
        bench_loss,
        bench_mxfp4,
        bench_resume,
        bench_train,
        bench_eval,
        bench_decode,
    ):
        sys.stdout.write(f"\n{bench.__name__.rpartition('.')[2]}\n")
        bench.run(Path(sys.argv[1]))
