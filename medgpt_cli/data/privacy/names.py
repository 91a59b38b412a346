"""Names by what stands beside them: a label, a title, a degree, a relation, a greeting, a signature.

The layer over it (`name_sequences`) finds names by the words they are made of, `name_echoes` finds them again.  This
module knows nothing of other identifiers.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator

from medgpt_cli.data.privacy.findings import Finding, Identifier
from medgpt_cli.data.privacy.lexicon import is_credential, is_end, is_given, is_surname, is_word
from medgpt_cli.data.privacy.shapes import END, FULL, NAME, START, UPPER, is_particle, tokens

_SUBJECTS = (
    r"patient(?:['’]s)?(?: full| legal| preferred)? name|pt\.?(?: name)?|patient|client(?: name)?|"
    r"(?:full |legal |preferred |maiden |former |last |first |middle |family |given |sur)?name|"
    r"id band|wrist ?band(?: checked)?|alias|re|regarding|member|subscriber|beneficiary|insured|policy ?holder"
)
_OTHERS = (
    r"(?:attending|referring|ordering|requesting|primary care|family|treating|consulting|admitting|"
    r"performing|interpreting|reading|responsible|supervising|operating)"
    r"(?: (?:physician|provider|doctor|radiologist|clinician|surgeon|md|of record)){0,2}|"
    r"(?:staff |primary |co-?|assistant )?(?:physician|provider|doctor|radiologist|clinician|"
    r"surgeon|resident|fellow|"
    r"consultant|pathologist|cardiologist|anesthesiologist|technologist|technician|tech|sonographer|therapist|"
    r"transcriptionist|transcriber|scribe|interpreter|pharmacist|author|requester|"
    r"(?:charge |primary |wound care )?(?:rn|nurse)|midwife|case manager|social worker|chaplain)(?: name)?|"
    r"pcp|gp|lpn|cna|crna|"
    r"(?:dictated|read|signed|e-?signed|transcribed|reviewed|verified|approved|authenticated|"
    r"interpreted|performed|"
    r"prepared|entered|written|reported|referred|requested|ordered|seen|examined|"
    r"(?:electronically|digitally) (?:signed|verified|approved))(?: and \w{2,12})?(?: by)?|signature|"
    r"cc|copy to|copies to|to|from|attn|attention|"
    r"(?:emergency )?contact(?: person| name)?|next of kin|nok|guarantor|guardian|caregiver|care ?taker|"
    r"mother|father|spouse|wife|husband|daughter|son|sister|brother|parent|partner|employer"
)
_GAP = r"[ \t]{0,6}"
LABELLED = re.compile(
    rf"{START}(?i:(?P<subject>{_SUBJECTS})|{_OTHERS}){_GAP}(?:[:|=#][ \t]{{0,6}}\n?[ \t]{{0,6}}|-[ \t]|\t)"
    rf"(?:(?i:dr|mr|mrs|ms|miss|prof)\.?[ ])?(?P<name>{NAME})"
)
"""With a colon, or what stands for one."""
BARE = re.compile(
    rf"{START}(?:(?P<subject>(?i:patient(?: name)?|pt\.?|name|re|client))|"
    rf"(?i:{_OTHERS}))[ ]{{1,4}}(?P<name>{NAME})"
)
"""Without one: the words themselves must look like a name."""
TITLED = re.compile(
    rf"{START}(?:Drs?|DRS?|dr|Mrs?|MRS?|mrs?|Ms|MS|Miss|MISS|Mx|Prof|Professor|Doctor|Nurse|Sir|"
    rf"Rev)\b\.?[ ]{{1,2}}"
    rf"(?P<name>{FULL})(?:,? (?:and|&) (?:Dr\.? )?(?P<second>{FULL}))?"
)
DEGREED = re.compile(
    rf"{START}(?P<name>{NAME})(?P<comma>,)?[ ]{{1,2}}(?:M\.?D\.?|D\.?O\.?|R\.?N\.?|N\.?P\.?|"
    rf"PA(?:-C)?|Ph\.?D\.?|LPN|"
    rf"DDS|MBBS|MPH|BSN|MSN|APRN|CRNA|CNM|RDMS|FACS|FACP|FRC[RSP]){END}"
)
_RELATION = (
    r"(?:wife|husband|spouse|son|daughter|mother|father|mom|dad|sister|brother|niece|nephew|aunt|uncle|cousin|"
    r"grand(?:son|daughter|mother|father)|partner|fianc[eé]e?|friend|neighbou?r|guardian|caregiver|interpreter)"
)
RELATED = re.compile(
    rf"{START}(?i:{_RELATION})(?:['’]s name)?(?:,|:| -| is| named)?[ ]{{1,2}}(?P<name>{FULL})"
)
RELATED_AFTER = re.compile(
    rf"{START}(?P<name>{FULL}),? \(?(?:(?:the|his|her|their) )?(?:patient['’]s )?{_RELATION}{END}"
)
GREETED = re.compile(
    rf"(?:^|\n)[ \t]{{0,6}}(?:Dear|Hi|Hello|Hey|Good (?:morning|afternoon|evening))[ ]"
    rf"(?:(?:Dr|Mr|Mrs|Ms)\.? )?(?P<name>{FULL})(?=[ \t]*[,:!\n-])"
)
CLOSED = re.compile(
    r"\b(?i:thanks|thank you|regards|sincerely|best|best wishes|cheers|respectfully|yours (?:truly|sincerely|"
    rf"faithfully)|kind regards|warm regards)[,.!]?[ \t]{{0,4}}(?:\n[ \t]{{0,4}}){{0,3}}"
    rf"(?P<name>{FULL})(?=[ \t]*(?:\n|,|$))"
)
STATED = re.compile(rf"(?:\bI, (?P<one>{FULL}), |/e?s/ (?P<two>{NAME}))")
BEFORE_ADDRESS = re.compile(rf"{START}(?P<one>{FULL}) <[^<>\s]{{3,80}}@[^<>\s]{{3,80}}>")
INITIALS = re.compile(
    rf"(?i:dictated|transcribed|typed|scribed?|transcriptionist|initials|entered|signed|d/t)(?i: by)?[ ]{{0,2}}"
    rf"[:=/][ ]{{0,2}}(?P<name>[{UPPER}]{{2,4}}(?:[:/][A-Za-z]{{2,4}})?){END}"
)
TOLD = re.compile(
    rf"(?i:\b(?:called|paged|notified|informed|telephoned|spoke (?:to|with)|discussed with|"
    rf"communicated to|relayed to|"
    rf"met with|seen by|signed by|reviewed with|received from|handed off to|endorsed to|per)(?: to|"
    rf" with)?)[ ]{{1,2}}"
    r"(?:(?:Drs?|Mrs?|Ms|Prof)\.? )?"
    rf"(?P<name>{FULL})"
)
_LOWER = r"[^\W\d_A-Z](?:[^\W\d_]|['’-](?=[^\W\d_])){1,24}"
LOWER = re.compile(
    rf"(?i:{START}(?:patient|pt|name|client|seen by|signed by|dr|mr|mrs|ms|by|with)\b\.?(?: name)?:?)[ ]{{1,3}}"
    rf"(?P<name>{_LOWER}(?: {_LOWER}){{1,4}})"
)


def find_names(text: str) -> Iterator[Finding]:
    """Names that something beside them announces."""
    for found in LABELLED.finditer(text):
        span = _name(text, *found.span("name"), strict=False)
        if span and _possible(text, *span):
            sure = found["subject"] is not None and _likely(text, *span)
            yield _finding(span, "labelled patient name" if sure else "labelled name", sure)
    for found in BARE.finditer(text):
        if (span := _name(text, *found.span("name"), strict=True)) and _likely(text, *span):
            sure = found["subject"] is not None and len(tokens(text, *span)) > 1
            yield _finding(span, "labelled patient name" if sure else "labelled name", sure)
    for found in TITLED.finditer(text):
        for group in ("name", "second"):
            if found[group] and (span := _name(text, *found.span(group), strict=False)):
                yield _finding(span, "name behind a title")
    for found in DEGREED.finditer(text):
        span = _name(text, *found.span("name"), strict=True)
        if span and (_likely(text, *span) or (found["comma"] and len(tokens(text, *span)) > 1)):
            yield _finding(span, "name before a degree")
    for pattern, rule in (
        (RELATED, "name of a relative"),
        (RELATED_AFTER, "name of a relative"),
        (GREETED, "name in a greeting"),
        (CLOSED, "name under a letter"),
    ):
        for found in pattern.finditer(text):
            if span := _name(text, *found.span("name"), strict=pattern is RELATED_AFTER):
                yield _finding(span, rule)
    for found in TOLD.finditer(text):
        span = _name(text, *found.span("name"), strict=False)
        if span and _possible(text, *span):
            yield _finding(span, "name of somebody spoken to")
    for found in itertools.chain(
        STATED.finditer(text), BEFORE_ADDRESS.finditer(text) if "<" in text and "@" in text else ()
    ):
        if span := _name(text, *found.span(found.lastgroup or "one"), strict=False):
            yield _finding(span, "name in a signature")
    for found in INITIALS.finditer(text):
        yield _finding(found.span("name"), "initials")
    for found in LOWER.finditer(text):
        if span := _lower(text, *found.span("name"), labelled=":" in found[0]):
            yield _finding(span, "name in small letters")


def _finding(span: tuple[int, int], rule: str, sure: bool = False) -> Finding:
    return Finding(Identifier.NAME, *span, rule, sure)


def _name(text: str, start: int, end: int, *, strict: bool) -> tuple[int, int] | None:
    """What of a run of capitalised words is the name; None where none of it can be.

    Args:
        text: The whole text.
        start: Where the run begins.
        end: Where it ends.
        strict: Ordinary words in front are dropped, since nothing announced a name there.
    """
    kept: list[tuple[str, int, int]] = []
    shouted = text[start:end].isupper()
    comma = "," in text[start:end]
    for token in tokens(text, start, end):
        plain = token[0].rstrip(".")
        if is_end(plain) or (len(kept) > 1 and is_credential(plain) and plain.isupper()):
            if strict and not kept:
                continue
            break
        if strict and not kept and is_word(plain) and not is_given(plain):
            continue
        if shouted and not comma and len([word for word, *_ in kept if len(word) > 2]) >= 2:
            break  # in capitals, what follows a first and a last name is the sentence
        kept.append(token)
    if not kept or (len(kept) == 1 and len(kept[0][0]) < 2):
        return None
    first, last = kept[0][1], kept[-1][2]
    return first, last - 2 if text[first:last].endswith(("'s", "’s", "'S")) else last


def _possible(text: str, start: int, end: int) -> bool:
    """Whether one word at least is no ordinary one, or all could be names."""
    words = [token.rstrip(".") for token, *_ in tokens(text, start, end)]
    return any(not is_word(word) for word in words if len(word) > 1) or all(
        is_surname(word) or is_given(word) for word in words if len(word) > 1
    )


def _likely(text: str, start: int, end: int) -> bool:
    """Whether the words look like a name by themselves."""
    words = [token.rstrip(".") for token, *_ in tokens(text, start, end)]
    full = [word for word in words if len(word) > 1]
    known = [word for word in full if (is_given(word) or is_surname(word)) and not is_word(word)]
    return bool(known) or (len(full) > 1 and any(map(is_given, full)) and any(map(is_surname, full)))


def _lower(text: str, start: int, end: int, *, labelled: bool) -> tuple[int, int] | None:
    words = tokens(text, start, end)
    given = words[0][0]
    second = next((word for word, *_ in words[1:] if not is_particle(word)), "")
    known = (
        is_given(given)
        if not is_word(given)
        else is_given(given) and is_surname(second) and not is_word(second)
    )
    if not known and not (
        labelled and not is_word(given) and is_surname(second) and not is_word(second)
    ):
        return None
    stop = words[0][2]
    for token, _, last in words[1:]:
        if is_end(token) or (is_word(token) and not is_surname(token)) or token == "born":
            break
        stop = last
        if is_surname(token) and token not in {
            "de",
            "la",
            "van",
            "der",
            "del",
            "von",
            "den",
            "el",
            "al",
        }:
            break
    return (start, stop) if stop > words[0][2] else None
