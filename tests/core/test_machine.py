"""Container limits, read from made-up system files of both versions of control groups."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from medgpt_cli.core import machine

KIB = 1024


def system(root: Path, cgroup: str, **files: str) -> Path:
    (root / "proc/self").mkdir(parents=True)
    (root / "proc/meminfo").write_text("MemTotal:  8000 kB\nMemFree: 1 kB\nMemAvailable:  6000 kB\n")
    (root / "proc/self/cgroup").write_text(cgroup)
    for name, text in files.items():
        path = root / "sys/fs/cgroup" / name.replace("__", "/").replace("_dot_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


@pytest.mark.parametrize(
    ("cgroup", "files", "cores", "total"),
    [
        ("0::/\n", {}, None, 8000),
        ("0::/\n", {"cpu_dot_max": "max 100000\n", "memory_dot_max": "max\n"}, None, 8000),
        ("0::/\n", {"cpu_dot_max": "150000 100000\n"}, 1.5, 8000),
        # The smallest limit on the way up holds.
        (
            "0::/a/b\n",
            {"a__cpu_dot_max": "50000 100000", "a__b__cpu_dot_max": "90000 100000"},
            0.5,
            8000,
        ),
        (
            "0::/a\n",
            {"memory_dot_max": str(4000 * KIB), "a__memory_dot_max": str(5000 * KIB)},
            None,
            4000,
        ),
        (
            "3:cpu,cpuacct:/x\n2:memory:/x\n1:name=systemd:/\n",
            {
                "cpu,cpuacct__x__cpu_dot_cfs_quota_us": "200000",
                "cpu,cpuacct__x__cpu_dot_cfs_period_us": "100000",
                "cpu,cpuacct__cpu_dot_cfs_quota_us": "-1",
                "cpu,cpuacct__cpu_dot_cfs_period_us": "100000",
                "memory__x__memory_dot_limit_in_bytes": str(3000 * KIB),
                "memory__memory_dot_limit_in_bytes": "9223372036854771712",
            },
            2.0,
            3000,
        ),
    ],
)
def test_limits(
    tmp_path: Path, cgroup: str, files: dict[str, str], cores: float | None, total: int
) -> None:
    root = system(tmp_path, cgroup, **files)
    assert machine.cores(root).limit == cores
    assert machine.memory(root) == (total * KIB, min(6000, total) * KIB)


def test_a_system_without_control_groups(tmp_path: Path) -> None:
    root = system(tmp_path, "")
    (root / "proc/self/cgroup").unlink()
    assert machine.cores(root) == (len(os.sched_getaffinity(0)), os.cpu_count(), None)


def test_this_machine() -> None:
    found = machine.memory()
    assert 0 < found.available <= found.total
    assert machine.cores().usable >= 1


def test_free_space_of_a_folder_yet_to_be_made(tmp_path: Path) -> None:
    assert machine.disk_free(tmp_path / "not" / "yet") > 0
