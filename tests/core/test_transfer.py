from __future__ import annotations

import pytest

from medgpt_cli.core.errors import BadRecipe, UsageError
from medgpt_cli.core.transfer import TransferRecipe, read_recipe

FIELDS = (
    "fields are seed, seeds, layer, batch_size, probe.c, probe.iterations, finetune.epochs, finetune.least_steps, "
    "finetune.patience, finetune.batch_size, finetune.lr, finetune.head_lr, finetune.weight_decay, finetune.warmup, "
    "finetune.clip, finetune.shift, finetune.zoom, finetune.tone"
)


def test_without_words_it_is_the_recipe_as_it_stands() -> None:
    assert read_recipe([]) == TransferRecipe()


def test_words_change_fields() -> None:
    found = read_recipe(["seeds=5", "probe.c=[1, 0.5]", "finetune.lr=1e-5", "finetune.epochs=2"])
    assert found.seeds == 5
    assert found.probe.c == (1.0, 0.5)
    assert found.finetune.lr == 1e-5
    assert found.finetune.epochs == 2
    assert found.finetune.head_lr == TransferRecipe().finetune.head_lr


def test_everything_wrong_is_told_at_once() -> None:
    with pytest.raises(BadRecipe) as caught:
        read_recipe(["finetune.learning=1", "seeds=0", "probe.c=[]", "layer=two", "probe.iterations=[1"])
    assert str(caught.value) == (
        "probe.iterations  cannot be read: expected ',' or ']', but got '<stream end>'; put the value in quotes\n"
        "seeds  must be greater than 0\n"
        "layer  must be a valid integer\n"
        "probe.c  Tuple should have at least 1 item after validation, not 0\n"
        "finetune.learning  there is no such field; did you mean finetune.lr?\n"
        "the recipe of a transfer cannot be changed in this way\n" + FIELDS
    )


def test_a_field_of_a_field_that_is_no_section_is_refused() -> None:
    with pytest.raises(BadRecipe, match=r"seeds.more  is set as a field and as a section"):
        read_recipe(["seeds=3", "seeds.more=1"])


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["seeds"], "seeds is not KEY=VALUE\na recipe field is set like train.lr=1e-5"),
        (["seeds=1", "seeds=2"], "seeds=1 and seeds=2 set the same field\ngive one of them"),
    ],
)
def test_words_that_are_none_are_a_matter_of_usage(words: list[str], says: str) -> None:
    with pytest.raises(UsageError) as caught:
        read_recipe(words)
    assert str(caught.value) == says
