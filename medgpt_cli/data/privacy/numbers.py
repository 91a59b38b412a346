"""Numbers that stand for a person, an account or a thing: by the label before them, or by an unmistakable shape.

A labelled number is sure.  A long number without a label is doubtful and called other.  Knows nothing of telephones.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from medgpt_cli.data.privacy.findings import Finding, Identifier
from medgpt_cli.data.privacy.landmarks import CAPITAL, NUMBER, Anchored

_NO = r"(?:no\b\.?|num(?:ber)?s?\b\.?|nbr\b\.?|nr\b\.?|#|id(?:entifier)?\b|code\b)"
_LABELS = {
    Identifier.SSN: r"ssn|ss ?#|soc(?:ial)?\.? ?sec(?:urity)?\.?",
    Identifier.RECORD_NUMBER: (
        rf"mrn|m\.r\.n\.|e?mr ?{_NO}|med(?:ical)?\.? ?rec(?:ord)?s?\.?|(?:patient|pt|hospital|hosp|"
        rf"chart|unit|record|clinic|person|"
        rf"health record|case ?record|nhs|chi|subject|resident|client)\.? ?{_NO}|uhid|urn|mpi|empi|"
        rf"hospital mr|umrn"
    ),
    Identifier.PLAN: (
        rf"(?:member|policy|subscriber|insurance|group|health ?plan|plan|beneficiary|payer|payor|"
        rf"certificate holder|medicare|"
        rf"medicaid|tricare|cigna|aetna|humana|blue cross|bcbs)\.? ?{_NO}|mbi|hicn?|"
        rf"medicare(?= ?[:#])|medicaid(?= ?[:#])|"
        rf"health (?:plan|insurance) (?:beneficiary )?{_NO}"
    ),
    Identifier.ACCOUNT: (
        rf"(?:patient |hospital |billing |visit |bank |guarantor )?(?:account|acct)\.?|(?:visit|"
        rf"encounter|contact serial|"
        rf"admission|invoice|bill|claim|credit ?card|card|routing|iban|receipt|financial)\.? ?{_NO}|"
        rf"csn|iban|(?-i:FIN)|har(?= ?[:#])"
    ),
    Identifier.VEHICLE: r"vin|(?:licen[sc]e )?plate|(?:vehicle|car) (?:registration|reg|tag|plate)|"
    r"number plate|tag ?#",
    Identifier.LICENCE: (
        rf"(?:driver['’]?s?['’]? )?(?:licen[sc]e|lic)\.?|(?:state |medical |"
        rf"nursing )?licen[sc]e {_NO}|npi|dea|upin|dl ?#|"
        rf"(?-i:DL)|gmc|(?:certificate|certification|registration|board|permit)\.? ?{_NO}|passport"
    ),
    Identifier.DEVICE: (
        rf"(?:device |implant |generator |pacemaker |lead |pump |scanner |model/)?(?:serial|"
        rf"ser)\.?(?: {_NO})?|s/n|(?-i:SN)|udi|"
        rf"(?:device|implant|equipment|asset|lot|unit serial|imei|mac)\.? ?{_NO}|imei"
    ),
    Identifier.OTHER: (
        rf"(?:accession|acc|access)\.?|(?:order|specimen|exam|study|case|sample|request|requisition|"
        rf"req|reference|ref|barcode|job|"
        rf"document|doc|report|file|ticket|trial|enrol?lment|protocol subject|isolate|block|slide|"
        rf"tracking|transaction|"
        rf"confirmation|national|tax|employee|badge|student|staff|user|login|aadhaar|voter|military|"
        rf"service|serial case)\.? ?{_NO}"
        rf"|accession|aadhaar|abha|dictation(?: job)?|ein|tin(?= ?[:#])"
    ),
}
_SEPARATOR = (
    rf"(?i:[ \t]{{0,6}}(?:{_NO}|[:=.#|-]|is\b|was\b|of\b|number\b|ending(?: in)?\b)){{0,5}}"
    r"[ \t]{0,10}\n?[ \t]{0,6}\(?"
)
_VALUE = (
    r"\d{2,5}(?:[ ]\d{2,5}){1,4}(?![\w])|[A-Z]{1,4}[ ]\d{3,12}(?!\w)|"
    r"(?=[A-Za-z/.-]{0,8}\d)[A-Za-z0-9](?:[A-Za-z0-9]|[-/.](?=[A-Za-z0-9])){2,31}(?![A-Za-z0-9])"
)
_OPENS = (
    "aad abh acc adm aet ass bad ban bar bcb ben bil blo blu boa car cas cer cha chi cig cla cli con cre csn dea "
    "dev dic dl* doc dri ein emp emr enc enr equ exa fil fin gen gmc gro gua har hea hic hos hum iba ime imp ins inv "
    "iso job lea lic log lot m mac mbi med mem mil mod mpi mr mrc mri mrn nat nhs npi num nur ord pac pas pat pay per "
    "pla pol pro pt ptc pti ptn pum rec ref reg rep req res rou s sam sca ser sli sn* soc spe ss ssn sta stu sub tag "
    "tax tic tin tra tri udi uhi umr uni upi urn use veh vin vis vot"
)
LABELLED = Anchored(
    re.compile(
        "(?<![A-Za-z])(?i:"
        + "|".join(f"(?P<{identifier}>{labels})" for identifier, labels in _LABELS.items())
        + rf"){_SEPARATOR}(?P<value>{_VALUE})"
    ),
    opens=_OPENS,
)
SSN = Anchored(
    re.compile(r"(?<![\w-])\d{3}[-\u2011\u2013]\d{2}[-\u2011\u2013]\d{4}(?![\w-])"), opens=NUMBER
)
MASKED_SSN = Anchored(
    re.compile(r"(?i)(?<!\w)(?:x{3}|\*{3})-(?:x{2}|\*{2})-\d{4}(?!\w)"), needs=r"[xX*]-\d{4}"
)
VIN = Anchored(
    re.compile(
        r"(?<![A-Z0-9])(?=[A-Z0-9]{0,16}\d)(?=[A-Z0-9]{0,16}[A-Z])[A-HJ-NPR-Z0-9]{11}[A-HJ-NPR-Z0-9]{2}\d{4}(?![A-Za-z0-9])"
    ),
    needs=r"[A-HJ-NPR-Z0-9]{13}\d{4}",
)
UDI = re.compile(r"\(01\)\d{14}(?:\(\d{2}\)[\w/-]{1,20}){0,4}")
LONG = Anchored(
    re.compile(
        r"(?<![\w.,/$-])(?<!PMID:)(?<!PMID: )(?<!HP:)(?:[A-Z]{1,3}-\d{5,12}|[A-Z]{1,3}\d{6,12}|\d{7,14}|"
        r"[A-Z]\d{2}-\d{5,7}|\d{6,12}-\d{1,4}|"
        r"\d{3}-\d{2}-\d{2})(?![\w%/]|[.,-]\d)"
    ),
    opens=f"{CAPITAL} {NUMBER}",
    needs=r"\d-?\d{3}|\d{3}-\d",
)
CARD = Anchored(re.compile(r"(?<![\w.-])\d(?:[ -]?\d){12,18}(?![\w-]|\.\d)"), opens=NUMBER)
IBAN = Anchored(
    re.compile(r"(?<!\w)[A-Z]{2}\d{2}(?: ?[A-Z\d]{4}){2,7}(?: ?[A-Z\d]{1,3})?(?!\w)"),
    opens=CAPITAL,
    needs=r"[A-Z]{2}\d{2}",
)
GROUPED = Anchored(
    re.compile(r"(?<![\w.-])\d{4}[ -]\d{4}[ -]\d{4}(?:[ -]\d{2,4})?(?![\w-]|\.\d)"), opens=NUMBER
)
MACHINE_READABLE = Anchored(
    re.compile(r"(?<![\w<])(?=[A-Z\d<]{0,40}<<)[A-Z\d<]{28,44}(?![\w<])"), needs="<<"
)
SECRET = Anchored(
    re.compile(r"(?<!\w)(?i:sk|pk|api|key|token)[-_][\w-]{12,80}(?![\w-])"), opens="api key pk sk tok"
)
_DATE = re.compile(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}")
_SHARE = re.compile(r"\d{1,2}\.\d+")
"""An accuracy, a weight, a version: `acc` and `serial` stand before those too."""
_ARCHIVES = re.compile(
    r"(?i)genbank|\bgeo\b|\bpdb\b|ncbi|\bebi\b|embl|uniprot|refseq|\bsra\b|express|database|archive|repositor|deposit|"
    r"sequence|genom|protein"
)
_IMPERSONAL = (
    "lot",
    "asset",
    "unit serial",
    "certif",
    "registration",
    "board",
    "permit",
    "group",
    "plan",
    "bill",
    "card",
)
"""Beginnings of labels that stand before numbers of things as often as of people."""
_LOOSE = {Identifier.VEHICLE: 1, Identifier.SSN: 4}
"""Fewest digits of a value where that is not four."""


def find_numbers(text: str) -> Iterator[Finding]:
    """Labelled numbers (sure), Social Security numbers (sure), and long numbers without a label (doubtful)."""
    for found in LABELLED.finditer(text):
        identifier = next(each for each in _LABELS if found[each])
        value = found["value"]
        if _is_number(value, identifier):
            sure = _is_personal(
                identifier, found[identifier], text[max(0, found.start() - 80) : found.start()]
            )
            yield Finding(identifier, *found.span("value"), f"labelled {_WORDS[identifier]}", sure)
    for pattern, rule in (
        (SSN, "Social Security number"),
        (MASKED_SSN, "end of a Social Security number"),
    ):
        for found in pattern.finditer(text):
            yield Finding(Identifier.SSN, *found.span(), rule, sure=pattern is SSN)
    for found in VIN.finditer(text):
        yield Finding(Identifier.VEHICLE, *found.span(), "vehicle number", sure=False)
    for found in UDI.finditer(text):
        yield Finding(Identifier.DEVICE, *found.span(), "device identifier", sure=True)
    for found in CARD.finditer(text):
        if _luhn(found[0]):
            yield Finding(Identifier.ACCOUNT, *found.span(), "payment card number", sure=False)
    for pattern, identifier, rule in (
        (IBAN, Identifier.ACCOUNT, "bank account number"),
        (GROUPED, Identifier.OTHER, "number in groups"),
        (MACHINE_READABLE, Identifier.OTHER, "machine-readable line of a document"),
        (SECRET, Identifier.OTHER, "access key"),
    ):
        for found in pattern.finditer(text):
            yield Finding(identifier, *found.span(), rule, sure=False)
    for found in LONG.finditer(text):
        yield Finding(Identifier.OTHER, *found.span(), "long number", sure=False)


_WORDS = {
    Identifier.SSN: "Social Security number",
    Identifier.RECORD_NUMBER: "record number",
    Identifier.PLAN: "health plan number",
    Identifier.ACCOUNT: "account number",
    Identifier.LICENCE: "licence number",
    Identifier.DEVICE: "device number",
    Identifier.VEHICLE: "vehicle number",
    Identifier.OTHER: "accession or other number",
}


def _is_personal(identifier: Identifier, label: str, before: str) -> bool:
    """Whether a label means somebody's number, and not that of a gene, a trial, a batch or an approval.

    Articles are full of the latter, and a sure finding refuses training.
    """
    word = label.casefold()
    if identifier is Identifier.OTHER:
        return word.startswith(("acc", "aadhaar")) and not _ARCHIVES.search(before)
    return not word.startswith(_IMPERSONAL)


def _is_number(value: str, identifier: Identifier) -> bool:
    """Whether what follows the label is a number of that kind, and not a word, a year or a date."""
    digits = sum(sign.isdigit() for sign in value)
    if digits < _LOOSE.get(identifier, 4) or len(value) < 4:
        return False
    if _SHARE.fullmatch(value):
        return False
    if identifier is Identifier.SSN:
        return 4 <= digits <= 9
    if _DATE.fullmatch(value):
        return identifier is Identifier.RECORD_NUMBER and value.count("-") == 2 and len(value) != 10
    return not re.fullmatch(r"(?:19|20)\d\d", value)


def _luhn(number: str) -> bool:
    """The check digit that payment cards carry (ISO/IEC 7812-1)."""
    digits = [int(sign) for sign in reversed(number) if sign.isdigit()]
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits[1::2]]
    return any(digits) and (sum(digits[::2]) + sum(doubled)) % 10 == 0
