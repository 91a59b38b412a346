"""The card of an exported model: what it is for, what it was made of, and under which terms.

Everything in it was recorded by the runs behind the model; what nobody recorded is said to be unknown.  It names files
and hashes, and holds nothing of what records say.  This module is handed facts.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from medgpt_cli.export import card_mxfp4

INTENDED = """\
Research on medical images and texts: benchmarks, method development, and studies under a protocol that a person
answers for.  Not a medical device: it is not cleared for diagnosis, triage or treatment, and no patient's care may
rest on it.  Whoever puts it near patients answers for its validation there."""

LIMITS = """\
- It can be wrong in fluent sentences, invent findings, and overlook what is plain to see.
- It was tried on what the scores below name, and on nothing else.
- Weights can give training text back: share the folder only where the records themselves could be shared.
- Pictures are padded to a square of {size} x {size} pixels, never cropped; fine detail of large pictures is lost."""

USE = """\
```python
from transformers import AutoModelForImageTextToText, AutoProcessor

model = AutoModelForImageTextToText.from_pretrained(FOLDER, dtype="auto")
processor = AutoProcessor.from_pretrained(FOLDER)
asked = [{"role": "user", "content": [{"type": "image"}, {"type": "text", "text": "Describe this image."}]}]
prompt = processor.apply_chat_template(asked, add_generation_prompt=True)
inputs = processor(text=prompt, images=[picture], return_tensors="pt").to(model.dtype)
print(processor.decode(model.generate(**inputs, max_new_tokens=200)[0]))
```
`medgpt verify FOLDER` compares every file with its hash and walks what stands behind it; `sha256sum -c SHA256SUMS`
does the first without medgpt."""

USE_GGUF = """\
```
llama-server -m FOLDER/model.gguf --mmproj FOLDER/mmproj.gguf --jinja
```
It answers the OpenAI chat API, pictures as data URLs.  `Modelfile` is for Ollama, and experimental.
`medgpt verify FOLDER` compares every file with its hash and walks what stands behind it; `sha256sum -c SHA256SUMS`
does the first without medgpt."""


def card(facts: Mapping[str, Any]) -> str:
    """The card in Markdown, with the header that model hubs read.

    Args:
        facts: The manifest of the export: `name`, `to`, `model`, `lineage`, `gates`, `waivers`, `scores`,
            `verification`, `warnings`.
    """
    model, lineage = facts["model"], facts["lineage"]
    bases = [each["name"] for each in lineage if each["what"] in ("base", "llm", "vision")]
    sections = [
        _header(bases, "gguf" if facts.get("to") == "gguf" else "transformers"),
        f"# {_plain(facts['name'])}\n",
        f"A {model['llm']} language model that sees through a {model['vision']} tower: "
        f"{model['parameters']:,} parameters, {model['tokens_per_image']} tokens an image{_tiles(model)}, context "
        f"{model['context']:,} tokens.  Written by medgpt {facts['environment']['medgpt']}.\n",
        f"## Intended use\n{INTENDED}\n",
        f"## Limits\n{LIMITS.format(size=model['image_size'])}\n"
        + "".join(f"- {warning}\n" for warning in facts["warnings"]),
        "## How it was made\n" + _stages(lineage),
        "## Data\n" + _data(lineage),
        "## Licences\n" + _licences(lineage),
        "## Privacy\n" + _gates(facts["gates"]),
        "## Waivers\n" + _list(facts["waivers"], "None."),
        "## Scores\n" + _scores(facts["scores"]),
        "## Checked against the original\n" + _verification(facts["verification"]),
        f"## Use\n{USE_GGUF if facts.get('to') == 'gguf' else USE}\n"
        + (f"{card_mxfp4.USE}\n" if facts.get("to") == "mxfp4" else ""),
    ]
    return "\n".join(sections)


def _tiles(model: Mapping[str, Any]) -> str:
    """What medgpt shows it of a large picture, where that is more than the picture whole."""
    tiles = model.get("max_tiles", 1)
    return f", in medgpt up to {tiles} tiles and a thumbnail of a large picture" if tiles > 1 else ""


def _header(bases: Sequence[str], library: str) -> str:
    lines = [
        "---",
        f"library_name: {library}",
        "pipeline_tag: image-text-to-text",
        "license: other",
        "license_name: see-licences-below",
        "tags: [medical, vision-language, research-only]",
        *([f"base_model: {json.dumps(bases)}"] if bases else []),
        "---",
    ]
    return "\n".join(lines)


def _stages(lineage: Sequence[Mapping[str, Any]]) -> str:
    rows = ["| step | name | what | SHA-256 |", "|---|---|---|---|"]
    made = [each for each in lineage if each["what"] != "data"]
    for number, each in enumerate(reversed(made), start=1):
        rows.append(
            f"| {number} | {_plain(each['name'])} | {each['what']}{_told(each)} | {_short(each['sha256'])} |"
        )
    return "\n".join(rows) + "\n"


def _told(each: Mapping[str, Any]) -> str:
    if "stage" not in each:
        return ""
    unfinished = "" if each.get("ended") else ", not finished"
    return f": {each['stage']}, {each.get('steps') or '?'} steps, seed {each['seed']}{unfinished}"


def _data(lineage: Sequence[Mapping[str, Any]]) -> str:
    rows = [
        f"| {_plain(each['name'])} | {each.get('run', '')} | {', '.join(each['licences']) or 'not recorded'} | "
        f"{_short(each['sha256'])} |"
        for each in lineage
        if each["what"] == "data"
    ]
    if not rows:
        return "None that was recorded.\n"
    return (
        "\n".join(["| file or set | trained on by | licences | SHA-256 |", "|---|---|---|---|", *rows])
        + "\n"
    )


def _licences(lineage: Sequence[Mapping[str, Any]]) -> str:
    lines = [
        f"- {_plain(each['name'])}: {'; '.join(each['licences']) or 'not recorded'}"
        for each in lineage
        if each["what"] in ("base", "llm", "vision") or each["licences"]
    ]
    return "\n".join(dict.fromkeys(lines)) + "\n" if lines else "None that was recorded.\n"


def _gates(gates: Sequence[Mapping[str, Any]]) -> str:
    if not gates:
        return "No training run stands behind this model, so nothing was scanned.\n"
    lines = []
    for each in gates:
        phi = each["phi"]
        sure, doubtful = (_counts(phi.get(name, {})) for name in ("sure", "doubtful"))
        lines.append(
            f"- {_plain(each['run'])}: scanned at level {phi.get('level', 'unknown')}; found {sure or 'nothing'}"
            f"{f', and perhaps {doubtful}' if doubtful else ''}"
        )
        if attest := phi.get("attest"):
            lines.append(
                f"  - trained on identified data, attested by {_plain(attest.get('by', '?'))} "
                f"({_plain(attest.get('basis', '?'))}): {', '.join(attest.get('classes', []))}"
            )
        left_out = _counts(each.get("leakage") or {})
        lines.append(f"  - left out for standing in evaluation sets: {left_out or 'none'}")
    return "\n".join(lines) + "\n"


def _scores(scores: Sequence[Mapping[str, Any]]) -> str:
    lines = [f"- {line}" for each in scores for line in each["lines"]]
    return "\n".join(lines) + "\n" if lines else "None were named when it was exported.\n"


def _verification(found: Mapping[str, Any]) -> str:
    if found.get("to") == "gguf":
        kinds: dict[str, float] = {}
        for kind, off in (pair for each in found["off"].values() for pair in each.items()):
            kinds[kind] = max(off, kinds.get(kind, 0.0))
        told = ", ".join(f"{kind} {off:.2g}" for kind, off in kinds.items())
        return (
            "Every tensor was read back.  How far the worst is from its original, relative to its norm, by how it is "
            f"stored: {told}.  {found['not_asked'].capitalize()}.\n"
        )
    return (
        f"Read again by transformers alone and asked {found['inputs']} fixed prompts, with and without pictures "
        f"({found['positions']} positions): largest difference of a logit {found['max_logit']:.3g}, "
        f"KL {found['kl_mean']:.3g} on average and {found['kl_max']:.3g} at most, same first token at "
        f"{found['top1']:.2%}, same greedy answers at {found['greedy']:.2%} of their tokens.\n"
        + (card_mxfp4.told(found) if found.get("to") == "mxfp4" else "")
    )


def _list(lines: Sequence[str], otherwise: str) -> str:
    return "\n".join(f"- {line}" for line in lines) + "\n" if lines else otherwise + "\n"


def _short(digest: str | None) -> str:
    return f"`{digest[:16]}`" if digest else "not recorded"


def _counts(found: Mapping[str, Any]) -> str:
    """`date 3, phone 1`; of counts that are parted further, their sums."""
    sums = {
        name: sum(map(int, count.values())) if isinstance(count, Mapping) else int(count)
        for name, count in found.items()
    }
    return ", ".join(f"{_plain(name)} {count:,}" for name, count in sorted(sums.items()))


def _plain(text: Any) -> str:
    """A name as it was typed, in which nothing becomes markup or ends a row of a table."""
    return " ".join(
        str(text).replace("|", "/").replace("<", "‹").replace(">", "›").replace("`", "'").split()
    )
