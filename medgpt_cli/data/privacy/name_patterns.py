"""What announces a name: the patterns of labels, titles, degrees, relations, greetings and signatures.

Each has a group `name` (or `one`, `two`, `second`) over the words that may be one; `names` decides whether they are.
"""

from __future__ import annotations

import re

from medgpt_cli.data.privacy.landmarks import CAPITAL, LINE, Anchored
from medgpt_cli.data.privacy.shapes import COMMA, END, FULL, NAME, PARTICLES, START, UPPER, WORD

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
_OTHER_OPENS = (
    "adm ane app ass att aut bro car cas cc cha cli cna co coa coc cod cof coi com con cop cor cos cot "
    "cow crn dau dic dig doc e ele eme emp ent esi exa fam fat fel fro gp gua hus int lpn mid mot nam nex "
    "nok nur ope ord par pat pcp per pha phy pre pri pro pt rad re rea ref rep req res rev rn scr see sig "
    "sis soc son spo sta sup sur tec the to tra tre ver wif wou wri"
)
_NAME = f"{CAPITAL} {PARTICLES}".replace(".", "")
"""How a name may open."""
LABELLED = Anchored(
    re.compile(
        rf"{START}(?i:(?P<subject>{_SUBJECTS})|{_OTHERS}){_GAP}(?:[:|=#][ \t]{{0,6}}\n?[ \t]{{0,6}}|-[ \t]|\t)"
        rf"(?:(?i:dr|mr|mrs|ms|miss|prof)\.?[ ])?(?P<name>{NAME})"
    ),
    opens=f"{_OTHER_OPENS} ali ben fir for ful giv id ins las leg mai mem pol reg sub",
)
"""With a colon, or what stands for one."""
BARE = Anchored(
    re.compile(
        rf"{START}(?:(?P<subject>(?i:patient(?: name)?|pt\.?|name|re|client))|"
        rf"(?i:{_OTHERS}))[ ]{{1,4}}(?P<name>{NAME})"
    ),
    opens=_OTHER_OPENS,
)
"""Without one: the words themselves must look like a name."""
TITLED = Anchored(
    re.compile(
        rf"{START}(?:(?:Drs?|DRS?|dr|Mrs?|MRS?|mrs?|Ms|MS|Miss|MISS|Mx|Prof|Professor|Doctor|Nurse|Sir|Rev)\b\.?|"
        rf"(?:MD|RN)(?= [{UPPER}]\w*[a-z]))[ ]{{1,2}}"
        rf"(?P<name>{FULL})(?:,? (?:and|&) (?:Dr\.? )?(?P<second>{FULL}))?"
    ),
    opens="doc dr drs md mis mr mrs ms mx nur pro rev rn sir",
)
_DEGREE = (
    r"(?:M\.?D\.?|D\.?O\.?|R\.?N\.?|N\.?P\.?|PA(?:-C)?|Ph\.?D\.?|LPN|"
    r"DDS|MBBS|MPH|BSN|MSN|APRN|CRNA|CNM|RDMS|FACS|FACP|FRC[RSP])"
)
DEGREED = Anchored(
    re.compile(rf"{START}(?P<name>{NAME})(?P<comma>,)?[ ]{{1,2}}{_DEGREE}{END}"),
    opens=_NAME,
    needs=rf" {_DEGREE}{END}",
)
SIGNED_OFF = Anchored(
    re.compile(
        rf"(?:^|\n)[ \t]{{0,4}}(?P<name>[{UPPER}]{{2,4}})(?=[:/](?:[a-z]{{2,4}}\b|"
        rf"\d|[A-Z][a-z]{{2}}))"
    ),
    opens=LINE,
)
_RELATION = (
    r"(?:wife|husband|spouse|son|daughter|mother|father|mom|dad|sister|brother|niece|nephew|aunt|uncle|cousin|"
    r"grand(?:son|daughter|mother|father)|partner|fianc[eé]e?|friend|neighbou?r|guardian|caregiver|interpreter)"
)
RELATED = Anchored(
    re.compile(
        rf"{START}(?i:{_RELATION})(?:['’]s name)?(?:,|:| -| is| named)?[ ]{{1,2}}(?P<name>{FULL})"
    ),
    opens="aun bro car cou dad dau fat fia fri gra gua hus int mom mot nei nep nie par sis son spo unc wif",
)
RELATED_AFTER = Anchored(
    re.compile(
        rf"{START}(?P<name>{FULL}),? \(?(?:(?:the|his|her|their) )?(?:patient['’]s )?{_RELATION}{END}"
    ),
    opens=_NAME,
    needs=rf"[ (]{_RELATION}{END}",
)
GREETED = Anchored(
    re.compile(
        rf"(?:^|\n)[ \t]{{0,6}}(?:Dear|Hi|Hello|Hey|Good (?:morning|afternoon|evening))[ ]"
        rf"(?:(?:Dr|Mr|Mrs|Ms)\.? )?(?P<name>{FULL})(?=[ \t]*[,:!\n-])"
    ),
    opens=LINE,
)
CLOSED = Anchored(
    re.compile(
        r"\b(?i:thanks|thank you|regards|sincerely|best|best wishes|cheers|respectfully|yours (?:truly|sincerely|"
        rf"faithfully)|kind regards|warm regards)[,.!]?[ \t]{{0,4}}(?:\n[ \t]{{0,4}}){{0,3}}"
        rf"(?P<name>{FULL})(?=[ \t]*(?:\n|,|$))"
    ),
    opens="bes che kin reg res sin tha war you",
)
MEANT = re.compile(r"(?i):|\b(?:dr|mr|mrs|ms|pt|patient)\b")
HEADING = Anchored(
    re.compile(rf"(?:^|\n)[ \t]{{0,4}}(?P<name>{COMMA})(?=[ \t]{{0,4}}(?:[/|]|\n|$))"), opens=LINE
)
ALONE = Anchored(re.compile(rf"\n[ \t]{{0,4}}(?P<name>{WORD})[ \t]{{0,4}}(?=\n|$)"), opens=LINE)
STATED = Anchored(re.compile(rf"(?:\bI, (?P<one>{FULL}), |/e?s/ (?P<two>{NAME}))"), needs=r"I, |s/ ")
BEFORE_ADDRESS = re.compile(rf"{START}(?P<one>{FULL}) <[^<>\s]{{3,80}}@[^<>\s]{{3,80}}>")
INITIALS = Anchored(
    re.compile(
        rf"(?i:dictated|transcribed|typed|scribed?|transcriptionist|initials|entered|signed|d/t)(?i: by)?[ ]{{0,2}}"
        rf"[:=/][ ]{{0,2}}(?P<name>[{UPPER}]{{2,4}}(?:[:/][A-Za-z]{{2,4}})?){END}"
    ),
    needs=rf"[:=/][ ]{{0,2}}[{UPPER}]{{2}}",
)
TOLD = Anchored(
    re.compile(
        rf"(?i:\b(?:called|paged|notified|informed|telephoned|spoke (?:to|with)|discussed with|"
        rf"communicated to|relayed to|"
        rf"met with|seen by|signed by|reviewed with|verified with|confirmed with|received from|"
        rf"handed off to|endorsed to|per)(?: to|"
        rf" with)?)[ ]{{1,2}}"
        r"(?:(?:Drs?|Mrs?|Ms|Prof)\.? )?"
        rf"(?P<name>{FULL})"
    ),
    opens="cal com con dis end han inf met not pag per rec rel rev see sig spo tel ver",
)
_LOWER = r"[^\W\d_A-Z](?:[^\W\d_]|['’-](?=[^\W\d_])){1,24}"
LOWER = Anchored(
    re.compile(
        rf"(?i:{START}(?:patient|pt|name|client|(?:by|with|from|to)(?: dr| mr| mrs| ms)?|dr|mr|mrs|"
        rf"ms)\b\.?(?: name)?:?)"
        rf"[ ]{{1,3}}"
        rf"(?P<name>{_LOWER}(?: {_LOWER}){{1,4}})"
    ),
    opens="by cli dr fro mr mrs ms nam pat pt to wit",
)
