"""Notes with identifiers at known places, made from templates: the ground truth for `medgpt_cli.data.privacy`.

A template is text with slots: `{kind}` puts in a value of that kind behind one of the labels that the pools have for
it, `{kind.bare}` the value alone, `{name.form@who}` a name (the same `who` is the same person all through a note),
`{age.old}` an age over 89, `{clean}` a sentence without identifiers that looks as if it had some.  Templates and
pools lie in `development/` and `heldout/`.  Rules are written against the former only.

    python -m tests.data.privacy.notes.generate heldout 1
"""

from __future__ import annotations

import json
import random
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.data.privacy.notes import values

HERE = Path(__file__).parent
KINDS = ("radiology", "discharge", "referral", "clinic", "nursing", "email", "table")
CLASSES = {
    "name": "name", "street": "place", "city": "place", "zip": "place", "hospital": "place",
    "date": "date", "dob": "date", "age": "date", "phone": "phone", "fax": "fax", "email": "email", "ssn": "ssn",
    "mrn": "record_number", "plan": "plan", "account": "account", "licence": "licence", "vehicle": "vehicle",
    "device": "device", "url": "url", "ip": "ip", "accession": "other", "other": "other",
}  # fmt: skip
"""Which of the 18 Safe Harbor classes a slot's kind is counted under."""
_SLOT = re.compile(r"\{(\w+)(?:\.(\w+))?(?:@(\w+))?\}")


@dataclass(frozen=True)
class Span:
    """An identifier that is in a note: characters `start` to `end`, its class, and the kind it was made as."""

    start: int
    end: int
    identifier: str
    kind: str


@dataclass(frozen=True)
class LookAlike:
    """Characters that are no identifier: a sentence of the clean pool and what it tempts with."""

    start: int
    end: int
    kind: str


@dataclass(frozen=True)
class Note:
    """One generated note.

    Attributes:
        template: Which template it was made from, such as `discharge/2`.
        text: The note.
        spans: Every identifier in it.
        lookalikes: The clean sentences put in.
    """

    template: str
    text: str
    spans: tuple[Span, ...]
    lookalikes: tuple[LookAlike, ...]


def templates(part: str) -> dict[str, str]:
    """The templates of `development` or `heldout` by name."""
    return {
        f"{kind}/{number}": text
        for kind in KINDS
        for number, text in enumerate((HERE / part / f"{kind}.txt").read_text().split("-----\n"), 1)
    }


def notes(part: str, each: int, seed: int = 0) -> Iterator[Note]:
    """`each` notes of every template of a part, the same for the same seed."""
    pools = json.loads((HERE / part / "pools.json").read_text())
    for name, template in templates(part).items():
        for number in range(each):
            yield fill(name, template, random.Random(f"{seed}/{part}/{name}/{number}"), pools)


def fill(name: str, template: str, draw: random.Random, pools: values.Pools) -> Note:
    """One note out of a template."""
    text = ""
    spans: list[Span] = []
    clean: list[LookAlike] = []
    people: dict[str, values.Person] = {}
    position = 0
    for slot in _SLOT.finditer(template):
        text += template[position : slot.start()]
        position = slot.end()
        kind, form, who = slot.groups()
        if kind == "clean":
            tempts = draw.choice(sorted(pools["clean"]))
            value = draw.choice(pools["clean"][tempts])
            clean.append(LookAlike(len(text), len(text) + len(value), tempts))
            text += value
            continue
        before, value, after = _value(kind, form, who, draw, pools, people)
        start = len(text) + len(before)
        spans.append(
            Span(start, start + len(value), CLASSES[kind], f"{kind}.{form}" if kind == "name" else kind)
        )
        text += before + value + after
    return Note(name, text + template[position:], tuple(spans), tuple(clean))


def _value(
    kind: str,
    form: str | None,
    who: str | None,
    draw: random.Random,
    pools: values.Pools,
    people: dict[str, values.Person],
) -> tuple[str, str, str]:
    if kind == "name":
        someone = people.get(who or "") or values.person(draw, pools)
        if who:
            people[who] = someone
        return "", someone.written(form or "full"), ""
    if kind == "age":
        before, _, after = draw.choice(pools["old"]).partition("{}")
        return before, str(draw.choice([90, 91, 92, 93, 94, 96, 98, 99, 101, 104])), after
    value = values.MAKERS[kind](draw, pools)
    if form == "bare" or kind not in pools or kind in {"city", "street", "hospital"}:
        return "", value, ""
    return draw.choice(pools[kind]) + " ", value, ""


if __name__ == "__main__":
    for note in notes(sys.argv[1], int(sys.argv[2])):
        sys.stdout.write(f"=== {note.template}\n{note.text}\n")
