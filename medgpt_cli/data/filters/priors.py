"""Comparisons with an earlier picture, in records that show only one: nothing in it teaches what has changed.

History is no comparison: "prior myocardial infarction" stays, "unchanged from the prior study" does not.
"""

from __future__ import annotations

import re

from medgpt_cli.core.types import Sample
from medgpt_cli.data.filters.filter import Filter
from medgpt_cli.data.filters.wording import learnt

_STUDY = (
    r"(?:study|studies|exam\w*|radiographs?|films?|x-?rays?|CTs?|MRIs?|scans?|images?|imaging|comparison|mammograms?|"
    r"chest\s+\w+)"
)
_BEFORE = r"(?:prior|previous|preceding|earlier|last|most\s+recent|old)"
_SEEN = r"(?:seen|noted|demonstrated|identified|visuali[sz]ed|shown)"
_GREW = r"(?:increased|decreased|improved|worsened|progressed|resolved|enlarged|cleared)"
_COMPARED = re.compile(
    rf"""(?ix)
    \b(?:un|not\s+(?:significantly\s+|substantially\s+)?)changed\b
    | \bno\s+(?:\w+\s+){{0,2}}(?:change|difference)s?\s+(?:from|since|compared|in\s+comparison|as\s+compared|
        in\s+the\s+interval)
    | \bno\s+(?:significant\s+|substantial\s+|relevant\s+)?interval\s+change
    | (?<!\bPR\s)(?<!\bQT\s)(?<!\bRR\s)(?<!\bQTc\s)(?<!\btime\s)\binterval\s+(?:\w+ly\s+)?(?:change|increase|decrease|
        improvement|worsening|progression|development|resolution|removal|placement|insertion|enlargement|growth|
        appearance|clearing|extubation|intubation)
    | \b(?:in|as|when|by)\s+compar(?:ed|ison)\s+(?:to|with)\s+(?:\w+\s+){{0,4}}?(?:{_BEFORE}|{_STUDY}|\d{{4}})\b
    | \bcompar(?:ed|ison(?:\s+is\s+made)?)\s+(?:to|with)\s+(?:\S+\s+){{0,4}}?(?:{_BEFORE}|{_STUDY})\b
    | \b(?:since|from|than|on)\s+(?:the\s+|a\s+)?{_BEFORE}\s+(?:\w+\s+){{0,2}}?{_STUDY}
    | \b(?:size|worse|better|changed?|{_GREW})\s+(?:since|from|compared\s+(?:to|with))\s+(?:the\s+)?{_BEFORE}\b
    | \b(?:worse|better|larger|smaller)\s+in\s+the\s+interval\b
    | \bagain\s+(?:{_SEEN}|made\s+of)\b | \bre-?\s?(?:demonstrated|identified|visuali[sz]ed)\b
    | \b(?:previously|formerly)\s+(?:{_SEEN}|described)\b | \bno\s+longer\s+(?:{_SEEN}|visible|present|evident)\b
    | \b(?:has|have)\s+(?:\w+\s+)?{_GREW}\s*(?:$|[.,;]|since|compared|from|in\s+(?:size|extent|the\s+interval))
    | \b(?:effusions?|edema|oedema|opacit\w+|consolidations?|congestion|pneumothorax|nodules?)\s+(?:is|are)\s+
        (?:\w+ly\s+)?(?:improving|worsening|resolving|progressing|new)\b
    | \b(?:contours?|silhouettes?|cardiomegaly|effusions?|opacit\w+|edema|oedema|congestion|nodules?|appearance|size)\s+
        (?:is|are|remains?|appears?)\s+(?:\w+ly\s+)?stable\b
    | \bstable\s+(?:in\s+(?:size|appearance|extent|position)|appearance|cardiomegaly|cardio\w+|mediastinal)\b
    | \b(?:stable|similar)\s+(?:\w+\s+){{0,2}}?(?:since|compared|from|to)\s+(?:\w+\s+)?(?:{_BEFORE}|{_STUDY})
    | \bnew\s+(?:since|from|compared)\b
    """
)


def priors() -> Filter:
    """Objects to learnt texts that compare with an earlier picture, where one picture is shown."""

    def judge(sample: Sample) -> str:
        if len(set(sample.images)) != 1:
            return ""
        return "compares with a picture that is not shown" if _COMPARED.search(learnt(sample)) else ""

    return Filter("priors", judge)
