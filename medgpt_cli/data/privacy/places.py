"""Places smaller than a state: streets, cities, ZIP codes, and the hospitals that give a city away.

A street address with its number is sure; cities and hospitals are doubtful.  Knows nothing of who lives there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from medgpt_cli.data.privacy.findings import Finding, Identifier
from medgpt_cli.data.privacy.landmarks import CAPITAL, LINE, NUMBER, Anchored
from medgpt_cli.data.privacy.lexicon import is_eponym, is_word
from medgpt_cli.data.privacy.shapes import LETTER, START, UPPER

_WORD = rf"[{UPPER}][{LETTER}'’-]{{1,24}}\.?"
_STATE = (
    r"(?:A[KLRZ]|C[AOT]|D[CE]|FL|GA|HI|I[ADLN]|K[SY]|LA|M[ADEINOST]|N[CDEHJMVY]|O[HKR]|P[AR]|RI|"
    r"S[CD]|T[NX]|UT|V[AT]|W[AIVY]|"
    r"Alabama|Alaska|Arizona|Arkansas|California|Colorado|Connecticut|Delaware|Florida|Georgia|"
    r"Hawaii|Idaho|Illinois|Indiana|"
    r"Iowa|Kansas|Kentucky|Louisiana|Maine|Maryland|Massachusetts|Michigan|Minnesota|Mississippi|"
    r"Missouri|Montana|Nebraska|"
    r"Nevada|New (?:Hampshire|Jersey|Mexico|York)|(?:North|South) (?:Carolina|Dakota)|Ohio|Oklahoma|"
    r"Oregon|Pennsylvania|"
    r"Rhode Island|Tennessee|Texas|Utah|Vermont|Virginia|Washington|West Virginia|Wisconsin|Wyoming)"
)
_SUFFIX = (
    r"(?:Street|St|Avenue|Ave?|Boulevard|Blvd|Road|Rd|Lane|Ln|Drive|Dr|Court|Ct|Place|Pl|Terrace|"
    r"Ter|Parkway|Pkwy|Circle|Cir|"
    r"Highway|Hwy|Way|Square|Sq|Trail|Trl|Turnpike|Tpke|Alley|Crescent|Close|Loop|Plaza|Row|Gardens|"
    r"Broadway|Mews|Heights)"
)
_SUFFIXES = rf"(?:{_SUFFIX}|(?!CT\b|PL\b|ST\b|DR\b){_SUFFIX.upper()}|(?<=\w{{3}} )(?:ST|DR))"
STREET = Anchored(
    re.compile(
        rf"(?<![\w.,/-])\d{{1,5}}[A-Za-z]?(?:-\d{{1,4}})?,? (?:[NSEW]\.? |North |South |East |West )?"
        rf"(?:(?:{_WORD}|\d{{1,3}}(?:st|nd|rd|th)|of|the|de|la) ){{1,5}}?{_SUFFIXES}\b\.?(?: (?:NW|NE|"
        rf"SW|SE|[NSEW]|North|South|East|West)\b\.?)?"
        rf"(?:,? (?:Apt|Apartment|Suite|Ste|Unit|Flat|Floor|Rm|Room|#)\.? ?#?[\w-]{{1,6}})?"
    ),
    opens=NUMBER,
)
ROUTE = Anchored(
    re.compile(
        r"(?<![\w.,/-])\d{1,5} (?:(?:Old |North |South |East |West |US |U\.S\. |State )?(?:Route|Rte\.?|"
        r"County Road|Highway|Hwy\.?|"
        r"State Road|County Rd\.?|FM|Interstate) \d{1,4}|Broadway\b)(?:,? (?:Apt|Suite|Unit)\.? ?#?[\w-]{1,6})?"
    ),
    opens=NUMBER,
)
BOX = Anchored(re.compile(r"\b(?i:P\.? ?O\.? ?Box) \d{1,6}\b"), opens="p po pob", needs=r"\d")
_CITY = rf"(?:(?:St|Ft|Mt)\. )?{_WORD}(?: {_WORD}){{0,2}}"
AFTER_STREET = re.compile(
    rf"[,\n][ \t]{{0,4}}\n?[ \t]{{0,4}}(?P<city>{_CITY})(?=[ ]?(?:[,.;\n]|$|\d{{5}}| {_STATE}\b))"
)
CITY_STATE = Anchored(
    re.compile(
        rf"{START}(?P<city>{_CITY}), ?{_STATE}\b\.?(?:[ ,]{{1,3}}(?P<zip>\d{{5}}(?:-\d{{4}})?)\b)?"
    ),
    opens=CAPITAL,
    needs=rf", ?{_STATE}\b",
)
STATE_ZIP = Anchored(
    re.compile(rf"\b(?:{_STATE}|USA)\.?,? {{1,3}}(?P<zip>\d{{5}}(?:-\d{{4}})?)(?![\w.-])"),
    opens=CAPITAL,
    needs=r" \d{5}",
)
CITY_ZIP = Anchored(
    re.compile(
        rf"[,\n] ?(?P<city>{_CITY}),? (?P<zip>\d{{5}}(?:-\d{{4}})?)(?![\w/-]|[.,]\d)(?! ?(?:mg|units?|IU|mL))"
    ),
    needs=r" \d{5}",
)
LABELLED_ZIP = Anchored(
    re.compile(
        r"(?i)\b(?:zip(?: ?code)?|postal code|postcode|"
        r"pin ?code)\b[ :=#]{1,4}(?P<zip>\d{5,6}(?:-\d{4})?|[A-Z]{1,2}\d[\dA-Z]? ?\d[A-Z]{2})\b"
    ),
    opens="pin pos zip",
)
ZIP4 = Anchored(
    re.compile(r"(?<![\w.-])(?P<zip>\d{5}-\d{4})(?![\w-])"), opens=NUMBER, needs=r"\d{5}-\d{4}"
)
UK_POSTCODE = Anchored(
    re.compile(r"(?<![\w-])[A-Z]{1,2}\d[\dA-Z]? \d[ABD-HJLNP-UW-Z]{2}(?![\w-])"),
    opens=CAPITAL,
    needs=r"\d[\dA-Z]? \d[A-Z]{2}",
)
LIVES = Anchored(
    re.compile(
        r"(?i:\b(?:lives?|living|resid(?:es|ing|ent)|moved|born|raised|grew up|relocated|native|home|"
        r"works?|drives?|driv(?:e|ing)|flew|came|comes|arrived|woman|man|lady|gentleman|travel(?:s|led|ed)?|"
        r"transferred|visiting|returned|community|immigrated|emigrated|seen|address|city|town|hometown|birthplace)"
        rf"(?: (?:back|recently|now|alone|home))?)(?: (?i:in|to|from|near|of|outside|at)|"
        rf":)[ ]{{1,3}}(?P<city>{_CITY})"
    ),
    opens="add arr bir bor cam cit com dri emi fle gen gre hom imm lad liv man mov nat rai rel res ret see tow tra "
    "vis wom wor",
)
OF_CITY = Anchored(
    re.compile(rf"(?<=[a-z{LETTER}.] )of (?P<city>{_WORD}(?: {_WORD})?),? (?=(?:has|was|who|had)\b)"),
    opens="of",
)
_KIND = (
    r"(?:Hospitals?|Medical (?:Cent(?:er|re)|Group|Associates|Clinic)|Clinics?|"
    r"Health ?[Cc]are(?: System| Center)?|Health (?:System|"
    r"Cent(?:er|re)|Services|Network|Partners|Plan)|Infirmary|Nursing (?:Home|Facility|Center)|"
    r"Rehabilitation (?:Institute|Hospital|"
    r"Center|Facility)|Rehab(?: Center)?|Hospice|Sanatorium|Cancer (?:Center|Institute)|"
    r"Heart Institute|Surgery Center|Surgical Center|"
    r"Imaging(?: Center)?|Radiology Associates|Memorial|General|Children's|Institute|University|"
    r"Polyclinic|Manor|Assisted Living|"
    r"Care (?:Center|Home)|Diagnostics|Laboratories|VAMC)"
)
HOSPITAL = Anchored(
    re.compile(
        rf"{START}(?P<head>(?:(?:{_WORD}|of|the|and|&|for|de|la|del) ){{0,5}}{_WORD} ){_KIND}(?![{LETTER}])"
        rf"(?: (?:of|at|in|for) (?:the )?{_WORD}(?: {_WORD})?)?"
    ),
    needs=rf" {_KIND}(?![{LETTER}])",
)
SAINTLY = Anchored(
    re.compile(
        rf"(?i:\b(?:at|to|from|via|of|by)) (?P<place>(?:(?:St|Mt|Ft)\.|Saint|Mount|Mercy|Our Lady|"
        rf"Good Samaritan|Sacred Heart|Holy|Beth|"
        rf"Baptist|Methodist|Presbyterian|Kaiser|Mayo|VA) {_WORD}(?: {_WORD})?)"
    ),
    opens="at by fro of to via",
)
LETTERHEAD = Anchored(
    re.compile(
        rf"(?:^|\n)(?P<place>(?:Mercy|Mount|Mt\.|St\.|Saint|VA|Kaiser|Mayo) {_WORD}(?: {_WORD})?)(?= *\n|,| -)"
    ),
    opens=LINE,
)
_COMMON = {
    "the",
    "this",
    "that",
    "our",
    "your",
    "local",
    "outside",
    "university",
    "general",
    "community",
    "hospital",
    "medical",
    "regional",
    "state",
    "county",
}


def find_places(text: str) -> Iterator[Finding]:
    """Street addresses (sure), cities, ZIP codes and hospitals (doubtful)."""
    for pattern in (STREET, ROUTE, BOX):
        for found in pattern.finditer(text):
            yield Finding(Identifier.PLACE, *found.span(), "street address", sure=True)
            if city := AFTER_STREET.match(text, found.end()):
                yield _place(text, city.span("city"), "city")
    for pattern in (CITY_STATE, STATE_ZIP, CITY_ZIP, LABELLED_ZIP, ZIP4):
        for found in pattern.finditer(text):
            groups = found.groupdict()
            if groups.get("zip"):
                yield _place(text, found.span("zip"), "ZIP code")
            if groups.get("city") and (
                _is_city(found["city"]) or (groups.get("zip") and " " in found["city"])
            ):
                yield _place(text, found.span("city"), "city")
    for found in UK_POSTCODE.finditer(text):
        yield _place(text, found.span(), "postcode")
    for pattern in (LIVES, OF_CITY):
        for found in pattern.finditer(text):
            if _is_city(found["city"]):
                yield _place(text, found.span("city"), "city")
    for found in HOSPITAL.finditer(text):
        if span := _hospital(text, found):
            yield _place(text, span, "hospital")
    for pattern in (SAINTLY, LETTERHEAD):
        for found in pattern.finditer(text):
            yield _place(text, found.span("place"), "hospital")


def _place(text: str, span: tuple[int, int], rule: str) -> Finding:
    start, end = span
    return Finding(Identifier.PLACE, start, end - text.endswith(".", start, end), rule, sure=False)


def _is_city(words: str) -> bool:
    parts = [word.rstrip(".") for word in words.split()]
    dull = all(is_word(word) or is_eponym(word) for word in parts)
    return not dull and not (words.isupper() and len(words) < 5) and re.fullmatch(_STATE, words) is None


def _hospital(text: str, found: re.Match[str]) -> tuple[int, int] | None:
    """Without the words in front that only lead to the name; None for *the hospital* and its like."""
    start = found.start()
    words = list(re.finditer(r"\S+", found["head"]))
    while words and (
        words[0][0].casefold() in {"the", "and", "of", "for", "&", "from", "at", "to"}
        or words[0][0].isdigit()
    ):
        words.pop(0)
    telling = [
        word for word in words if word[0].casefold().strip(".'s") not in _COMMON and not _dull(word[0])
    ]
    if not words or (not telling and not re.search(r"(?:of|at) ", text[found.start() : found.end()])):
        return None
    return start + words[0].start(), found.end()


def _dull(word: str) -> bool:
    return is_word(word.strip(".,")) or word in {"of", "and", "the", "for", "&", "de", "la", "del"}
