"""What announces a name: the patterns of labels, titles, degrees, relations, greetings and signatures.

Each has a group `name` (or `one`, `two`, `second`) over the words that may be one; `names` decides whether they are.
"""

from __future__ import annotations

import re

from medgpt_cli.data.privacy.shapes import COMMA, END, FULL, NAME, START, UPPER, WORD

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
    r"pcp|gp|lpn|cna|crna|reader|"
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
    rf"{START}(?:(?:Drs?|DRS?|dr|Mrs?|MRS?|mrs?|Ms|MS|Miss|MISS|Mx|Prof|Professor|Doctor|Nurse|Sir|Rev)\b\.?|"
    rf"(?:MD|RN)(?= [{UPPER}]\w*[a-z]))[ ]{{1,2}}"
    rf"(?P<name>{FULL})(?:,? (?:and|&) (?:Dr\.? )?(?P<second>{FULL}))?"
)
DEGREED = re.compile(
    rf"{START}(?P<name>{NAME})(?P<comma>,)?[ ]{{1,2}}(?:M\.?D\.?|D\.?O\.?|R\.?N\.?|N\.?P\.?|"
    rf"PA(?:-C)?|Ph\.?D\.?|LPN|"
    rf"DDS|MBBS|MPH|BSN|MSN|APRN|CRNA|CNM|RDMS|FACS|FACP|FRC[RSP]){END}"
)
SIGNED_OFF = re.compile(
    rf"(?:^|\n)[ \t]{{0,4}}(?P<name>[{UPPER}]{{2,4}})(?=[:/](?:[a-z]{{2,4}}\b|"
    rf"\d|[A-Z][a-z]{{2}}))"
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
MEANT = re.compile(r"(?i):|\b(?:dr|mr|mrs|ms|pt|patient)\b")
HEADING = re.compile(rf"(?:^|\n)[ \t]{{0,4}}(?P<name>{COMMA})(?=[ \t]{{0,4}}(?:[/|]|\n|$))")
ALONE = re.compile(rf"\n[ \t]{{0,4}}(?P<name>{WORD})[ \t]{{0,4}}(?=\n|$)")
STATED = re.compile(rf"(?:\bI, (?P<one>{FULL}), |/e?s/ (?P<two>{NAME}))")
BEFORE_ADDRESS = re.compile(rf"{START}(?P<one>{FULL}) <[^<>\s]{{3,80}}@[^<>\s]{{3,80}}>")
INITIALS = re.compile(
    rf"(?i:dictated|transcribed|typed|scribed?|transcriptionist|initials|entered|signed|d/t)(?i: by)?[ ]{{0,2}}"
    rf"[:=/][ ]{{0,2}}(?P<name>[{UPPER}]{{2,4}}(?:[:/][A-Za-z]{{2,4}})?){END}"
)
TOLD = re.compile(
    rf"(?i:\b(?:called|paged|notified|informed|telephoned|spoke (?:to|with)|discussed with|"
    rf"communicated to|relayed to|"
    rf"met with|seen by|signed by|reviewed with|verified with|confirmed with|received from|"
    rf"handed off to|endorsed to|per)(?: to|"
    rf" with)?)[ ]{{1,2}}"
    r"(?:(?:Drs?|Mrs?|Ms|Prof)\.? )?"
    rf"(?P<name>{FULL})"
)
_LOWER = r"[^\W\d_A-Z](?:[^\W\d_]|['’-](?=[^\W\d_])){1,24}"
LOWER = re.compile(
    rf"(?i:{START}(?:patient|pt|name|client|(?:by|with|from|to)(?: dr| mr| mrs| ms)?|dr|mr|mrs|"
    rf"ms)\b\.?(?: name)?:?)"
    rf"[ ]{{1,3}}"
    rf"(?P<name>{_LOWER}(?: {_LOWER}){{1,4}})"
)
