"""The last part of a rehearsal: the small model written for other programs, compared, verified, and its card made."""

from __future__ import annotations

from pathlib import Path

from medgpt_cli.workflows.pipeline import exporting, walking
from medgpt_cli.workflows.pipeline.steps import Step


def rehearse_export(step: Step, run: Path) -> str:
    """Exports a rehearsed run as a step says, and verifies it.

    Args:
        step: The export; its folder is written.
        run: The run, instead of the model that the step names.

    Returns:
        What was found, as a sentence.

    Raises:
        MedGPTError: Whatever the export itself would find.
    """
    kept = [word for word in step.words if word.partition("=")[0] not in ("export.scores", "model.base")]
    words = (*kept, "export.scores=[]", "model.adapter=")
    small = Step.read(step.name, step.source, step.out, words=words, model=str(run), stage=step.stage)
    with walking.aside():
        exporting.export(small, online=False)
    proof = exporting.told(small)["verification"]
    compared = "every tensor read back" if "max_logit" not in proof else "answers as the model does"
    return f"{step.name}: written as {small.resolved.recipe.export.to}, {compared}, verified"
