"""Everything cheap that can be wrong with a pipeline, found before its first step and told at once."""

from __future__ import annotations

from pathlib import Path

from medgpt_cli.core.errors import Complaint, InputError, MedGPTError, NotThere
from medgpt_cli.workflows.eval_settings import Backing, Keeping, settings_of
from medgpt_cli.workflows.eval_tasks import tasks_of
from medgpt_cli.workflows.naming import model_folder, named_model
from medgpt_cli.workflows.pipeline.planning import Pipeline
from medgpt_cli.workflows.pipeline.steps import DATA, Step
from medgpt_cli.workflows.training_files import require_files


def check(pipeline: Pipeline, *, online: bool) -> None:
    """Refuses a pipeline that would fail later for something that can be seen now.

    Args:
        pipeline: What is to be walked.
        online: Whether a hub id may be fetched.

    Raises:
        NotThere: Data, a model or questions are not there; all of it is in the error.
    """
    found: list[Complaint] = []
    if pipeline.missing:
        found.append(
            Complaint(
                f"no training data was named for {', '.join(pipeline.missing)}",
                repair="name it with --data, or in data.mix",
            )
        )
    made = [step.out for step in pipeline.steps if step.stage == DATA]
    for step in pipeline.steps:
        if step.stage == DATA:
            found += _sources(step)
        else:
            found += _data(step, made)
    try:
        _require_start(pipeline, online=online)
    except MedGPTError as error:
        if error.exit_code != NotThere.exit_code:
            raise
        found.append(_complaint(pipeline.training[0].name, error))
    if pipeline.scoring is not None:
        found += _questions(pipeline.scoring)
    if found:
        raise NotThere("the pipeline cannot begin", complaints=list(dict.fromkeys(found)))


def _complaint(where: str, error: MedGPTError) -> Complaint:
    what = f"{error.where}  {error.what}" if error.where else error.what
    return Complaint(what, where, error.repair)


def _sources(step: Step) -> list[Complaint]:
    paths = [source.path for source in step.resolved.recipe.data.sources]
    paths += step.resolved.recipe.data.against
    return [
        Complaint(f"no such file or folder: {path}", step.name)
        for path in paths
        if not Path(path).exists()
    ]


def _data(step: Step, made: list[Path]) -> list[Complaint]:
    found = []
    data = step.resolved.recipe.data
    for path in map(Path, [*(part.path for part in data.mix), *data.validation]):
        if path in made:
            continue
        try:
            require_files([path])
        except NotThere as error:
            found.append(_complaint(step.name, error))
    found += [
        Complaint(f"no such file or folder: {path}", step.name)
        for path in data.against
        if not Path(path).exists()
    ]
    return found


def _require_start(pipeline: Pipeline, *, online: bool) -> None:
    chosen = pipeline.training[0].resolved.recipe.model
    if pipeline.start is not None:
        named_model(pipeline.start, chosen.adapter, online=online)
        return
    for part in (chosen.llm, chosen.vision):
        model_folder(part, online=online)


def _questions(scoring: Step) -> list[Complaint]:
    try:
        tasks_of(
            settings_of(
                scoring.source,
                scoring.words,
                {"--task": list(scoring.tasks)},
                Backing(),
                Keeping(),
            )
        )
    except InputError as error:
        return [_complaint(scoring.name, error)]
    return []
