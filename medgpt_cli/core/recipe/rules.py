"""Rules between fields, checked on the plain tree so that they are reported together with wrong types.

A rule whose fields have the wrong type stays silent: that fault is reported already.  Rules for a single
field stand at the field, in `sections`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from medgpt_cli.core.recipe.alternatives import none_is_given
from medgpt_cli.core.recipe.layers import DEFAULT, Fault, Sheet
from medgpt_cli.core.recipe.lora_rules import lora_rules
from medgpt_cli.core.recipe.qat_rules import rounded_experts_learn
from medgpt_cli.core.recipe.yaml12 import Keys

RECORD_FILES = (".jsonl", ".json", ".jsonl.gz", ".json.gz")
"""Endings of what is a file of records; another path may be a prepared set."""
PARTS = ("vision", "projector", "llm", "experts", "router")


def conflicts(sheet: Sheet) -> Iterator[Fault]:
    """Every rule that the values break."""
    for rule in RULES:
        yield from rule(sheet)


def something_learns(sheet: Sheet) -> Iterator[Fault]:
    """At least one part must learn; experts and router that are empty follow the language model."""
    places: list[Keys] = [("parts", part, "train") for part in PARTS]
    vision, projector, llm, experts, router = (sheet.get(place) for place in places)
    if not (
        vision is projector is llm is False and experts in (False, None) and router in (False, None)
    ):
        return
    written = [place for place in places if sheet.origin(place) is not DEFAULT]
    last = max(written, key=lambda place: sheet.origin(place).order, default=("parts",))
    yield (
        last,
        "every part is frozen, so nothing would be trained",
        "set train: true for one of " + ", ".join(PARTS),
    )


def whole_or_composed(sheet: Sheet) -> Iterator[Fault]:
    """A model is either a whole `base` or composed of `llm` and `vision`."""
    base, llm, vision = (sheet.get(("model", name)) for name in ("base", "llm", "vision"))
    for name, part in (("llm", llm), ("vision", vision)):
        if isinstance(base, str) and isinstance(part, str):
            yield (
                ("model", name),
                "cannot stand beside model.base, which is a whole model",
                "remove one of them",
            )
    if base is None and isinstance(llm, str) and vision is None:
        yield ("model", "llm"), "needs a vision tower as well", "name it in model.vision"
    if base is None and isinstance(vision, str) and llm is None:
        yield ("model", "vision"), "needs a language model as well", "name it in model.llm"


def evaluation_has_data(sheet: Sheet) -> Iterator[Fault]:
    """Evaluating while training needs records that are not trained on; a prepared set may bring its own."""
    mix = sheet.get(("data", "mix"))
    paths = [each.get("path") for each in mix if isinstance(each, dict)] if isinstance(mix, list) else []
    if any(isinstance(path, str) and not path.endswith(RECORD_FILES) for path in paths):
        return
    if isinstance(sheet.get(("train", "eval_steps")), int) and sheet.get(("data", "validation")) == []:
        yield ("train", "eval_steps"), "needs records to evaluate on", "name them in data.validation"


def shares_are_told_once(sheet: Sheet) -> Iterator[Fault]:
    """Shares of the mix come from weights of all sources, or from a temperature, or from sizes."""
    mix = sheet.get(("data", "mix"))
    if not isinstance(mix, list) or not all(isinstance(each, dict) for each in mix):
        return
    weighted = [each.get("weight") is not None for each in mix]
    if any(weighted) and not all(weighted):
        yield (
            ("data", "mix", weighted.index(False)),
            "has no weight, and others have one",
            "give every source a weight, or none",
        )
    if any(weighted) and sheet.get(("data", "temperature")) is not None:
        yield (
            ("data", "temperature"),
            "cannot stand beside weights, which are the shares already",
            "remove one of the two",
        )


def balance_sees_whole_rows(sheet: Sheet) -> Iterator[Fault]:
    """The router's balance is told of a whole row, which no rank of several that share it sees."""
    aux, together = sheet.get(("train", "router_aux")), sheet.get(("engine", "sequence_parallel"))
    if isinstance(aux, int | float) and isinstance(together, int) and aux > 0 and together > 1:
        yield (
            ("train", "router_aux"),
            "needs whole rows, and engine.sequence_parallel cuts them",
            "set one of them to its default",
        )


def offloading_is_deepspeeds(sheet: Sheet) -> Iterator[Fault]:
    """DeepSpeed alone offloads, and parameters only where it shares them; else nothing would happen."""
    offload, place = sheet.get(("engine", "offload")), ("engine", "offload")
    if offload not in ("optimizer", "parameters"):
        return
    if sheet.get(("engine", "deepspeed")) is False:
        yield place, "does nothing without DeepSpeed", "set engine.deepspeed=true"
    elif offload == "parameters" and sheet.get(("engine", "zero")) in (1, 2):
        yield (
            place,
            "parameters are offloaded by ZeRO-3 alone",
            "set engine.zero=3, or offload=optimizer",
        )


def yarn_has_a_factor(sheet: Sheet) -> Iterator[Fault]:
    """The original length alone stretches nothing."""
    if isinstance(sheet.get(("model", "yarn", "original")), int) and (
        sheet.get(("model", "yarn", "factor")) is None
    ):
        yield ("model", "yarn", "original"), "stretches nothing alone", "give model.yarn.factor too"


def shares_add_up(sheet: Sheet) -> Iterator[Fault]:
    """The shares of the splits are of one whole."""
    shares = [sheet.get(("splits", name)) for name in ("train", "validation", "test")]
    if not all(isinstance(share, int | float) and not isinstance(share, bool) for share in shares):
        return
    if abs(sum(shares) - 1) > 1e-9:
        yield ("splits",), "the shares of train, validation and test do not add up to 1", ""


def attested_as_a_whole(sheet: Sheet) -> Iterator[Fault]:
    """An attestation names who, why and what."""
    words = ("by", "basis", "classes")
    values = [sheet.get(("gates", "phi", "attest", word)) for word in words]
    if any(values) and not all(values):
        missing = [word for word, value in zip(words, values, strict=True) if not value]
        yield (
            ("gates", "phi", "attest"),
            f"is half an attestation: {' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} empty",
            "name who answers (by), on what ground (basis) and which identifiers (classes)",
        )


def best_is_measured(sheet: Sheet) -> Iterator[Fault]:
    """The best checkpoint is known only where the loss on other records is measured."""
    if sheet.get(("train", "keep_best")) is True and sheet.get(("train", "eval_steps")) is None:
        yield ("train", "keep_best"), "needs evaluations to compare", "set train.eval_steps"


def rows_make_up_the_step(sheet: Sheet) -> Iterator[Fault]:
    """Packed rows are whole, and each forward pass of a step takes as many; devices are counted once they are known."""
    words = ("batch_tokens", "max_length", "accumulate")
    tokens, length, passes = (sheet.get(("train", word)) for word in words)
    if sheet.get(("train", "packing")) is not True or not all(
        isinstance(value, int) and value > 0 for value in (tokens, length, passes)
    ):
        return
    one = length * passes
    if tokens % one:
        near = ", ".join(str(each) for each in (tokens // one * one, (tokens // one + 1) * one) if each)
        yield (
            ("train", "batch_tokens"),
            f"must be a multiple of train.max_length times train.accumulate, {one:,}, where rows are packed",
            f"such as {near}",
        )


def attention_keeps_records_apart(sheet: Sheet) -> Iterator[Fault]:
    """Eager attention takes a row for one document, and only ours shares a row among processes."""
    word, place = sheet.get(("model", "attention")), ("model", "attention")
    together = sheet.get(("engine", "sequence_parallel"))
    if word in ("eager", "flash") and isinstance(together, int) and together > 1:
        yield (
            place,
            "cannot share a row among processes",
            "set it to ours, or engine.sequence_parallel=1",
        )
    if word != "eager":
        return
    if sheet.get(("train", "packing")) is True:
        yield (
            place,
            "packed records would see each other: eager attention takes a row for one record",
            "set it to ours, or train.packing=false",
        )
    elif sheet.get(("train", "batch_size")) != 1:
        yield (
            place,
            "records of one forward pass stand in one row, and by eager attention would see each other",
            "set it to ours, or train.batch_size=1 and as many train.accumulate",
        )


def examples_stay_with_their_question(sheet: Sheet) -> Iterator[Fault]:
    """A record parted for its length would lose the examples it is asked after."""
    mix = sheet.get(("data", "mix"))
    if sheet.get(("train", "overlong")) != "split" or not isinstance(mix, list):
        return
    for number, each in enumerate(mix):
        if isinstance(each, dict) and each.get("shots"):
            yield (
                ("data", "mix", number, "shots"),
                "cannot stand beside train.overlong=split, which would part records from their examples",
                "set one of them to its default",
            )


def only_gguf_is_quantised(sheet: Sheet) -> Iterator[Fault]:
    """Other layouts keep the numbers the weights have, or are named for theirs."""
    if sheet.get(("export", "quantise")) is not None and sheet.get(("export", "to")) != "gguf":
        yield ("export", "quantise"), "is for export.to: gguf alone", "remove it, or write gguf"


RULES: tuple[Callable[[Sheet], Iterator[Fault]], ...] = (
    something_learns,
    whole_or_composed,
    evaluation_has_data,
    best_is_measured,
    attested_as_a_whole,
    shares_are_told_once,
    shares_add_up,
    balance_sees_whole_rows,
    offloading_is_deepspeeds,
    yarn_has_a_factor,
    none_is_given,
    rows_make_up_the_step,
    attention_keeps_records_apart,
    examples_stay_with_their_question,
    rounded_experts_learn,
    only_gguf_is_quantised,
    lora_rules,
)
