"""How fast duplicates are found: reports per CPU-second, beside datasketch, and time and memory as sets grow.

    python -m tests.benchmarks.bench_duplicates FOLDER [ROUNDS]

Prints and clusters of generated reports (100 words, one in ten a near-copy), CPU time of this process, the best of the
rounds; the same signatures by datasketch, where it is installed, over fewer reports since it is slower.  Clusters of
10^4, 10^5 and 10^6 signatures run in a process each, which tells its own peak memory.  Pictures are drawn.  Writes
FOLDER/duplicates.json and prints a table.  Nothing is asserted here.
"""

from __future__ import annotations

import json
import platform
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from medgpt_cli.core import tables
from medgpt_cli.data.duplicates.near_pictures import PictureIndex, cluster_pictures
from medgpt_cli.data.duplicates.near_texts import cluster_texts
from medgpt_cli.data.duplicates.pictures import crop_prints, image_print
from medgpt_cli.data.duplicates.texts import text_prints
from tests.pictures import film

ROUNDS = 3
REPORTS, PEER_REPORTS, PICTURES = 20_000, 2_000, 30
SIZES = (10_000, 100_000, 1_000_000)
VOCABULARY = [f"finding{number}" for number in range(5000)]


def reports(count: int) -> list[str]:
    """Reports of 100 words; every tenth is the one before it with a word changed."""
    draw = random.Random(0)
    texts: list[str] = []
    while len(texts) < count:
        said = draw.choices(VOCABULARY, k=100)
        if len(texts) % 10 == 9:
            said = texts[-1].split()
            said[draw.randrange(100)] = "changed"
        texts.append(" ".join(said))
    return texts


def best(work: Callable[[], Any], rounds: int) -> float:
    """CPU seconds of the quickest round."""
    taken = []
    for _ in range(rounds):
        began = time.process_time()
        work()
        taken.append(time.process_time() - began)
    return min(taken)


def of_texts(texts: list[str]) -> None:
    """Prints and clusters, as `data prep` makes them."""
    prints = text_prints(texts)
    exact = np.frombuffer(b"".join(each.exact for each in prints), dtype="V16")
    signed = np.frombuffer(b"".join(each.signature for each in prints), np.uint8).reshape(-1, 128)
    cluster_texts(exact, signed)


def by_datasketch(texts: list[str]) -> None:
    """The same: five-word shingles, 128 permutations, an index over bands."""
    from datasketch import MinHash, MinHashLSH

    index = MinHashLSH(threshold=0.8, num_perm=128)
    for number, text in enumerate(texts):
        said = text.split()
        signature = MinHash(num_perm=128)
        signature.update_batch([" ".join(said[at : at + 5]).encode() for at in range(len(said) - 4)])
        index.query(signature)
        index.insert(str(number), signature)


def write_signatures(path: Path, size: int) -> None:
    """A file of signatures, one in ten of them twice."""
    draw = np.random.default_rng(0)
    held = np.lib.format.open_memmap(path, mode="w+", dtype=np.uint8, shape=(size, 128))
    for start in range(0, size, 10_000):
        held[start : start + 10_000] = draw.integers(0, 256, (10_000, 128), dtype=np.uint8)
    held[size // 2 : size // 2 + size // 10] = held[: size // 10]
    held.flush()


def cluster_alone(path: Path) -> dict[str, float]:
    """Clusters the signatures of a file in this process: CPU seconds, the rise of peak memory, file included."""
    signatures = np.load(path, mmap_mode="r")
    size = len(signatures)
    exact = np.random.default_rng(1).integers(0, 2**63, (size, 2), dtype=np.uint64).view("V16")[:, 0]
    before = peak()
    began = time.process_time()
    labels = cluster_texts(exact, signatures)
    seconds = time.process_time() - began
    assert (labels != np.arange(size)).sum() == size // 10
    return {"signatures": size, "cpu_seconds": seconds, "megabytes_more": peak() - before}


def peak() -> float:
    """The largest memory of this process so far, in megabytes; what came before `exec` does not count."""
    told = Path("/proc/self/status").read_text()
    return int(told.split("VmHWM:")[1].split()[0]) / 1024


def run(folder: Path, rounds: int = ROUNDS) -> None:
    """Measures, writes `duplicates.json` into `folder`, and prints the table."""
    texts = reports(REPORTS)
    pictures = [film(seed, 1024, 896) for seed in range(PICTURES)]
    draw = np.random.default_rng(0)
    stored = draw.integers(0, 256, (200_000, 32), dtype=np.uint8)
    index = PictureIndex(stored)
    nowhere = np.zeros(len(stored), np.float32)
    measured = {
        "reports/s": REPORTS / best(lambda: of_texts(texts), rounds),
        "pictures/s, decoded 1024 x 896": PICTURES
        / best(lambda: [crop_prints(image_print(each).thumbnail) for each in pictures], rounds),
        "picture look-ups/s among 200,000 prints": 100
        / best(lambda: [index.near(stored[at : at + 4]) for at in range(0, 400, 4)], rounds),
        "pictures clustered/s, 200,000": 200_000
        / best(lambda: cluster_pictures(stored, nowhere > 0, nowhere + 1), rounds),
    }
    peer: float | str = "not run: datasketch is not installed"
    if find_spec("datasketch"):
        peer = PEER_REPORTS / best(lambda: by_datasketch(texts[:PEER_REPORTS]), rounds)
    growth = []
    with tempfile.TemporaryDirectory() as held:
        for size in SIZES:
            write_signatures(Path(held) / "signatures.npy", size)
            line = [
                sys.executable,
                "-m",
                "tests.benchmarks.bench_duplicates",
                "--alone",
                f"{held}/signatures.npy",
            ]
            growth.append(
                json.loads(subprocess.run(line, capture_output=True, text=True, check=True).stdout)
            )
    document = {
        "what": "per CPU-second, best round",
        "rounds": rounds,
        "python": platform.python_version(),
        "machine": platform.platform(),
        **measured,
        "reports/s, datasketch": peer,
        "growth": growth,
    }
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "duplicates.json").write_text(json.dumps(document, indent=2) + "\n")
    rows = [(name, f"{value:,.0f}") for name, value in measured.items()]
    rows.append(("reports/s, datasketch", f"{peer:,.0f}" if isinstance(peer, float) else peer))
    rows += [
        (
            f"{each['signatures']:,} signatures clustered",
            f"{each['cpu_seconds']:.2f} s, {each['megabytes_more']:.0f} MB more",
        )
        for each in growth
    ]
    sys.stdout.write(tables.aligned(("duplicates", "per CPU-second"), rows) + "\n")


if __name__ == "__main__":
    if sys.argv[1] == "--alone":
        sys.stdout.write(json.dumps(cluster_alone(Path(sys.argv[2]))))
    else:
        run(Path(sys.argv[1]), *map(int, sys.argv[2:]))
