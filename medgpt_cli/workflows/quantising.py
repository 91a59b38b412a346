"""A base that is kept in four bits while adapters learn beside it: whether it can be, how it is read, what is told.

The adapters learn what is missing beside the rounded base, so wherever they are added to weights later, these are
rounded first.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from medgpt_cli.core import console, distributed
from medgpt_cli.core.errors import BadRecipe
from medgpt_cli.core.four_bits import BYTES, MXFP4, NF4, Packed
from medgpt_cli.core.microscaling import BLOCK

if TYPE_CHECKING:
    from medgpt_cli.training.plan.shapes import Shape

FIELD = "lora.quantise_base"
WHAT = {MXFP4: "experts", NF4: "linear layers of the language model"}


def check_base(to: str | None, text: Any) -> None:
    """Refuses a format in which most of a model would stay as large as it is.

    Args:
        to: The recipe's `lora.quantise_base`.
        text: The configuration of the language model.

    Raises:
        BadRecipe: It is not for this model.
    """
    experts = getattr(text, "num_local_experts", None) or getattr(text, "num_experts", None)
    gpt_oss = text.model_type == "gpt_oss"
    if to == NF4 and experts:
        raise BadRecipe(
            f"nf4 packs linear layers alone, and the experts of a {text.model_type} model are none: bitsandbytes "
            "leaves them, most of its weights, in 16 bits without a word",
            where=FIELD,
            repair=f"set {FIELD}=mxfp4" if gpt_oss else "leave it empty",
        )
    if to != MXFP4:
        return
    if not gpt_oss:
        raise BadRecipe(
            f"mxfp4 is the format of gpt-oss's experts, and a {text.model_type} model has none",
            where=FIELD,
            repair="leave it empty" if experts else f"set {FIELD}=nf4, or leave it empty",
        )
    for name in ("hidden_size", "intermediate_size"):
        if getattr(text, name) % BLOCK:
            raise BadRecipe(
                f"experts cannot be packed: {name} {getattr(text, name)} is not a multiple of the {BLOCK} numbers "
                "that share a scale",
                where=FIELD,
                repair="leave it empty",
            )


def check_stated(to: str | None, config: Mapping[str, Any]) -> None:
    """The same for a model of which nothing is there but its configuration.

    Args:
        to: The recipe's `lora.quantise_base`.
        config: The `config.json` of the whole model.
    """
    from transformers import LlavaConfig

    if to is not None:
        stated = {key: each for key, each in config.items() if key != "quantization_config"}
        check_base(to, LlavaConfig(**stated).text_config)


def format_for(shape: Shape) -> Packed | None:
    """The format of four bits for a model with adapters, as far as it can be planned; None where there is none.

    Args:
        shape: The model.
    """
    d = shape.decoder
    if not shape.adapted:
        return None
    if not d.experts:
        return NF4
    whole_blocks = d.width % BLOCK == d.inner % BLOCK == 0
    return MXFP4 if d.sinks and whole_blocks else None


def require_format(to: str | None) -> None:
    """Refuses a machine that lacks what a format needs.

    Args:
        to: The recipe's `lora.quantise_base`.

    Raises:
        Missing: bitsandbytes is not installed.
    """
    if to == NF4:
        from medgpt_cli.models.quantised.nf4 import require_library

        require_library()


def load(folder: Path, to: str | None, *, dtype: Any = None) -> tuple[Any, Any]:
    """A checkpoint's model and processor, the model in four bits where that is asked for.

    Args:
        folder: The checkpoint.
        to: The recipe's `lora.quantise_base`.
        dtype: Of what is not packed; that of the files when None.
    """
    from medgpt_cli.models import checkpoint

    if to == MXFP4:
        from medgpt_cli.models.quantised import loading

        model, processor, told = loading.load(folder, dtype=dtype)
        model.quantised_base = told
    else:
        model, processor = checkpoint.load(folder, dtype=dtype)
    if to == NF4:
        from medgpt_cli.models.quantised import nf4

        model.quantised_base = nf4.quantise(model)
    return model, processor


def round_base(model: Any, to: str | None) -> None:
    """Rounds the weights of a whole model as they were while adapters learnt beside them, in place.

    Args:
        model: As its folder holds it, on the CPU, without adapters.
        to: The format; nothing happens when None.

    Raises:
        Missing: bitsandbytes is not installed.
    """
    if to == MXFP4:
        from medgpt_cli.training.qat import round_experts

        round_experts(model.state_dict().items())
    elif to == NF4:
        from medgpt_cli.models.quantised import nf4

        nf4.round_weights(model)


def told_of(model: Any) -> dict[str, Any] | None:
    """What became of a base that was read in four bits, as a manifest keeps it; None of another."""
    told = getattr(model, "quantised_base", None)
    return None if told is None else told.as_json()


def saved_by_packing(model: Any, width: int) -> float:
    """Bytes that a base in four bits takes less than one in a wider format.

    Args:
        model: As it was read.
        width: Bytes of a weight in the other format.
    """
    told = getattr(model, "quantised_base", None)
    return 0.0 if told is None else told.weights * (width - BYTES[told.to])


def format_behind(adapter: Path | None) -> str | None:
    """The format of the base beside which an adapter learnt; None where that was its own."""
    from medgpt_cli.workflows.lineage import read_manifest

    told = read_manifest(adapter).get("quantised_base") if adapter is not None else None
    return None if told is None else str(told["to"])


def tell_other(adapter: Path | None, to: str | None) -> None:
    """Says it where an adapter goes on beside a base in another format than it learnt beside.

    Args:
        adapter: The one that is gone on with.
        to: The recipe's `lora.quantise_base`.
    """
    before = format_behind(adapter)
    if adapter is not None and before != to and distributed.is_first():
        named = [each or "its own format" for each in (before, to)]
        console.warn(
            f"the adapter learnt beside a base in {named[0]}, and goes on beside it in {named[1]}"
        )


def sentence(told: dict[str, Any]) -> str:
    """What a person is told before the first step.

    Args:
        told: As `told_of` returns it.
    """
    how = [
        f"{told['kept']} tensors as their files hold them" if told["kept"] else "",
        f"{told['exact']} packed without changing a number" if told["exact"] else "",
        f"{told['rounded']} rounded, which changed them by {told['rounding_error']:.1%} of their norm"
        if told["rounded"]
        else "",
    ]
    return (
        f"{WHAT[told['to']]} are kept in {told['to'].upper()}, {told['weights']:,} weights of "
        f"{8 * BYTES[told['to']]:.4g} bits: {'; '.join(filter(None, how))}"
    )


def card_line(told: dict[str, Any]) -> str:
    """What the card of an adapter says of the base that it learnt beside.

    Args:
        told: As `told_of` returned it.
    """
    line = f"Learnt beside a base whose {WHAT[told['to']]} were kept in {told['to'].upper()}"
    if not told["rounded"]:
        return f"{line}, which holds their very numbers."
    return (
        f"{line}: rounding changed them by {told['rounding_error']:.2%} of their norm, and the adapters learnt beside "
        "what it left. medgpt rounds them again when it adds these, so a merged model keeps that change; a program "
        "that does not answers a little otherwise."
    )
