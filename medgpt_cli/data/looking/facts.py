"""What a prepared set's manifest knows, told in Markdown under the headings of a datasheet.

Every function yields the lines of one heading.  Nothing here quotes a record; words of others stand in cells.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from medgpt_cli.core.tables import markdown
from medgpt_cli.core.wording import counted

UNSAID = "(not said)"
EACH_SAYS = "as each record says"
"""What a manifest says of the licence of records that need no adapter."""
ROWS = 50
"""Pairs of source and licence in the table."""
ACCESS = ("open", "local", "research", "restricted", "credentialed")
"""Access classes, the loosest first."""
TERMS = {
    "open": "Every source is open; their licences still apply.",
    "local": "It holds records of the institution's own; whether they may leave it is for a person to say.",
    "research": "It holds a source for research or non-commercial use only.",
    "restricted": "It holds a source that is had by request or agreement; whoever receives it needs the same.",
    "credentialed": "It holds a credentialed source; whoever receives it needs a credential of their own.",
}


class Known(NamedTuple):
    """What a registry of data sets knows of a source.

    Attributes:
        title: The set's published name.
        home: Where it comes from.
        verified: Whether its published layout could be established.
    """

    title: str
    home: str
    verified: bool


Filled = Iterator[str]
"""Lines of Markdown."""
Terms = Mapping[tuple[str, str], int]
"""Records by (source, licence)."""
Registry = Mapping[str, Known]
"""By the adapter's name."""


def nothing(manifest: Mapping[str, Any], terms: Terms, known: Registry) -> Filled:
    """Nothing: only a person knows."""
    yield from ()


def composition(manifest: Mapping[str, Any], terms: Terms, known: Registry) -> Filled:
    """Records, sources, terms, groups, copies, identifiers, evaluation sets."""
    yield f"{counted(manifest['rows'], 'record was', 'records were')} kept of {manifest['read']:,} that were read."
    yield ""
    yield from _table(
        ("split", "records"), [(k, f"{v['rows']:,}") for k, v in manifest["splits"].items()]
    )
    yield from _table(
        ("source", "set", "licence", "access", "read", "kept"),
        [
            (
                each["path"],
                known[each["adapter"]].title if each["adapter"] in known else each["adapter"],
                each["licence"],
                each["access"],
                f"{each['read']:,}",
                f"{each['kept']:,}",
            )
            for each in manifest["sources"]
        ],
    )
    yield "Terms as the records say themselves:"
    yield ""
    rows = [(s or UNSAID, w or UNSAID, n) for (s, w), n in sorted(terms.items())]
    if len(rows) > ROWS:
        rest = sum(n for *_, n in rows[ROWS:])
        rows = [*rows[:ROWS], (f"({len(rows) - ROWS} others)", "", rest)]
    yield from _table(("source", "licence", "records"), [(s, w, f"{n:,}") for s, w, n in rows])
    apart = manifest["apart"]
    yield (
        f"- Records that share a patient, study, article or picture are one group: "
        f"{counted(apart['groups'], 'group')}. "
        f"{counted(apart['keys_compared'], 'identifier was', 'identifiers were')} compared; "
        f"{counted(apart['keys_in_two_splits'], 'stands', 'stand')} in two splits."
    )
    copies = manifest["duplicates"]
    yield (
        f"- Near-duplicates: {counted(copies['in_clusters'], 'record')} in {counted(copies['clusters'], 'cluster')}, "
        f"the largest of {copies['largest']:,}."
    )
    inside = manifest["images"] == "embed"
    yield f"- Pictures: {'their bytes are in the set' if inside else 'named by path, not in the set'}."
    for flag, count in manifest["image_flags"].items():
        yield f"- Pictures that are {flag}: {count:,}."
    yield from _identifiers(manifest["phi"])
    yield from _leakage(manifest["against"])


def _identifiers(phi: Mapping[str, Any]) -> Filled:
    for word, meaning in (("sure", "of high confidence"), ("doubtful", "doubtful")):
        found = phi.get(word) or {}
        told = ", ".join(f"{name.replace('_', ' ')} {count:,}" for name, count in found.items())
        yield f"- Identifiers of persons, {meaning}: {told or 'none found'}."
    level, found = phi.get("level", "not said"), phi.get("found", "not said")
    yield f"- The gate: level {level}; what it finds, it is told to {found}."
    yield f"- What was looked at: {phi.get('looked_at', 'not said')}. What rules find is a lower bound."
    attest = phi.get("attest") or {}
    if attest.get("classes"):
        yield (
            f"- Waived: findings of {', '.join(attest['classes'])}, attested by {cell(str(attest.get('by')))} "
            f"on the basis of {cell(str(attest.get('basis')))}."
        )
    else:
        yield "- Waived: nothing."


def _leakage(against: Mapping[str, Any]) -> Filled:
    if against["sets"]:
        sets = ", ".join(cell(str(name)) for name in against["sets"])
        yield (
            f"- Compared with the evaluation sets {sets}: {against['records_met']:,} of their records were met, "
            "and what met them was left out."
        )
    else:
        yield "- Compared with no evaluation set: scores on any may be contaminated."


def collection(manifest: Mapping[str, Any], terms: Terms, known: Registry) -> Filled:
    """Where each source comes from."""
    for each in manifest["sources"]:
        set_ = known.get(each["adapter"])
        where = f"{cell(set_.title)}, published at {cell(set_.home)}" if set_ else "records of one's own"
        doubt = (
            "" if set_ is None or set_.verified else " (its published layout could not be established)"
        )
        files = len(each["files"])
        yield (
            f"- {cell(each['path'])}: {where}{doubt}; {counted(files, 'record file')}, "
            "hashes in the manifest."
        )


def preprocessing(manifest: Mapping[str, Any], terms: Terms, known: Registry) -> Filled:
    """What was left out, and by which filters."""
    rows = [
        (stage, reason, f"{count:,}")
        for stage, reasons in manifest["dropped"].items()
        for reason, count in reasons.items()
    ]
    if rows:
        yield "Left out:"
        yield ""
        yield from _table(("stage", "reason", "records"), rows)
    else:
        yield "- Nothing was left out."
    asked = manifest["recipe"].get("filters", {})
    named = [
        f"{name}={value}"
        for name, value in asked.items()
        if value not in (None, False, [], ()) and not (name == "mismatch" and value["model"] is None)
    ]
    yield f"- Quality filters: {cell(', '.join(named)) or 'none was asked for'}."
    yield "- The sources were not changed; `rejects.jsonl` names every record that was left out by file and line."


def uses(manifest: Mapping[str, Any], terms: Terms, known: Registry) -> Filled:
    """What it is for."""
    yield "- Research on medical vision-language models. Nothing made from it is a medical device."


def distribution(manifest: Mapping[str, Any], terms: Terms, known: Registry) -> Filled:
    """The strictest terms among the sources."""
    classes = [each["access"] for each in manifest["sources"]]
    strictest = max(classes, key=lambda word: ACCESS.index(word) if word in ACCESS else len(ACCESS))
    yield f"- Strictest access class of a source: **{strictest}**. {TERMS.get(strictest, '')}".rstrip()
    said = {word for _, word in terms if word}
    stated = {each["licence"] for each in manifest["sources"]} - {EACH_SAYS}
    yield f"- Licences: {cell('; '.join(sorted(said | stated))) or 'none is stated'}."


def maintenance(manifest: Mapping[str, Any], terms: Terms, known: Registry) -> Filled:
    """How to make it again."""
    yield (
        "- To make it again: the recipe in `recipe.json` and the source files whose hashes stand in the manifest; "
        "the same versions give the same bytes."
    )
    versions = manifest["environment"]
    tools = {**versions.get("packages", {}), **versions.get("tools", {})}
    yield f"- Made with Python {versions['python']}, {', '.join(f'{k} {v}' for k, v in sorted(tools.items()))}."


def limits(manifest: Mapping[str, Any], terms: Terms, known: Registry) -> Filled:
    """What was not, or cannot be, looked for."""
    yield "- Rules find identifiers by their wording; a name without a title or in another language may stay."
    yield "- Patients are told apart where a source names them; where none does, by study, article or picture."
    yield "- Near-duplicates are found by hashes of pictures and of words; a retold text or a retouched picture is not."
    if not manifest["against"]["sets"]:
        yield "- Leakage into evaluation sets was not looked for."
    if any(not each.verified for each in known.values()):
        yield "- Of some sources the published layout could not be established; their columns were checked when read."
    if manifest["images"] != "embed":
        yield "- Pictures are named by path; the set is whole only beside them."


def _table(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> Filled:
    yield markdown(headers, [list(map(cell, row)) for row in rows])
    yield ""


def cell(text: str) -> str:
    """A text of somebody else's on one line, in which nothing is a tag."""
    return " ".join(text.split()).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
