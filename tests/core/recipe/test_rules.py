"""Each rule, broken and just kept."""

from __future__ import annotations

from typing import Any

import pytest

from medgpt_cli.core.recipe.layers import DEFAULT, Origin, Sheet
from medgpt_cli.core.recipe.rules import conflicts
from medgpt_cli.core.recipe.stages import defaults

FILE = Origin("r.yaml:1", "r.yaml:1", (2, 1))
FROZEN = {"vision": {"train": False}, "projector": {"train": False}, "llm": {"train": False}}


def broken(tree: dict[str, Any], stage: str = "sft") -> list[tuple[Any, str, str]]:
    sheet = Sheet()
    sheet.lay(defaults(stage), lambda _: DEFAULT)
    sheet.lay(tree, lambda _: FILE)
    return list(conflicts(sheet))


@pytest.mark.parametrize("stage", ["align", "midtrain", "sft"])
def test_defaults_break_no_rule(stage: str) -> None:
    assert broken({}, stage) == []


@pytest.mark.parametrize(
    ("parts", "place"),
    [
        (FROZEN, ("parts", "vision", "train")),
        (FROZEN | {"experts": {"train": False}}, ("parts", "vision", "train")),
    ],
)
def test_everything_frozen(parts: dict[str, Any], place: tuple[str, ...]) -> None:
    assert broken({"parts": parts}) == [
        (
            place,
            "every part is frozen, so nothing would be trained",
            "set train: true for one of vision, projector, llm, experts, router",
        )
    ]


@pytest.mark.parametrize("part", ["vision", "projector", "llm", "experts", "router"])
def test_one_part_that_learns_is_enough(part: str) -> None:
    assert broken({"parts": FROZEN | {part: {"train": True}}}) == []


def test_experts_follow_the_language_model() -> None:
    learning = FROZEN | {"llm": {"train": True}}
    assert broken({"parts": learning}) == []


def test_a_frozen_projector_in_align_names_the_projector() -> None:
    [(place, _, _)] = broken({"parts": {"projector": {"train": False}}}, "align")
    assert place == ("parts", "projector", "train")


BOTH = "cannot stand beside model.base, which is a whole model"


@pytest.mark.parametrize(
    ("model", "found"),
    [
        (
            {"base": "a", "llm": "b", "vision": "c"},
            [
                (("model", "llm"), BOTH, "remove one of them"),
                (("model", "vision"), BOTH, "remove one of them"),
            ],
        ),
        ({"base": "a", "vision": "c"}, [(("model", "vision"), BOTH, "remove one of them")]),
        ({"llm": "b"}, [(("model", "llm"), "needs a vision tower as well", "name it in model.vision")]),
        (
            {"vision": "c"},
            [(("model", "vision"), "needs a language model as well", "name it in model.llm")],
        ),
        ({"llm": "b", "vision": "c"}, []),
        ({"base": "a"}, []),
        ({"base": "a", "llm": 5}, []),  # a wrong type is reported elsewhere
    ],
)
def test_whole_or_composed(model: dict[str, Any], found: list[Any]) -> None:
    assert broken({"model": model}) == found


@pytest.mark.parametrize(
    ("tree", "count"),
    [
        ({"train": {"eval_steps": 5}}, 1),
        ({"train": {"eval_steps": 5}, "data": {"validation": ["a.jsonl"]}}, 0),
        ({"train": {"eval_steps": "5"}}, 0),
        ({"data": {"validation": ["a.jsonl"]}}, 0),
    ],
)
def test_evaluation_has_data(tree: dict[str, Any], count: int) -> None:
    expected = (("train", "eval_steps"), "needs records to evaluate on", "name them in data.validation")
    assert broken(tree) == [expected] * count


def mix(*weights: float | None) -> list[dict[str, Any]]:
    return [{"path": "a", "weight": weight} for weight in weights]


@pytest.mark.parametrize(
    "data",
    [
        {"mix": mix(1.0, 2.0)},
        {"mix": mix(None, None), "temperature": 2.0},
        {"mix": [{"path": "a"}, {"path": "b", "cap": 3}]},
        {"mix": ["not a section", {"path": "a", "weight": 1.0}]},
    ],
)
def test_shares_told_once(data: dict[str, Any]) -> None:
    assert broken({"data": data}) == []


def test_shares_told_by_some_sources_or_twice() -> None:
    assert broken({"data": {"mix": mix(1.0, None), "temperature": 2.0}}) == [
        (
            ("data", "mix", 1),
            "has no weight, and others have one",
            "give every source a weight, or none",
        ),
        (
            ("data", "temperature"),
            "cannot stand beside weights, which are the shares already",
            "remove one of the two",
        ),
    ]


def test_the_best_checkpoint_needs_evaluations() -> None:
    watched = {"data": {"validation": ["v.jsonl"]}}
    assert broken(watched | {"train": {"keep_best": True}}) == [
        (("train", "keep_best"), "needs evaluations to compare", "set train.eval_steps")
    ]
    assert broken(watched | {"train": {"keep_best": True, "eval_steps": 5}}) == []


def test_an_original_length_alone_stretches_nothing() -> None:
    assert broken({"model": {"yarn": {"original": 2048}}}) == [
        (("model", "yarn", "original"), "stretches nothing alone", "give model.yarn.factor too")
    ]
    assert broken({"model": {"yarn": {"original": 2048, "factor": 4.0}}}) == []


def test_the_routers_balance_needs_whole_rows() -> None:
    cut = {"engine": {"sequence_parallel": 2}}
    [(place, what, _)] = broken(cut | {"train": {"router_aux": 0.01}})
    assert place == ("train", "router_aux")
    assert what == "needs whole rows, and engine.sequence_parallel cuts them"
    assert broken(cut) == broken({"train": {"router_aux": 0.01}}) == []


@pytest.mark.parametrize(
    ("tree", "reason", "repair"),
    [
        (
            {"model": {"attention": "eager"}, "train": {"packing": True, "batch_size": 1}},
            "packed records would see each other: eager attention takes a row for one record",
            "set it to ours, or train.packing=false",
        ),
        (
            {"model": {"attention": "eager"}},
            "records of one forward pass stand in one row, and by eager attention would see each other",
            "set it to ours, or train.batch_size=1 and as many train.accumulate",
        ),
        (
            {"model": {"attention": "flash"}, "engine": {"sequence_parallel": 2}},
            "cannot share a row among processes",
            "set it to ours, or engine.sequence_parallel=1",
        ),
    ],
)
def test_attention_that_would_mix_records_is_refused(
    tree: dict[str, Any], reason: str, repair: str
) -> None:
    assert broken(tree) == [(("model", "attention"), reason, repair)]


def test_eager_attention_takes_one_record_at_a_time() -> None:
    assert broken({"model": {"attention": "eager"}, "train": {"batch_size": 1}}) == []


def test_a_record_is_not_parted_from_its_examples() -> None:
    mix = [{"path": "a"}, {"path": "b", "shots": 2}]
    [(place, reason, _)] = broken({"data": {"mix": mix}, "train": {"overlong": "split"}})
    assert place == ("data", "mix", 1, "shots")
    assert (
        reason
        == "cannot stand beside train.overlong=split, which would part records from their examples"
    )
    assert broken({"data": {"mix": mix[:1]}, "train": {"overlong": "split"}}) == []


def test_deepspeed_alone_offloads_and_zero_3_alone_parameters() -> None:
    def engine(**words: object) -> list[str]:
        return [what for place, what, _ in broken({"engine": words}) if place == ("engine", "offload")]

    assert engine(offload="optimizer") == ["does nothing without DeepSpeed"]
    assert engine(offload="optimizer", deepspeed=True, zero=2) == []
    assert engine(offload="parameters", deepspeed=True, zero=2) == [
        "parameters are offloaded by ZeRO-3 alone"
    ]
    assert engine(offload="parameters", deepspeed=True) == engine() == []
