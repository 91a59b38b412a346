"""An export as a recipe and the words beside it say; a flag wins over both."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from medgpt_cli.core.recipe import read_recipe
from medgpt_cli.workflows.export import export_model


def run_export(
    *,
    recipe: str | None,
    overrides: Sequence[str],
    model: str | None,
    adapter: str | None,
    to: str | None,
    quantise: str | None,
    scores: Sequence[Path],
    allow: Sequence[str],
    out: Path,
    sign: Path | None = None,
    force: bool = False,
    online: bool = False,
    dry_run: bool = False,
    as_json: bool = False,
) -> None:
    """Reads the recipe, and exports.

    Args:
        recipe: A recipe's name or file; None for the defaults.
        overrides: KEY=VALUE words as typed.
        model: Instead of the recipe's; the others as `export_model` says.
        adapter: Instead of the recipe's.
        to: Instead of the recipe's.
        quantise: Instead of the recipe's.
        scores: Instead of the recipe's, where any are given.
        allow: Instead of the recipe's, where any are given.
        out: The folder to write.
        sign: Key that signs it; recipes name none, since they are passed on.
        force: Overwrite an earlier export.
        online: Whether a hub id may be fetched.
        dry_run: Say what would be written, and write nothing.
        as_json: Print one JSON document.

    Raises:
        BadRecipe: The recipe or a word is wrong.
        MedGPTError: As `export_model` says.
    """
    flags = {"--model": model, "--adapter": adapter}
    asked = read_recipe(recipe, stage="export", overrides=overrides, flags=flags).recipe
    export_model(
        ref=asked.model.base,
        adapter=asked.model.adapter,
        to=to or asked.export.to,
        quantise=quantise or asked.export.quantise,
        out=out,
        scores=scores or [Path(path) for path in asked.export.scores],
        allow=allow or asked.export.allow,
        sign=sign,
        force=force,
        online=online,
        dry_run=dry_run,
        as_json=as_json,
    )
