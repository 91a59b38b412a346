"""The line that goes on with an evaluation says all that the recipe does not."""

import shlex
from pathlib import Path

import pytest

from medgpt_cli.core.errors import UsageError
from medgpt_cli.workflows.eval_settings import Backing, EvalSettings, Keeping, settings_of


def settings(
    backing: Backing | None = None, keeping: Keeping | None = None, **flags: object
) -> EvalSettings:
    return settings_of(None, (), flags, backing or Backing(), keeping or Keeping())


def test_the_line_names_who_answers_and_what_is_kept() -> None:
    backing = Backing("http://127.0.0.1:1/v1", "med 20b", "KEY", Path("k"), 336, online=True, cache=True)
    keeping = Keeping(text=True, overlap=False, extracted=Path("read"))
    line = settings(backing, keeping).again(Path("a b/recipe.json"), Path("a b"))
    assert shlex.split(line) == [
        "medgpt",
        "eval",
        "run",
        "--recipe=a b/recipe.json",
        "--endpoint=http://127.0.0.1:1/v1",
        "--endpoint-model=med 20b",
        "--endpoint-key=KEY",
        "--token-file=k",
        "--picture-size=336",
        "--online",
        "--cache",
        "--keep-text",
        "--no-overlap",
        "--extracted=read",
        "--out=a b",
        "--resume",
    ]
    assert settings().again(Path("o/recipe.json"), Path("o")) == (
        "medgpt eval run --recipe=o/recipe.json --out=o --resume"
    )


def test_flags_become_words_of_the_recipe() -> None:
    found = settings(**{"--task": ["slake"], "--data DIR": "sets", "--shots": 2, "--probe": ["swap"]})
    assert (found.asked.tasks, found.asked.shots, found.asked.probes) == (("slake",), 2, ("swap",))
    assert (found.task_settings.data, found.task_settings.shots) == (Path("sets"), 2)
    assert settings().task_settings.data == Path(".")


@pytest.mark.parametrize(
    ("backing", "keeping", "flags", "said"),
    [
        (Backing(), Keeping(resume=True), {}, "--resume needs to know which run"),
        (Backing(endpoint_key="KEY"), Keeping(), {}, "^--endpoint-key is of an endpoint"),
        (
            Backing(token_file=Path("k"), picture_size=8, online=True, cache=True),
            Keeping(),
            {},
            "^--token-file and --picture-size are of an endpoint",
        ),
        (
            Backing(endpoint="http://127.0.0.1:1/v1"),
            Keeping(),
            {"--model": "tiny"},
            "either a model here answers or an endpoint",
        ),
    ],
)
def test_words_that_mean_nothing_together(
    backing: Backing, keeping: Keeping, flags: dict[str, object], said: str
) -> None:
    with pytest.raises(UsageError, match=said):
        settings(backing, keeping, **flags)
