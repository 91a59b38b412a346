from __future__ import annotations

import pytest

from medgpt_cli.core.errors import UsageError
from medgpt_cli.data.sources import registry
from medgpt_cli.data.sources.row import ALSO as ALSO_OF_SETS
from medgpt_cli.evaluation.items import ALSO, Kind
from medgpt_cli.evaluation.measures import MEASURES
from medgpt_cli.evaluation.tasks import catalogue
from medgpt_cli.evaluation.tasks.shared_prompts import PROMPTS

SOURCES = {adapter.name for adapter in registry.adapters()}


def test_the_facet_of_further_answers_is_that_of_the_sets() -> None:
    assert ALSO == ALSO_OF_SETS


@pytest.mark.parametrize("name", catalogue.names())
def test_a_task_names_only_what_there_is(name: str) -> None:
    task = catalogue.find(name)
    assert {*task.reads, *filter(None, [task.given])} <= SOURCES
    assert set(task.sources) <= SOURCES
    assert set(task.measured) <= set(MEASURES)
    assert set(task.measured) & {"exact", "rouge_l"} == {task.measured[0]}
    assert next(iter(task.prompts)) == "medgpt"
    assert task.put
    assert task.traps
    assert task.title


@pytest.mark.parametrize("name", catalogue.names())
def test_our_wording_says_what_form_the_answer_has(name: str) -> None:
    task = catalogue.find(name)
    words = {
        Kind.CHOICE: "letter",
        Kind.SHORT: "single word or a short phrase and nothing else",
        Kind.REPORT: "without a heading",
    }
    assert words[task.kind] in task.prompts["medgpt"].ask
    assert task.prompts["medgpt"].shuffle is None


def test_only_a_profile_that_says_so_shuffles() -> None:
    assert {name for name, prompt in PROMPTS.items() if prompt.shuffle is not None} == {
        "choice-shuffled"
    }


def test_a_word_near_a_name_is_answered_with_the_name() -> None:
    with pytest.raises(UsageError) as caught:
        catalogue.find("medxpertqa-m")
    assert (caught.value.what, caught.value.repair) == (
        "no task is called 'medxpertqa-m'",
        "did you mean medxpertqa-mm?",
    )
    with pytest.raises(UsageError) as caught:
        catalogue.find("zzzz")
    assert caught.value.repair == "medgpt eval list names them all"
