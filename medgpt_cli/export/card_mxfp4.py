"""What the card of a model with MXFP4 experts tells beside the rest: how others load it, and what rounding left."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

METHOD = {"quant_method": "gpt_oss_mxfp4"}
OVERRIDES = json.dumps(
    {
        "quantization_config": {**METHOD, "modules_to_not_convert": []},
        "text_config": {"quantization_config": METHOD},
    }
)
"""vLLM 0.32 takes the packed experts of a LLaVA model for another kind, unless it is told so."""
USE = f"""
Experts are MXFP4, the rest bfloat16.  transformers unpacks them on a CPU by itself; on a GPU with its MXFP4 kernels,
transformers 5.23 fails on a LLaVA model unless it is told to unpack them:
`from_pretrained(FOLDER, dtype="auto", quantization_config=Mxfp4Config(dequantize=True))`.

vLLM has to be told which packing it is.  The line was not tried here, for want of a GPU:
```
vllm serve FOLDER --reasoning-parser openai_gptoss --hf-overrides '{OVERRIDES}'
```"""


def told(found: Mapping[str, Any]) -> str:
    """What was measured of the rounding.

    Args:
        found: `verification` of the export's manifest.
    """
    away, experts = found["unrounded"], found["experts"]
    lines = [
        f"\nThat is beside the original with its experts rounded in memory.  Beside the original as it was: KL "
        f"{away['kl_mean']:.3g} on average and {away['kl_max']:.3g} at most, same first token at {away['top1']:.2%}, "
        f"same greedy answers at {away['greedy']:.2%} of their tokens.\n",
        f"Of the experts' tensors {experts['kept_bytes']} hold upstream's bytes, {experts['rounded_exactly']} were "
        f"packed again without changing a number, and {experts['rounded']} were rounded, by "
        f"{experts['rounding_error']:.2%} of their norm.\n",
    ]
    for each in experts["training"]:
        lines += [
            f"What training changed in them since {each['against']}, and what is left of it:\n",
            "| layer | change | codes changed | cosine | arrives |",
            "|---|---|---|---|---|",
            *(_row(layer, row) for layer, row in [*each["layers"].items(), ("all", each["total"])]),
            "",
        ]
    return "\n".join(lines)


def _row(layer: str, row: Mapping[str, float]) -> str:
    return (
        f"| {layer} | {row['delta']:.2%} | {row['codes_changed']:.2%} | {row['cosine']:.3f} | "
        f"{row['retained']:.0%} |"
    )
