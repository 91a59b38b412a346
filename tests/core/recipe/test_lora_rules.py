from __future__ import annotations

from pathlib import Path

import pytest

from medgpt_cli.core.errors import BadRecipe
from medgpt_cli.core.recipe import read_recipe

ON = ["lora.r=8"]


def complaints(stage: str, *words: str) -> list[str]:
    with pytest.raises(BadRecipe) as error:
        read_recipe(None, stage=stage, overrides=list(words))
    return [str(each) for each in error.value.complaints]


@pytest.mark.parametrize("stage", ["align", "midtrain", "sft"])
def test_adapters_are_legal_in_every_stage_and_off_unless_asked_for(stage: str) -> None:
    assert read_recipe(None, stage=stage).recipe.lora.r is None
    words = [*ON, "parts.llm.train=true", "parts.vision.train=true"]
    assert read_recipe(None, stage=stage, overrides=words).recipe.lora.r == 8


def test_adapt_has_them_on() -> None:
    recipe = read_recipe(None, stage="adapt").recipe
    assert (recipe.lora.r, recipe.lora.targets, recipe.lora.experts) == (
        16,
        ("attention", "projector"),
        False,
    )
    assert not recipe.parts.vision.train


@pytest.mark.parametrize(
    ("stage", "words", "said"),
    [
        ("adapt", ["lora.r=0"], "lora.r=0  must be at least 1"),
        (
            "adapt",
            ["lora.r="],
            "lora.r=  is empty, and adapt trains adapters; give a rank, such as lora.r=16",
        ),
        (
            "sft",
            ["lora.dropout=0.1"],
            "lora.dropout=0.1  does nothing without adapters; give their rank too, such as lora.r=16",
        ),
        (
            "sft",
            [*ON, "lora.experts=true", "lora.dropout=0.1"],
            "lora.dropout=0.1  must be 0 with lora.experts: adapters of experts are added to weights, and have "
            "no input to drop; set one of them to its default",
        ),
        (
            "sft",
            [*ON, "lora.experts=true", "lora.dora=true"],
            "lora.dora=true  is not made for experts; set lora.dora=false or lora.experts=false",
        ),
        (
            "sft",
            [*ON, "lora.targets=[]", "parts.llm.train=false"],
            "lora.targets=[]  names nothing that could carry an adapter; such as [attention]",
        ),
        (
            "sft",
            [*ON, "lora.targets=[attention,router]"],
            "lora.targets=[attention,router] lora.targets.1  the router stays frozen beside adapters; leave it out",
        ),
        (
            "sft",
            [*ON, "lora.targets=[attention,lm_head]"],
            "lora.targets=[attention,lm_head] lora.targets.1  the head carries no adapter; leave it out",
        ),
        (
            "adapt",
            ["lora.targets=[attention,vision]"],
            "lora.targets=[attention,vision] lora.targets.1  vision carries adapters, and parts.vision.train is "
            "false, so they would not learn; set parts.vision.train=true, or leave vision out of lora.targets",
        ),
        (
            "adapt",
            ["parts.projector.train=false"],
            "parts.projector.train=false  projector carries adapters, and parts.projector.train is false, so they "
            "would not learn; set parts.projector.train=true, or leave projector out of lora.targets",
        ),
        (
            "sft",
            [*ON, "lora.experts=true", "parts.experts.train=false"],
            "lora.experts=true  experts carry adapters that would not learn; "
            "set parts.experts.train=true, or lora.experts=false",
        ),
        (
            "sft",
            [*ON, "parts.experts.train=true"],
            "parts.experts.train=true  beside adapters experts learn through their own alone, and have none; "
            "set lora.experts=true, or leave this empty",
        ),
        (
            "sft",
            [*ON, "parts.router.train=true"],
            "parts.router.train=true  the router stays frozen beside adapters; leave it empty",
        ),
        (
            "sft",
            [*ON, "train.router_aux=0.1"],
            "train.router_aux=0.1  balances a router, which is frozen beside adapters; set it to 0",
        ),
        (
            "sft",
            [*ON, "lora.targets=[projector]"],
            "lora.targets=[projector]  beside adapters the language model learns through its own alone, and has "
            "none; add attention, or set parts.llm.train=false",
        ),
        (
            "sft",
            [*ON, "lora.ranks.mlp=4"],
            "lora.ranks.mlp=4  is the rank of adapters that mlp does not carry; add mlp to lora.targets",
        ),
        (
            "sft",
            [*ON, "lora.ranks.experts=4"],
            "lora.ranks.experts=4  is the rank of adapters that experts does not carry; set lora.experts=true",
        ),
        (
            "sft",
            [*ON, "model.llm=a", "model.vision=b"],
            "model.llm=a  adapters need one whole model to belong to; join the parts first with medgpt compose, "
            "and name the result in model.base",
        ),
        (
            "sft",
            [*ON, "model.yarn.factor=2"],
            "model.yarn.factor=2  adapters belong to the model as it lies in its folder, and this changes its "
            "positions; stretch it in a stage without adapters first",
        ),
        (
            "sft",
            ["model.llm=a", "model.vision=b", "model.adapter=c"],
            "model.adapter=c  belongs to a whole model; name that in model.base, without model.llm",
        ),
    ],
)
def test_what_would_be_silently_left_undone_is_refused(stage: str, words: list[str], said: str) -> None:
    assert complaints(stage, *words) == [said]


def test_all_of_them_are_told_at_once_with_file_and_line(tmp_path: Path) -> None:
    (tmp_path / "ours.yaml").write_text(
        "stage: adapt\nlora:\n  experts: true\n  dropout: 0.1\n  ranks:\n    mlp: 4\n"
        "parts:\n  router:\n    train: true\n"
    )
    with pytest.raises(BadRecipe) as error:
        read_recipe(str(tmp_path / "ours.yaml"), stage="adapt")
    places = [each.where.removeprefix(f"{tmp_path}/") for each in error.value.complaints]
    assert places == [
        "ours.yaml:4 lora.dropout",
        "ours.yaml:6 lora.ranks.mlp",
        "ours.yaml:9 parts.router.train",
    ]


@pytest.mark.parametrize("word", ["lora.qlora=true", "lora.quantise=nf4", "model.load_in_4bit=true"])
def test_what_others_call_four_bits_is_pointed_to(word: str) -> None:
    assert complaints("adapt", word) == [
        f"{word}  no such field; adapters learn beside 4-bit weights with lora.quantise_base: mxfp4 for gpt-oss, whose "
        "stacked experts bitsandbytes would leave in 16 bits; nf4 for dense models"
    ]


@pytest.mark.parametrize(
    ("stage", "words", "said"),
    [
        (
            "sft",
            ["lora.quantise_base=nf4"],
            "does nothing without adapters; give their rank too, such as lora.r=16",
        ),
        (
            "adapt",
            ["lora.quantise_base=nf4", "lora.experts=true"],
            "packs linear layers alone: experts, which are none, would stay in 16 bits without a word; "
            "set lora.quantise_base=mxfp4 for a gpt-oss, or leave it empty",
        ),
        (
            "adapt",
            ["lora.quantise_base=mxfp4", "engine.deepspeed=true"],
            "keeps packed weights whole in every process, and engine.zero=3 would shard their bytes; "
            "set engine.zero=2 or engine.deepspeed=false, or leave it empty",
        ),
        ("adapt", ["lora.quantise_base=int8"], "must be mxfp4 or nf4"),
    ],
)
def test_four_bits_that_would_be_left_undone_are_refused(
    stage: str, words: list[str], said: str
) -> None:
    assert complaints(stage, *words) == [f"{words[0]}  {said}"]


def test_what_is_packed_is_not_rounded_again() -> None:
    words = ["lora.quantise_base=mxfp4", "lora.experts=true", "train.qat=mxfp4"]
    assert complaints("adapt", *words) == [
        "train.qat=mxfp4  rounds the sum of experts and adapters, which is never made beside packed experts; "
        "leave it empty, or lora.quantise_base"
    ]


def test_an_export_is_pointed_to_its_own_word_for_fewer_bits() -> None:
    (said,) = complaints("export", "model.quantise=q8_0")
    assert said == "model.quantise=q8_0  no such field; did you mean export.quantise?"


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("lora.target_modules=[q_proj]", "here it is called lora.targets"),
        ("lora.lora_alpha=3", "here it is called lora.alpha"),
        ("lora.target_parameters=[a]", "experts carry adapters with lora.experts=true"),
    ],
)
def test_what_peft_calls_a_field_is_pointed_to(word: str, meant: str) -> None:
    assert complaints("adapt", word) == [f"{word}  no such field; {meant}"]


def test_a_wrong_type_is_told_once() -> None:
    assert complaints("adapt", "lora.targets=attention") == [
        "lora.targets=attention  must be a list, not text"
    ]
